"""A pass over a word-vector file: word2vec binary, word2vec text or GloVe text, plain or gzipped.

Files are streamed and only the wanted rows are kept, so that a file of several gigabytes needs
no more memory than the corpus's own words. The format is recognised by the content; the file's
name decides only where the content is ambiguous.
"""

from __future__ import annotations

import gzip
import logging
import zlib
from abc import ABC, abstractmethod
from codecs import BOM_UTF8
from collections import Counter
from pathlib import Path
from typing import Any, BinaryIO, Optional, cast

import numpy as np

from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.shown_text import escaped

logger = logging.getLogger(__name__)

_CHUNK = 1 << 22
_PEEK = 1 << 16
_LONGEST_WORD = 1 << 14
_LONGEST_NUMBER = 64  # bytes in a text file, the space before it included
_LARGEST_DIMENSION = 1 << 14
_MAX_DIGITS = 12  # of a number in the header
_CONTROL = frozenset(range(9)) | frozenset(range(14, 32))


def check_is_file(path: Path) -> None:
    """Raise CorpusError unless there is such a file."""
    if not path.is_file():
        raise CorpusError(
            f"{path}: no such word-vector file; give the path of one, or, for training from "
            "random vectors, leave token_pretrained_embedding_filepath empty"
        )


def check_dimension(path: Path, found: int, expected: int) -> None:
    """Raise CorpusError unless the vectors of a file have the expected length."""
    if found != expected:
        raise CorpusError(
            f"{path}: the word vectors have {found} dimensions, but token_embedding_dimension is "
            f"{expected}; make the two equal"
        )


class WordVectorScan(ABC):
    """One pass over a file; a subclass keeps what it wants.

    Args:
        path: the file.
        dimension: expected length of the vectors; 0 takes the one that the file has.

    Attributes:
        wanted: words to keep, as UTF-8; None keeps all.
        binary: whether the numbers are binary; decided before the first word is kept.
        in_place: whether vectors are stored in the file as they are used: little-endian float32,
            neither text nor compressed. It is decided before the first word is kept.

    Example::

        class Words(WordVectorScan):
            def keep(self, word, values, position):
                print(word)

        Words(Path("vectors.txt"), dimension=0).scan()
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self.path = path
        self.dimension = dimension
        self.wanted: Optional[set[bytes]] = None
        self.binary = False
        self.in_place = False
        self.expected: Optional[int] = None
        self.words_read = 0
        self._zipped = False

    @abstractmethod
    def keep(self, word: bytes, values: np.ndarray, position: int) -> None:
        """Keep a wanted word.

        Args:
            word: the word as the file has it.
            values: float32 ``[dimension]``, valid during the call.
            position: byte at which the vector begins in the file, if vectors are ``in_place``.
        """

    def scan(self) -> None:
        """Read the file.

        Raises:
            CorpusError: as `read_word_vectors` says.
        """
        check_is_file(self.path)
        try:
            with open(self.path, "rb") as raw:
                self._zipped = raw.read(2) == b"\x1f\x8b"
                raw.seek(0)
                if self._zipped:
                    with gzip.GzipFile(fileobj=raw) as unzipped:
                        return self._read(cast(BinaryIO, unzipped))
                return self._read(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._truncated(f"the gzip stream is broken ({error})") from error
        except OSError as error:
            raise CorpusError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    def _read(self, stream: BinaryIO) -> None:
        start = stream.read(_PEEK)
        marked = len(BOM_UTF8) if start.startswith(BOM_UTF8) else 0
        start = start[marked:]
        if not start.strip():
            raise CorpusError(f"{self.path}: the word-vector file is empty; download it again")
        first_line = start.partition(b"\n")[0]
        fields = first_line.split()
        header = len(fields) == 2 and all(f.isdigit() and len(f) <= _MAX_DIGITS for f in fields)
        if header:
            self.expected = int(fields[0])
            self._check_dimension(int(fields[1]))
        else:
            self._check_first_text_line(start)
        if not 0 < self.dimension <= _LARGEST_DIMENSION:
            raise CorpusError(
                f"{self.path}: found neither a header line nor a word and its numbers in the "
                "first lines; expected word2vec binary, word2vec text or GloVe text, of at most "
                f"{_LARGEST_DIMENSION} dimensions"
            )
        if header:
            rest = start[len(first_line) + 1 :]
            if self._is_text(rest):
                self._read_text(stream, rest, first_line_number=2)
            else:
                self._read_binary(stream, rest, marked + len(first_line) + 1)
        else:
            self._read_text(stream, start, first_line_number=1)

    def _check_dimension(self, found: int) -> None:
        self.dimension = self.dimension or found
        check_dimension(self.path, found, self.dimension)

    def _is_text(self, start: bytes) -> bool:
        """Tell word2vec text from word2vec binary by what follows the header."""
        fields = start.partition(b"\n")[0].rsplit(None, self.dimension)
        if len(fields) == self.dimension + 1 and _are_numbers(fields[1:]):
            return True
        if not _CONTROL.isdisjoint(start):
            return False
        return ".bin" not in self.path.suffixes

    def _check_first_text_line(self, start: bytes) -> None:
        """Check the dimension by the most common number of fields in the first lines."""
        lines = start.splitlines()
        complete = lines[:-1] if len(lines) > 1 else lines
        if not _CONTROL.isdisjoint(start):
            raise CorpusError(
                f"{self.path}: neither a header line nor text found; expected word2vec binary, "
                "word2vec text or GloVe text, plain or gzipped"
            )
        rows = [line.split() for line in complete[:20] if line.strip()]
        [(found, _)] = Counter(len(row) - 1 for row in rows).most_common(1) or [(0, 0)]
        typical = next((row for row in rows if len(row) == found + 1), [])
        if found > 0 and _are_numbers(typical[1:]):
            self._check_dimension(found)

    def _read_binary(self, stream: BinaryIO, buffer: bytes, base: int) -> None:
        """Read records ``word, space, little-endian float32 * dimension[, line feed]``.

        The buffer begins at byte ``base`` of the file.
        """
        assert self.expected is not None
        self.binary, self.in_place = True, not self._zipped
        width = 4 * self.dimension
        wanted = self.wanted
        position = 0
        with self._progress() as bar:
            while self.words_read < self.expected:
                before = self.words_read
                # All complete records in the buffer, without a call per record.
                last_start = len(buffer) - width - 1
                while position <= last_start and self.words_read < self.expected:
                    space = buffer.find(b" ", position, last_start + 1)
                    if space < 0:
                        break
                    word = buffer[position:space].lstrip(b"\n")
                    if wanted is None or word in wanted:
                        values = np.frombuffer(buffer, "<f4", self.dimension, space + 1)
                        self.keep(word, values, base + space + 1)
                    position = space + 1 + width
                    self.words_read += 1
                bar.update(self.words_read - before)
                if self.words_read == self.expected:
                    return
                if len(buffer) - position > width + _LONGEST_WORD:
                    raise CorpusError(
                        f"{self.path}: word {self.words_read + 1} does not end within "
                        f"{_LONGEST_WORD} bytes; the file is not word2vec binary, or is damaged; "
                        "download it again"
                    )
                more = stream.read(_CHUNK)
                if not more:
                    raise self._truncated("the file is truncated")
                buffer = buffer[position:] + more
                base += position
                position = 0

    def _read_text(self, stream: BinaryIO, buffer: bytes, first_line_number: int) -> None:
        """Read lines ``word number ... number``; the word itself may contain spaces."""
        number = first_line_number
        with self._progress() as bar:
            while True:
                more = stream.read(_CHUNK)
                lines = (buffer + more).split(b"\n")
                buffer = lines.pop() if more else b""
                before = self.words_read
                for line in lines:
                    if self.words_read == self.expected:
                        if line.strip():
                            logger.warning(
                                "%s:%d: the header says %d words, so that lines from here on are "
                                "not read; correct the header",
                                self.path,
                                number,
                                self.expected,
                            )
                        return
                    self._read_line(line, number)
                    number += 1
                bar.update(self.words_read - before)
                if not more:
                    break
                if len(buffer) > _LONGEST_WORD + _LONGEST_NUMBER * self.dimension:
                    found = f"{len(buffer)} bytes without a line end"
                    raise self._broken_line(number, found, buffer)
        if self.expected is not None and self.words_read < self.expected:
            raise self._truncated("the file is truncated")

    def _read_line(self, line: bytes, number: int) -> None:
        line_fields = line.rstrip()
        if not line_fields:
            return
        if line_fields.count(b" ") == self.dimension and not line_fields.startswith(b" "):
            word, _, numbers = line_fields.partition(b" ")
            values = None
        else:
            fields = line_fields.rsplit(None, self.dimension)
            if len(fields) == self.dimension and line[:1].isspace() and _are_numbers(fields):
                self.words_read += 1  # The word is white space: no token can equal it.
                return
            if len(fields) != self.dimension + 1:
                raise self._broken_line(number, f"{len(line_fields.split())} fields", line)
            word, values = fields[0], fields[1:]
            numbers = b""
        self.words_read += 1
        if self.wanted is None or word in self.wanted:
            values = numbers.split(b" ") if values is None else values
            try:
                vector = np.array([float(value) for value in values], np.float32)
            except ValueError:
                wrong = next(value for value in values if not _are_numbers([value]))
                text = wrong.decode("utf-8", "replace")
                raise self._broken_line(number, f"{text!r}", line) from None
            self.keep(word, vector, 0)

    def _progress(self) -> Any:
        return progress_bar(
            total=self.expected,
            desc=f"word vectors {escaped(self.path.name)}",
            unit=" words",
            unit_scale=True,
            delay=2,
        )

    def _broken_line(self, number: int, found: str, line: bytes) -> CorpusError:
        start = line[:40].decode("utf-8", "replace").strip()
        return CorpusError(
            f"{self.path}:{number}: expected a word and {self.dimension} numbers, found {found} "
            f"in the line that begins {start!r}; correct the line or download the file again"
        )

    def _truncated(self, reason: str) -> CorpusError:
        expected = "" if self.expected is None else f" of {self.expected}"
        return CorpusError(
            f"{self.path}: {reason} after {self.words_read}{expected} words; download it again"
        )


def _are_numbers(fields: list[bytes]) -> bool:
    try:
        for field in fields:
            float(field)
    except ValueError:
        return False
    return True
