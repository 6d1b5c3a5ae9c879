"""fastText models: a vector for any word, from its row and those of its runs of characters.

The file is memory-mapped: of a model of gigabytes, only the words and the rows that are looked
up come into memory. Bojanowski et al. (2017), Enriching Word Vectors with
Subword Information.
"""

from __future__ import annotations

import gzip
import mmap
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from neuroner_tl.errors import CorpusError

MAGIC = struct.pack("<i", 793712314)
_VERSION = 12
_HEADER = struct.Struct("<12id")
_DICTIONARY = struct.Struct("<3i2q")
_ENTRY = struct.Struct("<qb")
_MATRIX = struct.Struct("<?2q")
_LONGEST_WORD = 1 << 14


def is_fasttext_file(path: Path) -> bool:
    """Tell a model of fastText, by its first bytes, from a file of word vectors.

    Raises:
        CorpusError: it cannot be read, or is such a model but zipped, which cannot be mapped.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(len(MAGIC))
            if start[:2] == b"\x1f\x8b":
                file.seek(0)
                start = gzip.GzipFile(fileobj=file).read(len(MAGIC))
                if start == MAGIC:
                    raise CorpusError(
                        f"{path}: a fastText model, but gzipped; unpack it: gunzip {path.name}"
                    )
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return False  # The reader of word vectors reports what is wrong.
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}") from error
    return start == MAGIC


class FastTextFile:
    """A fastText model on disk, as the fastText program and gensim write it (``.bin``).

    A word of the model has the mean of its own row and the rows of its runs of characters; any
    other word the mean of the latter. gensim's `load_facebook_vectors` gives the same vectors.

    Args:
        path: the file, not compressed; it stays mapped as long as the object lives.

    Attributes:
        index: number of each word, in the order of the file.
        dimension: length of the vectors.

    Raises:
        CorpusError: the file is missing, damaged, quantised or a classifier.

    Example::

        model = FastTextFile(Path("model.bin"))
        vectors, found = model.compose(["bronchitis", "bronchitides"])
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            with open(self.path, "rb") as file:
                self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise CorpusError(f"{self.path}: cannot be read: {error}") from error
        try:
            self._read_header()
        except (struct.error, IndexError) as error:
            raise self._broken("it ends early") from error
        if hasattr(mmap, "MADV_RANDOM"):
            # A row is 800 bytes somewhere in gigabytes: reading ahead is useless.
            self._file.madvise(mmap.MADV_RANDOM)

    def _read_header(self) -> None:
        if self._file[: len(MAGIC)] != MAGIC:
            raise self._broken("it does not begin like one")
        fields = _HEADER.unpack_from(self._file, len(MAGIC) + 4)
        (version,) = struct.unpack_from("<i", self._file, len(MAGIC))
        self.dimension, self._buckets = fields[0], fields[8]
        self._shortest, self._longest = fields[9], fields[10]
        position = len(MAGIC) + 4 + _HEADER.size
        size, words, labels, _, pruned = _DICTIONARY.unpack_from(self._file, position)
        position += _DICTIONARY.size
        if version != _VERSION or labels or pruned > 0 or words != size:
            raise CorpusError(
                f"{self.path}: a fastText model of version {version} with {labels} labels and "
                f"{max(0, pruned)} pruned entries; expected version {_VERSION} without either: "
                "give a model of word vectors (skipgram or cbow), not quantised"
            )
        known = (self.dimension, self._buckets, self._shortest, self._longest)
        room = len(self._file) // (1 + _ENTRY.size)
        if self.dimension < 1 or min(known) < 0 or not 0 <= size <= room:
            raise self._broken(
                f"its header has dimension {known[0]}, {known[1]} buckets, runs of {known[2]} to "
                f"{known[3]} characters and {size} words"
            )
        self.index: dict[str, int] = {}
        self._first_run = size
        for number in range(size):
            end = self._file.find(b"\0", position, position + _LONGEST_WORD)
            if end < 0:
                raise self._broken(f"word {number + 1} is not terminated")
            word = self._file[position:end].decode("utf-8", "replace")
            self.index.setdefault(word, number)
            position = end + 1 + _ENTRY.size
        quantised, rows, columns = _MATRIX.unpack_from(self._file, position)
        position += _MATRIX.size
        if quantised or columns != self.dimension or rows != size + self._buckets:
            raise self._broken(
                f"a table of {rows} rows and {columns} columns, quantised: {quantised}; expected "
                f"{size + self._buckets} rows and {self.dimension} columns"
            )
        if len(self._file) < position + 4 * rows * columns:
            raise self._broken("it ends early")
        self._rows = np.frombuffer(self._file, "<f4", rows * columns, position).reshape(
            rows, columns
        )

    def __len__(self) -> int:
        """Return the number of words that the model has."""
        return len(self.index)

    def find(self, words: Iterable[str]) -> dict[str, int]:
        """Return the number of each word that the model has."""
        return {word: self.index[word] for word in words if word in self.index}

    def compose(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors of any words, including those that the model lacks.

        Returns:
            float32 ``[len(words), dimension]``, and which words have one, bool ``[len(words)]``: a
            word that is not in the model and shorter than its shortest run has zeros.
        """
        from gensim.models.fasttext import ft_ngram_hashes

        matrix = np.zeros((len(words), self.dimension), np.float32)
        found = np.zeros(len(words), bool)
        for place, word in enumerate(words):
            numbers = []
            if self._longest and self._buckets:
                runs = ft_ngram_hashes(word, self._shortest, self._longest, self._buckets)
                numbers = [self._first_run + run for run in runs]
            own = self.index.get(word)
            if own is not None:
                numbers.append(own)
            if numbers:
                found[place] = True
                with np.errstate(over="ignore", invalid="ignore"):
                    matrix[place] = self._rows[numbers].mean(axis=0)
        if not np.isfinite(matrix).all():
            raise self._broken("it holds values that are not finite numbers")
        return matrix, found

    def _broken(self, reason: str) -> CorpusError:
        return CorpusError(
            f"{self.path}: expected a fastText model, but {reason}; download or train it again"
        )
