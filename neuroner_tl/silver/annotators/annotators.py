"""Annotators: the sources of spans for texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from pathlib import Path
from typing import Any, Optional, Protocol

from neuroner_tl.corpora.convert import read_documents
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.part_files import SUFFIXES, find_part_files
from neuroner_tl.corpora.formats.standoff import attach, fits, read_standoff
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.silver.annotators.lexicon import Lexicon, LexiconRules, longest, read_terms
from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.labels import Taught

logger = logging.getLogger(__name__)


class Annotator(Protocol):
    """The interface of an annotator.

    Attributes:
        record: what the report says about it, in JSON types.
        learned_from: the annotated documents that it was trained on.

    Example:
        >>> from neuroner_tl.silver.annotators.lexicon import Lexicon
        >>> class Asthma:
        ...     record = {}
        ...     learned_from = Taught()
        ...     def annotate(self, documents):
        ...         for document in documents:
        ...             yield [Mark(*span) for span in Lexicon(["asthma"]).annotate(document.text)]
        >>> list(Asthma().annotate([Document("12", "Asthma persists.")]))
        [[Mark(start=0, end=6, probability=1.0)]]
    """

    record: dict[str, Any]
    learned_from: Taught

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
        self.record: dict[str, Any] = {"terms": self._lexicon.number_of_terms}
        self.learned_from = Taught()

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the longest matches in each document."""
        for document in _progress(documents):
            yield [Mark(*span) for span in self._lexicon.annotate(document.text)]


class StandoffAnnotator:
    """A file of another tagger's spans (``standoff.py``).

    Args:
        path: the file.
        types: rows of other types are left out; rows without type are of the first.
        covered: ids of the documents that the tagger has seen (`read_coverage`), besides those
            that have rows; None if it has seen all.

    Example::

        spans = list(StandoffAnnotator(Path("tagger.tsv.gz"), ["DISO"]).annotate(documents))
    """

    def __init__(
        self, path: Path, types: Sequence[str], covered: Optional[AbstractSet[str]] = None
    ) -> None:
        self._path = path
        self.record: dict[str, Any] = {}
        self.learned_from = Taught()
        self._covered = covered
        self._rows = read_standoff(path)
        self._types = types

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the file's spans of each document that the tagger has seen."""
        mismatched = 0
        for document in _progress(documents):
            rows = self._rows.get(document.id, ())
            if not rows and self._covered is not None and document.id not in self._covered:
                yield None
                continue
            if rows and not any(
                fits(document.text, start, end, says) for start, end, _, says, _ in rows
            ):
                mismatched += 1
                yield None
                continue
            found = attach(document, rows, self._types[0], ImportReport())
            yield marks_of(found, *self._types)
        _warn_of_mismatches(self._path, mismatched)


class DocumentsAnnotator:
    """Documents that another tagger has annotated, in any format of `READERS`.

    They may differ from the texts in white space, such as the line break of PubTator between title
    and abstract: marks are counted over the other characters.

    Args:
        path: the file or folder; a folder may have parts, as folders of brat files or as files.
        form: its format.
        types: entities of other types are left out.

    Example::

        annotator = DocumentsAnnotator(Path("tagged.pubtator"), "pubtator", ["Disease"])
        spans = list(annotator.annotate(documents))
    """

    def __init__(self, path: Path, form: str, types: Sequence[str]) -> None:
        self._path = path
        self.record: dict[str, Any] = {}
        self.learned_from = Taught()
        # By id the hash of the text and the marks, both without white space.
        self._found: dict[str, tuple[int, list[Mark]]] = {}
        report = ImportReport()
        for place in annotated_places(path, form):
            for document in read_documents(place, form, report):
                text = without_space(document.text)
                self._found[document.id] = hash(text), _without_space(document, types)

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the entities of each document that was annotated; None for the others."""
        mismatched = covered = 0
        for document in _progress(documents):
            known, marks = self._found.get(document.id, (None, []))
            if known is None:
                yield None
            elif known != hash(without_space(document.text)):
                mismatched += 1
                yield None
            else:
                covered += 1
                yield _with_space(document.text, marks)
        _warn_of_mismatches(self._path, mismatched)
        if documents and not covered:
            logger.warning(
                "%s: none of its %s is among the texts: check that ids and texts are the same",
                self._path,
                counted(len(self._found), "document"),
            )


def annotated_places(path: Path, form: str) -> list[Path]:
    """Return what to read of annotated documents: the parts of a folder that has some.

    Raises:
        CorpusError: the format has a file for each part, and the folder has none of them.
    """
    if form in SUFFIXES and path.is_dir():
        return list(find_part_files(path, form, PART_NAMES).values())
    if form != "brat":
        return [path]
    return [path / part for part in PART_NAMES if (path / part).is_dir()] or [path]


def without_space(text: str) -> str:
    """Return a text without its white space, by which two versions of a text are compared."""
    return "".join(text.split())


def _without_space(document: Document, types: Sequence[str]) -> list[Mark]:
    """Return a document's marks with offsets in its text without white space."""
    text = document.text
    # Of each offset, the characters before it that are no white space.
    before = [0, *accumulate(not character.isspace() for character in text)]
    marks = []
    for start, end, probability in marks_of(document, *types):
        first, past = (before[min(offset, len(text))] for offset in (start, end))
        if first < past:
            marks.append(Mark(first, past, probability))
    return marks


def _with_space(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """Return marks of a text without white space as marks of the text."""
    if not marks:
        return []
    places = [index for index, character in enumerate(text) if not character.isspace()]
    return [
        Mark(places[start], places[end - 1] + 1, probability) for start, end, probability in marks
    ]


def marks_of(document: Document, *types: str) -> list[Mark]:
    """Return the document's entities of some types as marks, the longest where they overlap."""
    sure = {
        (entity.start, entity.end): 1.0 if entity.probability is None else entity.probability
        for entity in document.entities
        if entity.type in types
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
