"""The paper's measure of what transfer gives."""

from __future__ import annotations

from typing import Optional


def error_reduction(baseline: float, other: float) -> Optional[float]:
    """Share of the baseline's error (100 - F1) that another system removes, in per cent.

    Args:
        baseline: F1 of the baseline, in points of 100.
        other: F1 of the other system.

    Returns:
        Negative if the other system is worse; None if the baseline makes no error.
    """
    left = 100 - baseline
    return 100 * (other - baseline) / left if left > 0 else None
