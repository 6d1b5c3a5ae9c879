"""Abbreviations that a text introduces, with their long forms: ``chronic renal failure (CRF)``.

They are found as by Schwartz and Hearst (2003): from right to left, each letter of the short form
is found in the words before the bracket, the first one at the beginning of a word. Libraries that
do this (``abbreviations`` on PyPI, scispaCy) give no offsets, or need a spaCy model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Optional

from neuroner_tl.corpora.text.spans import Span

_BRACKET = re.compile(r"\s?\(([^\W_][\w-]{1,9})[);,]")
_WORD = re.compile(r"\S+")
_WORD_START = re.compile(r"(?<![^\W_])[^\W_]")
# What the words of a long form do not go beyond.
_BREAK = re.compile(r"[.;:!?]\s|[\n()\[\]]")
# Single words of two to ten characters may be abbreviations.
_SHORT = re.compile(r"[^\W_][\w-]{1,9}")
_CONTEXT = 30  # characters on either side that show whether a text is in capitals throughout


class Abbreviation(NamedTuple):
    """An abbreviation where a text introduces it.

    Attributes:
        long: the span of its long form.
        short: its own span, in the brackets, without a plural s.

    Example:
        >>> Abbreviation(long=(0, 21), short=(23, 26))  # of "chronic renal failure (CRF)"
        Abbreviation(long=(0, 21), short=(23, 26))
    """

    long: Span
    short: Span


def abbreviation_of(text: str, span: Span) -> str:
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
    letters, long = _letters(_singular(short)), text[start:end].lower()
    return short if long[0] == letters[0] and _further_letters(letters, long) > 0 else ""


def find_abbreviations(text: str) -> list[Abbreviation]:
    """Return the abbreviations that a text introduces in brackets, in order.

    Example:
        >>> text = "Of chronic renal failure (CRF)."
        >>> [text[slice(*one.long)] for one in find_abbreviations(text)]
        ['chronic renal failure']
    """
    found = []
    for match in _BRACKET.finditer(text):
        short = _singular(match[1])
        if not any(character.isupper() for character in short):
            continue
        end = match.start()
        breaks = [b.end() for b in _BREAK.finditer(text, max(0, end - 400), end)]
        lowest = breaks[-1] if breaks else max(0, end - 400)
        words = [word.start() for word in _WORD.finditer(text, lowest, end)]
        # As many words as Schwartz and Hearst allow.
        words = words[-min(len(short) + 5, 2 * len(short)) :]
        start = _long_form(short, text, words[0], end) if words else None
        if start is not None and end - start > len(short):
            place = match.start(1)
            found.append(Abbreviation((start, end), (place, place + len(short))))
    return found


def introduced_forms(text: str) -> dict[str, Span]:
    """Return the span of the long form of each abbreviation that a text introduces.

    The first of two introductions counts.

    Example:
        >>> introduced_forms("Renal failure (RF), not rheumatic fever (RF).")
        {'RF': (0, 13)}
    """
    introduced: dict[str, Span] = {}
    for found in find_abbreviations(text):
        introduced.setdefault(text[slice(*found.short)], found.long)
    return introduced


def is_short_form(text: str, span: Span) -> bool:
    """Tell whether an occurrence looks like an abbreviation: one short word with two capitals.

    In a heading that is in capitals throughout no word does.

    Example:
        >>> is_short_form("TSC and tsc", (0, 3)), is_short_form("TSC and tsc", (8, 11))
        (True, False)
    """
    start, end = span
    word = text[start:end]
    if not _SHORT.fullmatch(word) or sum(map(str.isupper, word)) < 2:
        return False
    around = text[max(0, start - _CONTEXT) : start] + text[end : end + _CONTEXT]
    return any(map(str.islower, around)) or not any(map(str.isupper, around))


def places_of(text: str, short: AbstractSet[str]) -> Iterator[Span]:
    """Yield where abbreviations stand as whole words, with a plural s or not, none overlapping.

    Of two that begin together the shorter one counts. The time does not depend on how many
    abbreviations there are: they are looked up, not tried in turn.
    """
    reach = 0
    for _, place in _occurrences(text, short):
        if place[0] >= reach:
            yield place
            reach = place[1]


def places_by_form(text: str, short: AbstractSet[str]) -> dict[str, list[Span]]:
    """Return what `places_of` finds of each abbreviation by itself, in one pass over the text.

    Example:
        >>> places_by_form("CRF, or CRFs.", {"CRF", "TSC"})
        {'CRF': [(0, 3), (8, 12)], 'TSC': []}
    """
    places: dict[str, list[Span]] = {one: [] for one in sorted(short)}
    for one, place in _occurrences(text, short):
        if not places[one] or place[0] >= places[one][-1][1]:
            places[one].append(place)
    return places


def _occurrences(text: str, short: AbstractSet[str]) -> Iterator[tuple[str, Span]]:
    """Yield each abbreviation wherever it is a whole word, of those that begin together the
    shortest first, with its place.
    """
    lengths = sorted({len(one) for one in short})
    for match in _WORD_START.finditer(text) if lengths else ():
        start = match.start()
        for length in lengths:
            end = start + length
            if text[start:end] not in short:
                continue
            ends = (end + 1, end) if text[end : end + 1] == "s" else (end,)
            after = next((e for e in ends if not text[e : e + 1].isalnum()), None)
            if after is not None:
                yield text[start:end], (start, after)


def share_text(span: Span, others: Iterable[Span]) -> bool:
    """Tell whether a span shares text with any of others."""
    return any(start < span[1] and span[0] < end for start, end in others)


def _singular(short: str) -> str:
    return short[:-1] if short[-1] == "s" and len(short) > 2 else short


def _letters(short: str) -> str:
    return "".join(letter for letter in short.lower() if letter.isalnum())


def _further_letters(letters: str, long: str) -> int:
    """Return where the second letter is, found from right to left with those after it; or -1."""
    position = len(long)
    for letter in reversed(letters[1:]):
        position = long.rfind(letter, 0, position)
        if position < 0:
            break
    return position


def _long_form(short: str, text: str, lowest: int, end: int) -> Optional[int]:
    """Return the start of the shortest text before ``end`` whose letters make an abbreviation."""
    letters, searched = _letters(short), text[lowest:end].lower()
    if len(searched) != end - lowest:  # Some letters are longer in lower case.
        return None
    position = _further_letters(letters, searched)
    while position > 0:
        position = searched.rfind(letters[0], 0, position)
        if position == 0 or (position > 0 and not searched[position - 1].isalnum()):
            return lowest + position
    return None
