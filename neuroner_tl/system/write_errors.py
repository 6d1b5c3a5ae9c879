"""Errors of what cannot be written: which file, why, and the remedy."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import CorpusError, NeuroNERError


def disk_full_error(error: Optional[BaseException]) -> Optional[OSError]:
    """Return the error that says that no space is left: this one, or one that it was made from."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return error
        error = error.__cause__
    return None


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error, or one that it was made from, says that no space is left."""
    return disk_full_error(error) is not None


def write_fault(error: OSError) -> str:
    """Say why something could not be written, and the remedy."""
    reason = error.strerror or str(error)
    if is_disk_full(error):
        return f"{reason}; free some space, or choose a folder on another disk"
    if error.errno == errno.EINVAL:
        return f"{reason}; choose another path"
    return f"{reason}; check that the folder exists and is writable"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Add the path that was being written to an error of the operating system that has none.

    A write to an open file fails without a name: "No space left on device" does not say which.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


@contextmanager
def writing(target: object, kind: type[NeuroNERError] = CorpusError) -> Iterator[None]:
    """Turn errors of the operating system into one for users, which names what is written.

    Args:
        target: the file or folder.
        kind: the kind of the error.
    """
    try:
        yield
    except OSError as error:
        raise kind(f"{target}: cannot be written: {write_fault(error)}") from error
