"""Several models of the same labels as one: their scores are averaged before layer 6.

The scores of layer 5 and the weights of layer 6, each the mean over the models, are those of one
CRF, so its best tagging and the probabilities of its mentions are exact. Models that differ in
nothing but the seed make different errors, which the mean evens out. Each model looks words up in
a vocabulary and word vectors of its own, and may have an architecture of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.prediction.tagger import TaggedSlice
from neuroner_tl.prediction.temperature import checked_temperature

CRF = LabelSequenceOptimisation.name


class EnsemblePredictor(Predictor):
    """A tagger of text with the averaged scores of several models.

    It does what a `Predictor` does; its ``model`` and ``vocabulary`` are those of the first.

    Args:
        members: predictors of the same labels, tokeniser and sentence splitter, at least two.
        temperature: divisor of all scores where probabilities are computed; None for the
            geometric mean of the members' own.
        abbreviations: see `Predictor`.

    Attributes:
        members: the predictors.

    Raises:
        ParameterError: there are too few, they do not fit together, or the temperature is not a
            positive number.

    Example::

        seeds = [Predictor(f"output/seed_{number}/model") for number in range(5)]
        for entity in EnsemblePredictor(seeds).predict_text("BRCA1 predisposes to cancer."):
            print(entity.type, entity.text, entity.probability)
    """

    def __init__(
        self,
        members: Sequence[Predictor],
        temperature: Optional[float] = None,
        abbreviations: bool = False,
    ) -> None:
        if len(members) < 2:
            raise ParameterError(
                f"ensemble: found {len(members)} model, expected at least two; give more models"
            )
        first = members[0]
        for other in members[1:]:
            _check_fit(first, other)
        self.members = tuple(members)
        self.model, self.vocabulary, self.tokenizer = first.model, first.vocabulary, first.tokenizer
        self.word_vectors = first.word_vectors
        if temperature is None:
            logarithms = [math.log(member.temperature) for member in members]
            temperature = math.exp(sum(logarithms) / len(members))
        self.temperature, self.abbreviations = checked_temperature(temperature), abbreviations
        self._roles, self._tagger = first._roles, first._tagger
        self._crf = {
            name: np.mean([member.model.weights[CRF][name] for member in members], axis=0)
            for name in first.model.weights.get(CRF, {})
        }

    def score(self, tagged: Sequence[TaggedDocument]) -> tuple[np.ndarray, np.ndarray]:
        """Score the labels of each token, the mean over the members; see `Predictor.score`."""
        total = np.zeros(0)
        for number, member in enumerate(self.members):
            offsets, scores = member.score(tagged)
            total = scores.astype(np.float64) if not number else total + scores
        return offsets, total / len(self.members)

    def tag(self, tagged: Sequence[TaggedDocument]) -> tuple[np.ndarray, Iterator[TaggedSlice]]:
        """Tag documents that are cut, by the averaged scores; see `Predictor.tag`."""
        offsets, scores = self.score(tagged)
        slices = self._tagger.tag_scores(scores, offsets, self._crf, self._roles, self.temperature)
        return offsets, slices


def _check_fit(first: Predictor, other: Predictor) -> None:
    """Refuse two models whose scores cannot be averaged."""
    where = f"{other.model.folder}: cannot be averaged with {first.model.folder}"
    mine, theirs = (", ".join(p.vocabulary.labels) for p in (first, other))
    if mine != theirs:
        raise ParameterError(
            f"{where}: found the labels {theirs}, expected {mine}; give models of the same entity "
            "types and tag scheme, or tag with each by itself, without --ensemble"
        )
    words, other_words = first.model.text, other.model.text
    if words != other_words:
        names = [n for n, v in vars(words).items() if v != vars(other_words)[n]]
        raise ParameterError(
            f"{where}: found another {' and '.join(names)} "
            f"({', '.join(str(vars(other_words)[n]) for n in names)}), expected "
            f"{', '.join(str(vars(words)[n]) for n in names)}; give models trained with the same"
        )
    if first.model.architecture.use_crf != other.model.architecture.use_crf:
        raise ParameterError(
            f"{where}: found use_crf = {other.model.architecture.use_crf}, expected "
            f"{first.model.architecture.use_crf}; give models that all have it, or none"
        )
