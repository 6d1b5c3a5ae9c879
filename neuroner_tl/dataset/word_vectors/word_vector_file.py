"""The vectors of a word-vector file: of the wanted words, or their length."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vectors.word_vector_scan import WordVectorScan
from neuroner_tl.errors import CorpusError


@dataclass(frozen=True, eq=False)
class WordVectors:
    """Words and their vectors.

    Attributes:
        index: row of each word, in the order of the file.
        matrix: float32 ``[len(index), dimension]``.
        composed: those whose vector was composed from their characters.

    Example::

        vectors = read_word_vectors(Path("pubmed-w2v-200d.bin.gz"), {"asthma"}, dimension=200)
        asthma = vectors.matrix[vectors.index["asthma"]]
    """

    index: dict[str, int]
    matrix: np.ndarray
    composed: frozenset[str] = frozenset()


def read_word_vectors(path: Path, wanted: Optional[Collection[str]], dimension: int) -> WordVectors:
    """Read the vectors of the wanted words.

    Args:
        path: word2vec binary, word2vec text (header line) or GloVe text (no header), each also
            gzipped. Words that are not UTF-8 are decoded with replacement characters; of a word
            that occurs more than once, the first vector counts.
        wanted: words to keep; None keeps all. Lines of unwanted words in a text file are checked
            for their number of fields only.
        dimension: expected length of the vectors.

    Raises:
        CorpusError: the file is missing, unreadable, truncated or of another dimension, or a
            line or a number in it is broken.
    """
    collector = _Collector(Path(path), wanted, dimension)
    collector.scan()
    return collector.collected()


def file_dimension(path: Path) -> int:
    """Return the length of a file's vectors, from its first lines.

    Raises:
        CorpusError: the file cannot be used.
    """
    scan = _FirstWord(path, 0)
    try:
        scan.scan()
    except _Enough:
        pass
    return scan.dimension


class _Enough(Exception):
    """The first word has been read."""


class _FirstWord(WordVectorScan):
    """Reads no more than the first word."""

    def keep(self, word: bytes, values: np.ndarray, position: int) -> None:
        raise _Enough


class _Collector(WordVectorScan):
    """Keeps the wanted words' vectors in memory."""

    def __init__(self, path: Path, wanted: Optional[Collection[str]], dimension: int) -> None:
        super().__init__(path, dimension)
        if wanted is not None:
            self.wanted = {word.encode("utf-8", "replace") for word in wanted}
        self.index: dict[str, int] = {}
        self.matrix = np.empty((0, dimension), np.float32)

    def keep(self, word: bytes, values: np.ndarray, position: int) -> None:
        text = word.decode("utf-8", "replace")
        if text in self.index:
            return
        row = len(self.index)
        if row == len(self.matrix):
            bounds = [size for size in (self.expected, self.wanted and len(self.wanted)) if size]
            size = min([max(1024, 2 * row), *bounds])
            self.matrix.resize((max(size, row + 1), self.dimension), refcheck=False)
        self.index[text] = row
        self.matrix[row] = values

    def collected(self) -> WordVectors:
        self.matrix.resize((len(self.index), self.dimension), refcheck=False)
        check_finite(self.path, list(self.index), self.matrix)
        return WordVectors(self.index, self.matrix)


def check_finite(path: Path, words: Sequence[str], matrix: np.ndarray) -> None:
    """Raise CorpusError if a word's vector, its row of the matrix, is not finite."""
    bad = np.flatnonzero(~np.isfinite(matrix.sum(axis=1, dtype=np.float64)))
    if len(bad):
        raise CorpusError(
            f"{path}: the vector of {words[int(bad[0])]!r} holds a value that is not a finite "
            f"number ({len(bad)} such vectors); remove these words or download the file again"
        )
