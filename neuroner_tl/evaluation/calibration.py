"""How well probabilities of predicted mentions fit: expected calibration error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.unknown import scored_prediction


@dataclass(frozen=True)
class CalibrationBin:
    """Predictions with probabilities in one interval.

    Attributes:
        lower: the interval's lower bound, excluded (but 0 belongs to the first).
        upper: its upper bound, included.
        number: how many predictions there are.
        confidence: their mean probability; 0 if there are none.
        precision: the share of them that is correct; 0 if there are none.

    Example:
        >>> calibration([0.2, 0.9], [False, True], bins=2).bins[1].confidence
        0.9
    """

    lower: float
    upper: float
    number: int
    confidence: float
    precision: float


@dataclass(frozen=True)
class Calibration:
    """How well probabilities fit.

    Attributes:
        error: the expected calibration error: the mean of the bins' distances between confidence
            and precision, weighted by their numbers of predictions; 0 is best.
        bins: the bins, from the lowest probabilities to the highest.

    Example:
        >>> round(calibration([0.8] * 5, [True] * 4 + [False]).error, 6)
        0.0
    """

    error: float
    bins: tuple[CalibrationBin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"error": self.error, "bins": [vars(entry) for entry in self.bins]}


def calibration(
    probabilities: Sequence[float], correct: Sequence[bool], bins: int = 10
) -> Calibration:
    """Compare probabilities with what came true, in intervals of equal width.

    Args:
        probabilities: of the predictions, 0 to 1.
        correct: whether each of them is correct.
        bins: number of intervals.

    Raises:
        ParameterError: a value is out of range, or the numbers of values differ.
    """
    values, hits = np.asarray(probabilities, np.float64), np.asarray(correct, np.float64)
    if bins < 1 or values.shape != hits.shape or not ((0 <= values) & (values <= 1)).all():
        raise ParameterError(
            f"calibration: found {len(values)} probabilities, {len(hits)} outcomes and {bins} bins;"
            " expected an outcome for each probability, these from 0 to 1, and at least one bin"
        )
    index = np.clip(np.ceil(values * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for number in range(bins):
        inside = index == number
        count = int(inside.sum())
        found.append(
            CalibrationBin(
                number / bins,
                (number + 1) / bins,
                count,
                float(values[inside].mean()) if count else 0.0,
                float(hits[inside].mean()) if count else 0.0,
            )
        )
    error = sum(entry.number * abs(entry.confidence - entry.precision) for entry in found)
    return Calibration(error / max(len(values), 1), tuple(found))


class ConfidenceOutcomes:
    """The probabilities of predicted mentions, and whether the mentions are correct.

    A mention is correct if gold has it with the same type and offsets. Predictions in unknown
    regions are not judged.

    Attributes:
        gold: number of gold mentions.
        without: number of predictions without a probability, which are in no figure.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> asthma = Entity("DISO", ((0, 6),), "Asthma", probability=0.75)
        >>> outcomes = ConfidenceOutcomes()
        >>> outcomes.add(Document("12", "Asthma.", (asthma,)), Document("12", "Asthma.", (asthma,)))
        >>> outcomes.calibration().error, outcomes.gold
        (0.25, 1)
    """

    def __init__(self) -> None:
        self.gold = 0
        self.without = 0
        self._probabilities: list[float] = []
        self._correct: list[bool] = []

    def add(self, gold: Document, predicted: Document) -> None:
        """Take in a document, as annotated and as predicted."""
        true = {(entity.type, entity.fragments) for entity in gold.entities}
        self.gold += len(true)
        found: dict[tuple, Optional[float]] = {}
        for entity in scored_prediction(gold, predicted).entities:
            found.setdefault((entity.type, entity.fragments), entity.probability)
        for mention, probability in found.items():
            if probability is None:
                self.without += 1
            else:
                self._probabilities.append(probability)
                self._correct.append(mention in true)

    @property
    def probabilities(self) -> np.ndarray:
        """The probabilities of the mentions, ``[mentions]``."""
        return np.array(self._probabilities, np.float64)

    @property
    def correct(self) -> np.ndarray:
        """Whether they are correct, bool ``[mentions]``."""
        return np.array(self._correct, bool)

    @property
    def all_known(self) -> bool:
        """Whether there are predictions, and all of them have a probability."""
        return bool(self._probabilities) and not self.without

    def calibration(self, bins: int = 10) -> Calibration:
        """Compare the probabilities with what came true, in intervals of equal width."""
        return calibration(self._probabilities, self._correct, bins)


def mention_calibration(pairs: Iterable[tuple[Document, Document]], bins: int = 10) -> Calibration:
    """Compare the probabilities of predicted mentions with gold: exact match of offsets and type.

    Args:
        pairs: gold and predicted documents; predicted entities without a probability are left out,
            and those in unknown regions.
        bins: number of intervals.
    """
    outcomes = ConfidenceOutcomes()
    for gold, predicted in pairs:
        outcomes.add(gold, predicted)
    return outcomes.calibration(bins)
