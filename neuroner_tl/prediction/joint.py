"""Several models, such as one for each entity class, that tag the same texts in one pass.

A text is cut into sentences and tokens once for all models that use the same tokeniser. Of
predicted mentions that share a character, the most probable is kept; of equally probable ones the
longest, then that of the model given first. So mentions of one document never overlap.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from neuroner_tl.corpora.document import Document, Entity, TaggedDocument
from neuroner_tl.errors import ParameterError
from neuroner_tl.prediction.predictor import Predictor, chunks


class JointPredictor:
    """One or several predictors as one.

    It is immutable and may be shared by threads, as a `Predictor` may.

    Args:
        predictors: at least one.
        min_confidence: minimum probability of a mention that is kept, 0 to 1.

    Raises:
        ParameterError: no predictor, or the probability is out of range.

    Example::

        joint = JointPredictor([Predictor("diseases"), Predictor("chemicals")], min_confidence=0.5)
        for document in joint.predict(documents):
            print(document.entities)
    """

    def __init__(self, predictors: Sequence[Predictor], min_confidence: float = 0.0) -> None:
        if not predictors:
            raise ParameterError("no model; give at least one")
        if not 0 <= min_confidence <= 1:
            raise ParameterError(
                f"min_confidence: found {min_confidence:g}, expected a number from 0 to 1"
            )
        self.predictors = tuple(predictors)
        self.min_confidence = min_confidence

    def predict(self, documents: Iterable[Document]) -> Iterator[Document]:
        """Replace the entities of documents by predicted ones, as `Predictor.predict` does."""
        for document, _ in self.predict_counted(documents):
            yield document

    def predict_counted(self, documents: Iterable[Document]) -> Iterator[tuple[Document, int]]:
        """Yield the same, with the number of tokens of each document."""
        for chunk in chunks(documents):
            cuts: dict[str, list[TaggedDocument]] = {}
            found: list[list[Entity]] = [[] for _ in chunk]
            for predictor in self.predictors:
                identity = predictor.tokenizer.identity
                if identity not in cuts:
                    cuts[identity] = predictor.cut(chunk)
                for own, document in zip(found, predictor.predict_cut(chunk, cuts[identity])):
                    own += document.entities
            first = cuts[self.predictors[0].tokenizer.identity]
            for document, entities, cut in zip(chunk, found, first):
                tagged = dataclasses.replace(document, entities=self._kept(entities), unknown=())
                yield tagged, sum(len(sentence.tokens) for sentence in cut.sentences)

    def _kept(self, entities: Sequence[Entity]) -> tuple[Entity, ...]:
        sure = [e for e in entities if (e.probability or 0.0) >= self.min_confidence]
        if len(self.predictors) == 1:
            return tuple(sure)
        return without_overlaps(sure)


def without_overlaps(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Return mentions that share no character, in the order of the text.

    Args:
        entities: mentions of one fragment. The most probable are kept; of equally probable ones
            the longest, then the first given.
    """
    kept: list[Entity] = []
    starts: list[int] = []
    for entity in sorted(entities, key=lambda e: (-(e.probability or 0.0), e.start - e.end)):
        place = bisect_left(starts, entity.end)  # Those before it begin before its end.
        if place and kept[place - 1].end > entity.start:
            continue
        starts.insert(place, entity.start)
        kept.insert(place, entity)
    return tuple(kept)
