"""How many silver documents does the source model need? An open question of the paper."""

from __future__ import annotations

from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, NullLocator

from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.pages.figures import (
    BLACK,
    Figure,
    describe_error_bars,
    keep_possible,
    panels,
    series,
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
    """Make table and figure of F1 after transfer by number of source documents."""
    rows = list(source_rows(results, results.definition.source_documents))
    table = Table(
        "source_size",
        "F1 on test after transfer, by documents of the source model",
        (
            "corpus",
            "train size (%)",
            "source",
            "source documents",
            "source's own F1",
            "F1 baseline",
            "F1 transfer",
            "gain",
        ),
        tuple(row for row, _ in rows),
        f"{MEASURE} Source's own F1: on the valid part of its silver corpus, of those annotations "
        f"that tags can represent. Gain in points of F1, difference of the means. {CELLS}",
        keys=4,
    )
    figure = Figure(
        "source_size",
        "F1 on test after transfer against the number of silver documents that the source model "
        f"was trained on (logarithmic axis). {describe_levels(results)} "
        + describe_error_bars([own for _, own in rows]),
        lambda: _draw(results),
    )
    return [Section("Size of the source corpus", "", (table,), (figure,))]


def _draw(results: StudyResults) -> Canvas:
    canvas, all_axes = panels(len(results.corpora))
    numbers = [number for number in results.definition.source_documents if number is not None]
    for axes, (entity_class, corpus) in zip(all_axes, results.corpora):
        index = 0
        for size in results.definition.train_sizes:
            for name in results.definition.sources.get(entity_class, ()):
                found = [
                    (documents, summary)
                    for documents in sorted(numbers)
                    if (summary := f1_after_transfer(results, corpus, size, name, documents))
                    is not None
                ]
                if found:
                    label = "transfer" if size is None else f"transfer, {size:g} %"
                    if len(results.definition.sources[entity_class]) > 1:
                        label += f", {name}"
                    series(axes, index, label, [x for x, _ in found], [s for _, s in found])
                index += 1
            level(
                axes,
                results.f1(corpus=corpus, arm=BASELINE, train_size=size),
                "baseline" if size is None else f"baseline, {size:g} %",
                BLACK,
                index - 1,
            )
        if numbers:
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xticks(sorted(numbers))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
        axes.set_title(corpus)
        axes.set_xlabel("documents of the source corpus")
        axes.set_ylabel("F1 on test (%)")
        keep_possible(axes)
        axes.legend(loc="best", fontsize=7.5)
    return canvas
