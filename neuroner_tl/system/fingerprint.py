"""The identity of a file: its size and sha256."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Optional

from neuroner_tl.system.atomic_file import write_json

REMEMBERED = 256
# A file changed twice within one tick of the file system's clock looks like one changed once.
_SETTLED_NS = 2_000_000_000
# Digests that this process has computed.
_known: dict[str, str] = {}


def file_digest(file: BinaryIO) -> bytes:
    """Return the sha256 of the rest of an open file."""
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    return digest.digest()


def fingerprint(path: Path) -> dict[str, Any]:
    """Return a file's size and sha256 as a manifest has them."""
    with open(path, "rb") as file:
        return {"size": path.stat().st_size, "sha256": file_digest(file).hex()}


def content_digest(path: Path, memory: Optional[Path] = None) -> str:
    """Return the sha256 of a file, in hexadecimal digits, reading a large file only once.

    Args:
        path: the file.
        memory: a JSON file that remembers digests for other processes, by path, size, inode and
            times of change, including that of the inode, which cannot be set back. One that
            cannot be read or written costs time, nothing else.

    Raises:
        OSError: the file cannot be read.
    """
    with open(path, "rb") as file:
        before = os.fstat(file.fileno())
        key = _identity(path, before)
        if key in _known:
            return _known[key]
        remembered = {} if memory is None else _remembered(memory)
        if key in remembered:
            return _known.setdefault(key, remembered[key])
        digest = file_digest(file).hex()
        after = os.fstat(file.fileno())
    settled = time.time_ns() - max(after.st_mtime_ns, after.st_ctime_ns) > _SETTLED_NS
    if settled and _identity(path, after) == key:
        _known[key] = digest
        if memory is not None:
            _remember(memory, {**remembered, key: digest})
    return digest


def files_digest(folder: Path, files: Iterable[Path], memory: Optional[Path] = None) -> str:
    """Return a digest of the names and contents of files, reading them only if one has changed.

    Args:
        folder: that the files' names are relative to; another place does not change the digest.
        files: the files, in any order.
        memory: as for `content_digest`.

    Raises:
        OSError: a file cannot be read.
    """
    ordered = sorted(files)
    names = [
        path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape") for path in ordered
    ]
    status = [path.stat() for path in ordered]
    listing = hashlib.sha256()
    for name, path, one in zip(names, ordered, status):
        # A link may have another name and lead to the same file.
        listing.update(name + b"\0" + _identity(path, one).encode("utf-8", "surrogateescape"))
    key = json.dumps([str(folder.resolve()), listing.hexdigest()])
    known = {} if memory is None else _remembered(memory)
    if key in known:
        return known[key]
    whole = hashlib.sha256()
    for name, path in zip(names, ordered):
        with open(path, "rb") as file:
            whole.update(name + b"\0" + file_digest(file))
    newest = max((max(one.st_mtime_ns, one.st_ctime_ns) for one in status), default=0)
    if memory is not None and time.time_ns() - newest > _SETTLED_NS:
        _remember(memory, {**known, key: whole.hexdigest()})
    return whole.hexdigest()


def _identity(path: Path, status: os.stat_result) -> str:
    times = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev)
    return json.dumps([str(Path(path).resolve()), *times])


def _remembered(memory: Path) -> dict[str, str]:
    try:
        content = json.loads(memory.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {key: value for key, value in content.items() if isinstance(value, str)}


def _remember(memory: Path, digests: dict[str, str]) -> None:
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        write_json(memory, dict(list(digests.items())[-REMEMBERED:]))
    except (OSError, ValueError):
        pass
