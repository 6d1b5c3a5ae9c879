"""Abbreviations that a text introduces in brackets after their long form.

The letters are matched as by Schwartz and Hearst (2003): from right to left, each letter of the
short form is found in the long form, the first one at the beginning of a word; here the long form
is a mention that is already known, and the first letter must be the mention's first.
"""

from __future__ import annotations

import re

_BRACKET = re.compile(r"\s?\(([^\W_][\w-]{1,9})[);,]")


def abbreviation_of(text: str, span: tuple[int, int]) -> str:
    """Return the abbreviation of the mention at ``span`` in brackets right after it.

    Returns:
        The abbreviation, of two to ten characters with a capital letter, or an empty text.
    """
    start, end = span
    match = _BRACKET.match(text, end)
    if not match:
        return ""
    short = match[1]
    if not any(character.isupper() for character in short) or len(short) >= end - start:
        return ""
    return (
        short if _made_of(short.rstrip("s") if short[-1] == "s" else short, text[start:end]) else ""
    )


def _made_of(short: str, long: str) -> bool:
    short, long = short.lower(), long.lower()
    position = len(long)
    for index in range(len(short) - 1, -1, -1):
        letter = short[index]
        if not letter.isalnum():
            continue
        if index == 0:
            return long[:1] == letter and position > 0
        position = long.rfind(letter, 0, position)
        if position < 0:
            return False
    return False
