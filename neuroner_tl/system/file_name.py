"""Names from outside that become file names: which of them every system accepts."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from typing import Optional

LONGEST = 200
"""Bytes of a name in UTF-8. File systems allow 255; suffix and temporary names need the rest."""

_FORBIDDEN = '<>:"/\\|?*'
# Names of devices on Windows, with any suffix.
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"]
)


def file_name_fault(name: str, longest: int = LONGEST) -> Optional[str]:
    """Say why a name cannot be a file name on every common system.

    Args:
        name: the name, without folder and suffix.
        longest: maximum number of bytes in UTF-8.

    Returns:
        The end of a sentence that begins with the name, such as ``begins with a dot``; None if
        the name is usable.
    """
    if not name:
        return "is empty"
    size = len(name.encode("utf-8", "surrogatepass"))
    if size > longest:
        return f"has {size} bytes, more than {longest}"
    for character in name:
        if character in _FORBIDDEN:
            return f"contains {character}"
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            return f"contains the invisible character U+{ord(character):04X}"
    if name[0] == ".":
        return "begins with a dot"
    if name[0] in "+-":
        return f"begins with {name[0]}, as options and formulas do"
    if name[0].isspace() or name[-1].isspace():
        return "begins or ends with white space"
    if name[-1] == ".":
        return "ends with a dot"
    if name.split(".")[0].rstrip().casefold() in _DEVICES:
        return "is the name of a device on Windows"
    return None


def usable_name(name: str) -> str:
    """Return a name as it is if it may name a file, else the nearest one that may.

    Characters that are not allowed become ``_``; a long name is truncated and ends with a digest of
    the whole, so that names with a common prefix stay distinct.
    """
    if file_name_fault(name) is None:
        return name
    kept = "".join(
        "_" if character in _FORBIDDEN or file_name_fault(f"a{character}a") else character
        for character in name
    ).strip()
    if kept[:1] in (".", "+", "-", ""):
        kept = f"_{kept[1:]}"
    if kept.endswith("."):
        kept = f"{kept[:-1]}_"
    if len(kept.encode()) > LONGEST:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        kept = f"{kept.encode()[: LONGEST - 20].decode('utf-8', 'ignore').rstrip(' .')}-{digest}"
    return kept if file_name_fault(kept) is None else f"_{kept}"


def collision_key(name: str) -> str:
    """Return a key that is equal for names that are the same file on some systems."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def colliding_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Find names that would be the same file on some systems.

    Args:
        names: the names of files in one folder.

    Returns:
        Each name that equals an earlier one but for case or for how Unicode composes its
        characters, or altogether, after that earlier one.
    """
    first: dict[str, str] = {}
    twins = []
    for name in names:
        key = collision_key(name)
        if key in first:
            twins.append((first[key], name))
        else:
            first[key] = name
    return twins
