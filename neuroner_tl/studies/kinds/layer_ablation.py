"""Which layers transfer needs (Supplementary Figure 1): cumulative, single, all but one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.statistics import Summary
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.arms import (
    BASELINE,
    LAYER_TITLES,
    LAYERS,
    TRANSFER,
    arm_name,
    cumulative_layers,
)
from neuroner_tl.studies.pages.figures import (
    COLOURS,
    MARKS,
    Figure,
    describe_error_bars,
    keep_possible,
    panels,
    series,
)
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Table, signed
from neuroner_tl.studies.results.gains import gain_table
from neuroner_tl.studies.results.study_results import CELLS, MEASURE, StudyResults, source_of

SINGLE = [(layer, arm_name([layer])) for layer in LAYERS]
ALL_BUT_ONE = [(layer, arm_name(set(LAYERS) - {layer})) for layer in LAYERS]


def sections(results: StudyResults) -> list[Section]:
    """Make tables and figures of the ablation, a section per corpus."""
    return [_section(results, corpus) for _, corpus in results.corpora]


def _section(results: StudyResults, corpus: str) -> Section:
    tables: list[Optional[Table]] = []
    figures = []
    cumulative = cumulative_layers()
    has_single = _any(results, corpus, [arm for _, arm in (*SINGLE[1:], *ALL_BUT_ONE[:-1])])
    # Nothing, the lowest layer, all but the highest and all are steps of both.
    steps = cumulative[2:-2] if has_single else cumulative
    # By arm: a step that is a single layer, too, is compared once.
    compared: dict[str, str] = {}
    if has_single:
        compared.update({arm: words for words, arm in (*_single_arms(), ("all layers", TRANSFER))})
    has_cumulative = _any(results, corpus, [arm for _, arm in steps])
    if has_cumulative:
        tables.append(_cumulative_table(results, corpus))
        figures.append(
            Figure(
                f"layer_ablation_{corpus}",
                f"{corpus}: F1 on test after transfer of the layers up to the one named, from the "
                "lowest to the highest; the leftmost point is training from scratch. "
                + describe_error_bars(_summaries(results, corpus, cumulative)),
                lambda: _draw_cumulative(results, corpus),
            )
        )
        compared.update({arm: f"up to {words}" for words, arm in cumulative[1:]})
    if has_single:
        tables.append(_single_table(results, corpus))
        figures.append(
            Figure(
                f"single_layers_{corpus}",
                f"{corpus}: F1 on test when one layer alone is transferred (left), and when all "
                "but one are (right). Vertical lines: no transfer (left) and transfer of all "
                "layers (right), in the colour of the train size. "
                + describe_error_bars(_summaries(results, corpus, [*SINGLE, *ALL_BUT_ONE])),
                lambda: _draw_single(results, corpus),
            )
        )
    from_scratch = [(words, BASELINE, arm) for arm, words in compared.items()]
    tables.append(
        _gain_table(
            results,
            corpus,
            f"gain_by_layers_{corpus}",
            "over training from scratch, by layers transferred",
            from_scratch,
        )
    )
    if has_cumulative:
        tables.append(
            _gain_table(
                results,
                corpus,
                f"gain_by_step_{corpus}",
                "of one more layer, over the transfer of the layers below it",
                [
                    (words, below, arm)
                    for (_, below), (words, arm) in zip(cumulative, cumulative[1:])
                ],
            )
        )
    shown = tuple(table for table in tables if table is not None)
    return Section(f"Layers transferred: {corpus}", "", shown, tuple(figures))


def _gain_table(
    results: StudyResults,
    corpus: str,
    name: str,
    what: str,
    compared: Sequence[tuple[str, str, str]],
) -> Optional[Table]:
    """Make a table of tests: what is compared, the arm that it is compared with, and its own."""
    return gain_table(
        results,
        name,
        f"{corpus}: gain in F1 {what}",
        [
            (f"{words}, {at}", results.pairs(other, arm, corpus=corpus, train_size=size))
            for words, other, arm in compared
            for size, at in _sizes(results)
        ],
    )


def _single_arms() -> list[tuple[str, str]]:
    return [
        (f"{group} {LAYER_TITLES[layer]}", arm)
        for group, arms in (("only", SINGLE), ("all but", ALL_BUT_ONE))
        for layer, arm in arms
    ]


def _any(results: StudyResults, corpus: str, arms: Sequence[str]) -> bool:
    return any(results.select(corpus=corpus, arm=arm) for arm in arms)


def _summaries(
    results: StudyResults, corpus: str, arms: Sequence[tuple[str, str]]
) -> list[Optional[Summary]]:
    return [
        results.f1(corpus=corpus, arm=arm, train_size=size)
        for _, arm in arms
        for size in results.definition.train_sizes
    ]


def _sizes(results: StudyResults) -> list[tuple[Optional[float], str]]:
    return [
        (size, "the train part" if size is None else f"{size:g} %")
        for size in results.definition.train_sizes
    ]


def _cumulative_table(results: StudyResults, corpus: str) -> Table:
    return _table(
        results,
        corpus,
        f"layer_ablation_{corpus}",
        f"{corpus}: F1 on test by layers transferred, cumulatively from the lowest",
        [
            (words if arm == BASELINE else f"up to {words}", arm)
            for words, arm in cumulative_layers()
        ],
    )


def _single_table(results: StudyResults, corpus: str) -> Table:
    return _table(
        results,
        corpus,
        f"single_layers_{corpus}",
        f"{corpus}: F1 on test with one layer transferred, and with all but one",
        [("none", BASELINE), *_single_arms(), ("all", TRANSFER)],
    )


def _table(
    results: StudyResults, corpus: str, name: str, title: str, arms: Sequence[tuple[str, str]]
) -> Table:
    rows = []
    for words, arm in arms:
        cells = [words]
        for size, _ in _sizes(results):
            own = results.f1(corpus=corpus, arm=arm, train_size=size)
            cells += [results.mean_text(own), _gain(results, corpus, arm, size)]
        rows.append(cells)
    return Table(
        name,
        title,
        ("layers transferred", *_headings(results)),
        tuple(rows),
        f"{MEASURE} {_runs_in_words(results, corpus)} Gain: over training from scratch, in points "
        f"of F1, difference of the means. {CELLS}",
    )


def _headings(results: StudyResults) -> list[str]:
    return [
        heading for _, words in _sizes(results) for heading in (f"F1, {words}", f"gain, {words}")
    ]


def _gain(results: StudyResults, corpus: str, arm: str, size: Optional[float]) -> str:
    own = results.f1(corpus=corpus, arm=arm, train_size=size)
    baseline = results.f1(corpus=corpus, arm=BASELINE, train_size=size)
    if own is None or baseline is None or arm == BASELINE:
        return "–"
    return signed(own.mean - baseline.mean)


def _runs_in_words(results: StudyResults, corpus: str) -> str:
    """Say what the means of a corpus are over: seeds, and splits and source models, if several."""
    runs = [result.run for result in results.select(corpus=corpus)]
    levels: dict[str, set[Any]] = {
        "source model": {source_of(run) for run in runs if run.source is not None},
        "split": {run.parameters.split_seed for run in runs},
        "seed": {run.parameters.seed for run in runs},
    }
    several = {word: len(found) for word, found in levels.items() if len(found) > 1}
    if not several:
        return "One seed."
    if list(several) == ["seed"]:
        return f"Mean and standard deviation of {several['seed']} seeds."
    words = (counted(number, word) for word, number in several.items())
    return f"Mean and standard deviation over runs: {', '.join(words)}."


def _draw_cumulative(results: StudyResults, corpus: str) -> Canvas:
    canvas, (axes,) = panels(1, width=6.4, height=3.4)
    steps = cumulative_layers()
    for index, (size, words) in enumerate(_sizes(results)):
        found = [
            (x, summary)
            for x, (_, arm) in enumerate(steps)
            if (summary := results.f1(corpus=corpus, arm=arm, train_size=size)) is not None
        ]
        if found:
            series(axes, index, words, [x for x, _ in found], [s for _, s in found])
    axes.set_xticks(
        range(len(steps)), [words.replace(" ", "\n") for words, _ in steps], fontsize=7.5
    )
    axes.set_xlim(-0.3, len(steps) - 0.7)
    axes.set_xlabel("layers transferred, up to")
    axes.set_ylabel("F1 on test (%)")
    keep_possible(axes)
    axes.set_title(corpus)
    # Lines may be anywhere in the plot, so the legend is beside it.
    canvas.legend(loc="outside right upper", title="train size,\n% of corpus")
    return canvas


def _draw_single(results: StudyResults, corpus: str) -> Canvas:
    canvas, both = panels(2, width=3.6, height=3.2)
    sides = ((SINGLE, "only this layer", BASELINE), (ALL_BUT_ONE, "all but this layer", TRANSFER))
    sizes = _sizes(results)
    for axes, (arms, title, line) in zip(both, sides):
        for index, (size, words) in enumerate(sizes):
            colour = COLOURS[index % len(COLOURS)]
            offset = 0.18 * (index - (len(sizes) - 1) / 2)
            for y, (_, arm) in enumerate(arms):
                summary = results.f1(corpus=corpus, arm=arm, train_size=size)
                if summary is None:
                    continue
                axes.errorbar(
                    summary.mean,
                    y + offset,
                    xerr=summary.deviation,
                    color=colour,
                    marker=MARKS[index % len(MARKS)],
                    markersize=5,
                    capsize=2.5,
                    linestyle="none",
                )
            level = results.f1(corpus=corpus, arm=line, train_size=size)
            if level is not None:
                axes.axvline(level.mean, color=colour, linewidth=1, linestyle=":")
            axes.plot(
                [], [], color=colour, marker=MARKS[index % len(MARKS)], ls="none", label=words
            )
        names = [LAYER_TITLES[layer] for layer, _ in arms]
        axes.set_yticks(range(len(arms)), names if axes is both[0] else [])
        axes.set_ylim(-0.6, len(arms) - 0.4)
        axes.set_xlabel("F1 on test (%)")
        axes.set_title(title)
    low = min(axes.get_xlim()[0] for axes in both)
    high = max(axes.get_xlim()[1] for axes in both)
    for axes in both:
        axes.set_xlim(low, high)
    handles, labels = both[0].get_legend_handles_labels()
    canvas.legend(
        handles,
        labels,
        title="train size, % of corpus",
        loc="outside lower center",
        ncols=max(1, len(sizes)),
    )
    return canvas
