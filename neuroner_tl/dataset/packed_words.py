"""The words of a batch packed for the character LSTM: short ones do not wait for long ones.

Most words have six characters and a few have twenty. Side by side, each word would take as many
steps as the longest; so words are sorted by length and cut into groups of some rows, and the
groups follow one another in time. The recurrence restarts with each group.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class PackedWords(NamedTuple):
    """Words in groups one after the other.

    Attributes:
        characters: ``[steps, rows]`` int32, 0 where there is none.
        starts: ``[2, steps, rows]`` int32, 1 where reading begins: from left to right in all rows
            of a group's first step, from right to left at each word's last character.
        used: number of steps that hold characters.
        first: ``[words]`` int32, ``step * rows + row`` of each word's first character.
        last: ``[words]`` int32, the same of its last character.

    Example:
        >>> packed = pack_words(np.array([[5, 6, 7], [8, 0, 0]]), np.array([3, 1]), rows=2)
        >>> packed.characters.tolist()
        [[5, 8], [6, 0], [7, 0]]
    """

    characters: np.ndarray
    starts: np.ndarray
    used: int
    first: np.ndarray
    last: np.ndarray


def steps_needed(lengths: np.ndarray, rows: int) -> int:
    """Return the steps that words of these lengths take in groups of ``rows``."""
    return int(np.sort(lengths)[::-1][::rows].sum())


def pack_words(
    characters: np.ndarray, lengths: np.ndarray, rows: int = 0, steps: int = 0
) -> PackedWords:
    """Pack words into groups.

    Args:
        characters: ``[words, length]``, padded at the end.
        lengths: ``[words]``, at least 1.
        rows: words per group; 0 puts all words into one.
        steps: number of steps of the arrays, at least `steps_needed`; 0 for no more than that.
    """
    rows = rows or len(lengths)
    # From the longest to the shortest: the first word of a group decides its steps.
    order = np.argsort(-lengths, kind="stable")
    group, row = np.divmod(np.arange(len(order)), rows)
    ends = np.cumsum(lengths[order[::rows]])
    offsets = np.concatenate([[0], ends[:-1]])
    used = int(ends[-1])
    steps = steps or used
    first, last = np.empty((2, len(order)), np.int32)
    first[order] = offsets[group] * rows + row
    last[order] = first[order] + (lengths[order] - 1) * rows
    columns = np.arange(int(lengths.max()))
    inside = columns < lengths[:, None]
    packed = np.zeros(steps * rows, np.int32)
    packed[(first[:, None] + columns * rows)[inside]] = characters[:, : len(columns)][inside]
    starts = np.zeros((2, steps, rows), np.int32)
    starts[0, offsets] = 1
    starts[1].reshape(-1)[last] = 1
    return PackedWords(packed.reshape(steps, rows), starts, used, first, last)
