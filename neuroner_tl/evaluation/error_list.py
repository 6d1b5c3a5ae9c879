"""Every error of a system in its sentence, the most frequent ones first."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.sentences import sentence_spans
from neuroner_tl.evaluation.error_sets import (
    BOUNDARY,
    MISSED,
    SPURIOUS,
    TYPE,
    Mention,
    kind_of,
    normalised,
)
from neuroner_tl.evaluation.unknown import scored_prediction

# Characters of a sentence that are kept on each side of the mentions.
LONGEST_CONTEXT = 300


class ListedError(NamedTuple):
    """An error in its sentence.

    Attributes:
        kind: one of `neuroner_tl.evaluation.error_sets.KINDS`.
        document: name of the document.
        gold: the gold mention; None if the error is spurious.
        predicted: the predicted mention; None if the error is missed.
        seen: whether train has the gold mention, or else the spurious one, by type and text
            without regard to case; None if train is not known.
        sentence: the sentence, or what is around the mentions of a very long one.
        offset: where that begins in the document's text.
        is_cut: whether something of the sentence is left out before and after it.

    Example:
        >>> asthma = Entity("DISO", ((0, 6),), "Asthma")
        >>> errors = ErrorList()
        >>> errors.add(Document("12", "Asthma. Cough.", (asthma,)), Document("12", ""))
        >>> error, times = errors.sorted()[0]
        >>> error.kind, error.sentence, times
        ('missed', 'Asthma.', 1)
    """

    kind: str
    document: str
    gold: Optional[Entity]
    predicted: Optional[Entity]
    seen: Optional[bool]
    sentence: str
    offset: int
    is_cut: tuple[bool, bool] = (False, False)

    @property
    def key(self) -> tuple[str, ...]:
        """What errors have in common that are counted together: kind, types and texts."""
        sides = (self.gold, self.predicted)
        return (
            self.kind,
            *(part for e in sides for part in ((e.type, normalised(e.text)) if e else ("", ""))),
        )


class ErrorList:
    """A list of errors, to which documents are added one after the other.

    A gold mention that is not found is one error, together with the prediction that overlaps it
    most; a false prediction that is not part of such an error is one, too. So every false
    negative and every false positive is listed. Predictions in unknown regions are not.

    Args:
        seen: types and normalised texts of the mentions of train
            (`neuroner_tl.evaluation.error_sets.AnnotatedPart.keys`); None if they are not known.

    Example::

        errors = ErrorList(AnnotatedPart.of(read_corpus("my_corpus")["train"]).keys)
        for gold, predicted in predictor.predict_pairs(read_corpus("my_corpus")["test"]):
            errors.add(gold, predicted)
        for error, times in errors.sorted():
            print(times, error.kind, error.sentence)
    """

    def __init__(self, seen: Optional[AbstractSet[tuple[str, str]]] = None) -> None:
        self.knows_train = seen is not None
        self._seen = seen
        self._errors: list[ListedError] = []

    def add(self, gold: Document, predicted: Document) -> None:
        """Take in a document, as annotated and as predicted; offsets are those of the first."""
        predicted = scored_prediction(gold, predicted)
        expected, found = _Side(gold), _Side(predicted)
        missed = [e for mention, e in expected.entities.items() if mention not in found.entities]
        false = [e for mention, e in found.entities.items() if mention not in expected.entities]
        if not missed and not false:
            return
        sentences = _Sentences(gold)
        named = set()
        for entity in missed:
            kind, other = found.compare(entity, MISSED)
            if other is not None:
                named.add(_place(other))
            self._errors.append(self._listed(kind, sentences, entity, other))
        for entity in false:
            if _place(entity) not in named:
                kind, other = expected.compare(entity, SPURIOUS)
                self._errors.append(self._listed(kind, sentences, other, entity))

    def sorted(self) -> list[tuple[ListedError, int]]:
        """Return the errors, each with how often it occurs; the most frequent ones first.

        Those with the same kind, types and texts, without regard to case, stand together, in the
        order in which they were added.
        """
        keys = [error.key for error in self._errors]
        times = Counter(keys)
        order = sorted(range(len(keys)), key=lambda index: (-times[keys[index]], keys[index]))
        return [(self._errors[index], times[keys[index]]) for index in order]

    def _listed(
        self,
        kind: str,
        sentences: _Sentences,
        gold: Optional[Entity],
        predicted: Optional[Entity],
    ) -> ListedError:
        entities = [entity for entity in (gold, predicted) if entity is not None]
        start, end, is_cut = sentences.around(
            min(entity.start for entity in entities), max(entity.end for entity in entities)
        )
        key = entities[0].type, normalised(entities[0].text)
        seen = None if self._seen is None else key in self._seen
        text = sentences.text[start:end]
        return ListedError(kind, sentences.document, gold, predicted, seen, text, start, is_cut)


class _Side:
    """The mentions of a document by one side, which are found by their place."""

    def __init__(self, document: Document) -> None:
        self._document = document.id
        ordered = sorted(document.entities, key=_place)
        self.entities = {_place(entity): entity for entity in ordered}
        self._ordered = list(self.entities.values())
        self._starts = [entity.start for entity in self._ordered]
        self._longest = max((entity.end - entity.start for entity in self._ordered), default=0)

    def compare(self, entity: Entity, without: str) -> tuple[str, Optional[Entity]]:
        """Return the kind of the other side's error, and the mention that it is closest to."""
        near = self._ordered[
            bisect_left(self._starts, entity.start - self._longest) : bisect_right(
                self._starts, entity.end
            )
        ]
        mentions = [self._mention(other) for other in near]
        kind = kind_of(self._mention(entity), mentions, without)
        if kind == without:
            return kind, None
        if kind == TYPE:
            near = [other for other in near if other.fragments == entity.fragments]
        elif kind == BOUNDARY:
            near = [other for other in near if other.type == entity.type]
        return kind, max(near, key=lambda other: _shared(entity.fragments, other.fragments))

    def _mention(self, entity: Entity) -> Mention:
        return Mention(self._document, entity.type, entity.fragments)


class _Sentences:
    """The sentences of a document, those that it has or those that its text is cut into."""

    def __init__(self, document: Document) -> None:
        self.document, self.text = document.id, document.text
        spans = sentence_spans(document)
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def around(self, start: int, end: int) -> tuple[int, int, tuple[bool, bool]]:
        """Return the bounds of the sentences of a stretch, and whether they are cut there."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_left(self._ends, end)
        left = self._starts[first] if first >= 0 else start
        right = self._ends[last] if last < len(self._ends) else end
        cut_left, cut_right = max(left, start - LONGEST_CONTEXT), min(right, end + LONGEST_CONTEXT)
        return cut_left, cut_right, (cut_left > left, cut_right < right)


def _place(entity: Entity) -> tuple[tuple[tuple[int, int], ...], str]:
    return entity.fragments, entity.type


def _shared(one: Iterable[tuple[int, int]], other: Sequence[tuple[int, int]]) -> int:
    """Return how many characters fragments share."""
    return sum(max(0, min(b, d) - max(a, c)) for a, b in one for c, d in other)
