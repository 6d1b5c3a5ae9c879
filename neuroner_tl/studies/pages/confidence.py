"""Figures of the probabilities of mentions: reliability, and precision and recall by threshold."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure as Canvas

from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.evaluation.calibration import Calibration, ConfidenceOutcomes
from neuroner_tl.evaluation.thresholds import STEPS, ThresholdCurve
from neuroner_tl.studies.pages.figures import BLUE, DASHES, GREEN, NEUTRAL, ORANGE, Figure, panels

RELIABILITY, THRESHOLDS = "reliability", "thresholds"
# Of the normal distribution: intervals of 95 %.
_Z = 1.96


def write_confidence_figures(outcomes: ConfidenceOutcomes, folder: Path) -> list[Path]:
    """Write the figures as PNG and PDF, and the curve as CSV.

    Args:
        outcomes: predicted mentions with probabilities.
        folder: where to; it is made.

    Returns:
        The files.

    Raises:
        CorpusError: the table cannot be written.
        OSError: the folder or a figure cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    curve = ThresholdCurve.of(outcomes)
    for figure in (reliability_figure(outcomes.calibration()), threshold_figure(curve)):
        figure.save(folder)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("threshold", "tp", "fp", "fn", "precision", "recall", "f1"))
    for step in range(STEPS + 1):
        counts = curve.at(step / STEPS)
        rates = (counts.precision, counts.recall, counts.f1)
        numbers = (counts.tp, counts.fp, counts.fn)
        writer.writerow((step / STEPS, *numbers, *(f"{rate:.4f}" for rate in rates)))
    write_text_atomically(folder / f"{THRESHOLDS}.csv", file.getvalue())
    names = (RELIABILITY, THRESHOLDS)
    figures = [folder / f"{name}.{kind}" for name in names for kind in ("png", "pdf")]
    return [*figures, folder / f"{THRESHOLDS}.csv"]


def reliability_figure(found: Calibration) -> Figure:
    """Return the diagram of what came true against the probability, with numbers of mentions."""
    return Figure(
        RELIABILITY,
        "Precision of predicted mentions by their probability, with intervals of 95 % (Wilson), "
        "and how many there are. On the diagonal, probabilities are right; below it, the model is "
        f"too sure. Expected calibration error {found.error:.3f}.",
        lambda: _draw_reliability(found),
    )


def threshold_figure(curve: ThresholdCurve) -> Figure:
    """Return the curves of precision, recall and F1 against the threshold."""
    return Figure(
        THRESHOLDS,
        "Precision, recall and F1 of the mentions whose probability is at least the threshold.",
        lambda: _draw_thresholds(curve),
    )


def _draw_reliability(found: Calibration) -> Canvas:
    canvas, (left, right) = panels(2)
    used = [entry for entry in found.bins if entry.number]
    left.plot([0, 1], [0, 1], color=NEUTRAL, linestyle=DASHES[1], linewidth=1)
    low, high = np.array([_wilson(b.precision, b.number) for b in used]).reshape(-1, 2).T
    rates = np.array([entry.precision for entry in used])
    left.errorbar(
        [entry.confidence for entry in used],
        rates,
        yerr=np.maximum([rates - low, high - rates], 0),
        color=BLUE,
        marker="o",
        markersize=4.5,
        linewidth=1.4,
        capsize=2.5,
        elinewidth=0.9,
    )
    left.set(
        xlim=(0, 1.02),
        ylim=(0, 1.02),
        xlabel="probability (mean of the interval)",
        ylabel="precision",
        title=f"expected calibration error {found.error:.3f}",
    )
    width = 1 / len(found.bins)
    middles = [entry.lower + width / 2 for entry in found.bins]
    right.bar(middles, [entry.number for entry in found.bins], width * 0.9, color=NEUTRAL)
    right.set(xlim=(0, 1), xlabel="probability", ylabel="predicted mentions", title="number")
    return canvas


def _draw_thresholds(curve: ThresholdCurve) -> Canvas:
    canvas, (left, right) = panels(2)
    steps = np.arange(STEPS + 1) / STEPS
    counts = [curve.at(threshold) for threshold in steps]
    # Precision is not defined where nothing is kept.
    kept = np.array([item.predicted > 0 for item in counts])
    precision = np.where(kept, [item.precision for item in counts], np.nan)
    recall = np.array([item.recall for item in counts])
    sides = (
        ("precision", precision, BLUE),
        ("recall", recall, ORANGE),
        ("F1", np.array([item.f1 for item in counts]), GREEN),
    )
    for (name, values, colour), dashes in zip(sides, DASHES):
        left.plot(steps, values, color=colour, linestyle=dashes, linewidth=1.4, label=name)
    left.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="threshold", ylabel="share")
    left.legend(loc="lower left")
    right.plot(recall[kept], precision[kept], color=BLUE, linewidth=1.4)
    for threshold in (0.0, 0.7, 0.9, 0.99):
        item = curve.at(threshold)
        if item.predicted:
            right.plot(item.recall, item.precision, "o", color=BLUE, markersize=4)
            right.annotate(
                f"{threshold:g}",
                (item.recall, item.precision),
                textcoords="offset points",
                xytext=(4, 4),
            )
    right.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="recall", ylabel="precision")
    right.set_title("numbers beside points: thresholds")
    return canvas


def _wilson(rate: float, number: int) -> tuple[float, float]:
    """Return Wilson's interval of a share."""
    middle = (rate + _Z**2 / (2 * number)) / (1 + _Z**2 / number)
    half = _Z * np.sqrt(rate * (1 - rate) / number + _Z**2 / (4 * number**2))
    half /= 1 + _Z**2 / number
    return middle - half, middle + half
