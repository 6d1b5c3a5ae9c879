"""Baseline against transfer on many corpora (Table 2): averages by class, and corpus by corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

from neuroner_tl.evaluation.statistics import (
    Difference,
    Summary,
    error_reduction,
    holm,
    summarise,
    wilcoxon,
)
from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.kinds.gains import (
    Pair,
    compare_pairs,
    correct,
    describe_correction,
    describe_test,
    gain_text,
    interval_text,
    mean_gain,
)
from neuroner_tl.studies.kinds.results import MEASURE, OF_TAGS, StudyResults
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Cell, Row, Table, better, p_text, signed

MEASURES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class CorpusComparison:
    """Two arms on one corpus.

    Attributes:
        entity_class: class of the corpus.
        corpus: its name.
        pairs: the runs, those of the first arm first.
        difference: the test over documents; None without counts by document.

    Example::

        for comparison in compare(results, train_size=None):
            print(comparison.corpus, comparison.gain)
    """

    entity_class: str
    corpus: str
    pairs: Sequence[Pair]
    difference: Optional[Difference]

    def summary(self, side: int, measure: str) -> Summary:
        """Average the runs of one arm, in points of 100."""
        values = [100 * getattr(pair[side].counts(), measure) for pair in self.pairs]
        return summarise(values)

    @property
    def gain(self) -> float:
        """Mean gain in F1, in points."""
        return mean_gain(self.pairs)

    def f1_of_tags(self, side: int) -> Optional[float]:
        """Average F1 on annotations that tags can represent, in points; None if not counted."""
        values = [pair[side].f1_of_tags for pair in self.pairs]
        known = [100 * value for value in values if value is not None]
        return float(np.mean(known)) if len(known) == len(values) else None

    @property
    def reduction(self) -> Optional[float]:
        """The paper's reduction of the error, in percent."""
        return error_reduction(self.summary(0, "f1").mean, self.summary(1, "f1").mean)


def compare(results: StudyResults, train_size: Optional[float]) -> list[CorpusComparison]:
    """Compare the first arm with the last one on every corpus that has both.

    Args:
        results: the study.
        train_size: that of the runs, in percent of the corpus; None for the train part.
    """
    first, last = compared_arms(results)
    found = []
    for entity_class, corpus in results.corpora:
        pairs = results.pairs(first, last, corpus=corpus, train_size=train_size)
        if pairs:
            found.append(CorpusComparison(entity_class, corpus, pairs, compare_pairs(pairs)))
    return found


def compared_arms(results: StudyResults) -> tuple[str, str]:
    """Return the two arms to compare: the baseline, or else the first, and the last."""
    names = [arm.name for arm in results.definition.arms]
    return BASELINE if BASELINE in names else names[0], names[-1]


def sections(results: StudyResults) -> list[Section]:
    """Make Table 2, the table by corpus, and the test over corpora, for each train size."""
    sizes = results.definition.train_sizes
    found = [_section(results, size, several=len(sizes) > 1) for size in sizes]
    if any(section.tables for section in found):
        found = [section for section in found if section.tables]
    return found


def _section(results: StudyResults, size: Optional[float], *, several: bool) -> Section:
    title = "Baseline and transfer"
    if several:
        title += ", whole train part" if size is None else f", {size:g} % of the documents"
    compared = compare(results, size)
    if not compared:
        return Section(title, "No corpus has finished runs of two arms yet.")
    about = _About(
        ("_all" if size is None else f"_{size:g}pct") if several else "",
        "" if size is None else f" Train size: {size:g} % of the corpus's documents.",
    )
    tables = [_by_class(results, compared, about), _by_corpus(results, compared, about)]
    if len(compared) > 1:
        tables.append(_over_corpora(results, compared, about))
    return Section(title, "", tuple(tables))


class _About(NamedTuple):
    """How tables state the size of the train set: in their file names and notes."""

    suffix: str
    note: str


def _by_class(results: StudyResults, compared: Sequence[CorpusComparison], about: _About) -> Table:
    classes = list(dict.fromkeys(item.entity_class for item in compared))
    rows: list[Row] = []
    for name in classes:
        rows += _averages(results, name, [item for item in compared if item.entity_class == name])
    if len(classes) > 1:
        rows += _averages(results, "all", compared)
    return Table(
        f"by_class{about.suffix}",
        "Precision, recall and F1 on test by entity class, averaged over its corpora (%)",
        ("class", "corpora", "runs", "arm", "P", "R", "F1", "F1 gain", "error reduction (%)"),
        tuple(rows),
        f"{MEASURE} Each corpus has equal weight, with the mean of its runs; at 0: runs of them "
        "that scored 0. The better value is bold (* in text). Error reduction: gain as a share of "
        f"the baseline's distance to 100, averaged over corpora.{about.note}",
        keys=4,
    )


def _averages(results: StudyResults, name: str, items: Sequence[CorpusComparison]) -> list[Row]:
    columns = []
    for measure in MEASURES:
        one, other = (
            float(np.mean([item.summary(side, measure).mean for item in items])) for side in (0, 1)
        )
        columns.append(better(one, other, (f"{one:.2f}", f"{other:.2f}")))
    reductions = [item.reduction for item in items if item.reduction is not None]
    gain = float(np.mean([item.gain for item in items]))
    reduction = float(np.mean(reductions)) if reductions else None
    runs = [_runs(items, side) for side in (0, 1)]
    first, last = compared_arms(results)
    return [
        [name, str(len(items)), runs[0], first, *(pair[0] for pair in columns), "", ""],
        ["", "", runs[1], last, *(pair[1] for pair in columns), signed(gain), signed(reduction)],
    ]


def _runs(items: Sequence[CorpusComparison], side: int) -> str:
    """Say how many runs of an arm there are, and how many of them scored 0."""
    results = [pair[side] for item in items for pair in item.pairs]
    zeros = sum(result.f1 == 0 for result in results)
    return f"{len(results)} ({zeros} at 0)" if zeros else str(len(results))


def _by_corpus(results: StudyResults, compared: Sequence[CorpusComparison], about: _About) -> Table:
    first, last = compared_arms(results)
    differences = [item.difference for item in compared]
    corrected = iter(correct(differences))
    # The other measure has a column of its own where it makes a difference.
    of_tags = [[item.f1_of_tags(side) for side in (0, 1)] for item in compared]
    differs = any(
        value is not None and abs(value - item.summary(side, "f1").mean) >= 0.005
        for item, values in zip(compared, of_tags)
        for side, value in enumerate(values)
    )
    rows: list[Row] = []
    for item, tags in zip(compared, of_tags):
        columns: list[tuple[Cell, Cell]] = []
        for measure in MEASURES:
            one, other = item.summary(0, measure), item.summary(1, measure)
            texts = (_mean_text(one), _mean_text(other))
            columns.append(better(one.mean, other.mean, texts))
        other_measure: list[list[str]] = [[_points(value)] if differs else [] for value in tags]
        p_value = None if item.difference is None else item.difference.p_value
        behind = [
            gain_text(item.pairs),
            interval_text(item.difference),
            p_text(p_value),
            p_text(next(corrected)),
            signed(item.reduction),
        ]
        runs = [_runs([item], side) for side in (0, 1)]
        of_first: Row = [*(pair[0] for pair in columns), *other_measure[0]]
        of_last: Row = [*(pair[1] for pair in columns), *other_measure[1]]
        rows.append([item.corpus, runs[0], first, *of_first, *[""] * len(behind)])
        rows.append(["", runs[1], last, *of_last, *behind])
    spread = any(len(item.pairs) > 1 for item in compared)
    how = "mean ± standard deviation over runs; at 0: runs that scored 0."
    return Table(
        f"by_corpus{about.suffix}",
        "Precision, recall and F1 on test by corpus (%)",
        (
            "corpus",
            "runs",
            "arm",
            "P",
            "R",
            "F1",
            *([f"F1 {OF_TAGS}"] if differs else []),
            "F1 gain",
            "95 % interval",
            "p",
            "p corrected",
            "error reduction (%)",
        ),
        tuple(rows),
        f"{MEASURE} {'P, R, F1: ' + how if spread else 'At 0: runs that scored 0.'} "
        f"{_beside(differs, of_tags)}"
        f"{describe_test(differences, [item.pairs for item in compared])} "
        f"{describe_correction(differences, 'corpora')}{about.note}",
        keys=3,
    )


def _beside(differs: bool, of_tags: Sequence[Sequence[Optional[float]]]) -> str:
    """Return the table note about the other measure."""
    if differs:
        return ""
    if any(value is None for values in of_tags for value in values):
        return f"F1 {OF_TAGS}: not recorded. "
    return f"F1 {OF_TAGS}: the same. "


def _mean_text(summary: Summary) -> str:
    """Format a mean with its deviation; the number of runs has a column of its own."""
    deviation = "" if summary.deviation is None else f" ± {summary.deviation:.2f}"
    return f"{summary.mean:.2f}{deviation}"


def _points(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.2f}"


def _over_corpora(
    results: StudyResults, compared: Sequence[CorpusComparison], about: _About
) -> Table:
    values = {
        measure: [
            (item.summary(0, measure).mean, item.summary(1, measure).mean) for item in compared
        ]
        for measure in MEASURES
    }
    tests = {name: wilcoxon(*map(list, zip(*pairs))) for name, pairs in values.items()}
    known = [name for name in MEASURES if tests[name] is not None]
    corrected = dict(zip(known, holm([tests[name] or 0.0 for name in known])))
    rows = []
    for name, pairs in values.items():
        gains = [other - one for one, other in pairs]
        rows.append(
            (
                {"f1": "F1"}.get(name, name),
                str(sum(gain > 0 for gain in gains)),
                str(sum(gain < 0 for gain in gains)),
                signed(float(np.median(gains))),
                p_text(tests[name]),
                p_text(corrected.get(name)),
            )
        )
    first, last = compared_arms(results)
    return Table(
        f"over_corpora{about.suffix}",
        f"{last} against {first} over {len(compared)} corpora",
        ("measure", "better on", "worse on", "median gain", "p", "p corrected"),
        tuple(rows),
        f"{MEASURE} Wilcoxon's signed-rank test over corpora, two-sided. p is not corrected, p "
        "corrected is, by Holm's method over the three measures. With few corpora p cannot be "
        f"small: with five the minimum is 0.0625.{about.note}",
    )
