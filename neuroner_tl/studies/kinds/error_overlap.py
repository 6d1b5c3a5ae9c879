"""Mentions that two systems both find or miss (Figure 4), and the kinds of their errors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib_venn import venn2, venn2_circles

from neuroner_tl.evaluation.error_sets import KINDS, SETS, ErrorSets, count_errors, overlaps
from neuroner_tl.evaluation.statistics import compare_systems
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.pages.figures import Figure, panels
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Row, Table, better, p_text, points, signed
from neuroner_tl.studies.results.compared_systems import (
    Systems,
    systems_from_folders,
    systems_from_runs,
)
from neuroner_tl.studies.results.gains import NO_COUNTS, describe_test, interval_text, mean_rates
from neuroner_tl.studies.results.study_results import MEASURE, StudyResults

EXAMPLES = 3
# Of the first system alone, of the second alone, of both: blue, orange and a light grey, which
# without colour are a dark, a middle and a light grey.
FILLS = {"10": "#2F6DA8", "01": "#F2A65A", "11": "#ECECEC"}


def sections(results: StudyResults) -> list[Section]:
    """Make diagrams and tables, a section per entity class and size of the train set.

    Raises:
        CorpusError: the folders of finished predictions, or a file of mentions, cannot be used.
    """
    compared: list[tuple[str, Systems]] = [
        (entity_class, systems_from_folders(predictions))
        for entity_class, predictions in results.definition.predictions.items()
    ]
    for entity_class in results.definition.targets:
        for size in results.definition.train_sizes:
            systems = systems_from_runs(results, entity_class, size)
            name = entity_class + results.size_suffix(size)
            compared += [] if systems is None else [(name, systems)]
    if not compared:
        return [Section("Errors", "No corpus has finished runs of two arms yet.")]
    return [
        section for name, systems in compared for section in _sections(name, systems, len(compared))
    ]


def _sections(name: str, systems: Systems, comparisons: int) -> list[Section]:
    tables = [_scores(name, systems, comparisons)] if systems.counts is not None else []
    figures = []
    lacks = [systems.lacks] if systems.lacks else []
    if systems.counts is None:
        lacks.append(f"No table of scores. {NO_COUNTS}")
    found = []
    if systems.comparisons:
        overlap = _overlaps(systems)
        tables += [_overlap_table(name, systems, overlap), _kinds(name, systems)]
        first, second = systems.names
        figures.append(
            Figure(
                f"error_overlap_{name}",
                f"{name}: mentions that {first} alone, {second} alone and both have among their "
                "false negatives, false positives and true positives. Areas are in proportion "
                f"within a diagram. {MEASURE}{_means(systems)} "
                f"Compared: {systems.what}.{' ' if systems.lacks else ''}{systems.lacks}",
                lambda: _draw(name, systems, overlap),
            )
        )
        found.append(
            Section(f"Examples of errors: {name}", "", (_examples(name, systems),), in_text=False)
        )
    text = " ".join([f"Compared: {systems.what}.", *lacks])
    return [Section(f"Errors: {name}", text, tuple(tables), tuple(figures)), *found]


def _means(systems: Systems) -> str:
    if not systems.averaged:
        return ""
    return (
        " Numbers of mentions are means over the pairs of runs that were tested on a document, "
        "added up over documents."
    )


def _scores(name: str, systems: Systems, comparisons: int) -> Table:
    counts = systems.counts
    assert counts is not None
    difference = compare_systems(*counts)
    sides = (counts.first, counts.second)
    rates = [mean_rates(side, counts.groups) for side in sides]
    columns = [
        better(one, other, (f"{one:.2f}", f"{other:.2f}")) for one, other in zip(rates[0], rates[1])
    ]
    several = difference.runs > 1
    rows: list[Row] = []
    for side, (system, values) in enumerate(zip(systems.names, sides)):
        totals = np.nanmean(values, axis=0).sum(0)
        numbers = [f"{total:.1f}" if several else f"{total:.0f}" for total in totals]
        rows.append([system, *numbers, *(pair[side] for pair in columns)])
    spread = f" ± {100 * difference.deviation:.2f}" if difference.deviation is not None else ""
    means = (
        " TP, FP, FN: means over the runs that were tested on a document, added up over "
        f"documents; P, R, F1: means over {difference.runs} pairs of runs."
        if several
        else ""
    )
    corrected = "p is not corrected: it is that of a single comparison."
    if comparisons > 1:
        corrected = f"p is not corrected for the {comparisons} comparisons of this report."
    return Table(
        f"scores_{name}",
        f"{name}: scores of the two systems on {counted(difference.documents, 'document')}",
        ("system", "TP", "FP", "FN", "P", "R", "F1"),
        tuple(rows),
        f"{MEASURE}{means} Gain in F1 {signed(100 * difference.gain)}{spread}, 95 % interval "
        f"{interval_text(difference)}, p = {p_text(difference.p_value)}. "
        f"{describe_test([difference], [systems.pairs])} {corrected}",
    )


def _overlaps(systems: Systems) -> dict[str, tuple[float, float, float]]:
    """Count for each of `SETS`: of the first system alone, of the second alone, of both."""
    totals = {name: np.zeros(3) for name in SETS}
    for comparison in systems.comparisons:
        sets = [ErrorSets.of(comparison.gold, found) for found in comparison.predicted]
        for name, overlap in overlaps(sets[0], sets[1]).items():
            totals[name] += comparison.weight * np.array(overlap)
    return {name: (float(a), float(b), float(c)) for name, (a, b, c) in totals.items()}


def _overlap_table(
    name: str, systems: Systems, found: Mapping[str, tuple[float, float, float]]
) -> Table:
    rows = []
    for kind in SETS:
        first, second, both = found[kind]
        share = both / (first + second + both) if both else 0.0
        numbers = (systems.number(value) for value in (first, both, second))
        rows.append((kind, *numbers, points(share, 1)))
    names = systems.names
    return Table(
        f"overlap_{name}",
        f"{name}: mentions that the systems have in common",
        ("set", f"only {names[0]}", "both", f"only {names[1]}", "both (% of all)"),
        tuple(rows),
        f"{MEASURE}{_means(systems)}",
    )


def _counted(systems: Systems, side: int) -> dict[tuple[str, str], np.ndarray]:
    """Count a system's errors by set and kind: of mentions seen in train, and of others."""
    totals: dict[tuple[str, str], np.ndarray] = {}
    for comparison in systems.comparisons:
        seen = comparison.seen[side] if comparison.seen is not None else set()
        errors = count_errors(comparison.gold, comparison.predicted[side], seen)
        for name, counts in errors.items():
            for kind, pair in counts.by_kind.items():
                value = comparison.weight * np.array(pair, float)
                totals[name, kind] = totals.get((name, kind), np.zeros(2)) + value
    return totals


def _kinds(name: str, systems: Systems) -> Table:
    counted = [_counted(systems, side) for side in (0, 1)]
    is_known = all(comparison.seen is not None for comparison in systems.comparisons)
    rows = []
    for error in SETS[:2]:
        for kind in KINDS:
            both = [errors.get((error, kind), np.zeros(2)) for errors in counted]
            if not any(pair.any() for pair in both):
                continue
            cells = []
            for pair in both:
                cells += [systems.number(pair.sum())]
                cells += [systems.number(value) if is_known else "–" for value in pair]
            rows.append((error, kind, *cells))
    headings = [
        heading
        for system in systems.names
        for heading in (system, f"{system}, seen", f"{system}, unseen")
    ]
    return Table(
        f"error_kinds_{name}",
        f"{name}: kinds of errors",
        ("set", "kind", *headings),
        tuple(rows),
        "boundary: overlaps a mention of the correct type; type: same boundaries, another type; "
        "boundary and type: overlaps mentions of other types only; missed, spurious: overlaps "
        "nothing. Seen: the mention's text is, ignoring case, a mention of that type in the train "
        f"part. {MEASURE}{_means(systems)}",
        keys=2,
    )


def _examples(name: str, systems: Systems) -> Table:
    rows = []
    for side, system in enumerate(systems.names):
        found: dict[tuple[str, str], list[str]] = {}
        for comparison in systems.comparisons:
            errors = count_errors(comparison.gold, comparison.predicted[side], set(), EXAMPLES)
            for error, counts in errors.items():
                for kind, texts in counts.examples.items():
                    shown = found.setdefault((error, kind), [])
                    shown += [text for text in texts if text not in shown]
        rows += [
            (error, system, kind, "; ".join(texts[:EXAMPLES]))
            for (error, kind), texts in found.items()
        ]
    return Table(
        f"error_examples_{name}",
        f"{name}: the first errors of each kind",
        ("set", "system", "kind", "document: mention"),
        tuple(sorted(rows, key=lambda row: (SETS.index(row[0]), systems.names.index(row[1])))),
        MEASURE,
    )


def _draw(name: str, systems: Systems, found: Mapping[str, tuple[float, float, float]]) -> Canvas:
    canvas, all_axes = panels(len(SETS), width=2.9, height=2.3)
    for axes, kind in zip(all_axes, SETS):
        _draw_venn(axes, systems, found[kind])
        axes.set_title(f"{kind} ({systems.number(sum(found[kind]))})")
    handles = [
        Patch(facecolor=fill, edgecolor="black", label=label)
        for fill, label in zip((FILLS["10"], FILLS["01"]), systems.names)
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    canvas.suptitle(name)
    return canvas


def _draw_venn(axes: Axes, systems: Systems, overlap: tuple[float, float, float]) -> None:
    """Draw two circles with their numbers beside and between them, clear of thin slivers."""
    axes.set_axis_off()
    if not sum(overlap):
        axes.text(0.5, 0.5, "none", ha="center", va="center", transform=axes.transAxes)
        return
    first, second, both = overlap
    venn = venn2((first, second, both), set_labels=None, ax=axes)
    for part, fill in FILLS.items():
        patch = venn.get_patch_by_id(part)
        if patch is not None:
            patch.set(facecolor=fill, edgecolor="none", alpha=1.0)
    # Circles are matplotlib's in every version of the library; its own points are not.
    one, other = venn2_circles((first, second, both), linewidth=0.9, ax=axes)
    (one_x, _), (other_x, _) = one.center, other.center
    for part in ("10", "01", "11"):
        label = venn.get_label_by_id(part)
        if label is not None:
            label.set_text("")
    left = one_x - one.radius if first + both else other_x
    right = other_x + other.radius if second + both else one_x
    ends = ((min(left, right) - 0.05, first, "right"), (max(left, right) + 0.05, second, "left"))
    for x, number, side in ends:
        axes.text(x, 0, systems.number(number), ha=side, va="center")
    if both:
        lens = (other_x - other.radius + one_x + one.radius) / 2
        axes.text(lens, 0, systems.number(both), ha="center", va="center", fontweight="bold")
    middle = (left + right) / 2
    axes.set_xlim(middle - 1.2, middle + 1.2)
    axes.set_ylim(-0.75, 0.75)
