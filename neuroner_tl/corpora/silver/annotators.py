"""Annotators: whatever gives spans for texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from tqdm import tqdm

from neuroner_tl.corpora.brat import iterate_brat_folder
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.corpora.silver.harmonise import Span
from neuroner_tl.corpora.silver.lexicon import Lexicon, LexiconRules, longest, read_terms
from neuroner_tl.corpora.standoff import attach, read_standoff
from neuroner_tl.errors import CorpusError


class Annotator(Protocol):
    """What an annotator offers."""

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield for each document the spans of its mentions, in order, none overlapping."""


class LexiconAnnotator:
    """A term list.

    Args:
        path: the terms, one a line.
        rules: how they match.
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
        entity_type: rows of another type are left out; rows without type are of this one.
    """

    def __init__(self, path: Path, entity_type: str) -> None:
        self._rows = read_standoff(path)
        self._type = entity_type

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield the file's spans of each document; a document that it lacks has none."""
        for document in _progress(documents):
            rows = self._rows.get(document.id, ())
            # The ids of two collections may be the same by chance: only texts that fit count.
            found = attach(document, rows, self._type, ImportReport())
            yield spans_of(found, self._type)


class BratAnnotator:
    """A folder of another tagger's brat files, flat or in parts.

    Args:
        folder: the folder.
        entity_type: entities of other types are left out.
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
        for document in _progress(documents):
            found = self._found.get(document.id)
            if found is not None and found.text.rstrip() != document.text.rstrip():
                raise CorpusError(
                    f"{self._folder}: the text of {document.id} is not the one that is to be "
                    "annotated; tag the texts of the collection"
                )
            yield spans_of(found, self._type) if found is not None else []


def spans_of(document: Document, entity_type: str) -> list[Span]:
    """Return the spans of the document's entities of a type, the longest where they overlap."""
    return longest(
        (entity.start, entity.end) for entity in document.entities if entity.type == entity_type
    )


def _progress(documents: Sequence[Document]) -> Iterator[Document]:
    yield from tqdm(documents, desc="annotating", unit=" documents", delay=2, disable=None)
