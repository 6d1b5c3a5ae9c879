"""Temporary files and folders, named after the process that makes them.

A process that is killed cannot remove what it was writing. Its temporary names say which process it
was, on which machine or in which container, and when it started, so the next run that writes to the
same place knows that they are no longer needed and removes them.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Optional

import psutil

# Beside the target: `.NAME.HOST-PROCESS-START-NUMBER.tmp`; `.old` is what is being replaced.
_TEMPORARY, _OLD = "tmp", "old"
_NAME = re.compile(r"\..*\.([0-9a-f]{8})-(\d+)-(\d+)-\d+\.(tmp|old)", re.DOTALL)
# Bytes of the target's name that a temporary name keeps; file systems allow 255 in all.
_LONGEST = 160
# Whether a process on another machine is alive cannot be checked; none writes for this long.
_STALE_SECONDS = 86400
# Linux numbers processes in each of these by themselves; containers may share the machine's name.
_NAMESPACE = "/proc/self/ns/pid"
_numbers = itertools.count()


def temporary_path(target: Path, kind: str = _TEMPORARY) -> Path:
    """Return a new hidden name beside a target; nothing is created."""
    pid = os.getpid()
    owner = f"{_host()}-{pid}-{_start_of(pid) or 0}-{next(_numbers)}"
    return target.with_name(f"{_prefix(target)}{owner}.{kind}")


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Make a folder beside a target, in which the target is built, and remove it at the end.

    What killed processes left of the same target is removed first. `replace_folder` moves the
    folder to the target.

    Raises:
        OSError: the folder cannot be made.
    """
    remove_leftovers_of(target)
    folder = temporary_path(target)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """Make a folder in the system's temporary folder, and remove it at the end."""
    with temporary_folder(Path(tempfile.gettempdir()) / f"neuroner_tl-{purpose}") as folder:
        yield folder


def replace_folder(new: Path, target: Path) -> None:
    """Replace a folder by a finished one; the old one is deleted only afterwards.

    Raises:
        OSError: it cannot be replaced; the target is unchanged.
    """
    old = temporary_path(target, _OLD)
    replaced = target.exists()
    if replaced:
        os.replace(target, old)
    try:
        os.replace(new, target)
    except BaseException:
        if replaced:
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def remove_leftovers_of(target: Path) -> None:
    """Remove what killed processes left of a target.

    A process that is killed between the two steps of `replace_folder` leaves the old folder under
    a hidden name and nothing in its place: the folder is put back.
    """
    for path, kind in _leftovers(target.parent, _prefix(target)):
        try:
            if kind == _OLD and not target.exists():
                os.replace(path, target)
        except OSError:
            continue  # Another process was faster.
        _remove(path)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders of killed processes from a folder."""
    for path, kind in _leftovers(folder):
        if kind == _TEMPORARY:
            _remove(path)


def _prefix(target: Path) -> str:
    kept = target.name.encode("utf-8", "ignore")[:_LONGEST].decode("utf-8", "ignore")
    return f".{kept}."


def _leftovers(folder: Path, prefix: Optional[str] = None) -> Iterator[tuple[Path, str]]:
    """Yield the temporary names of dead processes, of all targets or of one, and their kind."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        match = _NAME.fullmatch(name)
        if match is None or (prefix is not None and name[: match.start(1)] != prefix):
            continue
        path = folder / name
        if _is_dead(path, match[1], int(match[2]), int(match[3])):
            yield path, match[4]


def _is_dead(path: Path, host: str, pid: int, start: int) -> bool:
    if host != _host():
        try:
            return time.time() - path.lstat().st_mtime > _STALE_SECONDS
        except OSError:
            return False
    found = _start_of(pid)
    return found is None or (start != 0 and found not in (0, start))


@cache
def _host() -> str:
    try:
        namespace = os.readlink(_NAMESPACE)
    except OSError:
        namespace = ""
    return hashlib.sha256(f"{socket.gethostname()} {namespace}".encode()).hexdigest()[:8]


def _start_of(pid: int) -> Optional[int]:
    """Return the start of a process, in the system's unit; 0 if unknown, None if there is none."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                # The name of the program, in parentheses, may hold anything.
                fields = file.read().rpartition(b")")[2].split()
            return None if fields[0] in (b"Z", b"X") else int(fields[19])
        except (FileNotFoundError, ProcessLookupError):
            return None
        except (OSError, IndexError, ValueError):
            return 0
    return 0 if psutil.pid_exists(pid) else None


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        pass  # It may belong to another user; it only costs space.
