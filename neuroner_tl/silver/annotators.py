"""Annotators: the sources of spans for texts."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.formats.standoff import attach, read_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.harmonise import Span
from neuroner_tl.silver.lexicon import Lexicon, LexiconRules, longest, read_terms

logger = logging.getLogger(__name__)


class Annotator(Protocol):
    """The interface of an annotator.

    Example:
        >>> from neuroner_tl.silver.lexicon import Lexicon
        >>> class Asthma:
        ...     def annotate(self, documents):
        ...         return (Lexicon(["asthma"]).annotate(document.text) for document in documents)
        >>> list(Asthma().annotate([Document("12", "Asthma persists.")]))
        [[(0, 6)]]
    """

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield for each document the spans of its mentions, in order, none overlapping."""


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

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield the longest matches in each document."""
        for document in _progress(documents):
            yield self._lexicon.annotate(document.text)


class StandoffAnnotator:
    """A file of another tagger's spans (``standoff.py``).

    Args:
        path: the file.
        entity_type: rows of other types are left out; rows without type are of this one.

    Example::

        spans = list(StandoffAnnotator(Path("tagger.tsv.gz"), "DISO").annotate(documents))
    """

    def __init__(self, path: Path, entity_type: str) -> None:
        self._path = path
        self._rows = read_standoff(path)
        self._type = entity_type

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield the file's spans of each document; a document that it lacks has none."""
        mismatched = 0
        for document in _progress(documents):
            rows = self._rows.get(document.id, ())
            if rows and not any(document.text[row[0] : row[1]] == row[3] for row in rows):
                mismatched += 1
                yield []
                continue
            found = attach(document, rows, self._type, ImportReport())
            yield spans_of(found, self._type)
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

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield the folder's entities of each document; a document that it lacks has none."""
        mismatched = 0
        for document in _progress(documents):
            found = self._found.get(document.id)
            if found is not None and found.text.rstrip() != document.text.rstrip():
                mismatched += 1
                found = None
            yield spans_of(found, self._type) if found is not None else []
        _warn_of_mismatches(self._folder, mismatched)


def spans_of(document: Document, entity_type: str) -> list[Span]:
    """Return the spans of the document's entities of a type, the longest where they overlap."""
    return longest(
        (entity.start, entity.end) for entity in document.entities if entity.type == entity_type
    )


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
