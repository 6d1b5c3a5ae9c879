"""Entity types that look like typos of each other, such as DISO and DIS0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

# Characters that readers or scanners confuse.
_ALIKE = str.maketrans("0OoQ1lIi|5S8B2Zz", "ooooiiiiissbbzzz")
_IGNORED = str.maketrans("", "", "-_ .")
# Shorter names, such as DNA and RNA, may differ in one letter.
_SHORTEST = 4


def look_alikes(types: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of types that are spelt nearly alike, sorted.

    Two types look alike if they differ only in case, separators or characters that look alike, or,
    in names of four or more letters, if one letter was deleted, inserted or changed, or two were
    swapped. Names that differ only in a number, such as Phase1 and Phase2, do not.
    """
    return [
        (one, other) for one, other in combinations(sorted(set(types)), 2) if _alike(one, other)
    ]


def described(
    pairs: Iterable[tuple[str, str]],
    counts: Mapping[str, int],
    documents: Mapping[str, Iterable[str]],
) -> list[str]:
    """Return a line for each pair: the types, how often each occurs, and where the rarer one is.

    Args:
        pairs: from `look_alikes`.
        counts: mentions of each type.
        documents: the first documents with mentions of each type.
    """
    lines = []
    for pair in pairs:
        often, rare = sorted(pair, key=lambda kind: -counts[kind])
        places = ", ".join(documents[rare])
        lines.append(f"{often} ({counts[often]}) and {rare} ({counts[rare]}: {places})")
    return lines


def _alike(one: str, other: str) -> bool:
    if _number_apart(one, other):
        return False
    first, second = (name.translate(_ALIKE).translate(_IGNORED).casefold() for name in (one, other))
    if first == second:
        return True
    first, second = one.casefold(), other.casefold()
    return min(len(first), len(second)) >= _SHORTEST and _one_edit(first, second)


def _number_apart(one: str, other: str) -> bool:
    """Tell whether two names have different numbers in the same places."""
    shapes = ["".join("0" if c.isdecimal() else c for c in name) for name in (one, other)]
    return shapes[0] == shapes[1]


def _one_edit(one: str, other: str) -> bool:
    """Tell whether one letter is changed, deleted or inserted, or two neighbours are swapped."""
    if len(one) > len(other):
        one, other = other, one
    start = next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), len(one))
    if len(one) < len(other):
        added = other[start]
        return not added.isdecimal() and one[start:] == other[start + 1 :]
    changed = one[start + 1 :] == other[start + 1 :]
    swapped = one[start : start + 2] == other[start : start + 2][::-1]
    return changed or (swapped and one[start + 2 :] == other[start + 2 :])
