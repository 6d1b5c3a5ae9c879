"""Sequences in blocks: every element in a cell of its own, the next one a row further on."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.dataset.packed_sequences import BlockSizes, Shape, lay_out

SIZES = BlockSizes(Shape(8, 2), Shape(8, 6), 40)


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


@settings(max_examples=200)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.randoms())
def test_every_element_is_read_in_its_sequence_and_both_directions(lengths, random):
    offsets = offsets_of(lengths)
    chosen = [number for number in range(len(lengths)) if random.random() < 0.8]
    seen = []
    for block in lay_out(offsets, np.array(chosen, np.int64), SIZES):
        _, steps, rows = block.starts.shape
        assert steps * rows <= 48 and block.used <= steps
        assert len(set(block.cells.tolist())) == len(block.cells)
        forward, backward = block.starts.reshape(2, -1)
        assert (block.cells // rows).max() + 1 == block.used
        at = 0
        for sequence, first in zip(block.sequences.tolist(), block.first.tolist()):
            length = lengths[sequence]
            seen.append(sequence)
            elements, cells = (array[at : at + length] for array in (block.elements, block.cells))
            assert elements.tolist() == list(range(offsets[sequence], offsets[sequence] + length))
            assert cells.tolist() == [first + n * rows for n in range(length)]
            assert forward[cells].tolist() == [1] + [0] * (length - 1)
            assert backward[cells].tolist() == [0] * (length - 1) + [1]
            # Where padding begins, reading begins again.
            if first + length * rows < steps * rows:
                assert forward[first + length * rows]
            at += length
        assert at == len(block.cells) == len(block.elements)
    assert sorted(seen) == chosen


def test_sizes():
    assert SIZES.choose(8, 12) == (8, 2)
    assert SIZES.choose(3, 13) == (8, 6)
    assert SIZES.choose(9, 9) == (16, 2)
    assert SIZES.choose(17, 99) == (32, 1)
    assert SIZES.choose(4000, 4000) == (4096, 1)


def test_almost_nothing_is_padding():
    """Sentences as they are: of 1 to 100 tokens, 25 on average."""
    rng = np.random.default_rng(0)
    lengths = np.clip(rng.gamma(3, 9, 1500).astype(int), 1, 100)
    sizes = BlockSizes(Shape(128, 8), Shape(128, 64), 1 << 14)
    blocks = list(lay_out(offsets_of(lengths), np.arange(1500), sizes))
    assert sum(block.used for block in blocks) * 64 < 1.08 * lengths.sum()
    assert len(blocks) * 128 * 64 < 1.25 * lengths.sum()


def test_long_sequences_do_not_hold_up_short_ones():
    blocks = list(lay_out(offsets_of([3, 9, 1, 20, 8, 17]), np.arange(6), SIZES))
    assert [block.starts.shape[1:] for block in blocks] == [(32, 1), (32, 1), (16, 2), (8, 2)]
    assert [sorted(block.sequences.tolist()) for block in blocks] == [[3], [5], [1], [0, 2, 4]]
