"""External text made safe for display: on a terminal, in an error, in a spreadsheet."""

from __future__ import annotations

import re

LONGEST_FOUND = 60
"""Characters of a found value that an error shows."""
_LONGEST_RUN = 300  # characters without white space: longer than any real path

# Control characters except tab and line feed; marks that change the writing direction or are
# invisible; halves of surrogate pairs.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
# A value as repr writes it: an apostrophe in a word begins none.
_FOUND = re.compile(
    rf"""(?<![\w'"])(['"])(?![\s,;:)\]}}])((?:(?!\1)[^\\]|\\.){{{LONGEST_FOUND}}})"""
    r"""(?:(?!\1)[^\\]|\\.)+\1"""
)
_RUN = re.compile(rf"(\S{{{_LONGEST_RUN}}})\S+")
_INVISIBLE = re.compile(rf"^(\s|{_UNSAFE.pattern}|[\xad\u034f\u180e\u200c\u200d])*")
_FORMULA = frozenset("=+-@\t\r＝＋－＠")
_NUMBER = re.compile(r"[(\[]?[-+]?\d[\d.,]*(e[-+]?\d+)?%?[)\]]?[,;*]?|±|to|–|-")


def escaped(text: str) -> str:
    """Return a text in which terminal control characters are shown as ``\\x1b``."""
    return _UNSAFE.sub(lambda match: ascii(match[0])[1:-1], text)


def shortened(message: str) -> str:
    """Return a message in which long quoted values and endless words are truncated."""
    return _RUN.sub(r"\1...", _FOUND.sub(r"\1\2...\1", message))


def spreadsheet_cell(text: str) -> str:
    """Return a cell's text such that no spreadsheet takes it for a formula; numbers are unchanged.

    A name that begins with ``=``, ``+``, ``-`` or ``@``, after whatever cannot be seen, gets an
    apostrophe before it.
    """
    start = text[:1] if text[:1] in _FORMULA else _INVISIBLE.sub("", text, count=1)[:1]
    if start not in _FORMULA or not start:
        return text
    if start in "+-" and all(map(_NUMBER.fullmatch, text.split())):
        return text
    return f"'{text}"
