"""What a file is that is no text in UTF-8, told from its first bytes."""

from __future__ import annotations

from typing import NamedTuple, Optional

FIRST_BYTES = 8
"""How many bytes `kind_of` needs."""


class FileKind(NamedTuple):
    """A kind of file that is often given where text is expected.

    Attributes:
        name: what it is, such as ``a PDF file``.
        remedy: how to get text from it.

    Example:
        >>> kind_of(b"%PDF-1.7").name
        'a PDF file'
    """

    name: str
    remedy: str


_OFFICE = "save it as plain text in UTF-8 (in Excel: CSV UTF-8)"
_UTF_16 = FileKind("text in UTF-16", f"{_OFFICE}, or convert it with iconv -f utf-16 -t utf-8")
_KINDS = {
    b"\xff\xfe": _UTF_16,
    b"\xfe\xff": _UTF_16,
    b"%PDF": FileKind("a PDF file", "extract its text, for example with pdftotext"),
    b"PK\x03\x04": FileKind("a file of Office or a .zip archive", f"{_OFFICE}, or unpack it"),
    b"\xd0\xcf\x11\xe0": FileKind("a file of Office", _OFFICE),
    b"\x1f\x8b": FileKind(
        "a file packed by gzip", "unpack it, or give it a name that ends with .gz"
    ),
}


def kind_of(beginning: bytes) -> Optional[FileKind]:
    """Return the kind of a file with these first bytes; None if it is none of those known.

    >>> kind_of("gout".encode("utf-16")).name
    'text in UTF-16'
    >>> kind_of(b"gout")
    """
    return next((kind for first, kind in _KINDS.items() if beginning.startswith(first)), None)
