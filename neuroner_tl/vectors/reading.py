"""Word vectors of any format read as a stream, in blocks of words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.word_vector_file import check_finite
from neuroner_tl.dataset.word_vectors.word_vector_scan import WordVectorScan, check_is_file

BLOCK = 4096
Visit = Callable[[list[str], np.ndarray], None]


@dataclass(frozen=True)
class VectorFile:
    """Format and size of a word-vector file.

    Attributes:
        format: such as ``word2vec binary``.
        dimension: length of the vectors.
        words: number of words; one that occurs twice is counted twice.

    Example:
        >>> VectorFile("word2vec binary", dimension=200, words=4_087_446).dimension
        200
    """

    format: str
    dimension: int
    words: int


def visit_vectors(path: Path, visit: Visit, wanted: Optional[Collection[str]] = None) -> VectorFile:
    """Read a file once and pass its words and vectors on, a block at a time.

    Args:
        path: word2vec binary or text or GloVe text, each also gzipped, or a fastText model.
        visit: called with words and their vectors, float32 ``[words, dimension]``, in the order of
            the file; both are valid during the call.
        wanted: words to pass on; None passes on all.

    Raises:
        CorpusError: the file is missing, damaged or of another format, or a number is not finite.
    """
    path = Path(path)
    check_is_file(path)
    if is_fasttext_file(path):
        model = FastTextFile(path)
        words = list(model.index if wanted is None else model.find(wanted))
        for start in range(0, len(words), BLOCK):
            block = words[start : start + BLOCK]
            matrix, _ = model.compose(block)
            check_finite(path, block, matrix)
            visit(block, matrix)
        return VectorFile("fastText model", model.dimension, len(model))
    scan = _Blocks(path, visit, wanted)
    scan.scan()
    scan.flush()
    return VectorFile(scan.format, scan.dimension, scan.words_read)


class _Blocks(WordVectorScan):
    """Collects words and vectors into blocks."""

    def __init__(self, path: Path, visit: Visit, wanted: Optional[Collection[str]]) -> None:
        super().__init__(path, 0)
        self._visit = visit
        if wanted is not None:
            self.wanted = {word.encode("utf-8", "replace") for word in wanted}
        self._words: list[str] = []
        self._matrix = np.empty((0, 0), np.float32)

    @property
    def format(self) -> str:
        kind = "binary" if self.binary else "text"
        return f"word2vec {kind}" if self.expected is not None else "GloVe text"

    def keep(self, word: bytes, values: np.ndarray, position: int) -> None:
        if not len(self._matrix):
            self._matrix = np.empty((BLOCK, self.dimension), np.float32)
        self._matrix[len(self._words)] = values
        self._words.append(word.decode("utf-8", "replace"))
        if len(self._words) == BLOCK:
            self.flush()

    def flush(self) -> None:
        if self._words:
            matrix = self._matrix[: len(self._words)]
            check_finite(self.path, self._words, matrix)
            self._visit(self._words, matrix)
            self._words = []
