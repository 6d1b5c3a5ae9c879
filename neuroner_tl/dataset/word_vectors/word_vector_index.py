"""A sorted, memory-mapped index of a word-vector file: vectors without reading the whole file.

The index is built once, by one pass over the file, and stored beside it as ``NAME.index``, or in
the user's cache folder if that folder is read-only. It records the size and modification time of
the file, and has checksums of its tables and of each vector: an index that is stale, damaged or of
another format is rebuilt. It is written under a temporary name and renamed, so
that processes that build it at the same time do not disturb each other. Vectors that are stored in
the file as they are used (uncompressed word2vec binary) stay there; others are copied into the
index::

    header, 4096 bytes   JSON, filled up with blanks
    vectors              float32 [words, dimension], unless they stay in the file
    tables               sorted hashes, what word each belongs to, the words, where their
                         vectors are, the vectors' checksums

Look-ups change nothing, so any number of threads may share an index.
"""

from __future__ import annotations

import hashlib
import json
import logging
import mmap
import os
import tempfile
import threading
import zlib
from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Optional, cast

import numpy as np

from neuroner_tl.corpora.public.download import default_cache
from neuroner_tl.dataset.word_vectors.word_vector_file import check_finite
from neuroner_tl.dataset.word_vectors.word_vector_scan import WordVectorScan, check_is_file
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.atomic_file import replacing

logger = logging.getLogger(__name__)

FORMAT = "neuroner_tl word-vector index 1"
_HEADER = 4096  # bytes


def open_word_vectors(path: Path, dimension: int) -> WordVectorIndex:
    """Open the index of a word-vector file; build it if there is none that fits.

    Args:
        path: the file, of any format of `read_word_vectors`.
        dimension: expected length of the vectors.

    Raises:
        CorpusError: the file cannot be used, or changes while it is read.
    """
    path = Path(path)
    check_is_file(path)
    places = index_places(path)
    for place in places:
        try:
            return WordVectorIndex(path, open(place, "rb"), dimension)
        except FileNotFoundError:
            continue
        except (OSError, _Unfit) as error:
            logger.info("%s: the index is not used (%s)", place, error)
    for place in places:
        try:
            return _build(path, place, dimension)
        except _NotWritten as error:
            logger.info("%s: no index can be written (%s)", place, error)
    logger.warning(
        "%s: its index can be kept neither beside it nor in %s, so that it is read again in each "
        "process; make one of these folders writable",
        path,
        places[1].parent,
    )
    return _build(path, None, dimension)


def index_places(path: Path) -> tuple[Path, Path]:
    """Return the places of a file's index: beside it, and in the user's cache folder."""
    known = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:16]
    return (
        path.with_name(f"{path.name}.index"),
        default_cache() / "word_vectors" / f"{known}.index",
    )


class _Unfit(Exception):
    """An index that is stale, damaged or of another format."""


class _NotWritten(Exception):
    """An index that cannot be written where it should be."""


class WordVectorIndex:
    """The words of a word-vector file, each with a number, and their vectors.

    Args:
        path: the word-vector file.
        file: its index, which this object closes.
        dimension: expected length of the vectors.

    Example::

        index = open_word_vectors(Path("pubmed-w2v-200d.bin.gz"), dimension=200)
        vectors = index.vectors(index.find(["asthma", "eczema"]))
    """

    def __init__(self, path: Path, file: BinaryIO, dimension: int) -> None:
        with file:
            status = os.fstat(file.fileno())
            if status.st_size <= _HEADER:
                raise _Unfit("it is truncated")
            # The mapping remains when the file is closed or replaced.
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header = _read_header(self._bytes[:_HEADER])
        if header["source"] != _identity(os.stat(path)):
            raise _Unfit("the word-vector file has changed")
        if header["dimension"] != dimension:
            raise _Unfit(f"it was built for {header['dimension']} dimensions")
        self.path = path
        self.dimension = dimension
        self._size = size = header["words"]
        self._in_place = header["in_place"]
        start = _HEADER + (0 if self._in_place else _padded(4 * dimension * size))
        if hashlib.sha256(memoryview(self._bytes)[start:]).hexdigest() != header["tables"]:
            raise _Unfit("its checksum is wrong")
        try:
            self._hashes, start = self._table("<u8", size, start)
            self._ends, start = self._table("<i8", size + 1, start)
            if self._in_place:
                self._positions, start = self._table("<i8", size, start)
            self._numbers, start = self._table("<u4", size, start)
            self._checks, start = self._table("<u4", size, start)
        except ValueError as error:
            raise _Unfit("its tables are truncated") from error
        self._words = start
        if size and int(self._numbers.max()) >= size:
            raise _Unfit("it lists words that it does not contain")
        self._source = _Positions(path) if self._in_place else None

    def __len__(self) -> int:
        """Return the number of words of the file; one that occurs twice is counted twice."""
        return self._size

    def find(self, words: Iterable[str]) -> dict[str, int]:
        """Return the number of each word that the file has; of equal words, the first counts."""
        known = {word: word.encode("utf-8", "replace") for word in words}
        hashes = np.fromiter(map(_hash, known.values()), np.uint64, len(known))
        places = np.searchsorted(self._hashes, hashes).tolist()
        found = {}
        for (word, data), value, place in zip(known.items(), hashes.tolist(), places):
            while place < self._size and self._hashes[place] == value:
                number = int(self._numbers[place])
                start, end = self._ends[number : number + 2].tolist()
                if self._bytes[self._words + start : self._words + end] == data:
                    found[word] = number
                    break
                place += 1
        return found

    def vectors(self, numbers: Mapping[str, int]) -> np.ndarray:
        """Return vectors of words that were found, float32 ``[len(numbers), dimension]``.

        Raises:
            CorpusError: a vector is not as it was when the index was made, or holds a value that
                is not a finite number.
        """
        width = 4 * self.dimension
        matrix = np.empty((len(numbers), self.dimension), np.float32)
        for row, (word, number) in enumerate(numbers.items()):
            if self._source is not None:
                data = self._source.read(int(self._positions[number]), width)
            else:
                data = self._bytes[_HEADER + number * width : _HEADER + (number + 1) * width]
            if zlib.crc32(data) != self._checks[number]:
                raise CorpusError(
                    f"{self.path}: the vector of {word!r} has changed since the file was "
                    "indexed; start again, and if that does not help remove its index, "
                    + " or ".join(map(str, index_places(self.path)))
                )
            matrix[row] = np.frombuffer(data, "<f4")
        check_finite(self.path, list(numbers), matrix)
        return matrix

    def _table(self, kind: str, size: int, start: int) -> tuple[np.ndarray, int]:
        table = np.frombuffer(self._bytes, kind, size, start)
        return table, start + table.nbytes


class _Positions:
    """Reads at positions of an open file, from any thread."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "rb", buffering=0)
        self._lock = threading.Lock()

    def read(self, position: int, size: int) -> bytes:
        """Read up to ``size`` bytes from a position on."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), size, max(0, position))
        with self._lock:
            self._file.seek(max(0, position))
            return self._file.read(size)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()


class _Builder(WordVectorScan):
    """Builds an index during one pass over the file.

    Tables of five million words take 250 MB meanwhile.
    """

    def __init__(self, path: Path, dimension: int, file: BinaryIO) -> None:
        super().__init__(path, dimension)
        self._file = file
        self._words = bytearray()
        self._hashes, self._ends, self._positions = array("Q"), array("q", [0]), array("q")
        self._checks = array("L" if array("L").itemsize == 4 else "I")

    def keep(self, word: bytes, values: np.ndarray, position: int) -> None:
        data = values.astype("<f4", copy=False).tobytes()
        self._hashes.append(_hash(word))
        self._words += word
        self._ends.append(len(self._words))
        self._checks.append(zlib.crc32(data))
        if self.in_place:
            self._positions.append(position)
        else:
            self._write(data)

    def build(self) -> None:
        """Read the file and write its index.

        Raises:
            CorpusError: the file cannot be used, or changes meanwhile.
            _NotWritten: the index cannot be written.
        """
        before = _identity(os.stat(self.path))
        self._write(bytes(_HEADER))
        self.scan()
        if _identity(os.stat(self.path)) != before:
            raise CorpusError(f"{self.path}: changed while it was read; try again")
        size = len(self._hashes)
        if not self.in_place:
            used = 4 * self.dimension * size
            self._write(bytes(_padded(used) - used))
        # Stable, so that of equal words the first stays first.
        order = np.argsort(np.frombuffer(self._hashes, np.uint64), kind="stable")
        digest = hashlib.sha256()
        for table in (
            np.frombuffer(self._hashes, np.uint64)[order].astype("<u8", copy=False),
            np.frombuffer(self._ends, np.int64).astype("<i8", copy=False),
            np.frombuffer(self._positions, np.int64).astype("<i8", copy=False),
            order.astype("<u4"),
            np.frombuffer(self._checks, np.uint32).astype("<u4", copy=False),
            self._words,
        ):
            data = bytes(table)
            digest.update(data)
            self._write(data)
        header = {
            "format": FORMAT,
            "source": before,
            "dimension": self.dimension,
            "words": size,
            "in_place": self.in_place,
            "tables": digest.hexdigest(),
        }
        try:
            self._file.seek(0)
            self._file.write(json.dumps(header).encode("ascii").ljust(_HEADER))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _NotWritten(error.strerror or error) from error

    def _write(self, data: Any) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise _NotWritten(error.strerror or error) from error


def _build(path: Path, place: Optional[Path], dimension: int) -> WordVectorIndex:
    """Build an index at a place, or one that ends with this process."""
    if place is None:
        try:
            file = cast(BinaryIO, tempfile.TemporaryFile())
            _Builder(path, dimension, file).build()
        except (OSError, _NotWritten) as error:
            raise CorpusError(
                f"{path}: its index cannot be written to {tempfile.gettempdir()} ({error}); make "
                "room there, or make the folder of the word vectors writable"
            ) from error
        return _open_new(path, file, dimension)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.parent.stat().st_mode & 0o222:
            raise _NotWritten("the folder is marked read-only")  # Root would ignore it.
        with replacing(place) as temporary:
            with open(temporary, "w+b") as file:
                logger.info("%s: reading all word vectors to make an index: %s", path, place)
                _Builder(path, dimension, file).build()
            # As readable as the file itself, and no more.
            os.chmod(temporary, path.stat().st_mode & 0o666)
            # Opened before it has its name, which another process may take at the same time.
            return _open_new(path, open(temporary, "rb"), dimension)
    except OSError as error:
        raise _NotWritten(error.strerror or error) from error


def _open_new(path: Path, file: BinaryIO, dimension: int) -> WordVectorIndex:
    """Open an index that was just built.

    Raises:
        CorpusError: it does not fit, for example since the file changed meanwhile.
    """
    try:
        return WordVectorIndex(path, file, dimension)
    except _Unfit as error:
        raise CorpusError(
            f"{path}: its index cannot be used although it was just made ({error}); try again, on "
            "another disk if that does not help"
        ) from error


def _read_header(data: bytes) -> dict[str, Any]:
    """Parse and check a header.

    Raises:
        _Unfit: it is not of this format.
    """
    try:
        header = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _Unfit("it is not an index of word vectors") from error
    kinds = {"source": list, "dimension": int, "words": int, "in_place": bool, "tables": str}
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise _Unfit("it has another format")
    if any(type(header.get(name)) is not kind for name, kind in kinds.items()):
        raise _Unfit("its header is damaged")
    if not 0 <= header["words"] < 1 << 32:
        raise _Unfit("its header is damaged")
    return header


def _identity(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]


def _hash(word: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little")


def _padded(size: int) -> int:
    """Round up to a multiple of 8, at which tables of larger numbers have to begin."""
    return -(-size // 8) * 8
