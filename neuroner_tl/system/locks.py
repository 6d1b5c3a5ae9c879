"""Locks between processes, including those on several machines that share a disk.

A lock is an empty file beside what it protects. The operating system releases a lock when its
process ends, however it ends, so the lock of a process that was killed is free.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from filelock import FileLock, Timeout

# Seconds between attempts to take a lock that another process holds.
_PAUSE_SECONDS = 0.01
# Seconds in which a process that only checks a lock has released it, on a busy machine too.
_CHECK_SECONDS = 0.25


@contextmanager
def lock(path: Path, wait: Optional[float] = None) -> Iterator[bool]:
    """Hold a lock while the block lasts.

    Two locks of one path exclude each other within a process, too.

    Args:
        path: the lock file, created with its folder if needed. It may be left in place.
        wait: seconds to wait for another holder; None to wait for as long as it takes.

    Yields:
        Whether the lock is held; false if another process did not release it in time.

    Raises:
        OSError: the file cannot be made, or its file system has no locks.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(path, timeout=-1 if wait is None else wait)
    try:
        held.acquire(poll_interval=_PAUSE_SECONDS)
    except Timeout:
        yield False
        return
    except NotImplementedError:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(path)) from None
    try:
        yield True
    finally:
        held.release()


def is_locked(path: Path) -> bool:
    """Tell whether a lock is held; a lock file that is read-only counts as held."""
    if not path.exists():
        return False
    try:
        # Another process that only checks, like this one, releases it in a moment.
        with lock(path, wait=_CHECK_SECONDS) as free:
            return not free
    except OSError:
        return True
