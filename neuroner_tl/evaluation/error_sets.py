"""Which mentions two systems find and miss, and of what kind their errors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from neuroner_tl.corpora.document import Document, Entity

BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS = (
    "boundary",
    "type",
    "boundary and type",
    "missed",
    "spurious",
)
KINDS = (BOUNDARY, TYPE, BOTH, MISSED, SPURIOUS)
SETS = ("false negatives", "false positives", "true positives")


class Mention(NamedTuple):
    """An entity of a document; two are the same if all of these are.

    Attributes:
        document: name of the document.
        type: entity type.
        fragments: ``(start, end)`` pairs.

    Example:
        >>> Mention("12", "DISO", ((0, 6),)) == Mention("12", "DISO", ((0, 6),))
        True
    """

    document: str
    type: str
    fragments: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class AnnotatedPart:
    """The annotations of a set of documents, by a gold standard or a system.

    Attributes:
        mentions: by document, the mentions and their texts; a document without any has an
            empty entry.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> asthma = Entity("DISO", ((0, 6),), "Asthma")
        >>> part = AnnotatedPart.of([Document("12", "Asthma.", (asthma,))])
        >>> part.keys
        {('DISO', 'asthma')}
    """

    mentions: Mapping[str, Mapping[Mention, str]]

    @classmethod
    def of(cls, documents: Iterable[Document]) -> AnnotatedPart:
        """Collect the mentions of documents."""
        return cls({document.id: _mentions(document) for document in documents})

    @classmethod
    def joined(cls, parts: Mapping[str, AnnotatedPart]) -> AnnotatedPart:
        """Combine parts into one; each document's name is prefixed with that of its part."""
        return cls(
            {
                f"{name}/{document}": {
                    mention._replace(document=f"{name}/{document}"): text
                    for mention, text in found.items()
                }
                for name, part in parts.items()
                for document, found in part.mentions.items()
            }
        )

    @property
    def all(self) -> set[Mention]:
        """All mentions."""
        return {mention for found in self.mentions.values() for mention in found}

    def text_of(self, mention: Mention) -> str:
        """Return the text of a mention."""
        return self.mentions[mention.document][mention]

    @property
    def keys(self) -> set[tuple[str, str]]:
        """Type and normalised text of every mention: what a model could learn from it."""
        return {
            (mention.type, normalised(text))
            for found in self.mentions.values()
            for mention, text in found.items()
        }


@dataclass(frozen=True)
class ErrorSets:
    """The mentions of one system against the gold standard.

    Attributes:
        true_positives: found, with the correct type and boundaries.
        false_positives: found, but not in the gold standard.
        false_negatives: in the gold standard, but not found.

    Example:
        >>> mention = Mention("12", "DISO", ((0, 6),))
        >>> gold = AnnotatedPart({"12": {mention: "Asthma"}})
        >>> len(ErrorSets.of(gold, AnnotatedPart({"12": {}})).false_negatives)
        1
    """

    true_positives: set[Mention]
    false_positives: set[Mention]
    false_negatives: set[Mention]

    @classmethod
    def of(cls, gold: AnnotatedPart, predicted: AnnotatedPart) -> ErrorSets:
        """Compare a system with the gold standard, by exact match."""
        expected, found = gold.all, predicted.all
        return cls(expected & found, found - expected, expected - found)

    def named(self) -> dict[str, set[Mention]]:
        """Return the three sets by their names in `SETS`."""
        return dict(zip(SETS, (self.false_negatives, self.false_positives, self.true_positives)))


class Overlap(NamedTuple):
    """Sizes of the parts of two sets: of the first alone, of the second alone, of both.

    Example:
        >>> Overlap(first=12, second=7, both=30)
        Overlap(first=12, second=7, both=30)
    """

    first: int
    second: int
    both: int


def overlaps(first: ErrorSets, second: ErrorSets) -> dict[str, Overlap]:
    """Count how many mentions two systems both find or miss, for each of `SETS`."""
    found = {}
    for name, one in first.named().items():
        other = second.named()[name]
        found[name] = Overlap(len(one - other), len(other - one), len(one & other))
    return found


@dataclass(frozen=True)
class ErrorCounts:
    """How often each kind of error occurs, of mentions seen in train and of others.

    Attributes:
        by_kind: for each of `KINDS`, how many mentions were seen in train and how many not.
        examples: the first few of each kind whose texts differ, as ``document: text``.

    Example:
        >>> counts = ErrorCounts({kind: (0, 0) for kind in KINDS} | {BOUNDARY: (3, 8)})
        >>> sum(counts.by_kind[BOUNDARY])
        11
    """

    by_kind: Mapping[str, tuple[int, int]]
    examples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def kind_of(mention: Mention, others: Iterable[Mention], without: str) -> str:
    """Tell the kind of an error.

    Args:
        mention: the mention that was missed, or found incorrectly.
        others: the other side's mentions of the same document.
        without: the kind if no other mention shares a character with it.

    Returns:
        ``type`` if another one has the same boundaries, ``boundary`` if one of the same type
        overlaps, ``boundary and type`` if only ones of other types do.
    """
    overlapping = [other for other in others if _overlap(mention.fragments, other.fragments)]
    if not overlapping:
        return without
    if any(other.fragments == mention.fragments for other in overlapping):
        return TYPE
    return BOUNDARY if any(other.type == mention.type for other in overlapping) else BOTH


def count_errors(
    gold: AnnotatedPart,
    predicted: AnnotatedPart,
    seen: set[tuple[str, str]],
    examples: int = 5,
) -> dict[str, ErrorCounts]:
    """Count the kinds of errors of a system.

    Args:
        gold: the gold standard.
        predicted: the system's output on the same documents.
        seen: `AnnotatedPart.keys` of the train part.
        examples: how many examples of each kind to keep.

    Returns:
        Counts for ``false negatives`` and ``false positives``.
    """
    sets = ErrorSets.of(gold, predicted)
    return {
        SETS[0]: _count(sets.false_negatives, gold, predicted, MISSED, seen, examples),
        SETS[1]: _count(sets.false_positives, predicted, gold, SPURIOUS, seen, examples),
    }


def document_counts(gold: AnnotatedPart, predicted: AnnotatedPart) -> np.ndarray:
    """Count TP, FP and FN of every gold document, sorted by name: ``[documents, 3]``."""
    rows = []
    for name in sorted(gold.mentions):
        expected = gold.mentions[name].keys()
        found = predicted.mentions.get(name, {}).keys()
        right = len(expected & found)
        rows.append((right, len(found) - right, len(expected) - right))
    return np.array(rows, np.int64).reshape(-1, 3)


def normalised(text: str) -> str:
    """Normalise a mention's case and white space."""
    return " ".join(text.casefold().split())


def _mentions(document: Document) -> dict[Mention, str]:
    def of(entity: Entity) -> Mention:
        return Mention(document.id, entity.type, entity.fragments)

    return {of(entity): entity.text for entity in document.entities}


def _count(
    errors: set[Mention],
    own: AnnotatedPart,
    other: AnnotatedPart,
    without: str,
    seen: set[tuple[str, str]],
    examples: int,
) -> ErrorCounts:
    counts: Counter[tuple[str, bool]] = Counter()
    shown: dict[str, list[str]] = {}
    texts: set[str] = set()
    for mention in sorted(errors):
        kind = kind_of(mention, other.mentions.get(mention.document, {}), without)
        text = own.text_of(mention)
        counts[kind, (mention.type, normalised(text)) in seen] += 1
        if normalised(text) not in texts and len(shown.setdefault(kind, [])) < examples:
            texts.add(normalised(text))
            shown[kind].append(f"{mention.document}: {text}")
    kinds = [kind for kind in KINDS if kind not in {MISSED, SPURIOUS} - {without}]
    return ErrorCounts(
        {kind: (counts[kind, True], counts[kind, False]) for kind in kinds},
        {kind: tuple(found) for kind, found in shown.items()},
    )


def _overlap(one: tuple[tuple[int, int], ...], other: tuple[tuple[int, int], ...]) -> bool:
    return any(a < d and c < b for a, b in one for c, d in other)
