"""A table of a report, and its formats: text for the terminal, Markdown, HTML, LaTeX and CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Optional, Union

from neuroner_tl.messages.numbers import fixed
from neuroner_tl.messages.screen import paragraph, table_lines
from neuroner_tl.messages.shown_text import spreadsheet_cell


class Cell(NamedTuple):
    """The content of a table's cell.

    Attributes:
        text: words or numbers.
        bold: whether it is the better value.

    Example:
        >>> better(91.5, 89.0, ("91.50", "89.00"))
        (Cell(text='91.50', bold=True), Cell(text='89.00', bold=False))
    """

    text: str
    bold: bool = False


Row = Sequence[Union[str, Cell]]
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "–": "--",
    "±": r"$\pm$",
    "−": "$-$",
    "≤": r"$\leq$",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
_NUMBER = re.compile(r"[-+−<>≤]? ?[\d.,]+(e-?\d+)?( ± [\d.]+| to [-+−]?[\d.]+)?( \([\d, at]+\))?")


@dataclass(frozen=True)
class Table:
    """A table of a report.

    Attributes:
        name: name of its files.
        title: what it shows.
        columns: the columns' headings.
        rows: each as long as the columns.
        note: how to read it.
        keys: how many columns on the left identify a row; where a table is split to fit the
            screen, each part has them.

    Example:
        >>> rows = (("baseline", "76.94"), ("transfer", "91.52"))
        >>> table = Table("f1", "F1 by arm", ("arm", "F1"), rows)
        >>> table.to_csv().splitlines()
        ['arm,F1', 'baseline,76.94', 'transfer,91.52']
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    keys: int = 1

    def to_text(self, width: Optional[int] = None) -> str:
        """Return text for the terminal; the better value has a star.

        Args:
            width: columns of the screen; None for no limit.
        """
        rows = self._rows()
        starred = [any(row[i].bold for row in rows) for i in range(len(self.columns))]
        marks = {(True, True): "*", (False, True): " "}
        cells = [
            [cell.text + marks.get((cell.bold, star), "") for cell, star in zip(row, starred)]
            for row in rows
        ]
        lines = table_lines(
            self.columns,
            cells,
            self._right(),
            width=width,
            keys=self.keys,
            indent="  ",
            rule=True,
        )
        return "\n".join([*paragraph(self.title, width), "", *lines])

    def to_markdown(self) -> str:
        """Return Markdown, with bold values between stars."""

        def line(texts: Sequence[str]) -> str:
            return "| " + " | ".join(text.replace("|", "\\|") for text in texts) + " |"

        rows = [[f"**{text}**" if bold else text for text, bold in row] for row in self._rows()]
        under = ["---:" if is_right else "---" for is_right in self._right()]
        return "\n".join([line(self.columns), line(under), *map(line, rows)])

    def to_html(self) -> str:
        """Return an HTML table."""
        right = self._right()

        def line(tag: str, row: Sequence[Cell]) -> str:
            cells = ""
            for (text, bold), is_right in zip(row, right):
                inner = html.escape(text)
                inner = f"<b>{inner}</b>" if bold else inner
                cells += f"<{tag}{' class=n' if is_right else ''}>{inner}</{tag}>"
            return f"<tr>{cells}</tr>"

        head = line("th", [Cell(heading) for heading in self.columns])
        body = "\n".join(line("td", row) for row in self._rows())
        return f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"

    def to_latex(self) -> str:
        """Return a LaTeX table with booktabs rules."""
        form = "".join("r" if is_right else "l" for is_right in self._right())
        rows = [
            " & ".join(f"\\textbf{{{_latex(t)}}}" if bold else _latex(t) for t, bold in row)
            for row in self._rows()
        ]
        lines = [
            "% needs \\usepackage{booktabs}",
            "\\begin{table}",
            f"\\caption{{{_latex(' '.join([self.title + '.', self.note]).strip())}}}",
            f"\\begin{{tabular}}{{{form}}}",
            "\\toprule",
            " & ".join(map(_latex, self.columns)) + r" \\",
            "\\midrule",
            *(row + r" \\" for row in rows),
            "\\bottomrule",
            "\\end{tabular}",
            "\\end{table}",
        ]
        return "\n".join(lines) + "\n"

    def to_csv(self) -> str:
        """Return comma-separated values, without marks of the better value."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(spreadsheet_cell, self.columns))
        writer.writerows(
            [spreadsheet_cell(text.replace("−", "-")) for text, _ in row] for row in self._rows()
        )
        return file.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object; the cells are texts, without marks of the better value."""
        return {
            "title": self.title,
            "columns": list(self.columns),
            "rows": [[text for text, _ in row] for row in self._rows()],
            "note": self.note,
        }

    def _rows(self) -> list[list[Cell]]:
        return [[c if isinstance(c, Cell) else Cell(c) for c in row] for row in self.rows]

    def _right(self) -> list[bool]:
        """Return which columns hold numbers and are right-aligned."""
        columns = [[row[i].text for row in self._rows()] for i in range(len(self.columns))]
        return [
            any(map(_NUMBER.fullmatch, texts))
            and all(not text or text == "–" or _NUMBER.fullmatch(text) for text in texts)
            for texts in columns
        ]


def points(value: Optional[float], digits: int = 2) -> str:
    """Format a share from 0 to 1 in points of 100."""
    return "–" if value is None else f"{100 * value:.{digits}f}"


def signed(value: Optional[float]) -> str:
    """Format a number with its sign."""
    return "–" if value is None else fixed(value, sign=True).replace("-", "−")


def with_spread(mean: float, deviation: Optional[float], *, sign: bool = False) -> str:
    """Format a mean with its standard deviation, if there is one.

    >>> with_spread(71.0, 1.414), with_spread(71.0, None), with_spread(-0.5, 2.0, sign=True)
    ('71.00 ± 1.41', '71.00', '−0.50 ± 2.00')
    """
    text = signed(mean) if sign else f"{mean:.2f}"
    return text if deviation is None else f"{text} ± {deviation:.2f}"


def p_text(value: Optional[float]) -> str:
    """Format a p-value."""
    if value is None:
        return "–"
    return f"{value:.4f}" if value >= 0.001 else f"{value:.1e}"


def better(first: float, second: float, texts: tuple[str, str]) -> tuple[Cell, Cell]:
    """Return two cells, the one of the higher value bold."""
    return Cell(texts[0], first > second), Cell(texts[1], second > first)


def best(values: Sequence[float], texts: Sequence[str]) -> list[Cell]:
    """Return cells of which the one of the highest value is bold, if it is the only one."""
    top = [number for number, value in enumerate(values) if value == max(values)]
    return [Cell(text, top == [number]) for number, text in enumerate(texts)]


def _latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)
