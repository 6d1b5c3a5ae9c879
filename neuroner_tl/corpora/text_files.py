"""UTF-8 text files: read with errors that say where, written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuroner_tl.atomic_file import write_atomically
from neuroner_tl.errors import CorpusError

BYTE_ORDER_MARK = "\ufeff"


def read_text(path: Path) -> str:
    """Return the file's text as it is on disk: line ends are kept, a byte order mark is not.

    Raises:
        CorpusError: the file cannot be read or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from error
    return text[1:] if text.startswith(BYTE_ORDER_MARK) else text


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield ``(line number from 1, line without its end)``; LF, CRLF and CR all end a line.

    Raises:
        CorpusError: the file cannot be read or is not UTF-8.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip("\n")
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        # The decoder's own offset counts from the start of its buffer.
        read_text(path)
        raise


def write_text_atomically(path: Path, text: str) -> None:
    """Write the text exactly as given (no change of line ends), under a temporary name first.

    Raises:
        CorpusError: the file cannot be written; nothing is left behind then.
    """
    try:
        write_atomically(path, text.encode("utf-8"))
    except OSError as error:
        raise CorpusError(
            f"{path}: cannot be written: {error.strerror}; check that the folder exists and "
            "may be written"
        ) from error
    except UnicodeEncodeError as error:
        raise CorpusError(
            f"{path}: character {error.start} of the text is a lone surrogate, which UTF-8 "
            "cannot hold; remove it from the text"
        ) from error


def _not_utf8(path: Path, error: UnicodeDecodeError) -> CorpusError:
    return CorpusError(
        f"{path}: not UTF-8 at byte offset {error.start} (0x{error.object[error.start]:02x}); "
        "convert the file, for example with iconv -f latin1 -t utf-8"
    )
