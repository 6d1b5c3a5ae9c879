"""What the token LSTM's gates get from words, kept between texts.

It depends on the word alone, so a long job need not compute it again for words that it has met: of
the distinct words of 150 abstracts, five of six.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Optional

import numpy as np

# At the paper's sizes 16,666 words in each of two generations.
MAX_BYTES = 160_000_000
MAX_WORDS = 1 << 15


class WordCache:
    """A bounded cache of the projections of words; threads may share it.

    Words are kept in two generations. When the recent one is full it becomes the older one, and
    the words of that one that were not asked for since are forgotten.

    Args:
        width: numbers of a word for each of the two directions.
        dtype: their type.
        capacity: words of a generation; None for as many as `MAX_BYTES` and `MAX_WORDS` allow.

    Attributes:
        capacity: words of a generation.

    Example:
        >>> cache = WordCache(width=3, dtype=np.dtype(np.float32), capacity=10)
        >>> cache.keep(["of"], np.ones((2, 1, 3), np.float32))
        >>> values, missing = cache.recall(["the", "of"])
        >>> values.shape, missing.tolist()
        ((2, 2, 3), [0])
    """

    def __init__(self, width: int, dtype: np.dtype, capacity: Optional[int] = None) -> None:
        if capacity is None:
            capacity = max(1, min(MAX_WORDS, MAX_BYTES // (4 * width * dtype.itemsize)))
        self.capacity = capacity
        self._shape = (2, capacity, width)
        self._dtype = dtype
        self._lock = threading.Lock()
        self._recent = _Generation(self._shape, dtype)
        self._older = _Generation(self._shape, dtype)

    def __len__(self) -> int:
        return len(self._recent.places) + len(self._older.places)

    def recall(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return what is kept of words.

        Args:
            words: distinct words.

        Returns:
            ``[2, words, width]``, and the indices of the words that are not kept, whose values are
            to be filled in.
        """
        values = np.empty((2, len(words), self._shape[2]), self._dtype)
        with self._lock:
            is_recent = self._recent.copy_into(values, words)
            is_older = self._older.copy_into(values, words)
            again = np.flatnonzero(is_older & ~is_recent)
            self._add([words[index] for index in again], values[:, again])
        return values, np.flatnonzero(~(is_recent | is_older))

    def keep(self, words: Sequence[str], values: np.ndarray) -> None:
        """Keep the values of words, ``[2, words, width]``."""
        with self._lock:
            self._add(words, values)

    def _add(self, words: Sequence[str], values: np.ndarray) -> None:
        capacity = self.capacity
        # Another thread may have kept some of them.
        new = [index for index, word in enumerate(words) if word not in self._recent.places]
        if len(self._recent.places) + len(new) > capacity:
            self._recent, self._older = self._older, self._recent
            self._recent.places.clear()
            new = list(range(min(len(words), capacity)))
        self._recent.add([words[index] for index in new], values[:, new])


class _Generation:
    """Words, and their values in the order in which they came."""

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        self.places: dict[str, int] = {}
        # Memory that is not written to is not taken from the system.
        self._values = np.empty(shape, dtype)

    def copy_into(self, values: np.ndarray, words: Sequence[str]) -> np.ndarray:
        """Copy the values of the words that are here; return which they are."""
        places = np.array([self.places.get(word, -1) for word in words], np.int64)
        found = places >= 0
        for into, mine in zip(values, self._values):
            into[found] = mine[places[found]]
        return found

    def add(self, words: Sequence[str], values: np.ndarray) -> None:
        """Add words that are not here, for which there is room."""
        start = len(self.places)
        self.places.update(zip(words, range(start, start + len(words))))
        self._values[:, start : start + len(words)] = values
