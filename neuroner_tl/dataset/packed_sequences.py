"""Sequences laid out for prediction: one after the other in rows, in arrays of few sizes.

Sequences of any lengths share a block of ``steps x rows`` cells; each row holds as many as fit,
one after the other, and all rows end at nearly the same step. So a compiled program meets the same
sizes for any input, and almost nothing of a full block is padding: it is computed up to the
longest row.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Shape(NamedTuple):
    """The size of a block.

    Example:
        >>> Shape(steps=64, rows=16).cells
        1024
    """

    steps: int
    rows: int

    @property
    def cells(self) -> int:
        """The number of cells."""
        return self.steps * self.rows


@dataclass(frozen=True)
class BlockSizes:
    """The sizes that blocks may have.

    Attributes:
        small: for a single text.
        large: for many texts; it has as many steps as ``small``.
        max_cells: maximum for blocks of longer sequences, whose steps are a power of two: they
            have as many rows as ``small``, or fewer.

    Example:
        >>> sizes = BlockSizes(Shape(64, 16), Shape(64, 128), max_cells=65_536)
        >>> sizes.choose(longest=30, total=500), sizes.choose(longest=100, total=500)
        (Shape(steps=64, rows=16), Shape(steps=128, rows=16))
    """

    small: Shape
    large: Shape
    max_cells: int

    def choose(self, longest: int, total: int) -> Shape:
        """Choose the size of blocks for sequences up to ``longest`` with ``total`` elements."""
        steps = self.large.steps
        if longest > steps:
            steps = 1 << (longest - 1).bit_length()
            return Shape(steps, max(1, min(self.small.rows, self.max_cells // steps)))
        return self.small if total <= self.small.cells * 3 // 4 else self.large


class Block(NamedTuple):
    """Some sequences in one block.

    Attributes:
        sequences: their indices.
        first: cell of the first element of each, ``step * rows + row``; the next element is
            ``rows`` cells further on.
        elements: indices of all their elements, sequence by sequence.
        cells: the cell of each of them.
        starts: ``[2, steps, rows]`` int32, not 0 where reading begins: from left to right at first
            elements and at the first cell of a row's padding, from right to left at last elements.
        used: number of steps up to the end of the longest row.

    Example:
        >>> sizes = BlockSizes(Shape(4, 2), Shape(4, 8), max_cells=64)
        >>> block = next(lay_out(np.array([0, 3, 5]), np.array([0, 1]), sizes))
        >>> block.sequences.tolist(), block.first.tolist(), block.used
        ([0, 1], [0, 1], 3)
    """

    sequences: np.ndarray
    first: np.ndarray
    elements: np.ndarray
    cells: np.ndarray
    starts: np.ndarray
    used: int


def lay_out(offsets: np.ndarray, sequences: np.ndarray, sizes: BlockSizes) -> Iterator[Block]:
    """Lay sequences out in blocks.

    Args:
        offsets: sequence ``s`` has the elements ``offsets[s]`` up to ``offsets[s + 1]``.
        sequences: indices of the sequences, none of which is empty.
        sizes: the sizes that blocks may have.
    """
    lengths = offsets[sequences + 1] - offsets[sequences]
    order = np.argsort(-lengths, kind="stable")
    sequences, lengths = sequences[order], lengths[order]
    long = int(np.searchsorted(-lengths, -sizes.large.steps, side="left"))
    # Sequences longer than the blocks, length by length, then all others.
    bounds = [*np.flatnonzero(np.diff(_powers(lengths[:long]))) + 1, long, len(lengths)]
    start = 0
    for stop in bounds:
        chosen = slice(start, stop)
        if stop > start:
            yield from _blocks(offsets, sequences[chosen], lengths[chosen], sizes)
        start = stop


def _powers(lengths: np.ndarray) -> np.ndarray:
    """Return the exponents of the next powers of two."""
    return np.array([(int(length) - 1).bit_length() for length in lengths], np.int64)


def _blocks(
    offsets: np.ndarray, sequences: np.ndarray, lengths: np.ndarray, sizes: BlockSizes
) -> Iterator[Block]:
    """Yield blocks of one size for sequences sorted from the longest to the shortest."""
    shape = sizes.choose(int(lengths[0]), int(lengths.sum()))
    number, row, step = _place(lengths, shape)
    first = step * shape.rows + row
    for block in range(int(number.max()) + 1):
        inside = number == block
        mine, begin, sizes_ = sequences[inside], first[inside], lengths[inside]
        within = np.arange(int(sizes_.sum())) - np.repeat(np.cumsum(sizes_) - sizes_, sizes_)
        filled = np.zeros(shape.rows, np.int64)
        np.maximum.at(filled, row[inside], step[inside] + sizes_)
        starts = np.zeros((2, shape.cells + shape.rows), np.int32)
        starts[0, begin] = 1
        starts[0, filled * shape.rows + np.arange(shape.rows)] = 1
        starts[1, begin + (sizes_ - 1) * shape.rows] = 1
        yield Block(
            sequences=mine,
            first=begin,
            elements=np.repeat(offsets[mine], sizes_) + within,
            cells=np.repeat(begin, sizes_) + within * shape.rows,
            starts=starts[:, : shape.cells].reshape(2, *shape),
            used=int(filled.max()),
        )


def _place(lengths: np.ndarray, shape: Shape) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return block, row and step of each sequence: longest first, each into the emptiest row."""
    blocks = -(-int(lengths.sum()) // shape.cells)
    while True:
        rows = [(0, row) for row in range(blocks * shape.rows)]
        places = []
        for length in lengths.tolist():
            step, row = rows[0]
            if step + length > shape.steps:
                break
            places.append((row, step))
            heapq.heapreplace(rows, (step + length, row))
        if len(places) == len(lengths):
            row, step = np.array(places, np.int64).T
            return (*np.divmod(row, shape.rows), step)
        blocks += 1 + blocks // 50
