"""UTF-8 text files: read with errors that say where, written whole or not at all.

A file whose name ends with ``.gz`` is uncompressed on the fly, and ``-`` is the standard input.
What is read is bounded (``bounded.py``).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Optional, TextIO

from neuroner_tl.corpora.formats.bounded import (
    LARGEST_FILE,
    LONGEST_LINE,
    STANDARD_INPUT,
    BoundedReader,
)
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.file_kind import FIRST_BYTES, kind_of
from neuroner_tl.system.write_errors import writing

BYTE_ORDER_MARK = "\ufeff"
_CONVERT = "convert the file, for example with iconv -f latin1 -t utf-8"


def read_text(path: Path) -> str:
    """Return the file's text as it is on disk: line ends are kept, a byte order mark is not.

    Raises:
        CorpusError: the file cannot be read, is too large or is not UTF-8.
    """
    try:
        with BoundedReader(path) as file:
            data = _read_up_to(file, LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: {_unreadable(error)}") from error
    if len(data) > LARGEST_FILE:
        raise CorpusError(
            f"{path}: found more than {LARGEST_FILE} bytes, expected one document of at most that; "
            "split it"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse_other_kind(path, error, data)
        raise _not_utf8(path, error) from error
    return text[1:] if text.startswith(BYTE_ORDER_MARK) else text


def read_lines(path: Path, any_bytes: bool = False) -> Iterator[tuple[int, str]]:
    """Yield ``(line number from 1, line without its end)``; LF, CRLF and CR all end a line.

    Args:
        path: the file.
        any_bytes: whether to let bytes pass that are not UTF-8, as lone surrogates, which
            `check_encodable` refuses.

    Raises:
        CorpusError: the file cannot be read, is not UTF-8, or has a line that is too long.
    """
    number = 0
    try:
        with _open_text(path, "surrogateescape" if any_bytes else "strict") as file:
            while line := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise CorpusError(
                        f"{path}:{number}: found a line of more than {LONGEST_LINE} characters, "
                        "expected at most that; break it up or remove it"
                    )
                yield number, line.rstrip("\n")
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: {_unreadable(error)}") from error
    except UnicodeDecodeError as error:
        _refuse_other_kind(path, error)
        # The decoder's own offset counts from the start of its buffer.
        plain = path != STANDARD_INPUT and path.suffix != ".gz"
        if plain and path.stat().st_size <= LARGEST_FILE:
            read_text(path)
        remedy = "convert the file before packing it" if path.suffix == ".gz" else _CONVERT
        raise CorpusError(f"{path}: not UTF-8 after line {number}; {remedy}") from error


def read_blocks(path: Path, size: int) -> Iterator[str]:
    """Yield the text of a file of any size in blocks of about ``size`` characters.

    A block ends with a line, or with a word where a line is longer than a block; the blocks
    joined are the text, with LF for every line end.

    Raises:
        CorpusError: the file cannot be read or is not UTF-8.
    """
    rest = ""
    try:
        with _open_text(path) as file:
            while len(more := file.read(size)) == size:
                rest += more
                cut = rest.rfind("\n") + 1 or rest.rfind(" ") + 1 or len(rest)
                yield rest[:cut]
                rest = rest[cut:]
            rest += more
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: {_unreadable(error)}") from error
    except UnicodeDecodeError as error:
        _refuse_other_kind(path, error)
        raise CorpusError(f"{path}: not UTF-8; {_CONVERT}") from error
    if rest:
        yield rest


def ending_of(path: Path) -> str:
    """Return the ending that tells the format: that before ``.gz``, if there is one."""
    name = path.name[:-3] if path.name.endswith(".gz") else path.name
    return Path(name).suffix.lower()


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, uncompressed if it is a ``.gz`` file.

    Raises:
        CorpusError: the file cannot be read, or is too large to be held in memory.
    """
    try:
        with BoundedReader(path, LARGEST_FILE) as file:
            return file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path}: {_unreadable(error)}") from error


def check_encodable(text: str, where: str) -> None:
    """Refuse a text that UTF-8 cannot encode, which JSON can smuggle in.

    Raises:
        CorpusError: the text has a lone surrogate.
    """
    encode_text(text, where)


def encode_text(text: str, where: str) -> bytes:
    """Return a text in UTF-8.

    Raises:
        CorpusError: the text has a lone surrogate.
    """
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        if "\udc80" <= text[error.start] <= "\udcff":  # What `read_lines` lets pass.
            raise CorpusError(
                f"{where}: not UTF-8 at character {error.start} "
                f"(0x{ord(text[error.start]) - 0xDC00:02x}); convert the text"
            ) from error
        raise CorpusError(
            f"{where}: character {error.start} of the text is a lone surrogate, which UTF-8 "
            "cannot encode; remove it from the text"
        ) from error


def write_text_atomically(path: Path, text: str) -> None:
    """Write the text exactly as given (no change of line ends), under a temporary name first.

    Raises:
        CorpusError: the file cannot be written; nothing is left behind then.
    """
    data = encode_text(text, str(path))
    with writing(path):
        write_atomically(path, data)


def _read_up_to(file: BoundedReader, size: int) -> bytes:
    """Return the bytes of a file, at most ``size``; a single read may return fewer."""
    data = bytearray()
    while len(data) < size and (more := file.read(min(size - len(data), 1 << 16))):
        data += more
    return bytes(data)


def _open_text(path: Path, errors: str = "strict") -> TextIO:
    data = io.BufferedReader(BoundedReader(path), 1 << 16)
    return io.TextIOWrapper(data, encoding="utf-8-sig", errors=errors)


def _unreadable(error: Exception) -> str:
    reason = getattr(error, "strerror", None)
    if reason:
        return f"cannot be read: {reason}"
    return f"cannot be unpacked ({error}); the .gz file is damaged or cut short: get it again"


def _refuse_other_kind(
    path: Path, error: UnicodeDecodeError, beginning: Optional[bytes] = None
) -> None:
    """Refuse a file that is not UTF-8 by the name of what it is, if its first bytes tell.

    Args:
        path: the file.
        error: how it was found that it is not UTF-8.
        beginning: its first bytes; None to read them, except from the standard input.
    """
    if beginning is None:
        if path == STANDARD_INPUT:
            return
        with BoundedReader(path) as file:
            beginning = _read_up_to(file, FIRST_BYTES)
    kind = kind_of(beginning)
    if kind is not None:
        raise CorpusError(
            f"{path}: found {kind.name}, expected text in UTF-8; {kind.remedy}"
        ) from error


def _not_utf8(path: Path, error: UnicodeDecodeError) -> CorpusError:
    return CorpusError(
        f"{path}: not UTF-8 at byte offset {error.start} (0x{error.object[error.start]:02x}); "
        f"{_CONVERT}"
    )
