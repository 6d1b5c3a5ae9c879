"""Two systems on one test set: what the second gains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional

from neuroner_tl.evaluation.scoring import Counts


@dataclass(frozen=True)
class Comparison:
    """Baseline and transfer on the same test set, by exact match of entities.

    Args:
        baseline: counts of the model trained from scratch.
        transfer: counts of the model that started from the source model.
    """

    baseline: Counts
    transfer: Counts

    @property
    def f1_gain(self) -> float:
        """F1 of transfer minus F1 of the baseline, in points of 100."""
        return 100 * (self.transfer.f1 - self.baseline.f1)

    @property
    def error_reduction(self) -> Optional[float]:
        """Share of the baseline's error (100 - F1) that transfer removes, in per cent.

        The paper's measure; None if the baseline makes no error.
        """
        left = 100 - 100 * self.baseline.f1
        return 100 * self.f1_gain / left if left > 0 else None

    def to_json(self) -> dict[str, Any]:
        """All figures; rates from 0 to 1, gain in points and reduction in per cent."""
        return {
            "baseline": self.baseline.to_json(),
            "transfer": self.transfer.to_json(),
            "f1_gain": self.f1_gain,
            "error_reduction": self.error_reduction,
        }


def counts_of(results: dict[str, Any], part: str = "test") -> Counts:
    """The counts of exactly matched entities of a run's results."""
    micro = results["scores"][part]["conll"]["micro"]
    return Counts(micro["tp"], micro["fp"], micro["fn"])
