"""Precision and recall of mentions by their minimum probability, to choose a threshold by."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
from numpy.typing import ArrayLike

from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.calibration import ConfidenceOutcomes
from neuroner_tl.evaluation.report import counts_rows
from neuroner_tl.evaluation.scoring import Counts

THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
PRECISIONS = (0.8, 0.85, 0.9, 0.95, 0.98, 0.99)
# What a threshold for a precision is chosen from: numbers of at most three decimals.
STEPS = 1000


class ThresholdCurve:
    """Precision and recall against the minimum probability of a mention.

    A mention is kept if its probability is at least the threshold, as `predict --min-confidence`
    does; recall is the share of all gold mentions, whatever the threshold.

    Args:
        probabilities: of the predicted mentions, ``[mentions]``.
        correct: whether each of them is correct, ``[mentions]``.
        gold: number of gold mentions.

    Raises:
        ParameterError: a probability is out of range, the numbers of values differ, or there are
            fewer gold mentions than correct ones.

    Example:
        >>> curve = ThresholdCurve([0.9, 0.6, 0.3], [True, True, False], gold=4)
        >>> curve.at(0.6).precision, curve.at(0.6).recall
        (1.0, 0.5)
        >>> curve.threshold_for(0.95)
        0.301
    """

    def __init__(self, probabilities: ArrayLike, correct: ArrayLike, gold: int) -> None:
        values, hits = np.asarray(probabilities, np.float64), np.asarray(correct, bool)
        in_range = bool(((0 <= values) & (values <= 1)).all())
        if values.shape != hits.shape or not in_range or gold < hits.sum():
            raise ParameterError(
                f"thresholds: found {len(values)} probabilities, {len(hits)} outcomes and {gold} "
                "gold mentions; expected an outcome for each probability, these from 0 to 1, and "
                "no fewer gold mentions than correct ones"
            )
        order = np.argsort(values, kind="stable")
        self._values, self._gold = values[order], gold
        # Correct ones among those from an index on.
        self._correct = np.append(np.cumsum(hits[order][::-1])[::-1], 0)

    @classmethod
    def of(cls, outcomes: ConfidenceOutcomes) -> ThresholdCurve:
        """Return the curve of predicted mentions."""
        return cls(outcomes.probabilities, outcomes.correct, outcomes.gold)

    def at(self, threshold: float) -> Counts:
        """Return the counts of the mentions that are kept by a threshold."""
        index = int(np.searchsorted(self._values, threshold, side="left"))
        tp = int(self._correct[index])
        return Counts(tp, len(self._values) - index - tp, self._gold - tp)

    def threshold_for(self, precision: float) -> Optional[float]:
        """Return the threshold that keeps most mentions at a precision or a higher one.

        Args:
            precision: 0 to 1.

        Returns:
            The lowest such threshold of at most three decimals; None if there is none that keeps
            any mention.
        """
        for step in range(STEPS + 1):
            counts = self.at(step / STEPS)
            if counts.predicted and counts.precision >= precision:
                return step / STEPS
        return None

    def to_json(self) -> dict[str, Any]:
        """Return the two tables as a JSON object."""
        return {
            "thresholds": [{"threshold": t, **self.at(t).to_json()} for t in THRESHOLDS],
            "for_precision": [
                {
                    "precision_at_least": precision,
                    "threshold": threshold,
                    **({} if threshold is None else self.at(threshold).to_json()),
                }
                for precision in PRECISIONS
                for threshold in [self.threshold_for(precision)]
            ],
        }


def confidence_json(outcomes: ConfidenceOutcomes) -> dict[str, Any]:
    """Return calibration and thresholds as a JSON object."""
    curve = ThresholdCurve.of(outcomes)
    return {"calibration": outcomes.calibration().to_json(), **curve.to_json()}


def confidence_report(outcomes: ConfidenceOutcomes) -> str:
    """Return the calibration error and the tables of thresholds as text, rates in percent."""
    curve = ThresholdCurve.of(outcomes)
    lines = [
        f"expected calibration error of {len(outcomes.probabilities)} predicted mentions: "
        f"{outcomes.calibration().error:.3f}",
        "",
        "mentions from a probability on (predict --min-confidence):",
        "",
        *counts_rows({f"{t:.2f}": curve.at(t) for t in THRESHOLDS}, first="threshold"),
        "",
        "lowest threshold for a precision P:",
        "",
    ]
    found = {precision: curve.threshold_for(precision) for precision in PRECISIONS}
    reached = {p: threshold for p, threshold in found.items() if threshold is not None}
    rows = {f"{100 * p:.0f} %: {t:.3f}": curve.at(t) for p, t in reached.items()}
    lines += counts_rows(rows, first="P: threshold") if rows else []
    if len(reached) < len(found):
        missing = ", ".join(f"{100 * p:.0f} %" for p in found if p not in reached)
        lines.append(f"reached by no threshold: {missing}")
    return "\n".join(lines) + "\n"
