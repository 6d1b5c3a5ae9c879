"""Shared parts of the studies of the source corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Optional

from matplotlib.axes import Axes

from neuroner_tl.evaluation.statistics import Summary, summarise
from neuroner_tl.studies.definition.arms import BASELINE, TRANSFER
from neuroner_tl.studies.pages.figures import DASHES
from neuroner_tl.studies.pages.table import signed, with_spread
from neuroner_tl.studies.records.record_form import member
from neuroner_tl.studies.results.study_results import StudyResults


def describe_levels(results: StudyResults) -> str:
    """Describe what `level` draws of the baseline, for a caption."""
    words = "Horizontal lines: training from scratch, in the dashes of its train size"
    baselines = [
        results.f1(corpus=corpus, arm=BASELINE, train_size=size)
        for _, corpus in results.corpora
        for size in results.definition.train_sizes
    ]
    if any(summary is not None and summary.deviation is not None for summary in baselines):
        words += ", with a grey band of one standard deviation to each side"
    return f"{words}."


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


def f1_after_transfer(
    results: StudyResults, corpus: str, size: Optional[float], name: str, documents: Optional[int]
) -> Optional[Summary]:
    """Return F1 on test of the runs that start from a source model; None without runs."""
    return results.f1(
        corpus=corpus,
        arm=TRANSFER,
        train_size=size,
        source_name=name,
        source_documents=documents,
    )


def source_rows(
    results: StudyResults, numbers: Sequence[Optional[int]]
) -> Iterator[tuple[tuple[str, ...], Optional[Summary]]]:
    """Yield a row of a table for each corpus, train size, source and number of its documents.

    Beside each row is the F1 after transfer that it shows.
    """
    for entity_class, corpus in results.corpora:
        for size in results.definition.train_sizes:
            baseline = results.f1(corpus=corpus, arm=BASELINE, train_size=size)
            for name in results.definition.sources.get(entity_class, ()):
                for documents in numbers:
                    own = f1_after_transfer(results, corpus, size, name, documents)
                    gain = own.mean - baseline.mean if own and baseline else None
                    row = (
                        corpus,
                        "all" if size is None else f"{size:g}",
                        name,
                        "all" if documents is None else str(documents),
                        source_f1(results, name, documents),
                        results.mean_text(baseline),
                        results.mean_text(own),
                        signed(gain),
                    )
                    yield row, own


def level(axes: Axes, summary: Optional[Summary], label: str, colour: str, index: int = 0) -> None:
    """Draw a horizontal line at a mean, with a band of one standard deviation on each side."""
    if summary is None:
        return
    dashes = DASHES[(index + 2) % len(DASHES)]
    axes.axhline(summary.mean, color=colour, linewidth=1.1, linestyle=dashes, label=label)
    if summary.deviation is not None:
        low, high = summary.mean - summary.deviation, summary.mean + summary.deviation
        axes.axhspan(low, high, color=colour, alpha=0.08, linewidth=0)
