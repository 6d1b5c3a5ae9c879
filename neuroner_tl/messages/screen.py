"""Text that fits the terminal: tables are split, sentences wrapped."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Optional, TextIO

PROSE_WIDTH = 80
"""Columns of sentences where no terminal says how many it has."""
_GAP = 2
_MIN_TEXT_WIDTH = 24
_RULE = "-"


def terminal_width(stream: Optional[TextIO] = None) -> Optional[int]:
    """Return the columns of the terminal that a stream goes to; None for a file or a pipe.

    Args:
        stream: None for the standard output.
    """
    stream = sys.__stdout__ if stream is None else stream
    if stream is not None and stream.isatty():
        return max(20, shutil.get_terminal_size((PROSE_WIDTH, 24)).columns)
    return None


def wrapped(
    text: str, width: Optional[int] = None, indent: str = "", hanging: str = ""
) -> list[str]:
    """Return a paragraph as lines; paths and long words stay whole.

    Args:
        text: the paragraph.
        width: columns; None for `PROSE_WIDTH`.
        indent: before each line.
        hanging: after it, before each line but the first.
    """
    return textwrap.wrap(
        text,
        max(width or PROSE_WIDTH, len(indent) + 20),
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_on_hyphens=False,
        break_long_words=False,
    )


def paragraph(text: str, width: Optional[int]) -> list[str]:
    """Return a paragraph as lines that fit the screen; one line if its width is None."""
    return [text] if width is None else wrapped(text, width)


def fitted(text: str, width: Optional[int]) -> str:
    """Return a text of several lines in which those that are too long are wrapped.

    Lines that follow from a long one are indented by two columns more than it is. Nothing is cut
    off: a word that is longer than the line stays whole.

    Args:
        text: the text.
        width: columns; None changes nothing.
    """
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= width:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(
            line.strip(),
            max(width, len(indent) + 20),
            initial_indent=indent,
            subsequent_indent=indent + "  ",
            break_on_hyphens=False,
            break_long_words=False,
        )
    return "\n".join(lines)


def table_lines(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    *,
    width: Optional[int] = None,
    keys: int = 1,
    indent: str = "",
    rule: bool = False,
) -> list[str]:
    """Return a table that is no wider than the screen.

    Where it is too wide, headings are wrapped at their blanks; if that is not enough, the table is
    divided into several, one below the other, each of which repeats the key columns; and a column
    of text that is too wide even so is wrapped within its cells.

    Args:
        columns: the headings.
        rows: one text per column in each row.
        right: which columns are right-aligned.
        width: columns of the screen; None for no limit.
        keys: how many columns on the left identify a row.
        indent: before each line.
        rule: whether the headings are underlined and the table has a line below it.
    """
    space = None if width is None else width - len(indent)
    natural = [max(map(len, column)) for column in zip(columns, *rows)]
    if space is None or _total(natural) <= space:
        return _block(columns, rows, right, range(len(columns)), natural, indent, rule)
    widths = [
        max(max(map(len, heading.split(" "))), *(len(row[i]) for row in rows), 1)
        for i, heading in enumerate(columns)
    ]
    lines: list[str] = []
    for block in _blocks(widths, space, min(keys, len(columns))):
        lines += [""] if lines else []
        own = _narrowed([widths[i] for i in block], [right[i] for i in block], space)
        lines += _block(columns, rows, right, block, own, indent, rule)
    return lines


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _blocks(widths: Sequence[int], space: int, keys: int) -> list[list[int]]:
    """Return the columns of each part of a divided table, the keys among them."""
    first = list(range(keys))
    blocks: list[list[int]] = []
    block = list(first)
    for column in range(keys, len(widths)):
        if len(block) > keys and _total([widths[i] for i in (*block, column)]) > space:
            blocks.append(block)
            block = list(first)
        block.append(column)
    return [*blocks, block]


def _narrowed(widths: Sequence[int], right: Sequence[bool], space: int) -> list[int]:
    """Return widths that fit, the widest columns of text narrowed; numbers are never wrapped."""
    found = list(widths)
    while _total(found) > space:
        texts = [i for i, is_right in enumerate(right) if not is_right]
        texts = [i for i in texts if found[i] > _MIN_TEXT_WIDTH]
        if not texts:
            break
        widest = max(texts, key=lambda i: found[i])
        found[widest] = max(_MIN_TEXT_WIDTH, found[widest] - (_total(found) - space))
    return found


def _block(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    block: Sequence[int],
    widths: Sequence[int],
    indent: str,
    rule: bool,
) -> list[str]:
    def place(cells: Sequence[str], bottom: bool) -> list[str]:
        """Lay out a row, or the headings, whose last lines stand side by side."""
        stacks = [
            textwrap.wrap(cell, width, break_long_words=True) if len(cell) > width else [cell]
            for cell, width in zip(cells, widths)
        ]
        height = max(map(len, stacks))
        filled = [
            [""] * (height - len(s)) + s if bottom else s + [""] * (height - len(s)) for s in stacks
        ]
        return [
            (
                indent
                + (" " * _GAP).join(
                    text.rjust(width) if right[i] else text.ljust(width)
                    for text, width, i in zip(line, widths, block)
                )
            ).rstrip()
            for line in zip(*filled)
        ]

    under = [indent + _RULE * _total(widths)] if rule else []
    lines = [*place([columns[i] for i in block], bottom=True), *under]
    for row in rows:
        lines += place([row[i] for i in block], bottom=False)
    return [*lines, *under]
