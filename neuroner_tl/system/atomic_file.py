"""Files that are written whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import RawIOBase
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.system.temporary import remove_leftovers, temporary_path
from neuroner_tl.system.write_errors import naming

# Linux has it, but Python has no name for it.
_syncfs: Optional[Callable[[int], int]] = (
    getattr(ctypes.CDLL(None), "syncfs", None) if sys.platform == "linux" else None
)
# Folders that this process has already searched for leftovers of killed processes.
_cleared: set[Path] = set()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, then rename it, safely against a power cut.

    The first write into a folder also removes what killed processes left there.

    Raises:
        OSError: it cannot be written, and the error has a path; nothing is left behind then.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside a file; what is written there replaces the file at the end.

    For writers that need a path. If they raise, the file is unchanged and nothing is left behind.

    Raises:
        OSError: it cannot be written, and the error has a path; or there is something other than a
            file, such as a device, which would be lost.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "found a device or a pipe, expected a file", str(path))
    folder = path.parent.absolute()
    if folder not in _cleared:
        _cleared.add(folder)
        remove_leftovers(folder)
    temporary = temporary_path(path)
    try:
        with naming(path):
            yield temporary
            _fsync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def append_whole(file: RawIOBase, data: bytes) -> None:
    """Write data at the end of an unbuffered file and on the disk, or leave the file as it is.

    Raises:
        OSError: for example, the disk is full.
    """
    end = file.seek(0, os.SEEK_END)
    try:
        if file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except BaseException:
        file.truncate(end)
        raise


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk.

    Raises:
        OSError: they cannot be written, and the error has the path.
    """
    with naming(path):
        _fsync(path)


def _fsync(path: Path) -> None:
    try:
        # Windows writes out only what is open for writing.
        descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    except PermissionError:
        return  # Windows cannot open folders; it makes names durable itself.
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(folder: Path) -> None:
    """Wait until all files of a folder are on the disk, by one call where the system has one."""
    if _syncfs is not None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if _syncfs(descriptor) == 0:
                return
        finally:
            os.close(descriptor)
    for path in folder.iterdir():
        sync(path)


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, indented, in UTF-8."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(path, (text + "\n").encode("utf-8"))
