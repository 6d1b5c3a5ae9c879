"""How the figures of all studies look: colours, marks and sizes, and how they are saved.

Colours are those of Okabe and Ito, which people with any kind of colour vision can tell apart;
lines differ in their marks and dashes too, for print without colour.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.statistics import Summary
from neuroner_tl.system.atomic_file import write_atomically

BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY, BLACK = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#000000",
)
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, YELLOW, SKY, BLACK)
# For what does not belong to a class or arm.
NEUTRAL = "#777777"
MARKS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 1)))
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 200,
    # Letters stay letters in the PDF.
    "pdf.fonttype": 42,
    "svg.hashsalt": "neuroner_tl",
}


@dataclass(frozen=True)
class Figure:
    """A figure of a report.

    Attributes:
        name: name of its files.
        caption: what it shows, and what its error bars are.
        draw: draws it.

    Example::

        def draw():
            canvas, (axes,) = panels(1)
            axes.plot([0, 1])
            return canvas

        Figure("line", "A line.", draw).save(Path("figures"))
    """

    name: str
    caption: str
    draw: Callable[[], Canvas]

    def save(self, folder: Path) -> bytes:
        """Write it as PNG and PDF; return the PNG."""
        with matplotlib.rc_context(STYLE):
            canvas = self.draw()
            png = _bytes(canvas, "png", {"Software": None})
            write_atomically(folder / f"{self.name}.png", png)
            pdf = _bytes(canvas, "pdf", {"CreationDate": None})
            write_atomically(folder / f"{self.name}.pdf", pdf)
        return png


def panels(number: int, *, width: float = 3.2, height: float = 2.8) -> tuple[Canvas, list[Axes]]:
    """Make a figure with a number of panels, at most three per row.

    Args:
        number: how many.
        width: of a panel, in inches.
        height: of a panel, in inches.
    """
    columns = min(number, 3)
    rows = -(-number // columns)
    canvas = Canvas(figsize=(width * columns, height * rows))
    axes = canvas.subplots(rows, columns, squeeze=False)
    flat = list(axes.flat)
    for unused in flat[number:]:
        unused.set_visible(False)
    return canvas, flat[:number]


def series(
    axes: Axes,
    index: int,
    label: str,
    x: Sequence[float],
    summaries: Sequence[Summary],
    **options: Any,
) -> None:
    """Draw means with standard deviations as error bars, in the style of a number."""
    axes.errorbar(
        x,
        [summary.mean for summary in summaries],
        yerr=deviations(summaries),
        label=label,
        color=COLOURS[index % len(COLOURS)],
        marker=MARKS[index % len(MARKS)],
        linestyle=options.pop("linestyle", DASHES[index % len(DASHES)]),
        markersize=4.5,
        linewidth=1.4,
        capsize=2.5,
        elinewidth=0.9,
        **options,
    )


def keep_possible(axes: Axes) -> None:
    """Limit the vertical axis to possible values of F1; longer error bars are cut off."""
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -3.0), min(high, 103.0))


def deviations(summaries: Sequence[Summary]) -> Optional[list[float]]:
    """Return the lengths of the error bars; None if every point is a single run."""
    if all(summary.deviation is None for summary in summaries):
        return None
    return [summary.deviation or 0.0 for summary in summaries]


def describe_error_bars(summaries: Sequence[Optional[Summary]]) -> str:
    """Describe the error bars, for a caption."""
    numbers = sorted({summary.number for summary in summaries if summary is not None})
    zeros = sum(summary.zeros for summary in summaries if summary is not None)
    zero = f" {zeros} of the runs scored 0." if zeros else ""
    if not numbers or numbers == [1]:
        return f"One run per point, no error bars.{zero}"
    runs = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
    return f"Points are means of {runs} runs, error bars one standard deviation to each side.{zero}"


def _bytes(canvas: Canvas, kind: str, metadata: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    canvas.savefig(file, format=kind, metadata=metadata)
    return file.getvalue()
