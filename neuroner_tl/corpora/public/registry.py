"""The public corpora that can be fetched: addresses, checksums and licence notes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Optional
from urllib.parse import urlparse

from pydantic import Field, field_validator

from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.parameters.ini_file import Section, read_sections
from neuroner_tl.system.file_name import file_name_fault

REGISTRY = Path(__file__).with_name("registry.ini")


@dataclass(frozen=True)
class Download:
    """Something that can be fetched.

    Attributes:
        name: what users call it.
        kind: ``corpus``, an archive of brat files, or ``file``, kept as it is.
        content: what it is, in a few words.
        address: where it is.
        size: its size in bytes, None if unknown.
        git_blob: SHA-1 of its git blob, empty if unknown.
        sha256: its SHA-256, empty if unknown.
        licence: note on its terms.

    Example:
        >>> read_registry()["CALBC_SSC_diso_50K"].content
        'silver, diseases'
    """

    name: str
    kind: str
    content: str
    address: str
    size: Optional[int]
    git_blob: str
    sha256: str
    licence: str

    @property
    def file_name(self) -> str:
        """The last part of the address; the name, if that cannot be a file name."""
        last = Path(urlparse(self.address).path).name
        return self.name if file_name_fault(last) else last

    def verify(self, path: Path, recorded: str = "") -> str:
        """Check a file against everything that is known about it.

        Args:
            path: the file.
            recorded: SHA-256 of an earlier download, if any.

        Returns:
            Its SHA-256.

        Raises:
            CorpusError: it is a different file.
        """
        size = path.stat().st_size
        sha256, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % size)
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                sha256.update(block)
                blob.update(block)
        for what, found, expected in (
            ("size in bytes", str(size), "" if self.size is None else str(self.size)),
            ("git blob id", blob.hexdigest(), self.git_blob),
            ("sha256", sha256.hexdigest(), self.sha256),
            ("sha256 of the first download", sha256.hexdigest(), recorded),
        ):
            if expected and found != expected:
                raise CorpusError(
                    f"{self.address}: the {what} of the download is {found}, expected {expected}; "
                    "it is not the file that was registered: nothing was kept, try again later"
                )
        return sha256.hexdigest()

    @property
    def has_checksum(self) -> bool:
        """Whether the registry has a checksum."""
        return bool(self.git_blob or self.sha256)


class _Entry(Section):
    kind: Literal["corpus", "file"]
    content: str = Field(description="a few words")
    address: str = Field(description="an address that begins with http:// or https://")
    bytes: Optional[int] = Field(None, ge=0, lt=10**15, description="a number of bytes or nothing")
    git_blob: str = Field(
        "", pattern=r"^[0-9a-f]{40}$", description="40 hexadecimal digits or nothing"
    )
    sha256: str = Field(
        "", pattern=r"^[0-9a-f]{64}$", description="64 hexadecimal digits or nothing"
    )
    licence: str = Field(description="a note on the terms")

    @field_validator("address")
    @classmethod
    def _is_web_address(cls, text: str) -> str:
        parts = urlparse(text)
        # Whether the port is a number shows only when it is read.
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            raise ValueError("no web address")
        return text


def read_registry(path: Path = REGISTRY) -> dict[str, Download]:
    """Return the downloads of a registry by name.

    Raises:
        ParameterError: the file cannot be read, or an entry is wrong.
    """
    found = {}
    entries = read_sections(path, {"*": _Entry}, "a registry of downloads").sections(_Entry)
    for name, entry in entries.items():
        fault = file_name_fault(name)
        if fault:
            raise ParameterError(
                f"{path}: found the section [{name}], which {fault}; expected a name that can be "
                "the name of a file: rename it"
            )
        found[name] = Download(
            name=name,
            kind=entry.kind,
            content=entry.content,
            address=entry.address,
            size=entry.bytes,
            git_blob=entry.git_blob,
            sha256=entry.sha256,
            licence=entry.licence,
        )
    return found


def whole_number(text: str) -> Optional[int]:
    """Parse a text of at most 15 ASCII digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None
