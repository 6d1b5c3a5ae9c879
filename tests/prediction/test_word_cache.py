"""Words that are kept between texts: the same values, few of them, whatever the threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.prediction.word_cache import MAX_BYTES, WordCache

WIDTH = 3


def values_of(words):
    numbers = np.array([int(word) for word in words], np.float32)
    return (
        numbers[None, :, None]
        + np.array([0, 0.5], np.float32)[:, None, None]
        + np.zeros((2, len(words), WIDTH), np.float32)
    )


def ask(cache, words):
    values, missing = cache.recall(words)
    wanted = [words[index] for index in missing]
    values[:, missing] = values_of(wanted)
    cache.keep(wanted, values[:, missing])
    return values, wanted


def make_cache(capacity):
    return WordCache(WIDTH, np.dtype(np.float32), capacity)


@given(st.integers(1, 8), st.lists(st.sets(st.integers(0, 20).map(str), max_size=12), max_size=12))
def test_values_are_right_and_the_number_is_bounded(capacity, questions):
    cache = make_cache(capacity)
    for question in questions:
        words = sorted(question)
        values, _ = ask(cache, words)
        np.testing.assert_array_equal(values, values_of(words))
        assert len(cache) <= 2 * capacity


def test_what_is_asked_for_stays():
    cache = make_cache(4)
    assert ask(cache, ["1", "2"])[1] == ["1", "2"]
    for number in range(10, 40):
        _, computed = ask(cache, ["1", str(number)])
        assert computed == [str(number)]
    assert ask(cache, ["2"])[1] == ["2"]


def test_more_words_than_there_is_room_for():
    cache = make_cache(2)
    words = ["1", "2", "3", "4", "5"]
    np.testing.assert_array_equal(ask(cache, words)[0], values_of(words))
    assert len(cache) == 2


def test_memory_is_bounded_at_any_width():
    for width in (1, 600, 10**9):
        capacity = WordCache(width, np.dtype(np.float32)).capacity
        assert capacity == 1 or capacity * 2 * 2 * width * 4 <= MAX_BYTES


@pytest.mark.parametrize("capacity", [5, 100])
def test_threads_share_it(capacity):
    cache = make_cache(capacity)

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            words = [str(number) for number in rng.choice(60, 10, replace=False)]
            np.testing.assert_array_equal(ask(cache, words)[0], values_of(words))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
