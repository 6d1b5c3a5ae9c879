"""The gain of one arm over another: one way to test it, for every table of every kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np

from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.evaluation.statistics import (
    Difference,
    compare_systems,
    holm,
    mean_interval,
    summarise,
)
from neuroner_tl.studies.pages.table import Table, p_text, signed, with_spread
from neuroner_tl.studies.results.study_results import MEASURE, Result, StudyResults

Pair = tuple[Result, Result]
_ONE_SOURCE = (
    " Where all runs of an arm start from one source model, the interval does not cover the choice "
    "of its seed (source_seeds trains several)."
)
_SHARED_SOURCES = (
    " Where several runs start from the same one of several source models, they are averaged "
    "first: the interval covers the seed of the source."
)
_OWN_SOURCES = (
    " Where every run starts from a source model of its own, the interval covers the seed of the "
    "source."
)
OVER_CORPORA = (
    "Mean: with its 95 % interval by the t statistic over corpora, each with the mean of its runs; "
    "what documents and seeds do by chance is part of the spread between corpora."
)
NO_COUNTS = "No interval and no p: the store has no counts by document of these runs."


class PairedCounts(NamedTuple):
    """Counts of the runs of two arms, document by document.

    Attributes:
        first: ``[runs, documents, 3]``, TP, FP and FN; NaN where a run was not tested.
        second: likewise for the other arm.
        groups: of each run, what it shares with others, see `groups_of`.

    Example::

        counts = paired_counts(results.pairs("baseline", "transfer"))
        difference = compare_systems(*counts)
    """

    first: np.ndarray
    second: np.ndarray
    groups: tuple[int, ...]


def paired_counts(pairs: Sequence[Pair]) -> Optional[PairedCounts]:
    """Put counts together: a row for each seed, split and source, a column for each document.

    Args:
        pairs: runs of two arms that differ in nothing else; of several corpora, if their documents
            are to be one test set.

    Returns:
        None if a run was recorded without counts by document, or there is none.
    """
    rows: dict[PairedRun, int] = {}
    groups: dict[PairedRun, int] = {}
    columns: dict[tuple[str, str], int] = {}
    for pair, group in zip(pairs, groups_of(pairs)):
        for result in pair:
            if not result.documents:
                return None
            for name in result.documents:
                columns.setdefault((result.run.corpus, name), len(columns))
        rows.setdefault(paired_run(pair), len(rows))
        groups.setdefault(paired_run(pair), group)
    if not rows:
        return None
    counts = np.full((2, len(rows), len(columns), 3), np.nan)
    for pair in pairs:
        for side, result in enumerate(pair):
            for name, values in result.documents.items():
                place = columns[result.run.corpus, name]
                counts[side, rows[paired_run(pair)], place] = values
    return PairedCounts(counts[0], counts[1], tuple(groups[run] for run in rows))


def mean_rates(counts: np.ndarray, groups: Sequence[int]) -> list[float]:
    """Return mean precision, recall and F1 over runs, in points; every group counts equally.

    Args:
        counts: of one side of `PairedCounts`.
        groups: its groups.
    """
    by_group: dict[int, list[list[float]]] = {}
    for run, group in zip(np.nansum(counts, axis=1), groups):
        total = Counts(*map(int, run))
        rates = [100 * rate for rate in (total.precision, total.recall, total.f1)]
        by_group.setdefault(group, []).append(rates)
    return [float(x) for x in np.mean([np.mean(runs, 0) for runs in by_group.values()], 0)]


def groups_of(pairs: Sequence[Pair]) -> list[int]:
    """Return for each pair of runs a number of what it shares: one unit of the second level.

    This is the split, if there are several, or else the seed: with source models of several corpora
    it has several runs. Where fewer source models were trained than that, each serves several, and
    it is the source model's seed; what has no source model is a unit by itself, below 0.
    """
    own = _splits_or_seeds(pairs)
    if not _share_sources(pairs):
        return own
    sources = [pair[1].run.source_seed for pair in pairs]
    return [-1 - unit if seed is None else seed for unit, seed in zip(own, sources)]


def _splits_or_seeds(pairs: Sequence[Pair]) -> list[int]:
    """Return the split of each pair, or its seed if there is one split."""
    parameters = [pair[1].run.parameters for pair in pairs]
    if _several_splits(pairs):
        return [p.split_seed for p in parameters]
    return [p.seed for p in parameters]


def _several_splits(pairs: Sequence[Pair]) -> bool:
    return len({pair[1].run.parameters.split_seed for pair in pairs}) > 1


def _units(pairs: Sequence[Pair]) -> int:
    """Return the number of splits, or of seeds if there is one split."""
    return len(set(_splits_or_seeds(pairs)))


def _share_sources(pairs: Sequence[Pair]) -> bool:
    """Tell whether one of several source models, told apart by seed, serves several units."""
    return 1 < len(_sources(pairs)) < _units_with_source(pairs)


def _sources(pairs: Sequence[Pair]) -> set[int]:
    """Return the seeds of the source models; a run may start from scratch."""
    return {seed for pair in pairs for seed in [pair[1].run.source_seed] if seed is not None}


def _units_with_source(pairs: Sequence[Pair]) -> int:
    """Return how many of the splits or seeds have a run that starts from a source model."""
    own = zip(_splits_or_seeds(pairs), pairs)
    return len({unit for unit, pair in own if pair[1].run.source_seed is not None})


def describe_sources(comparisons: Sequence[Sequence[Pair]]) -> str:
    """Say whether intervals cover the seeds of source models; empty without several runs."""
    words = dict.fromkeys(
        _ONE_SOURCE
        if len(_sources(pairs)) == 1 < _units_with_source(pairs)
        else _SHARED_SOURCES
        if _share_sources(pairs)
        else _OWN_SOURCES
        for pairs in comparisons
        if pairs and _units(pairs) > 1 and all(pair[1].run.source for pair in pairs)
    )
    return "".join(words)


def compare_pairs(pairs: Sequence[Pair]) -> Optional[Difference]:
    """Test the second of each pair against the first; None without counts by document."""
    counts = paired_counts(pairs)
    return None if counts is None else compare_systems(*counts)


class PairedRun(NamedTuple):
    """What pairs of runs on several corpora have in common that belong to one row.

    Attributes:
        split: number of the split.
        seed: of the runs.
        source: corpus of the source model; None without.
        documents: of the source model; None for all of its train part.

    Example:
        >>> PairedRun(split=0, seed=1, source="silver_diso", documents=6000).seed
        1
    """

    split: int
    seed: int
    source: Optional[str]
    documents: Optional[int]


def paired_run(pair: Pair) -> PairedRun:
    """Return what a pair of runs has in common with those on other corpora."""
    run = pair[1].run
    p = run.parameters
    return PairedRun(p.split_seed, p.seed, run.source_name, run.source_documents)


def of_equal_corpora(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of the runs that were tested on the most corpora, all on the same ones."""
    tested: dict[PairedRun, list[str]] = {}
    for pair in pairs:
        tested.setdefault(paired_run(pair), []).append(pair[0].run.corpus)
    if not pairs:
        return []
    times = Counter(map(tuple, tested.values()))
    most = max(times, key=lambda corpora: (len(corpora), times[corpora]))
    return [pair for pair in pairs if tuple(tested[paired_run(pair)]) == most]


def describe_test(
    differences: Sequence[Optional[Difference]], comparisons: Sequence[Sequence[Pair]] = ()
) -> str:
    """Describe how gains were tested, for a table note, and what it cannot show.

    Args:
        differences: the outcomes.
        comparisons: the pairs of runs of each.
    """
    known = [difference for difference in differences if difference is not None]
    if not known:
        return NO_COUNTS
    several = any(difference.units > 1 for difference in known)
    levels = "documents"
    if several:
        shared = any(map(_share_sources, comparisons))
        split = any(_several_splits(pairs) and not _share_sources(pairs) for pairs in comparisons)
        names = [*(["source models"] if shared else []), *(["splits"] if split else []), "seeds"]
        levels += f", {', '.join(names[:-1])} and {names[-1]}" if names[:-1] else " and seeds"
    words = (
        f"95 % interval and p: t statistic of the mean gain with its standard error over test "
        f"{levels}, two-sided; each document counts once."
    )
    if several:
        words += (
            " The error is that of two crossed random factors, with Satterthwaite's degrees of "
            "freedom; runs of one arm without a partner in the other are left out."
        )
    if any(difference.runs > 1 for difference in known):
        words += " After ±: standard deviation over runs."
    alone = [difference.runs for difference in known if difference.units == 1]
    if alone:
        one = "run per arm" if max(alone) == 1 else "seed"
        words += (
            f" With one {one}, interval and p reflect only the choice of test documents; the "
            "effect of the seed cannot be estimated from one."
        )
    return words + describe_sources(comparisons)


def describe_correction(differences: Sequence[Optional[Difference]], over: str) -> str:
    """Describe whether p-values are corrected, for a table note; empty if there are none."""
    tests = sum(difference is not None for difference in differences)
    if not tests:
        return ""
    if tests == 1:
        return "p is not corrected: it is that of a single comparison."
    return f"p is not corrected, p corrected is, by Holm's method over the {tests} {over}."


def gain_table(
    results: StudyResults, name: str, title: str, rows: Sequence[tuple[str, Sequence[Pair]]]
) -> Optional[Table]:
    """Build a table of gains with intervals and p-values, corrected by Holm's method over rows.

    Args:
        results: the study.
        name: of the table's files.
        title: of the table.
        rows: for each row what it is, and the pairs of runs that are compared.

    Returns:
        None if no row has finished runs of both arms.
    """
    tested = [(words, pairs, compare_pairs(pairs)) for words, pairs in rows if pairs]
    if not tested:
        return None
    differences = [difference for _, _, difference in tested]
    corrected = correct(differences)
    return Table(
        name,
        title,
        ("comparison", "documents", "runs", "F1 gain", "95 % interval", "p", "p corrected"),
        tuple(
            (
                words,
                "–" if difference is None else str(difference.documents),
                str(len(pairs)),
                gain_text(pairs),
                interval_text(difference),
                p_text(None if difference is None else difference.p_value),
                p_text(p_value),
            )
            for (words, pairs, difference), p_value in zip(tested, corrected)
        ),
        f"{MEASURE} Gain in points of F1, mean over pairs of runs. "
        f"{describe_test(differences, [pairs for _, pairs, _ in tested])} "
        f"{describe_correction(differences, 'rows')}",
    )


def correct(differences: Sequence[Optional[Difference]]) -> list[Optional[float]]:
    """Apply Holm's correction of p over the differences that were tested."""
    known = iter(holm([d.p_value for d in differences if d is not None]))
    return [None if difference is None else next(known) for difference in differences]


def mean_gain(pairs: Sequence[Pair]) -> float:
    """Return the mean gain in F1 over pairs of runs, in points; every group counts equally."""
    by_group: dict[int, list[float]] = {}
    for (one, other), group in zip(pairs, groups_of(pairs)):
        by_group.setdefault(group, []).append(100 * (other.f1 - one.f1))
    return float(np.mean([np.mean(gains) for gains in by_group.values()]))


def gain_text(pairs: Sequence[Pair]) -> str:
    """Format the mean gain over pairs of runs, in points, with its standard deviation if any."""
    gains = [100 * (other.f1 - one.f1) for one, other in pairs]
    return with_spread(mean_gain(pairs), summarise(gains).deviation, sign=True)


def mean_texts(values: Sequence[float]) -> tuple[str, str]:
    """Format a mean over corpora, in points, and its interval over them."""
    mean = signed(float(np.mean(values))) if values else "–"
    interval = mean_interval(values)
    return mean, "–" if interval is None else f"{signed(interval[0])} to {signed(interval[1])}"


def interval_text(difference: Optional[Difference]) -> str:
    """Format the interval of a gain, in points."""
    if difference is None:
        return "–"
    return f"{signed(100 * difference.low)} to {signed(100 * difference.high)}"
