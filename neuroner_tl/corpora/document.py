"""Documents, entities, sentences and tokens, all as spans of one text.

Offsets count Unicode code points from the start of the document's text; ends are exclusive.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional


@dataclass(frozen=True)
class Entity:
    """A mention of an entity.

    Attributes:
        type: entity type, such as ``DISO``.
        fragments: ``(start, end)`` pairs in the order of the text; more than one for a
            discontinuous entity.
        text: the surface text: the fragments' texts joined by a space.
        probability: how probable a model or a vote finds the mention, 0 to 1; None where nothing
            is known of it, as in gold corpora. It does not tell mentions apart: entities that
            differ in it alone are equal.
        certain: whether it is a mention; False for an unknown region, a stretch of text of which
            it is not known whether it is one. `Document` keeps such regions apart.

    Example:
        >>> entity = Entity("DISO", ((4, 10), (20, 28)), "breast carcinoma")
        >>> entity.start, entity.end
        (4, 28)
    """

    type: str
    fragments: tuple[tuple[int, int], ...]
    text: str
    probability: Optional[float] = field(default=None, compare=False)
    certain: bool = True

    @property
    def start(self) -> int:
        """The offset of the first character."""
        return self.fragments[0][0]

    @property
    def end(self) -> int:
        """The offset past the last character."""
        return self.fragments[-1][1]


@dataclass(frozen=True)
class Token:
    """A token: the span ``[start, end)`` of the document's text.

    Example:
        >>> "BRCA1 gene"[Token(0, 5).start : Token(0, 5).end]
        'BRCA1'
    """

    start: int
    end: int


@dataclass(frozen=True)
class Sentence:
    """A sentence: the span ``[start, end)`` of the document's text and the tokens inside it.

    Example:
        >>> Sentence(0, 8, (Token(0, 5), Token(6, 8))).tokens[1]
        Token(start=6, end=8)
    """

    start: int
    end: int
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Document:
    """A text with its entities.

    Attributes:
        id: name of the document, unique in its corpus (the file name without suffix).
        text: the whole text.
        entities: the annotated mentions, in the order of their start.
        sentences: sentences and tokens if the source gives them (CoNLL files), else None and
            the tokeniser decides.
        unknown: the unknown regions, in the order of their start: those of the given entities
            that are not `Entity.certain` become part of it, so whatever counts, compares or
            learns from ``entities`` sees mentions only.

    Example:
        >>> document = Document("12", "Asthma is common.", (Entity("DISO", ((0, 6),), "Asthma"),))
        >>> [entity.text for entity in document.entities]
        ['Asthma']
        >>> common = Entity("DISO", ((10, 16),), "common", certain=False)
        >>> document = Document("12", "Asthma is common.", (*document.entities, common))
        >>> len(document.entities), document.unknown == (common,)
        (1, True)
    """

    id: str
    text: str
    entities: tuple[Entity, ...] = ()
    sentences: Optional[tuple[Sentence, ...]] = None
    unknown: tuple[Entity, ...] = ()

    def __post_init__(self) -> None:
        if all([entity.certain for entity in self.entities]):
            return
        regions = [*self.unknown, *(entity for entity in self.entities if not entity.certain)]
        object.__setattr__(self, "unknown", tuple(sorted(regions, key=_place)))
        object.__setattr__(self, "entities", tuple(e for e in self.entities if e.certain))

    @property
    def annotations(self) -> tuple[Entity, ...]:
        """Mentions and unknown regions together, as files hold them."""
        if not self.unknown:
            return self.entities
        return tuple(sorted((*self.entities, *self.unknown), key=_place))


def _place(entity: Entity) -> tuple[tuple[tuple[int, int], ...], str]:
    return entity.fragments, entity.type


@dataclass(frozen=True)
class TaggedSentence:
    """A sentence as sequence labelling sees it.

    Attributes:
        tokens: the tokens' texts.
        starts: the tokens' first offsets in the document.
        ends: the offsets past the tokens' last characters.
        tags: one tag per token (``O``, ``B-DISO`` ...).
        unknown: tags of the unknown regions in BIO, ``O`` at tokens outside them and at those of
            a mention; empty if there is none.
        probability: the probability that all of its mentions are right, as far as it is known: the
            product of those of its mentions.
        outside_probability: the probability that none of its unknown regions is a mention,
            likewise.

    Example:
        >>> sentence = TaggedSentence(("Asthma", "persists"), (0, 7), (6, 15), ("S-DISO", "O"))
        >>> dict(zip(sentence.tokens, sentence.tags))
        {'Asthma': 'S-DISO', 'persists': 'O'}
    """

    tokens: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    tags: tuple[str, ...]
    unknown: tuple[str, ...] = ()
    probability: float = 1.0
    outside_probability: float = 1.0

    @property
    def unknown_tokens(self) -> list[int]:
        """The tokens that are unknown, counted from the start of the sentence."""
        return [token for token, tag in enumerate(self.unknown) if tag != "O"]


@dataclass(frozen=True)
class TaggedDocument:
    """A document cut into tagged sentences, none of them empty.

    Attributes:
        id: name of the document.
        sentences: its sentences.
        entities: all of its annotations, including those that tags cannot represent.
        text: its text.
        unknown: all of its unknown regions.

    Example:
        >>> sentence = TaggedSentence(("Asthma",), (0,), (6,), ("S-DISO",))
        >>> TaggedDocument("12", (sentence,), text="Asthma").sentences[0].tags
        ('S-DISO',)
    """

    id: str
    sentences: tuple[TaggedSentence, ...]
    entities: tuple[Entity, ...] = ()
    text: str = ""
    unknown: tuple[Entity, ...] = ()
