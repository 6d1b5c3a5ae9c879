"""How well probabilities of predicted mentions fit: expected calibration error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import ParameterError


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


def mention_calibration(pairs: Iterable[tuple[Document, Document]], bins: int = 10) -> Calibration:
    """Compare the probabilities of predicted mentions with gold: exact match of offsets and type.

    Args:
        pairs: gold and predicted documents; predicted entities without a probability are left out.
        bins: number of intervals.
    """
    probabilities: list[float] = []
    correct: list[bool] = []
    for gold, predicted in pairs:
        true = {(entity.type, entity.fragments) for entity in gold.entities}
        for entity in predicted.entities:
            if entity.probability is not None:
                probabilities.append(entity.probability)
                correct.append((entity.type, entity.fragments) in true)
    return calibration(probabilities, correct, bins)
