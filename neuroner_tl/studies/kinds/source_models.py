"""Shared parts of the studies of the source corpus."""

from __future__ import annotations

from typing import Optional

from matplotlib.axes import Axes

from neuroner_tl.evaluation.statistics import Summary, summarise
from neuroner_tl.studies.kinds.results import StudyResults
from neuroner_tl.studies.pages.figures import DASHES
from neuroner_tl.studies.pages.table import with_spread
from neuroner_tl.studies.records.record_form import member

LEVEL_IN_WORDS = (
    "Horizontal lines: training from scratch, in the dashes of its train size, with a grey band of "
    "one standard deviation to each side."
)


def source_f1(results: StudyResults, name: str, documents: Optional[int]) -> str:
    """Return F1 of a source model on the valid part of its own corpus, in points.

    Over several source seeds it is their mean, with its standard deviation.
    """
    scores = []
    for result in results.finished:
        run = result.run
        same = run.corpus == name and run.documents == documents
        if run.is_source and run.teacher is None and same:
            score = member(result.record, "valid_f1")
            scores += [] if score is None else [100 * score]
    if not scores:
        return "–"
    summary = summarise(scores)
    return with_spread(summary.mean, summary.deviation)


def level(axes: Axes, summary: Optional[Summary], label: str, colour: str, index: int = 0) -> None:
    """Draw a horizontal line at a mean, with a band of one standard deviation on each side."""
    if summary is None:
        return
    dashes = DASHES[(index + 2) % len(DASHES)]
    axes.axhline(summary.mean, color=colour, linewidth=1.1, linestyle=dashes, label=label)
    if summary.deviation is not None:
        low, high = summary.mean - summary.deviation, summary.mean + summary.deviation
        axes.axhspan(low, high, color=colour, alpha=0.08, linewidth=0)
