"""Bounds on what is read, so that a small crafted file cannot fill the memory or the disk."""

from __future__ import annotations

import gzip
import io
import sys
import weakref
from pathlib import Path
from typing import Any, BinaryIO, Optional, cast

from neuroner_tl.errors import CorpusError

STANDARD_INPUT = Path("-")
"""Path of the standard input, where a reader takes a file."""
LONGEST_LINE = 1 << 24
"""Characters of a line of text; bytes of a record of an XML file."""
LARGEST_FILE = 1 << 26
"""Bytes of a file that is held in memory as a whole, after unpacking."""
LARGEST_EXPANSION = 50
"""How many times its own size a packed file may unpack to, beyond the first 16 MiB."""
MAX_COVERED = 1 << 26
"""Characters that the annotations of one document may cover together."""
_ALWAYS_ALLOWED = 1 << 24
_GZIP = b"\x1f\x8b"


class BoundedReader(io.RawIOBase):
    """A file, unpacked if its name ends with ``.gz``, that refuses to read past its bounds.

    The standard input is unpacked if it begins as a packed file does. Its size is unknown, so that
    how far it may expand is not bounded.

    Args:
        path: the file; ``-`` for the standard input.
        largest: most bytes between two calls of `restart`; None for any number.
        what: what errors call these bytes.

    Raises:
        CorpusError: from any read, when a bound is passed.
        OSError: the file cannot be opened or read.

    Example::

        with io.TextIOWrapper(BoundedReader(Path("corpus.jsonl.gz"), 2**20, "line")) as file:
            first = file.readline()
    """

    def __init__(self, path: Path, largest: Optional[int] = None, what: str = "file") -> None:
        self._path = path
        self._what = what
        self._largest = largest
        self._source = _open(path)
        _reading[path] = self
        self._since_restart = self._total = 0
        self._allowed: Optional[int] = None
        if path.suffix == ".gz":
            self._allowed = max(_ALWAYS_ALLOWED, LARGEST_EXPANSION * path.stat().st_size)

    def readable(self) -> bool:
        """Tell that it can be read, as `io` asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes."""
        content = self._source.read(len(buffer))
        buffer[: len(content)] = content
        self._total += len(content)
        self._since_restart += len(content)
        if self._allowed is not None and self._total > self._allowed:
            raise CorpusError(
                f"{self._path}: unpacks to more than {LARGEST_EXPANSION} times its size, expected "
                "text; if you trust the file, unpack it and give the unpacked one"
            )
        if self._largest is not None and self._since_restart > self._largest:
            raise CorpusError(
                f"{self._path}: found a {self._what} of more than {self._largest} bytes, expected "
                "at most that; split it"
            )
        return len(content)

    def restart(self) -> None:
        """Start counting again: the next bytes belong to a new line, record or file."""
        self._since_restart = 0

    def position(self) -> int:
        """Return how many bytes of the file on disk are read; 0 where that is not known."""
        file = getattr(self._source, "fileobj", self._source)
        try:
            return int(file.tell())
        except (OSError, ValueError, AttributeError):
            return 0

    def close(self) -> None:
        """Close the file; the standard input stays open."""
        if self._path != STANDARD_INPUT:
            self._source.close()
        super().close()


# The newest reader of each file.
_reading: weakref.WeakValueDictionary[Path, BoundedReader] = weakref.WeakValueDictionary()


def position_in(path: Path) -> int:
    """Return how many bytes of a file on disk are read by its newest reader; 0 without one."""
    reader = _reading.get(path)
    return 0 if reader is None else reader.position()


def _open(path: Path) -> BinaryIO:
    if path != STANDARD_INPUT:
        return cast(BinaryIO, gzip.open(path) if path.suffix == ".gz" else open(path, "rb"))
    source = cast(io.BufferedReader, sys.stdin.buffer)
    if source.peek(2)[:2] == _GZIP:
        return cast(BinaryIO, gzip.open(source))
    return source


def check_covered(covered: int, where: str) -> None:
    """Refuse annotations that together repeat a text many times.

    Args:
        covered: characters that the annotations of a document cover so far.
        where: the place for the error message.

    Raises:
        CorpusError: they are too many.
    """
    if covered > MAX_COVERED:
        raise CorpusError(
            f"{where}: its annotations cover more than {MAX_COVERED} characters, expected "
            "mentions; remove those that cover long stretches of the text"
        )
