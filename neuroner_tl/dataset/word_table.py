"""The distinct words of a corpus: each word's vocabulary row and characters, stored once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from neuroner_tl.dataset.vocabulary import PADDING_CHARACTER_ID, Vocabulary


@dataclass(frozen=True, eq=False)
class WordTable:
    """The distinct surface words in the order of their first appearance.

    Attributes:
        words: the words as written.
        token_ids: vocabulary row of each word, int32 ``[words]``; 0 where it is unknown.
        char_ids: character indices of all words, one after the other, int32.
        char_offsets: word ``w`` has ``char_ids[char_offsets[w]:char_offsets[w + 1]]``, int64
            ``[words + 1]``.
        train_counts: occurrences of each word in train, int64 ``[words]``.

    Example::

        table = dataset.word_table
        characters, lengths = table.characters_of(np.array([0, 1]))
    """

    words: list[str]
    token_ids: np.ndarray
    char_ids: np.ndarray
    char_offsets: np.ndarray
    train_counts: np.ndarray

    @property
    def character_counts(self) -> np.ndarray:
        """Number of characters of each word, int64 ``[words]``."""
        return np.diff(self.char_offsets)

    def characters_of(self, word_ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the characters of some words, padded with 0 on the right.

        Args:
            word_ids: indices into ``words``, ``[n]``.

        Returns:
            Character indices, int32 ``[n, longest]``, and lengths, int32 ``[n]``.
        """
        word_ids = np.asarray(word_ids, dtype=np.int64).reshape(-1)
        starts = self.char_offsets[word_ids]
        lengths = self.char_offsets[word_ids + 1] - starts
        longest = int(lengths.max()) if len(lengths) else 0
        if longest == 0:
            return np.zeros((len(word_ids), 0), np.int32), lengths.astype(np.int32)
        columns = np.arange(longest, dtype=np.int64)
        inside = columns < lengths[:, None]
        positions = np.where(inside, starts[:, None] + columns, 0)
        padded = np.where(inside, self.char_ids[positions], np.int32(PADDING_CHARACTER_ID))
        return padded.astype(np.int32, copy=False), lengths.astype(np.int32)


def make_word_table(
    words: list[str], token_ids: np.ndarray, train_counts: np.ndarray, vocabulary: Vocabulary
) -> WordTable:
    """Put a table together, with the characters as indices of the vocabulary."""
    lengths = np.fromiter((len(word) for word in words), np.int64, len(words))
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    find = vocabulary.character_id
    characters = (find(character) for word in words for character in word)
    return WordTable(
        words=words,
        token_ids=np.asarray(token_ids, np.int32),
        char_ids=np.fromiter(characters, np.int32, int(offsets[-1])),
        char_offsets=offsets,
        train_counts=np.asarray(train_counts, np.int64),
    )


def count_characters(words: Sequence[str], counts: Iterable[int]) -> dict[str, int]:
    """Count the characters of words that occur ``counts`` times, in order of first appearance."""
    totals: dict[str, int] = {}
    for word, count in zip(words, counts):
        if count:
            for character in word:
                totals[character] = totals.get(character, 0) + int(count)
    return totals
