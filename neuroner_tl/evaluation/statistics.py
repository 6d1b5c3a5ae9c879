"""Is a difference between two systems more than chance? Tests over documents and over corpora.

On one corpus `compare_systems` takes both documents and runs (seeds, splits) as samples: a document
counts once, however many runs were tested on it, and the spread of runs is part of the error. Over
several corpora the unit is the corpus: `wilcoxon` on the pairs, and `holm` where several tests are
made (Demsar 2006).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
# Gains and errors below this are rounding.
_TINY = 1e-12
# Decimal places of scores, as shares or in points, that are more than rounding.
_DIGITS = 9


@dataclass(frozen=True)
class Summary:
    """Summary statistics of several values.

    Attributes:
        mean: their mean.
        deviation: their standard deviation (n - 1); None for a single one.
        number: how many values there are.
        zeros: how many values are 0.

    Example:
        >>> summarise([70.0, 72.0])
        Summary(mean=71.0, deviation=1.4142135623730951, number=2, zeros=0)
    """

    mean: float
    deviation: Optional[float]
    number: int
    zeros: int = 0


@dataclass(frozen=True)
class Difference:
    """The second of two systems against the first, on one test set.

    Attributes:
        gain: F1 of the second minus F1 of the first, -1 to 1; mean over pairs of runs.
        low: lower end of the 95 % interval of the gain, over documents and, where there are
            several, runs; -1 if fewer than two documents with mentions leave it open.
        high: its upper end.
        p_value: two-sided, of the same t statistic as the interval.
        documents: how many there were, each once, however many runs were tested on it.
        runs: pairs of runs.
        units: units of the second level that they make up, see `compare_systems`.
        deviation: standard deviation of the runs' gains (n - 1); None for a single pair.

    Example::

        first, second = np.load("baseline.npy"), np.load("transfer.npy")  # [runs, documents, 3]
        difference = compare_systems(first, second)
        print(f"{100 * difference.gain:+.2f} points, p = {difference.p_value:.3f}")
    """

    gain: float
    low: float
    high: float
    p_value: float
    documents: int
    runs: int = 1
    units: int = 1
    deviation: Optional[float] = None


def summarise(values: Sequence[float]) -> Summary:
    """Return mean and standard deviation.

    Raises:
        ValueError: there are no values.
    """
    if not len(values):
        raise ValueError("no values, expected one or more")
    array = np.asarray(values, float)
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Summary(float(array.mean()), deviation, len(array), int(np.count_nonzero(array == 0)))


def f1_of(counts: np.ndarray) -> np.ndarray:
    """Compute F1 of counts ``[..., 3]`` (TP, FP, FN), 0 to 1; 0 where nothing is correct."""
    tp, errors = counts[..., 0], counts[..., 1] + counts[..., 2]
    return np.divide(2 * tp, np.maximum(2 * tp + errors, 1), dtype=float)


def f1_interval(counts: Sequence[Sequence[int]]) -> Optional[tuple[float, float]]:
    """Return the 95 % interval of F1 over documents, by their jackknife.

    Documents without any count say nothing of F1 and are left out. None for fewer than two, and
    where F1 is the same without any one of them: then their spread is unknown, not 0.

    Args:
        counts: TP, FP and FN of each document.

    Example:
        >>> low, high = f1_interval([(3, 1, 0), (2, 0, 1), (4, 1, 1)])
        >>> round(low, 2), round(high, 2)
        (0.73, 0.9)
    """
    table = np.asarray(counts, float).reshape(-1, 3)
    table = table[table.any(1)]
    number = len(table)
    if number < 2:
        return None
    f1, without = float(f1_of(table.sum(0))), f1_of(table.sum(0) - table)
    error = float(np.sqrt((number - 1) / number * ((without - without.mean()) ** 2).sum()))
    if error < _TINY:
        return None
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, number - 1))
    return max(0.0, f1 - reach), min(1.0, f1 + reach)


def compare_systems(
    first: np.ndarray,
    second: np.ndarray,
    units: Optional[Sequence[int]] = None,
) -> Difference:
    """Compare two systems on the same documents by micro-averaged F1.

    The gain is the mean over pairs of runs, those of one unit first. A document counts once,
    however many runs were tested on it; both documents and runs are samples of what might have
    been. p and interval come from one t statistic, see `_standard_error`. Documents in which no run
    has a mention, gold or found, say nothing of F1: they are no samples. Where p has its least
    possible value and that is 0.05 or more, with up to five documents, the interval includes 0.

    Args:
        first: TP, FP and FN of the first system, ``[runs, documents, 3]``, or ``[documents, 3]``
            of one run; NaN where a run was not tested on a document.
        second: likewise of the second system, with runs and documents in the same positions.
        units: of each run, the number of what it shares with others, such as the split that they
            train on; None if each is a unit by itself.

    Raises:
        ValueError: the shapes differ, or there are no documents, or none was tested.
    """
    pairs = _PairedRuns.of(first, second, units)
    documents = pairs.documents
    gains = pairs.gains(pairs.counts.sum(2))
    gain = float(gains @ pairs.weights)
    low, high, p_value = -1.0, 1.0, 1.0
    if documents > 1:
        error, freedom = _standard_error(pairs)
        reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
        low, high = max(gain - reach, -1.0), min(gain + reach, 1.0)
        if abs(gain) > _TINY:
            p_value = 2 * float(stats.t.sf(abs(gain) / max(error, _TINY), freedom))
            # What an exchange of the systems on all documents, or none, could show at most.
            p_value = max(p_value, 2.0 ** (1 - documents))
        if p_value >= 1 - CONFIDENCE:
            low, high = min(low, 0.0), max(high, 0.0)
    return Difference(
        gain=gain,
        low=low,
        high=high,
        p_value=p_value,
        documents=pairs.counts.shape[2],
        runs=len(gains),
        units=len(pairs.groups),
        deviation=float(gains.std(ddof=1)) if len(gains) > 1 else None,
    )


class _PairedRuns(NamedTuple):
    """Counts of pairs of runs, and how runs belong together.

    Attributes:
        counts: ``[2, runs, documents, 3]``, zeros where a document was not tested.
        units: of each run, numbered from 0.
    """

    counts: np.ndarray
    units: np.ndarray

    @classmethod
    def of(
        cls, first: np.ndarray, second: np.ndarray, units: Optional[Sequence[int]]
    ) -> _PairedRuns:
        one, other = np.asarray(first, float), np.asarray(second, float)
        if one.ndim == 2:
            one, other = one[None], other[None]
        if one.shape != other.shape or one.ndim != 3 or one.shape[2] != 3 or not one.size:
            raise ValueError(
                f"counts of shape {one.shape} and {other.shape}, expected [documents, 3] or "
                "[runs, documents, 3] twice"
            )
        numbers = np.arange(len(one)) if units is None else np.asarray(units)
        if numbers.shape != (len(one),):
            raise ValueError(f"{len(numbers)} units, expected one for each of {len(one)} runs")
        tested = ~(np.isnan(one) | np.isnan(other)).any(-1, keepdims=True)
        # A run or a document without any test would count as one without a difference.
        runs, documents = tested.any((1, 2)), tested.any((0, 2))
        if not runs.any():
            raise ValueError("no run was tested on any document, expected counts that are not NaN")
        counts = np.where(tested, np.stack([one, other]), 0.0)[:, runs][:, :, documents]
        return cls(counts, np.unique(numbers[runs], return_inverse=True)[1])

    @property
    def documents(self) -> int:
        """How many documents have a mention, gold or found by any run."""
        return int(self.counts.any((0, 1, 3)).sum())

    @property
    def groups(self) -> np.ndarray:
        """For each unit of the second level its runs, ``[units, runs]``; rows add up to 1."""
        members = (self.units == np.arange(self.units.max() + 1)[:, None]).astype(float)
        return members / members.sum(1, keepdims=True)

    @property
    def weights(self) -> np.ndarray:
        """What each run counts in the mean gain, ``[runs]``; they add up to 1."""
        return self.groups.mean(0)

    @staticmethod
    def gains(totals: np.ndarray) -> np.ndarray:
        """Compute gains in F1 of counts ``[2, ..., 3]``."""
        return f1_of(totals[1]) - f1_of(totals[0])


def _standard_error(pairs: _PairedRuns) -> tuple[float, float]:
    """Compute the standard error of the mean gain, and its degrees of freedom.

    Documents and runs are crossed random factors, as cases and readers are where several readers
    judge the same cases (Dorfman, Berbaum and Metz 1992; Obuchowski and Rockette 1995):

        V = V_documents + V_units - V_cells.

    V_documents is the jackknife variance, over documents, of the mean gain; V_units is the variance
    of the units' gains / units; V_cells is the part of V_units that documents account for, and so
    is in both. V is not taken to be below V_units. Degrees of freedom are those of Satterthwaite
    (1946). With one unit only V_documents is left, with documents - 1 degrees of freedom.
    """
    groups, documents = pairs.groups, pairs.documents
    units = len(groups)
    influence = groups @ _influence(pairs.counts)
    of_documents = float((influence.mean(0) ** 2).sum())
    if units == 1:
        return of_documents**0.5, documents - 1.0
    gains = groups @ pairs.gains(pairs.counts.sum(2))
    of_units = float(gains.var(ddof=1)) / units
    of_cells = float(influence.var(0, ddof=1).sum()) / units
    variance = max(of_units, of_documents + of_units - of_cells)
    spread = (
        of_documents**2 / (documents - 1)
        + of_units**2 / (units - 1)
        + of_cells**2 / ((documents - 1) * (units - 1))
    )
    fewest, most = min(documents, units) - 1.0, documents + units - 2.0
    freedom = variance**2 / spread if spread else fewest
    return variance**0.5, min(max(freedom, fewest), most)


def _influence(counts: np.ndarray) -> np.ndarray:
    """Compute each document's influence on each run's gain by jackknife: ``[runs, documents]``.

    Scaled so that the sum of squares over documents is the jackknife variance of a run's gain; 0
    where a run was not tested.
    """
    tested = counts.any((0, 3))
    number = np.maximum(tested.sum(1, keepdims=True), 1)
    without = _PairedRuns.gains(counts.sum(2, keepdims=True) - counts)
    mean = (without * tested).sum(1, keepdims=True) / number
    return np.where(tested, mean - without, 0.0) * np.sqrt((number - 1) / number)


def wilcoxon(first: Sequence[float], second: Sequence[float]) -> Optional[float]:
    """Return the two-sided p-value of Wilcoxon's signed-rank test over pairs, such as corpora.

    Exact where scipy has it exact; pairs without a difference are left out. None if fewer than
    two pairs differ: then there is nothing to test.
    """
    # Without rounding, equal means of runs differ, and equal differences have unlike ranks.
    differences = np.round(np.asarray(second, float) - np.asarray(first, float), _DIGITS)
    differences = differences[differences != 0]
    if len(differences) < 2:
        return None
    return float(stats.wilcoxon(differences).pvalue)


def mean_interval(values: Sequence[float]) -> Optional[tuple[float, float]]:
    """Return the 95 % interval of a mean over samples, such as corpora, by the t statistic.

    Where each value is itself a mean over documents and runs, their chance is part of the spread of
    the values, and the interval covers it. None for fewer than two, and where all are equal:
    then their spread is unknown, not 0.

    Example:
        >>> low, high = mean_interval([2.0, 4.0, 9.0])
        >>> round(low, 2), round(high, 2)
        (-3.96, 13.96)
    """
    array = np.asarray(values, float)
    if len(array) < 2:
        return None
    error = float(array.std(ddof=1)) / float(np.sqrt(len(array)))
    if error < _TINY:
        return None
    reach = error * float(stats.t.ppf((1 + CONFIDENCE) / 2, len(array) - 1))
    return float(array.mean()) - reach, float(array.mean()) + reach


def holm(p_values: Sequence[float]) -> list[float]:
    """Apply Holm's step-down correction: p-values that hold jointly for all tests (Holm 1979)."""
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    highest = 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * float(p_values[index])))
        corrected[index] = highest
    return corrected.tolist()


def error_reduction(baseline: float, other: float) -> Optional[float]:
    """Return the share of the baseline's error (100 - F1) that a system removes, in percent.

    Args:
        baseline: F1 of the baseline, in points of 100.
        other: F1 of the other system.

    Returns:
        Negative if the other system is worse; None if the baseline makes no error.
    """
    left = 100 - baseline
    return 100 * (other - baseline) / left if left > 0 else None
