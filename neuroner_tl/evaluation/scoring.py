"""Precision, recall and F1 of entities and of tokens, per type, micro and macro."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.tags import convert_tags, tags_to_spans
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.unknown import scored_prediction, scored_spans
from neuroner_tl.messages.spelling import one_of

MODES = ("conll", "bio", "token", "binary")
# The measure that "F1" means unless stated otherwise.
HEADLINE = "documents"
# What is compared, by its name in results.json.
MEASURES = {
    HEADLINE: "exact match of type and offsets, against all gold annotations of the documents, "
    "nested and discontinuous ones included",
    "conll": "exact match of type and offsets, of those gold annotations that tags can represent",
    "bio": "tokens by their tag as it is, of those gold annotations that tags can represent",
    "token": "tokens by their entity type, of those gold annotations that tags can represent",
    "binary": "tokens inside any entity, of those gold annotations that tags can represent",
}

# The type, and where it is.
Span = tuple[Any, ...]
_NO_CLASS = "O"


@dataclass(frozen=True)
class Counts:
    """Counts of entities found and missed, of one type or of all.

    Attributes:
        tp: true positives.
        fp: false positives.
        fn: false negatives.

    Example:
        >>> counts = Counts(tp=8, fp=2, fn=2)
        >>> counts.precision, counts.recall, counts.gold
        (0.8, 0.8, 10)
    """

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def gold(self) -> int:
        """The number of items in the gold standard."""
        return self.tp + self.fn

    @property
    def predicted(self) -> int:
        """The number of predicted items."""
        return self.tp + self.fp

    @property
    def precision(self) -> float:
        """Share of the predicted items that are correct, 0 to 1; 0 if nothing was predicted."""
        return self.tp / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the gold items that were found, 0 to 1; 0 if there are none."""
        return self.tp / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 to 1; 0 if nothing is correct."""
        both = self.gold + self.predicted
        return 2 * self.tp / both if both else 0.0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)

    def to_json(self) -> dict[str, Any]:
        """Return counts and rates as a JSON object."""
        return {
            "tp": self.tp,
            "fp": self.fp,
            "fn": self.fn,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


class Averages(NamedTuple):
    """Unweighted means over the types, each 0 to 1.

    Example:
        >>> Averages(precision=0.9, recall=0.7, f1=0.7875).f1
        0.7875
    """

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True)
class Scores:
    """Counts of every type, and the number of tokens with the correct tag.

    Attributes:
        per_type: counts of each type that occurs in gold or prediction, sorted by name.
        tokens: tokens compared; 0 when spans without tokens were compared.
        correct_tokens: tokens whose predicted class equals the gold one (``O`` counts).

    Example:
        >>> scores = Scores({"DISO": Counts(8, 2, 2), "GENE": Counts(1, 0, 1)})
        >>> scores.micro
        Counts(tp=9, fp=2, fn=3)
    """

    per_type: dict[str, Counts] = field(default_factory=dict)
    tokens: int = 0
    correct_tokens: int = 0

    @property
    def micro(self) -> Counts:
        """Counts summed over the types."""
        return sum(self.per_type.values(), Counts())

    @property
    def precision(self) -> float:
        """Micro-averaged precision, 0 to 1."""
        return self.micro.precision

    @property
    def recall(self) -> float:
        """Micro-averaged recall, 0 to 1."""
        return self.micro.recall

    @property
    def f1(self) -> float:
        """Micro-averaged F1, 0 to 1."""
        return self.micro.f1

    @property
    def macro(self) -> Averages:
        """Means of the types' precision, recall and F1; 0 without any type."""
        types = self.per_type.values()
        number = max(len(types), 1)
        return Averages(
            sum(counts.precision for counts in types) / number,
            sum(counts.recall for counts in types) / number,
            sum(counts.f1 for counts in types) / number,
        )

    @property
    def accuracy(self) -> Optional[float]:
        """Share of the tokens with the correct class, 0 to 1; None if no tokens were compared."""
        return self.correct_tokens / self.tokens if self.tokens else None

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Scores:
        """Return the scores that `to_json` wrote."""
        tokens, accuracy = content.get("tokens") or 0, content.get("accuracy")
        per_type = {
            name: Counts(counts["tp"], counts["fp"], counts["fn"])
            for name, counts in content["per_type"].items()
        }
        return cls(per_type, tokens, round(tokens * accuracy) if accuracy is not None else 0)

    def to_json(self) -> dict[str, Any]:
        """Return all figures as a JSON object."""
        return {
            "micro": self.micro.to_json(),
            "macro": self.macro._asdict(),
            "accuracy": self.accuracy,
            "tokens": self.tokens,
            "per_type": {name: counts.to_json() for name, counts in self.per_type.items()},
        }


def score_spans(
    gold: Iterable[AbstractSet[Span]],
    predicted: Iterable[AbstractSet[Span]],
) -> Scores:
    """Count exact matches.

    Args:
        gold: for each document or sentence, the set of spans; a span is a tuple whose first item is
            the type, such as ``(type, first, after_last)``.
        predicted: likewise of the prediction, in the same order.

    Raises:
        ValueError: the two have different lengths.
    """
    right: Counter[str] = Counter()
    in_gold: Counter[str] = Counter()
    in_prediction: Counter[str] = Counter()
    ends = object()
    other = iter(predicted)
    for expected in gold:
        found = next(other, ends)
        if not isinstance(found, AbstractSet):
            raise ValueError("fewer predicted than gold sets of spans; expected as many")
        in_gold.update(span[0] for span in expected)
        in_prediction.update(span[0] for span in found)
        right.update(span[0] for span in expected & found)
    if next(other, ends) is not ends:
        raise ValueError("more predicted than gold sets of spans; expected as many")
    return Scores(_counts(right, in_gold, in_prediction))


class DocumentScores(NamedTuple):
    """What documents scored; see `score_documents`.

    Attributes:
        scores: counts by type over all documents, against all of their gold annotations.
        taggable: the same against those gold annotations that tags can represent, if given.
        per_document: counts of each document by its id, all types together, against all gold.
        by_type: for each type, counts of the documents that have it, gold or predicted.

    Example::

        scored = score_documents(predictor.predict_pairs(part.documents()))
        print(scored.scores.micro.f1, scored.counts())
    """

    scores: Scores
    taggable: Optional[Scores]
    per_document: dict[str, Counts]
    by_type: dict[str, dict[str, Counts]]

    def counts(self) -> dict[str, list[int]]:
        """Return TP, FP and FN of each document, all types together, by its id."""
        return {name: [c.tp, c.fp, c.fn] for name, c in self.per_document.items()}


def score_documents(
    pairs: Iterable[tuple[Document, Document]],
    taggable: Optional[Callable[[Document], Iterable[Entity]]] = None,
) -> DocumentScores:
    """Count exact matches of type and offsets, one document after the other, holding none.

    Predictions in unknown regions are not scored; see `scored_prediction`.

    Args:
        pairs: each document with its gold and with its predicted entities.
        taggable: which entities of a gold document tags can represent.

    Raises:
        ValueError: a document occurs twice.

    Example::

        pairs = predictor.predict_pairs(part.documents())
        print(score_documents(pairs).scores.micro.f1)
    """
    every, held = _Tally(), _Tally()
    per_document: dict[str, Counts] = {}
    by_type: dict[str, dict[str, Counts]] = {}
    for gold, predicted in pairs:
        if gold.id in per_document:
            raise ValueError(f"document {gold.id!r} occurs twice, expected each one once")
        found = spans_of(scored_prediction(gold, predicted).entities)
        one = every.add(spans_of(gold.entities), found)
        per_document[gold.id] = one.micro
        for kind, counts in one.per_type.items():
            by_type.setdefault(kind, {})[gold.id] = counts
        if taggable is not None:
            held.add(spans_of(taggable(gold)), found)
    return DocumentScores(every.scores, held.scores if taggable else None, per_document, by_type)


class _Tally:
    """Counts by type, summed over documents."""

    def __init__(self) -> None:
        self._per_type: dict[str, Counts] = {}

    def add(self, gold: AbstractSet[Span], predicted: AbstractSet[Span]) -> Scores:
        """Take in a document; return its own counts."""
        one = score_spans([gold], [predicted])
        for kind, counts in one.per_type.items():
            self._per_type[kind] = self._per_type.get(kind, Counts()) + counts
        return one

    @property
    def scores(self) -> Scores:
        return Scores(dict(sorted(self._per_type.items())))


def named_measures() -> dict[str, str]:
    """Return the description of measures in results.json: the headline, and what each one is."""
    return {"headline": HEADLINE, **MEASURES}


def spans_of(entities: Iterable[Entity]) -> set[Span]:
    """Return type and offsets of all fragments, which decide whether two entities match."""
    return {(entity.type, entity.fragments) for entity in entities}


def score_tags(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    mode: str = "conll",
    unknown: Sequence[Collection[int]] = (),
) -> Scores:
    """Compare tag sequences in one of NeuroNER's modes.

    Args:
        gold: the tags of each sentence, in BIO or BIOES.
        predicted: as many tags for each sentence.
        mode: ``conll`` counts whole entities, exact match of type and boundaries (the figures of
            conlleval of the tags as BIO, see :func:`neuroner_tl.corpora.text.tags.tags_to_spans`);
            ``bio`` counts tokens by their tag as it is, so in BIOES by E and S too; ``token``
            counts tokens by their type; ``binary`` counts tokens inside any entity. ``O`` is
            never a class of its own.
        unknown: the unknown tokens of each sentence; empty if there are none anywhere. They do not
            count, nor does a predicted entity with one of them.

    Raises:
        ParameterError: unknown mode.
        ValueError: the sequences have different lengths.
    """
    if mode not in MODES:
        raise ParameterError(f"evaluation mode {mode!r}, expected {one_of(mode, MODES)}")
    pairs = _tag_pairs(gold, predicted, unknown)
    if mode != "conll":
        return _score_classes(pairs, _CLASS_OF[mode])
    # conlleval's accuracy is that of the tags, and it is given BIO.
    bio = [[convert_tags(tags, "bio") for tags in side] for side in (gold, predicted)]
    pairs = _tag_pairs(bio[0], bio[1], unknown)
    correct = sum(number for (one, other), number in pairs.items() if one == other)
    spans = score_spans(
        (set(tags_to_spans(tags)) for tags in gold), scored_spans(predicted, unknown)
    )
    return Scores(spans.per_type, sum(pairs.values()), correct)


def _tag_pairs(
    gold: Sequence[Sequence[str]],
    predicted: Sequence[Sequence[str]],
    unknown: Sequence[Collection[int]],
) -> Counter[tuple[str, str]]:
    """Count the pairs of gold and predicted tag over all tokens that are known."""
    if len(gold) != len(predicted):
        raise ValueError(f"{len(gold)} gold and {len(predicted)} predicted sentences")
    pairs: Counter[tuple[str, str]] = Counter()
    for number, (expected, found) in enumerate(zip(gold, predicted)):
        if len(expected) != len(found):
            raise ValueError(
                f"sentence {number} has {len(expected)} gold and {len(found)} predicted tags"
            )
        pairs.update(zip(expected, found))
    for number, tokens in enumerate(unknown):
        pairs.subtract((gold[number][token], predicted[number][token]) for token in tokens)
    return +pairs if unknown else pairs


def _score_classes(pairs: Counter[tuple[str, str]], class_of: Callable[[str], str]) -> Scores:
    right: Counter[str] = Counter()
    in_gold: Counter[str] = Counter()
    in_prediction: Counter[str] = Counter()
    correct = 0
    for (gold_tag, predicted_tag), number in pairs.items():
        expected, found = class_of(gold_tag), class_of(predicted_tag)
        in_gold[expected] += number
        in_prediction[found] += number
        if expected == found:
            right[expected] += number
            correct += number
    for counter in (right, in_gold, in_prediction):
        counter.pop(_NO_CLASS, None)
    return Scores(_counts(right, in_gold, in_prediction), sum(pairs.values()), correct)


def _counts(
    right: Counter[str], in_gold: Counter[str], in_prediction: Counter[str]
) -> dict[str, Counts]:
    return {
        name: Counts(right[name], in_prediction[name] - right[name], in_gold[name] - right[name])
        for name in sorted(in_gold.keys() | in_prediction.keys())
    }


def _type_class(tag: str) -> str:
    return tag[2:] if tag != _NO_CLASS else _NO_CLASS


def _entity_class(tag: str) -> str:
    return "ENTITY" if tag != _NO_CLASS else _NO_CLASS


_CLASS_OF: dict[str, Callable[[str], str]] = {
    "bio": str,
    "token": _type_class,
    "binary": _entity_class,
}
