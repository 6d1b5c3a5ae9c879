"""Packed words: every character at its place, and a start wherever reading begins."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.dataset.packed_words import pack_words, steps_needed

WORDS = st.lists(st.lists(st.integers(1, 90), min_size=1, max_size=12), min_size=1, max_size=20)


def padded(words):
    lengths = np.array([len(word) for word in words], np.int32)
    characters = np.zeros((len(words), lengths.max() + 1), np.int32)
    for row, word in enumerate(words):
        characters[row, : len(word)] = word
    return characters, lengths


def read(packed, place, way):
    """Walk from a place to where reading began, against the direction of reading."""
    step, row = divmod(int(place), packed.characters.shape[1])
    found = []
    while True:
        found.append(int(packed.characters[step, row]))
        if packed.starts[way, step, row]:
            return found
        step += 1 if way else -1


@settings(max_examples=200)
@given(WORDS, st.integers(0, 9), st.integers(0, 5))
def test_each_word_is_read_whole_in_both_directions(words, rows, spare):
    characters, lengths = padded(words)
    needed = steps_needed(lengths, rows or len(words))
    packed = pack_words(characters, lengths, rows, needed + spare)
    assert packed.characters.shape == (needed + spare, rows or len(words))
    assert packed.used == needed
    assert not packed.characters[needed:].any() and not packed.starts[:, needed:].any()
    # Nothing but the words, and no place twice.
    assert (packed.characters > 0).sum() == lengths.sum()
    assert len(set(packed.first)) == len(set(packed.last)) == len(words)
    for word, first, last in zip(words, packed.first, packed.last):
        assert read(packed, last, 0) == word[::-1]
        assert read(packed, first, 1) == word


def test_short_words_do_not_wait_for_long_ones():
    lengths = np.array([20] + [3] * 9)
    assert steps_needed(lengths, 10) == 20
    assert steps_needed(lengths, 5) == 20 + 3
    assert pack_words(*padded([[1] * n for n in lengths]), rows=5).characters.size == 5 * 23
