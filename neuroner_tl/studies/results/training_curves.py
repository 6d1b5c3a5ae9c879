"""F1 on valid against the CPU time of training: how soon each arm has a good model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, Optional

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import LogLocator, NullFormatter

from neuroner_tl.studies.pages.figures import COLOURS, DASHES, MARKS, Figure, panels
from neuroner_tl.studies.results.study_results import Result, StudyResults


class Curve(NamedTuple):
    """A run's validation score over the time that it was trained.

    Attributes:
        seconds: CPU time from the start to the end of each epoch, in seconds.
        best: highest F1 on valid up to then, in percent.

    Example:
        >>> Curve((10.0, 21.0), (50.0, 62.0)).best[-1]
        62.0
    """

    seconds: tuple[float, ...]
    best: tuple[float, ...]


def curve_of(result: Result) -> Optional[Curve]:
    """Return the curve of a run; None if its record lacks the times of its epochs."""
    times = result.record.get("epoch_cpu_seconds", [])
    scores = [100 * float(score) for _, score in result.record.get("epoch_scores", [])]
    if not times or len(times) != len(scores):
        return None
    return Curve(tuple(accumulate(times)), tuple(accumulate(scores, max)))


def training_curves(
    results: StudyResults, size: Optional[float], suffix: str, note: str
) -> Sequence[Figure]:
    """Return a figure with a panel for each corpus; none without times or with too many arms.

    Args:
        results: the study.
        size: train size of the runs, in percent of the corpus; None for the train part.
        suffix: says the same in the name of the figure.
        note: says the same in its caption.
    """
    arms = [arm.name for arm in results.definition.arms]
    curves = {
        corpus: {
            arm: [
                *filter(
                    None, map(curve_of, results.select(arm=arm, corpus=corpus, train_size=size))
                )
            ]
            for arm in arms
        }
        for _, corpus in results.corpora
    }
    known = {corpus: own for corpus, own in curves.items() if any(own.values())}
    # With more arms than colours the lines look alike.
    if not known or len(arms) > len(COLOURS):
        return ()
    caption = (
        "Highest F1 on valid so far against the CPU time of training (logarithmic), validation and "
        f"compilation included: a line for each run, a mark where its model was saved.{note}"
    )

    def draw() -> Canvas:
        canvas, all_axes = panels(len(known), width=3.4)
        for axes, (corpus, own) in zip(all_axes, known.items()):
            axes.set_title(corpus)
            _draw(axes, arms, own)
        all_axes[0].set_ylabel("highest F1 on valid so far (%)")
        # Not every arm has runs on the first corpus.
        lines = {line.get_label(): line for axes in all_axes for line in axes.lines}
        handles = [lines[arm] for arm in arms if arm in lines]
        all_axes[0].legend(handles=handles, loc="lower right", fontsize=7.5)
        return canvas

    return (Figure(f"training_curves{suffix}", caption, draw),)


def _draw(axes: Axes, arms: Sequence[str], curves: dict[str, list[Curve]]) -> None:
    for index, arm in enumerate(arms):
        for number, curve in enumerate(curves[arm]):
            saved = curve.best.index(curve.best[-1])
            axes.step(
                curve.seconds,
                curve.best,
                where="post",
                color=COLOURS[index],
                linestyle=DASHES[index],
                linewidth=1.1,
                marker=MARKS[index],
                markevery=[saved],
                markersize=5,
                label=None if number else arm,
            )
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("CPU time of training (s)")
