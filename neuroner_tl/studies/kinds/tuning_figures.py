"""The figures of a search: history, scores by epoch, importance, parallel coordinates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

import matplotlib
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from neuroner_tl.studies.definition.search import Choices, Dimension, Value
from neuroner_tl.studies.pages.figures import BLUE, NEUTRAL, ORANGE, keep_possible, panels
from neuroner_tl.studies.records.store import FINISHED, PRUNED


@dataclass(frozen=True)
class TrialResult:
    """A recorded trial.

    Attributes:
        number: its number.
        values: of the parameters that are searched for.
        status: ``finished``, ``pruned`` or ``failed``.
        score: the highest F1 on the validation set, 0 to 1; None if it failed.
        epoch_scores: each epoch with its score.
        best_epoch: the epoch with the highest score; None without any.
        seconds: time that it took.
        error: why it failed.

    Example::

        for trial in trials_of(results):
            print(trial.number, trial.score, dict(trial.values))
    """

    number: int
    values: Mapping[str, Value]
    status: str
    score: Optional[float]
    epoch_scores: Sequence[tuple[int, float]] = ()
    best_epoch: Optional[int] = None
    seconds: float = 0.0
    error: str = ""


def draw_history(trials: Sequence[TrialResult]) -> Canvas:
    """Draw the scores by trial, and the best so far."""
    canvas, (axes,) = panels(1, width=5.2, height=3.2)
    for status, label, fill in ((FINISHED, "complete", BLUE), (PRUNED, "pruned", "white")):
        of_status = [trial for trial in trials if trial.status == status]
        axes.plot(
            [trial.number for trial in of_status],
            [100 * (trial.score or 0.0) for trial in of_status],
            linestyle="none",
            marker="o",
            markersize=4.5,
            color=BLUE if status == FINISHED else NEUTRAL,
            markerfacecolor=fill,
            label=label,
        )
    numbers: list[int] = []
    best: list[float] = []
    for trial in trials:
        if trial.status == FINISHED:
            numbers.append(trial.number)
            best.append(max([*best[-1:], 100 * (trial.score or 0.0)]))
    axes.step(numbers, best, where="post", color=ORANGE, linewidth=1.4, label="best so far")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("trial")
    axes.set_ylabel("F1 on valid (%)")
    keep_possible(axes)
    axes.legend(loc="lower right")
    return canvas


def draw_epochs(trials: Sequence[TrialResult], best: Optional[TrialResult]) -> Canvas:
    """Draw the scores of all trials by epoch."""
    canvas, (axes,) = panels(1, width=5.2, height=3.2)
    for trial in trials:
        colour = NEUTRAL if trial.status == PRUNED else BLUE
        axes.plot(
            [epoch for epoch, _ in trial.epoch_scores],
            [100 * score for _, score in trial.epoch_scores],
            color=ORANGE if trial is best else colour,
            linewidth=1.8 if trial is best else 0.8,
            zorder=3 if trial is best else 2,
            marker="." if len(trial.epoch_scores) < 2 else None,
        )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("epoch")
    axes.set_ylabel("F1 on valid (%)")
    keep_possible(axes)
    return canvas


def draw_importance(importance: Mapping[str, float]) -> Canvas:
    """Draw a bar for each parameter, the most important one on top."""
    canvas, (axes,) = panels(1, width=5.2, height=0.9 + 0.32 * len(importance))
    names = list(importance)[::-1]
    axes.barh(names, [100 * importance[name] for name in names], color=BLUE, height=0.6)
    axes.set_xlabel("importance (%)")
    axes.grid(False, axis="y")
    return canvas


def draw_parallel(space: Mapping[str, Dimension], trials: Sequence[TrialResult]) -> Canvas:
    """Draw a line for each trial through an axis for each parameter, and one for the score."""
    canvas, (axes,) = panels(1, width=1.8 + 1.5 * len(space), height=3.6)
    names = list(space)
    scores = [100 * (trial.score or 0.0) for trial in trials]
    low, high = min(scores), max(scores)
    norm = Normalize(low, high if high > low else low + 1)
    colours = matplotlib.colormaps["viridis"]
    best = max(range(len(trials)), key=lambda number: scores[number])
    for number in sorted(range(len(trials)), key=lambda n: scores[n]):
        trial = trials[number]
        heights = [_height(space[name], trial.values[name]) for name in names]
        axes.plot(
            range(len(names) + 1),
            [*heights, float(norm(scores[number]))],
            color=colours(float(norm(scores[number]))),
            linewidth=2.4 if number == best else 0.9,
        )
    for position, name in enumerate(names):
        for height, text in _ticks(space[name]):
            axes.annotate(
                text,
                (position, height),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.6},
            )
        axes.axvline(position, color=NEUTRAL, linewidth=0.8)
    axes.axvline(len(names), color=NEUTRAL, linewidth=0.8)
    axes.set_xticks(range(len(names) + 1), [*names, "F1 on valid"], rotation=20, ha="right")
    axes.set_yticks([])
    axes.grid(False)
    axes.set_xlim(-0.1, len(names) + 0.1)
    axes.set_ylim(-0.06, 1.06)
    axes.spines["left"].set_visible(False)
    canvas.colorbar(ScalarMappable(norm, colours), ax=axes, label="F1 on valid (%)")
    return canvas


def _height(dimension: Dimension, value: Value) -> float:
    """Return the position of a value on its axis, 0 to 1."""
    if isinstance(dimension, Choices):
        return dimension.values.index(str(value)) / (len(dimension.values) - 1)
    low, high, at = dimension.low, dimension.high, float(value)
    if dimension.log:
        low, high, at = math.log(low), math.log(high), math.log(at)
    return (at - low) / (high - low)


def _ticks(dimension: Dimension) -> list[tuple[float, str]]:
    if isinstance(dimension, Choices):
        return [(_height(dimension, value), value) for value in dimension.values]
    middle = (dimension.low + dimension.high) / 2
    if dimension.log:
        middle = math.sqrt(dimension.low * dimension.high)
    values = (dimension.low, middle, dimension.high)
    return [(_height(dimension, value), f"{value:.3g}") for value in values]
