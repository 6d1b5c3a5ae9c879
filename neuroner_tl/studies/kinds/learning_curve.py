"""F1 against the size of the train set (Figure 2), and how many labels transfer saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.statistics import Summary
from neuroner_tl.messages.numbers import fixed
from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.pages.figures import (
    COLOURS,
    MARKS,
    NEUTRAL,
    Figure,
    describe_error_bars,
    keep_possible,
    panels,
    series,
)
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Table, signed
from neuroner_tl.studies.results.comparisons import compares_transfer
from neuroner_tl.studies.results.gains import gain_table
from neuroner_tl.studies.results.study_results import CELLS, MEASURE, StudyResults


@dataclass(frozen=True)
class Saving:
    """The labels that the baseline needs to reach the F1 of another arm.

    Attributes:
        size: train size of the other arm, in percent of the corpus.
        f1: its F1, in points.
        needed: train size at which the baseline reaches that, interpolated; None if at none of
            those that were tried.
        most: the largest size that the baseline was tried with.
        least: the smallest one; where ``needed`` is that, less may do.

    Example::

        for saving in savings_of(baseline, transfer):
            print(saving.size, saving.needed)
    """

    size: float
    f1: float
    needed: Optional[float]
    most: float
    least: float

    @property
    def text(self) -> str:
        """The size that the baseline needs, or the bound on it that is known."""
        if self.needed is None:
            return f"> {self.most:g}"
        return f"≤ {self.least:g}" if self.needed <= self.least else f"{self.needed:.1f}"


def sections(results: StudyResults) -> list[Section]:
    """Make the curves and the table of labels saved."""
    curves = _curves(results)
    arms = [arm.name for arm in results.definition.arms if arm.name != BASELINE]
    # What published predictions were trained on is not known.
    published = [arm.name for arm in results.definition.arms if arm.is_published]
    savings = {
        (corpus, arm): savings_of(curves[corpus, BASELINE], curves[corpus, arm])
        for _, corpus in results.corpora
        for arm in arms
        if arm not in published and curves.get((corpus, BASELINE)) and curves[corpus, arm]
    }
    summaries = [summary for curve in curves.values() for _, summary in curve]
    figure = Figure(
        "learning_curves",
        "F1 on test against the size of the train set, in percent of the corpus's documents. "
        + describe_error_bars(summaries),
        lambda: _draw_curves(results, curves),
    )
    tests = gain_table(
        results,
        "gain_by_train_size",
        "Gain in F1 over the baseline, by size of the train set",
        [
            (
                f"{corpus}, {arm}, {size:g} %",
                results.pairs(BASELINE, arm, corpus=corpus, train_size=size),
            )
            for _, corpus in results.corpora
            for arm in arms
            for size, _ in curves[corpus, arm]
        ],
    )
    tables = (_table(results, curves), *([tests] if tests else []))
    text = "" if len(results.definition.arms) > 1 else _in_words(results, curves)
    found = [Section("Learning curves", text, tables, (figure,))]
    if savings:
        others = "transfer" if compares_transfer(results) else "the other arm"
        found.append(_savings_section(savings, others))
    return found


Curve = Sequence[tuple[float, Summary]]


def _curves(results: StudyResults) -> dict[tuple[str, str], Curve]:
    sizes = sorted(size for size in results.definition.train_sizes if size is not None)
    return {
        (corpus, arm.name): [
            (size, summary)
            for size in sizes
            if (summary := results.f1(corpus=corpus, arm=arm.name, train_size=size)) is not None
        ]
        for _, corpus in results.corpora
        for arm in results.definition.arms
    }


def _in_words(results: StudyResults, curves: dict[tuple[str, str], Curve]) -> str:
    """Describe what more labels bring, for a curve that is not compared with another."""
    (arm,) = results.definition.arms
    sentences = []
    for _, corpus in results.corpora:
        curve = curves[corpus, arm.name]
        if len(curve) < 2:
            continue
        (low, first), (before, last_but_one), (high, last) = curve[0], curve[-2], curve[-1]
        step = signed(last.mean - last_but_one.mean)
        sentences.append(
            f"{corpus}: F1 is {fixed(first.mean)} with {low:g} % of the documents and "
            f"{fixed(last.mean)} with {high:g} %; the last step, from {before:g} % to {high:g} %, "
            f"changes it by {step} points."
        )
    return "\n\n".join(sentences)


def savings_of(baseline: Curve, other: Curve) -> list[Saving]:
    """Return for each size of the other arm the size at which the baseline reaches its F1.

    Between two sizes the baseline's mean is taken to lie on a straight line; the first point that
    reaches the F1 counts. Where the smallest size reaches it already, that size is the answer, so
    it is an upper bound.
    """
    if not baseline:
        return []
    most, least = baseline[-1][0], baseline[0][0]
    return [
        Saving(size, summary.mean, size_needed(baseline, summary.mean), most, least)
        for size, summary in other
    ]


def size_needed(baseline: Curve, f1: float) -> Optional[float]:
    """Find the first size at which the curve reaches an F1, None if it does not."""
    before: Optional[tuple[float, float]] = None
    for size, summary in baseline:
        if summary.mean >= f1:
            if before is None:
                return size
            share = (f1 - before[1]) / (summary.mean - before[1])
            return before[0] + share * (size - before[0])
        before = (size, summary.mean)
    return None


def _table(results: StudyResults, curves: dict[tuple[str, str], Curve]) -> Table:
    arms = [arm.name for arm in results.definition.arms]
    compares = len(arms) > 1
    rows = []
    for _, corpus in results.corpora:
        by_arm = {arm: dict(curves[corpus, arm]) for arm in arms}
        for size in sorted({size for curve in by_arm.values() for size in curve}):
            own = [by_arm[arm].get(size) for arm in arms]
            cells = [corpus, f"{size:g}", *map(results.mean_text, own)]
            if compares:
                first, last = own[0], own[-1]
                cells.append(signed(last.mean - first.mean) if first and last else "–")
            rows.append(cells)
    gain = (
        f"; gain: {arms[-1]} minus {arms[0]}, in points, difference of the means"
        if compares
        else ""
    )
    return Table(
        "learning_curves",
        "F1 on test by size of the train set",
        (
            "corpus",
            "train size (%)",
            *(arms if compares else ["F1"]),
            *(["gain"] if compares else []),
        ),
        tuple(rows),
        f"{MEASURE} Mean and standard deviation over runs; train size in percent of the corpus's "
        f"documents{gain}. {CELLS}",
        keys=2,
    )


def _savings_section(savings: dict[tuple[str, str], list[Saving]], others: str) -> Section:
    rows = [
        (
            corpus,
            arm,
            f"{saving.size:g}",
            f"{saving.f1:.2f}",
            saving.text,
        )
        for (corpus, arm), found in savings.items()
        for saving in found
    ]
    table = Table(
        "labels_saved",
        f"Labels that the baseline needs to reach the F1 of {others}",
        ("corpus", "arm", "its train size (%)", "its F1", "baseline needs (%)"),
        tuple(rows),
        f"{MEASURE} F1: mean over runs. By linear interpolation of the baseline's mean; `>`: not "
        "reached at the largest size tried; `≤`: reached at the smallest one already.",
        keys=3,
    )
    figure = Figure(
        "labels_saved",
        f"Size of the train set with which the baseline reaches the F1 that {others} has at the "
        "size below, both in percent of the corpus's documents. On the dotted line nothing is "
        "saved; hollow points with arrows: more than the largest size tried. Where the smallest "
        "size tried reaches it already, the point is there.",
        lambda: _draw_savings(savings, others),
    )
    return Section("Labels saved", "", (table,), (figure,))


def _draw_curves(results: StudyResults, curves: dict[tuple[str, str], Curve]) -> Canvas:
    corpora = [corpus for _, corpus in results.corpora]
    canvas, all_axes = panels(len(corpora))
    for axes, corpus in zip(all_axes, corpora):
        for index, arm in enumerate(results.definition.arms):
            curve = curves[corpus, arm.name]
            if curve:
                series(axes, index, arm.name, [x for x, _ in curve], [s for _, s in curve])
        axes.set_title(corpus)
        axes.set_xlabel("train size (% of corpus)")
        axes.set_ylabel("F1 on test (%)")
        keep_possible(axes)
        axes.set_xlim(left=0)
        if len(results.definition.arms) > 1 and any(
            curves[corpus, arm.name] for arm in results.definition.arms
        ):
            axes.legend(loc="lower right")
    return canvas


def _draw_savings(savings: dict[tuple[str, str], list[Saving]], others: str) -> Canvas:
    canvas, (axes,) = panels(1, width=4.2, height=3.6)
    several = len({arm for _, arm in savings}) > 1
    for index, ((corpus, arm), found) in enumerate(savings.items()):
        colour, mark = COLOURS[index % len(COLOURS)], MARKS[index % len(MARKS)]
        reached = [saving for saving in found if saving.needed is not None]
        axes.plot(
            [saving.size for saving in reached],
            [saving.needed or 0.0 for saving in reached],
            color=colour,
            marker=mark,
            markersize=5,
            linewidth=1.2,
            label=f"{corpus}, {arm}" if several else corpus,
        )
        for saving in found:
            if saving.needed is None:
                axes.plot(
                    saving.size,
                    saving.most,
                    color=colour,
                    marker=mark,
                    markersize=5,
                    markerfacecolor="white",
                )
                axes.annotate(
                    "",
                    (saving.size, saving.most * 1.08),
                    (saving.size, saving.most),
                    arrowprops={"arrowstyle": "->", "color": colour},
                )
    most = max(saving.most for found in savings.values() for saving in found)
    axes.plot([0, most], [0, most], color=NEUTRAL, linestyle=":", linewidth=1)
    axes.set_xlim(0, most * 1.05)
    axes.set_ylim(0, most * 1.12)
    axes.set_xlabel(f"train size with {others} (% of corpus)")
    axes.set_ylabel("train size the baseline needs (%)")
    axes.legend(loc="lower right")
    return canvas
