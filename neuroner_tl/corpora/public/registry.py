"""Which public corpora can be fetched: one data file of addresses, checksums and licence notes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Optional
from urllib.parse import urlparse

from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_file import IniValue, read_ini
from neuroner_tl.system.file_name import file_name_fault

REGISTRY = Path(__file__).with_name("registry.ini")
KINDS = ("corpus", "file")
_NAMES = ("kind", "content", "address", "bytes", "git_blob", "sha256", "licence")


@dataclass(frozen=True)
class Download:
    """Something that can be fetched.

    Args:
        name: what users call it.
        kind: ``corpus``, an archive of brat files, or ``file``, to be kept as it is.
        content: what it is, in a few words.
        address: where it is.
        size: its bytes, None if not known.
        git_blob: SHA-1 of git's blob of it, empty if not known.
        sha256: its SHA-256, empty if not known.
        licence: note on its terms.
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
        """The last part of the address; where that cannot name a file, the name."""
        last = Path(urlparse(self.address).path).name
        return self.name if file_name_fault(last) else last

    def verify(self, path: Path, recorded: str = "") -> str:
        """Check a file against everything that is known of it.

        Args:
            path: the file.
            recorded: SHA-256 of an earlier download, if any.

        Returns:
            Its SHA-256.

        Raises:
            CorpusError: it is another file.
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
                    f"{self.address}: the {what} of what came is {found}, expected {expected}; it "
                    "is not the file that was registered: nothing was kept, try again later"
                )
        return sha256.hexdigest()

    @property
    def has_checksum(self) -> bool:
        """Whether the registry has a checksum."""
        return bool(self.git_blob or self.sha256)


def read_registry(path: Path = REGISTRY) -> dict[str, Download]:
    """Return the downloads of a registry by name.

    Raises:
        ParameterError: the file cannot be read, or an entry is wrong.
    """
    found = {}
    for section, values in read_ini(path, "a registry of downloads").items():
        found[section] = _entry(path, section, values)
    return found


def _entry(path: Path, section: str, values: dict[str, IniValue]) -> Download:
    def value(name: str, is_right: Callable[[str], bool], expected: str) -> str:
        text, line = values.get(name, IniValue("", 0))
        if not is_right(text):
            raise ParameterError(
                f"{path}:{line}: {name} of [{section}]: found {text!r}, expected {expected}"
            )
        return text

    for name in values:
        if name not in _NAMES:
            raise ParameterError(
                f"{path}:{values[name].line}: {name}: found an unknown name in [{section}], "
                f"expected one of {', '.join(_NAMES)}{nearest_hint(name, _NAMES)}"
            )

    fault = file_name_fault(section)
    if fault:
        raise ParameterError(
            f"{path}: found the section [{section}], which {fault}; expected a name that can be "
            "the name of a file: rename it"
        )

    def digest(length: int) -> Callable[[str], bool]:
        return lambda text: (
            not text or (len(text) == length and set(text) <= set("0123456789abcdef"))
        )

    size = value(
        "bytes",
        lambda text: not text or whole_number(text) is not None,
        "a number of bytes or nothing",
    )
    return Download(
        name=section,
        kind=value("kind", lambda text: text in KINDS, f"one of {', '.join(KINDS)}"),
        content=value("content", bool, "a few words"),
        address=value(
            "address",
            _is_web_address,
            "an address that begins with http:// or https://",
        ),
        size=whole_number(size),
        git_blob=value("git_blob", digest(40), "40 hexadecimal digits or nothing"),
        sha256=value("sha256", digest(64), "64 hexadecimal digits or nothing"),
        licence=value("licence", bool, "a note on the terms"),
    )


def whole_number(text: str) -> Optional[int]:
    """Return the number that a text of at most 15 ASCII digits says, of any other text None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlparse(text)
        # Whether a port is a number shows only when it is asked for.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
