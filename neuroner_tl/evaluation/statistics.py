"""Is a difference between two systems more than chance? Tests over documents and over corpora.

On one corpus the unit is the document: `compare_systems` resamples documents, all resamples at
once. Over several corpora it is the corpus: `wilcoxon` on the pairs, and `holm` where several
tests are made (Demsar 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np
from scipy import stats

RESAMPLES = 10_000
CONFIDENCE = 0.95
# Numbers of a block of resamples that are held at a time.
_BLOCK = 4_000_000


@dataclass(frozen=True)
class Summary:
    """Several values of one thing.

    Args:
        mean: their mean.
        deviation: their standard deviation (n - 1); None for a single one.
        number: how many there are.
    """

    mean: float
    deviation: Optional[float]
    number: int


@dataclass(frozen=True)
class Difference:
    """The second of two systems against the first, on one test set.

    Args:
        gain: F1 of the second minus F1 of the first, -1 to 1.
        low: lower end of the 95 % interval of the gain, by paired bootstrap over documents.
        high: its upper end.
        p_value: two-sided, of approximate randomisation over documents.
        documents: how many there were.
        resamples: how many resamples were drawn.
    """

    gain: float
    low: float
    high: float
    p_value: float
    documents: int
    resamples: int


def summarise(values: Sequence[float]) -> Summary:
    """Mean and standard deviation.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("no values, expected one or more")
    array = np.asarray(values, float)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Summary(float(array.mean()), deviation, len(array))


def f1_of(counts: np.ndarray) -> np.ndarray:
    """F1 of counts ``[..., 3]`` (TP, FP, FN), 0 to 1; 0 where nothing is right."""
    tp, errors = counts[..., 0], counts[..., 1] + counts[..., 2]
    return np.divide(2 * tp, np.maximum(2 * tp + errors, 1), dtype=float)


def compare_systems(
    first: np.ndarray, second: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> Difference:
    """Compare two systems on the same documents by micro-averaged F1.

    Args:
        first: TP, FP and FN of the first system for each document, ``[documents, 3]``.
        second: the same of the second system, in the same order.
        resamples: how many resamples to draw, for test and interval each.
        seed: of the resamples.

    Raises:
        ValueError: the shapes differ, or there are no documents.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    if one.shape != other.shape or one.ndim != 2 or one.shape[1] != 3 or not len(one):
        raise ValueError(
            f"counts of shape {one.shape} and {other.shape}, expected [documents, 3] twice"
        )
    low, high = bootstrap_interval(one, other, resamples, seed)
    return Difference(
        gain=float(f1_of(other.sum(0)) - f1_of(one.sum(0))),
        low=low,
        high=high,
        p_value=randomisation_test(one, other, resamples, seed),
        documents=len(one),
        resamples=resamples,
    )


def randomisation_test(
    first: np.ndarray, second: np.ndarray, resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """Two-sided p-value of the difference in F1, by approximate randomisation.

    In each resample the two systems' outputs change places on a random half of the documents
    (Noreen 1989; Yeh 2000). The observed outcome counts as one of them.

    Args:
        first: ``[documents, 3]``, TP, FP and FN.
        second: the same of the second system.
        resamples: how many.
        seed: of the choice.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    generator = np.random.default_rng(seed)
    total_one, total_other, change = one.sum(0), other.sum(0), other - one
    observed = abs(f1_of(total_other) - f1_of(total_one))
    as_extreme = 0
    for size in _blocks(resamples, len(one)):
        swapped = generator.integers(0, 2, (size, len(one))).astype(float) @ change
        differences = f1_of(total_other - swapped) - f1_of(total_one + swapped)
        # A resample that swaps all or nothing must count in spite of rounding.
        as_extreme += int(np.count_nonzero(np.abs(differences) >= observed - 1e-12))
    return (as_extreme + 1) / (resamples + 1)


def bootstrap_interval(
    first: np.ndarray,
    second: np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = CONFIDENCE,
) -> tuple[float, float]:
    """Percentile interval of the gain in F1, documents drawn with replacement, for both alike.

    Args:
        first: ``[documents, 3]``, TP, FP and FN.
        second: the same of the second system.
        resamples: how many.
        seed: of the choice.
        confidence: share of the resamples inside the interval.
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    generator = np.random.default_rng(seed)
    number = len(one)
    both = np.concatenate([one, other], axis=1)
    gains = []
    for size in _blocks(resamples, number):
        weights = generator.multinomial(number, np.full(number, 1 / number), size)
        sums = weights.astype(float) @ both
        gains.append(f1_of(sums[:, 3:]) - f1_of(sums[:, :3]))
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(np.concatenate(gains), [tail, 100 - tail])
    return float(low), float(high)


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> Optional[float]:
    """Two-sided p-value of Wilcoxon's signed-rank test over pairs, such as a pair a corpus.

    Exact where scipy has it exact; pairs without a difference are left out. None if fewer than
    two pairs differ: then there is nothing to test.
    """
    differences = np.asarray(second, float) - np.asarray(first, float)
    differences = differences[differences != 0]
    if len(differences) < 2:
        return None
    return float(stats.wilcoxon(differences).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: p-values that hold for all the tests together (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * float(p_values[index])))
        corrected[index] = highest
    return corrected.tolist()


def _blocks(resamples: int, documents: int) -> list[int]:
    """Sizes of blocks of resamples that fit into memory."""
    size = max(1, _BLOCK // documents)
    return [min(size, resamples - begin) for begin in range(0, resamples, size)]
