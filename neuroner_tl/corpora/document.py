"""Documents, entities, sentences and tokens, all as spans of one text.

Offsets count Unicode code points from the start of the document's text; ends are exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Entity:
    """A mention of an entity.

    Args:
        type: entity type, such as ``DISO``.
        fragments: ``(start, end)`` pairs in the order of the text; more than one for a
            discontinuous entity.
        text: what the mention says: the fragments' texts joined by one space.
    """

    type: str
    fragments: tuple[tuple[int, int], ...]
    text: str

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return self.fragments[-1][1]


@dataclass(frozen=True)
class Token:
    """A token: the span ``[start, end)`` of the document's text."""

    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A sentence: the span ``[start, end)`` of the document's text and the tokens inside it."""

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Document:
    """A text with its entities.

    Args:
        id: name of the document, unique in its corpus (the file name without suffix).
        text: the whole text.
        entities: the annotated mentions, in the order of their start.
        sentences: sentences and tokens if the source gives them (CoNLL files), else None and
            the tokeniser decides.
    """

    id: str
    text: str
    entities: tuple[Entity, ...] = ()
    sentences: Optional[tuple[Sentence, ...]] = None


@dataclass(frozen=True)
class TaggedSentence:
    """A sentence as sequence labelling sees it.

    Args:
        tokens: the tokens' texts.
        starts: the tokens' first offsets in the document.
        ends: the offsets after the tokens' last characters.
        tags: one tag a token (``O``, ``B-DISO`` ...).
    """

    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True)
class TaggedDocument:
    """A document cut into tagged sentences, none of them empty.

    Args:
        id: name of the document.
        sentences: its sentences.
        entities: all of its annotations, those included that tags cannot hold.
        text: its text.
    """

    id: str
    sentences: tuple[TaggedSentence, ...]
    entities: tuple[Entity, ...] = ()
    text: str = ""
