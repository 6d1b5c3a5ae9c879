"""The gain in F1 by the number of annotations of the target corpus (Figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np
from matplotlib.figure import Figure as Canvas

from neuroner_tl.studies.pages.figures import COLOURS, MARKS, NEUTRAL, Figure, panels
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Table, signed
from neuroner_tl.studies.records.record_form import member
from neuroner_tl.studies.results.comparisons import compare, compared_arms, compares_transfer
from neuroner_tl.studies.results.gains import OVER_CORPORA, mean_texts
from neuroner_tl.studies.results.study_results import MEASURE, StudyResults


class Gain(NamedTuple):
    """The gain on one corpus.

    Attributes:
        entity_class: its class.
        corpus: its name.
        annotations: of train, valid and test together, as the runs read them.
        gain: in F1, in points; mean over runs.
        runs: how many pairs of runs.
        zeros: how many of their runs scored 0.
        reduction: of the error, in percent; None if the first arm makes none.

    Example:
        >>> Gain("DISO", "NCBI_DISO", annotations=6881, gain=1.2, runs=3).gain
        1.2
    """

    entity_class: str
    corpus: str
    annotations: int
    gain: float
    runs: int
    zeros: int = 0
    reduction: Optional[float] = None


def sections(results: StudyResults) -> list[Section]:
    """Make the box plots, and the table of their numbers."""
    gains = gains_of(results)
    if not gains:
        return [Section("Gain by size", "No corpus has finished runs of two arms yet.")]
    limits = results.definition.annotation_limits
    table = Table(
        "gain_by_size",
        "Gain in F1 by annotations of the target corpus",
        ("corpus", "class", "annotations", "group", "runs", "F1 gain"),
        tuple(
            (
                gain.corpus,
                gain.entity_class,
                str(gain.annotations),
                group_names(limits)[_group(gain.annotations, limits)],
                f"{gain.runs} ({gain.zeros} at 0)" if gain.zeros else str(gain.runs),
                signed(gain.gain),
            )
            for gain in sorted(gains, key=lambda gain: gain.annotations)
        ),
        f"{MEASURE} Annotations of train, valid and test together, as the runs read them. Gain in "
        "points of F1, mean over pairs of runs; at 0: runs of them that scored 0."
        + _at_size(results),
    )
    first, last = compared_arms(results)
    what = "after transfer" if compares_transfer(results) else f"of {last} over {first}"
    figure = Figure(
        "gain_by_size",
        f"Gain in F1 on test {what}, by the target corpus's annotations. Each point is a "
        "corpus (mean over its runs; its mark tells the class). Boxes: from the first to the third "
        "quartile, line at the median, whiskers to the extremes; groups of one or two corpora "
        "have points only.",
        lambda: _draw(gains, limits),
    )
    by_group = _by_group(gains, limits, _at_size(results))
    return [Section("Gain by size", "", (table, by_group), (figure,))]


def _at_size(results: StudyResults) -> str:
    size = _largest(results)
    return "" if size is None else f" Train size: {size:g} % of the corpus's documents."


def _largest(results: StudyResults) -> Optional[float]:
    sizes = results.definition.train_sizes
    return None if None in sizes else max(number for number in sizes if number is not None)


def gains_of(results: StudyResults) -> list[Gain]:
    """Return the gain of every corpus that has both arms, at its largest train size."""
    _, last = compared_arms(results)
    found = []
    for item in compare(results, _largest(results)):
        if item.arm == last:
            annotations = sum(member(item.pairs[0][0].record, "annotations").values())
            zeros = sum(result.f1 == 0 for side in (0, 1) for result in item.runs(side))
            found.append(
                Gain(
                    item.entity_class,
                    item.corpus,
                    annotations,
                    item.gain,
                    len(item.pairs),
                    zeros,
                    item.reduction,
                )
            )
    return found


def _by_group(gains: Sequence[Gain], limits: Sequence[int], note: str) -> Table:
    """Make the table of means, by group, up to each limit, and over all corpora."""
    groups = [
        (name, [gain for gain in gains if _group(gain.annotations, limits) == number])
        for number, name in enumerate(group_names(limits))
    ]
    for limit in limits[1:]:
        members = [gain for gain in gains if gain.annotations <= limit]
        groups.append((f"up to {limit:,}", members))
    groups.append(("all", list(gains)))
    return Table(
        "gain_by_group",
        "Gain in F1 and error reduction by annotations of the target corpus, means over corpora",
        (
            "annotations",
            "corpora",
            "F1 gain",
            "95 % interval",
            "error reduction (%)",
            "95 % interval of it",
        ),
        tuple(
            (
                name,
                str(len(members)),
                *mean_texts([gain.gain for gain in members]),
                *mean_texts([gain.reduction for gain in members if gain.reduction is not None]),
            )
            for name, members in groups
            if members
        ),
        f"{MEASURE} {OVER_CORPORA} Error reduction: gain as a share of the first arm's distance to "
        f"100.{note}",
    )


def group_names(limits: Sequence[int]) -> list[str]:
    """Name the groups between limits."""
    names = [f"up to {limits[0]:,}"]
    names += [f"{low + 1:,} to {high:,}" for low, high in zip(limits, limits[1:])]
    return [*names, f"above {limits[-1]:,}"]


def _group(annotations: int, limits: Sequence[int]) -> int:
    return int(np.searchsorted(limits, annotations))


def _draw(gains: Sequence[Gain], limits: Sequence[int]) -> Canvas:
    canvas, (axes,) = panels(1, width=5.2, height=3.4)
    names = group_names(limits)
    classes = list(dict.fromkeys(gain.entity_class for gain in gains))
    for group in range(len(names)):
        members = [gain for gain in gains if _group(gain.annotations, limits) == group]
        if len(members) > 2:
            axes.boxplot(
                [gain.gain for gain in members],
                positions=[group],
                widths=0.5,
                whis=(0, 100),
                showfliers=False,
                medianprops={"color": NEUTRAL, "linewidth": 1.6},
                boxprops={"color": NEUTRAL},
                whiskerprops={"color": NEUTRAL},
                capprops={"color": NEUTRAL},
            )
        for place, gain in enumerate(sorted(members, key=lambda gain: gain.corpus)):
            index = classes.index(gain.entity_class)
            shift = 0.32 * ((place + 0.5) / len(members) - 0.5)
            axes.plot(
                group + shift,
                gain.gain,
                color=COLOURS[index % len(COLOURS)],
                marker=MARKS[index % len(MARKS)],
                markersize=5,
                markeredgecolor="white",
                markeredgewidth=0.5,
                linestyle="none",
                zorder=3,
            )
    for index, name in enumerate(classes):
        axes.plot(
            [],
            [],
            color=COLOURS[index % len(COLOURS)],
            marker=MARKS[index % len(MARKS)],
            linestyle="none",
            label=name,
        )
    axes.axhline(0, color=NEUTRAL, linewidth=0.8)
    counts = [sum(_group(g.annotations, limits) == i for g in gains) for i in range(len(names))]
    axes.set_xticks(
        range(len(names)), [f"{name}\n(n = {count})" for name, count in zip(names, counts)]
    )
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xlabel("annotations of the target corpus")
    axes.set_ylabel("gain in F1 on test (points)")
    canvas.legend(loc="outside right upper", title="class")
    return canvas
