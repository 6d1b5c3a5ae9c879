"""Is a difference between two systems more than chance? Tests over documents and over corpora.

On one corpus the unit is the document: `compare_systems` resamples documents, all resamples at
once. A document counts once, however many runs (seeds, splits) were tested on it; the runs are a
second level. Over several corpora the unit is the corpus: `wilcoxon` on the pairs, and `holm` where
several tests are made (Demsar 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np
from scipy import stats

RESAMPLES = 10_000
CONFIDENCE = 0.95
# Numbers of a block of resamples that are held at a time.
_BLOCK = 4_000_000
_TINY = 1e-18


@dataclass(frozen=True)
class Summary:
    """Several values of one thing.

    Args:
        mean: their mean.
        deviation: their standard deviation (n - 1); None for a single one.
        number: how many there are.
        zeros: how many of them are 0.
    """

    mean: float
    deviation: Optional[float]
    number: int
    zeros: int = 0


@dataclass(frozen=True)
class Difference:
    """The second of two systems against the first, on one test set.

    Args:
        gain: F1 of the second minus F1 of the first, -1 to 1; mean over pairs of runs.
        low: lower end of the 95 % interval of the gain, by paired bootstrap over documents and,
            where there are several, runs.
        high: its upper end.
        p_value: two-sided, of approximate randomisation over documents.
        documents: how many there were, each once, however many runs were tested on it.
        resamples: how many resamples were drawn.
        runs: pairs of runs.
        splits: splits that they were made with.
        deviation: standard deviation of the runs' gains (n - 1); None for a single pair.
    """

    gain: float
    low: float
    high: float
    p_value: float
    documents: int
    resamples: int
    runs: int = 1
    splits: int = 1
    deviation: Optional[float] = None


def summarise(values: Sequence[float]) -> Summary:
    """Mean and standard deviation.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("no values, expected one or more")
    array = np.asarray(values, float)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Summary(float(array.mean()), deviation, len(array), int(np.count_nonzero(array == 0)))


def f1_of(counts: np.ndarray) -> np.ndarray:
    """F1 of counts ``[..., 3]`` (TP, FP, FN), 0 to 1; 0 where nothing is right."""
    tp, errors = counts[..., 0], counts[..., 1] + counts[..., 2]
    return np.divide(2 * tp, np.maximum(2 * tp + errors, 1), dtype=float)


def compare_systems(
    first: np.ndarray,
    second: np.ndarray,
    splits: Optional[Sequence[int]] = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare two systems on the same documents by micro-averaged F1.

    The gain is the mean over pairs of runs, those of one split first; the document is the unit of
    test and interval, however many runs were tested on it.

    Args:
        first: TP, FP and FN of the first system, ``[runs, documents, 3]``, or ``[documents, 3]``
            of one run; NaN where a run was not tested on a document.
        second: the same of the second system; run and document stand in the same places.
        splits: number of the split of each run; None if all have the same.
        resamples: how many resamples to draw, for test and interval each.
        seed: of the resamples.

    Raises:
        ValueError: the shapes differ, or there are no documents, or none was tested.
    """
    pairs = _PairedRuns.of(first, second, splits)
    gains = pairs.gains(pairs.counts.sum(2))
    low, high = _interval(pairs, resamples, seed, CONFIDENCE)
    return Difference(
        gain=float(gains @ pairs.weights),
        low=low,
        high=high,
        p_value=_randomisation(pairs, resamples, seed),
        documents=pairs.counts.shape[2],
        resamples=resamples,
        runs=len(gains),
        splits=len(np.unique(pairs.splits)),
        deviation=float(gains.std(ddof=1)) if len(gains) > 1 else None,
    )


class _PairedRuns(NamedTuple):
    """Counts of pairs of runs, and how runs belong together.

    Attributes:
        counts: ``[2, runs, documents, 3]``, zeros where a document was not tested.
        splits: of each run, numbered from 0.
    """

    counts: np.ndarray
    splits: np.ndarray

    @classmethod
    def of(
        cls, first: np.ndarray, second: np.ndarray, splits: Optional[Sequence[int]]
    ) -> _PairedRuns:
        one, other = np.asarray(first, float), np.asarray(second, float)
        if one.ndim == 2:
            one, other = one[None], other[None]
        if one.shape != other.shape or one.ndim != 3 or one.shape[2] != 3 or not one.size:
            raise ValueError(
                f"counts of shape {one.shape} and {other.shape}, expected [documents, 3] or "
                "[runs, documents, 3] twice"
            )
        numbers = np.zeros(len(one), int) if splits is None else np.asarray(splits)
        if numbers.shape != (len(one),):
            raise ValueError(f"{len(numbers)} splits, expected one for each of {len(one)} runs")
        tested = ~(np.isnan(one) | np.isnan(other)).any(-1, keepdims=True)
        # A run or a document without any test would count as one without a difference.
        runs, documents = tested.any((1, 2)), tested.any((0, 2))
        if not runs.any():
            raise ValueError("no run was tested on any document, expected counts that are not NaN")
        counts = np.where(tested, np.stack([one, other]), 0.0)[:, runs][:, :, documents]
        return cls(counts, np.unique(numbers[runs], return_inverse=True)[1])

    @property
    def groups(self) -> np.ndarray:
        """For each unit of the second level its runs, ``[units, runs]``; rows add up to 1.

        The unit is the split if there are several, whose runs share what they train on, else the
        run.
        """
        if not self.splits.any():
            return np.eye(len(self.splits))
        members = (self.splits == np.arange(self.splits.max() + 1)[:, None]).astype(float)
        return members / members.sum(1, keepdims=True)

    @property
    def weights(self) -> np.ndarray:
        """What each run counts in the mean gain, ``[runs]``; they add up to 1."""
        return self.groups.mean(0)

    @staticmethod
    def gains(totals: np.ndarray) -> np.ndarray:
        """Gains in F1 of counts ``[2, ..., 3]``."""
        return f1_of(totals[1]) - f1_of(totals[0])


def _randomisation(pairs: _PairedRuns, resamples: int, seed: int) -> float:
    """Two-sided p-value of the gain in F1, by approximate randomisation over documents.

    In each resample the two systems' outputs change places on a random half of the documents, in
    all runs together (Noreen 1989; Yeh 2000). The observed outcome counts as one of them. With one
    run a pair, outcomes are compared by the gain. With several, by the gain divided by its standard
    error,

        t = gain / sqrt(var_documents + k var_units / units),

    where the units are runs, or splits, if there are several. A run that is better or worse on all
    documents alike has its share in var_units, but not in what is exchanged: k, the square of the
    ratio of the quantiles of Student's distribution with units - 1 degrees of freedom and of the
    normal one, makes good for how few the units are. Without such runs the test is exact.
    """
    counts, groups, weights = pairs.counts, pairs.groups, pairs.weights
    _, runs, documents, _ = counts.shape
    units = len(groups)
    change = (counts[1] - counts[0]).transpose(1, 0, 2).reshape(documents, -1)
    totals = counts.sum(2)
    per_document = float((weights @ _influence(counts)) @ (weights @ _influence(counts)))
    quantile = (1 + CONFIDENCE) / 2
    factor = 1.0
    if units > 1:
        factor = (stats.t.ppf(quantile, units - 1) / stats.norm.ppf(quantile)) ** 2

    def extremeness(swapped: np.ndarray) -> np.ndarray:
        moved = (swapped @ change).reshape(-1, runs, 3)
        gains = pairs.gains(np.stack([totals[0] + moved, totals[1] - moved]))
        gain = np.abs(gains @ weights)
        if units == 1 or documents == 1:
            return gain
        over_documents = (per_document - gain**2 / documents) * documents / (documents - 1)
        over_units = (gains @ groups.T).var(1, ddof=1) / units
        return gain / np.sqrt(np.maximum(over_documents, 0.0) + factor * over_units + _TINY)

    generator = np.random.default_rng(seed)
    # A resample that exchanges all or nothing must count in spite of rounding.
    observed = extremeness(np.zeros((1, documents)))[0] * (1 - 1e-9) - 1e-12
    as_extreme = 0
    for size in _blocks(resamples, documents + 10 * runs):
        swapped = generator.integers(0, 2, (size, documents)).astype(float)
        as_extreme += int(np.count_nonzero(extremeness(swapped) >= observed))
    return (as_extreme + 1) / (resamples + 1)


def _influence(counts: np.ndarray) -> np.ndarray:
    """How much each document adds to each run's gain, to first order: ``[runs, documents]``.

    F1 is linearised where the two systems together stand, which no exchange of outputs moves.
    """
    both = counts.sum((0, 2)) / 2
    size = np.maximum(2 * both[:, 0] + both[:, 1] + both[:, 2], 1.0)
    level = 2 * both[:, 0] / size
    difference = counts[1] - counts[0]
    change = 2 * difference[..., 0] - level[:, None] * (
        2 * difference[..., 0] + difference[..., 1] + difference[..., 2]
    )
    return np.asarray(change / size[:, None])


def _interval(
    pairs: _PairedRuns, resamples: int, seed: int, confidence: float
) -> tuple[float, float]:
    """Percentile interval of the gain in F1, by a two-level bootstrap.

    Documents are drawn with replacement, for all runs alike; so are runs, or splits and runs within
    each, where there are several.
    """
    counts, groups = pairs.counts, pairs.groups
    _, runs, documents, _ = counts.shape
    generator = np.random.default_rng(seed)
    flat = counts.transpose(2, 0, 1, 3).reshape(documents, -1)
    gains = []
    for size in _blocks(resamples, documents + 10 * runs):
        drawn = generator.multinomial(documents, np.full(documents, 1 / documents), size)
        sums = (drawn.astype(float) @ flat).reshape(size, 2, runs, 3)
        weights = _draw_runs(generator, groups, size)
        gains.append((pairs.gains(np.moveaxis(sums, 1, 0)) * weights).sum(1))
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(np.concatenate(gains), [tail, 100 - tail])
    return float(low), float(high)


def _draw_runs(generator: np.random.Generator, groups: np.ndarray, size: int) -> np.ndarray:
    """Weights of the runs in each resample, ``[size, runs]``: units drawn, then runs within."""
    units = len(groups)
    drawn = generator.multinomial(units, np.full(units, 1 / units), size) / units
    weights = np.zeros((size, groups.shape[1]))
    for unit, members in enumerate(groups > 0):
        number = int(members.sum())
        within = generator.multinomial(number, np.full(number, 1 / number), size) / number
        weights[:, members] = drawn[:, [unit]] * within
    return weights


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


def _blocks(resamples: int, numbers: int) -> list[int]:
    """Sizes of blocks of resamples of so many numbers each that fit into memory."""
    size = max(1, _BLOCK // numbers)
    return [min(size, resamples - begin) for begin in range(0, resamples, size)]


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
