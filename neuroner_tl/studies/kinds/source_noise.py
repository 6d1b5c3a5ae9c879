"""How clean must the silver corpus be? F1 after transfer from corpora of different cleaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from matplotlib.figure import Figure as Canvas

from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.pages.figures import (
    BLACK,
    COLOURS,
    MARKS,
    Figure,
    describe_error_bars,
    deviations,
    keep_possible,
    panels,
)
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Table
from neuroner_tl.studies.results.source_models import (
    describe_levels,
    f1_after_transfer,
    level,
    source_rows,
)
from neuroner_tl.studies.results.study_results import CELLS, MEASURE, StudyResults


def sections(results: StudyResults) -> list[Section]:
    """Make table and figure of F1 after transfer by source corpus."""
    rows = list(source_rows(results, [_documents(results)]))
    table = Table(
        "source_noise",
        "F1 on test after transfer, by silver corpus",
        (
            "corpus",
            "train size (%)",
            "source",
            "source's own F1",
            "F1 baseline",
            "F1 transfer",
            "gain",
        ),
        tuple(row[:3] + row[4:] for row, _ in rows),
        f"{MEASURE} Source's own F1: on the valid part of its silver corpus, which has that "
        "corpus's errors, of those annotations that tags can represent. Gain in points of F1, "
        f"difference of the means. {CELLS}",
        keys=3,
    )
    figure = Figure(
        "source_noise",
        "F1 on test after transfer from silver corpora of different cleaning. "
        f"{describe_levels(results)} {describe_error_bars([own for _, own in rows])}",
        lambda: _draw(results),
    )
    return [Section("Noise of the source corpus", "", (table,), (figure,))]


def _documents(results: StudyResults) -> Optional[int]:
    return results.definition.source_documents[-1]


def _draw(results: StudyResults) -> Canvas:
    canvas, all_axes = panels(len(results.corpora), width=3.6, height=3.0)
    sizes: Sequence[Optional[float]] = results.definition.train_sizes
    documents = _documents(results)
    for axes, (entity_class, corpus) in zip(all_axes, results.corpora):
        names = list(results.definition.sources.get(entity_class, ()))
        for index, size in enumerate(sizes):
            shift = 0.16 * (index - (len(sizes) - 1) / 2)
            found = [
                (x + shift, summary)
                for x, name in enumerate(names)
                if (summary := f1_after_transfer(results, corpus, size, name, documents))
                is not None
            ]
            axes.errorbar(
                [x for x, _ in found],
                [summary.mean for _, summary in found],
                yerr=deviations([summary for _, summary in found]),
                color=COLOURS[index % len(COLOURS)],
                marker=MARKS[index % len(MARKS)],
                markersize=5,
                capsize=2.5,
                linestyle="none",
                label="transfer" if size is None else f"transfer, {size:g} %",
            )
            level(
                axes,
                results.f1(corpus=corpus, arm=BASELINE, train_size=size),
                "baseline" if size is None else f"baseline, {size:g} %",
                BLACK,
                index,
            )
        axes.set_xticks(
            range(len(names)), [name.replace("_", "\n") for name in names], fontsize=7.5
        )
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.set_title(corpus)
        axes.set_xlabel("source corpus")
        axes.set_ylabel("F1 on test (%)")
        keep_possible(axes)
        axes.legend(loc="best", fontsize=7.5)
    return canvas
