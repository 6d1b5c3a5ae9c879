"""Which line breaks end a sentence: all of them, unless the text is hard-wrapped.

A hard-wrapped text has its lines broken to fit a width: such a line has no room left for the
first word of the next one. A text counts as hard-wrapped if no line is longer than 120
characters, and at least three single line breaks and three quarters of all of them are of that
kind ("soft"). Its soft breaks are ordinary white space; blank lines and breaks after a line with
room left (titles, ends of paragraphs) end a sentence in any text.
"""

from __future__ import annotations

import re

WIDEST_WRAPPED_LINE = 120
# Runs of blanks are matched from their beginning only, which keeps the time linear.
_BREAK = re.compile(r"(?<![^\S\r\n])[^\S\r\n]*(?:\r\n|\r|\n)\s*")
_FIRST_WORD = re.compile(r"\S*")


def sentence_line_ends(text: str) -> list[int]:
    """Return, in order, the offsets of the line ends that end a sentence, and the text's length."""
    breaks = [match.span() for match in _BREAK.finditer(text)]
    soft = _soft_breaks(text, breaks) if len(breaks) >= 3 else frozenset()
    return [start for start, _ in breaks if start not in soft] + [len(text)]


def _soft_breaks(text: str, breaks: list[tuple[int, int]]) -> frozenset[int]:
    """Return the starts of the soft breaks of a hard-wrapped text; none for any other text."""
    line_starts = [0] + [end for _, end in breaks]
    lengths = [start - line for (start, _), line in zip(breaks, line_starts)]
    width = max(*lengths, len(text) - line_starts[-1])
    if width > WIDEST_WRAPPED_LINE:
        return frozenset()
    single = soft = 0
    starts = []
    for (start, end), length in zip(breaks, lengths):
        if end == len(text) or _is_blank_line(text[start:end]):
            continue
        single += 1
        match = _FIRST_WORD.match(text, end)
        word = match.end() - end if match else 0
        if word and length + 1 + word > width:
            soft += 1
            starts.append(start)
    return frozenset(starts) if soft >= 3 and 4 * soft >= 3 * single else frozenset()


def _is_blank_line(gap: str) -> bool:
    return gap.replace("\r\n", "\n").replace("\r", "\n").count("\n") > 1
