"""Annotators: the sources of spans for texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Optional, Protocol

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.formats.standoff import attach, read_standoff
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.silver.harmonise import Mark
from neuroner_tl.silver.lexicon import Lexicon, LexiconRules, longest, read_terms

logger = logging.getLogger(__name__)


class Annotator(Protocol):
    """The interface of an annotator.

    Example:
        >>> from neuroner_tl.silver.lexicon import Lexicon
        >>> class Asthma:
        ...     def annotate(self, documents):
        ...         for document in documents:
        ...             yield [Mark(*span) for span in Lexicon(["asthma"]).annotate(document.text)]
        >>> list(Asthma().annotate([Document("12", "Asthma persists.")]))
        [[Mark(start=0, end=6, probability=1.0)]]
    """

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield for each document its mentions, in order, none overlapping.

        None stands for a document that the annotator has not seen: its silence is no vote.
        """


class LexiconAnnotator:
    """A term list.

    Args:
        path: the terms, one per line.
        rules: how they match.

    Example::

        annotator = LexiconAnnotator(Path("diseases.txt"), LexiconRules())
        spans = list(annotator.annotate(documents))
    """

    def __init__(self, path: Path, rules: LexiconRules) -> None:
        self._lexicon = Lexicon(read_terms(path), rules)

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the longest matches in each document."""
        for document in _progress(documents):
            yield [Mark(*span) for span in self._lexicon.annotate(document.text)]


class StandoffAnnotator:
    """A file of another tagger's spans (``standoff.py``).

    Args:
        path: the file.
        entity_type: rows of other types are left out; rows without type are of this one.
        covered: ids of the documents that the tagger has seen (`read_coverage`), besides those
            that have rows; None if it has seen all.

    Example::

        spans = list(StandoffAnnotator(Path("tagger.tsv.gz"), "DISO").annotate(documents))
    """

    def __init__(
        self, path: Path, entity_type: str, covered: Optional[AbstractSet[str]] = None
    ) -> None:
        self._path = path
        self._covered = covered
        self._rows = read_standoff(path)
        self._type = entity_type

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the file's spans of each document that the tagger has seen."""
        mismatched = 0
        for document in _progress(documents):
            rows = self._rows.get(document.id, ())
            if not rows and self._covered is not None and document.id not in self._covered:
                yield None
                continue
            if rows and not any(document.text[row[0] : row[1]] == row[3] for row in rows):
                mismatched += 1
                yield None
                continue
            found = attach(document, rows, self._type, ImportReport())
            yield marks_of(found, self._type)
        _warn_of_mismatches(self._path, mismatched)


class BratAnnotator:
    """A folder of another tagger's brat files, flat or in parts.

    Args:
        folder: the folder.
        entity_type: entities of other types are left out.

    Example::

        spans = list(BratAnnotator(Path("tagged"), "DISO").annotate(documents))
    """

    def __init__(self, folder: Path, entity_type: str) -> None:
        places = [folder / part for part in PART_NAMES if (folder / part).is_dir()] or [folder]
        self._folder = folder
        self._type = entity_type
        self._found = {
            document.id: document
            for place in places
            for document in iterate_brat_folder(place, ImportReport())
        }

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the folder's entities of each document that it has; None for the others."""
        mismatched = 0
        for document in _progress(documents):
            found = self._found.get(document.id)
            if found is not None and found.text.rstrip() != document.text.rstrip():
                mismatched += 1
                found = None
            yield marks_of(found, self._type) if found is not None else None
        _warn_of_mismatches(self._folder, mismatched)


def marks_of(document: Document, entity_type: str) -> list[Mark]:
    """Return the document's entities of a type as marks, the longest where they overlap."""
    sure = {
        (entity.start, entity.end): 1.0 if entity.probability is None else entity.probability
        for entity in document.entities
        if entity.type == entity_type
    }
    return [Mark(*span, sure[span]) for span in longest(sure)]


def read_coverage(path: Path, annotator: str) -> set[str]:
    """Return the ids of the documents that an annotator has seen.

    Args:
        path: a table with the column ``id`` and, if it is of several annotators, ``annotator``,
            separated by tabs; it may be compressed.
        annotator: whose rows are wanted.

    Raises:
        CorpusError: the table cannot be read, or has no row of the annotator.
    """
    found: dict[str, set[str]] = {}
    columns: list[str] = []
    for number, line in read_lines(path):
        row = line.split("\t")
        if number == 1:
            columns = row
            if "id" not in columns:
                raise CorpusError(
                    f"{path}:1: found {line[:60]!r}; expected a heading with the column id and, "
                    "for several annotators, the column annotator, separated by tabs"
                )
        elif line.strip():
            if len(row) != len(columns):
                raise CorpusError(
                    f"{path}:{number}: found {counted(len(row), 'column')}; expected "
                    f"{len(columns)}, as in the heading; correct the row"
                )
            given = dict(zip(columns, row))
            found.setdefault(given.get("annotator", annotator), set()).add(given["id"])
    if annotator not in found:
        raise CorpusError(
            f"{path}: found no row of the annotator {annotator!r}; expected its name in the column "
            f"annotator: {one_of(annotator, found)}"
            if found
            else f"{path}: found no rows; expected the ids of the documents that were annotated"
        )
    return found[annotator]


def _warn_of_mismatches(path: Path, number: int) -> None:
    """Warn that annotations were left out: two collections may use one id for different texts."""
    if number:
        logger.warning(
            "%s: %s from the text that was tagged under the same id; annotations of such documents "
            "are left out",
            path,
            counted(number, "document differs", "documents differ"),
        )


def _progress(documents: Sequence[Document]) -> Iterator[Document]:
    yield from progress_bar(documents, desc="annotating", unit=" documents", delay=2)
