"""What counts as a path in the functions that users call, and how paths are written down."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Union

StrPath = Union[str, "os.PathLike[str]"]
"""A text, a `Path`, or anything that has one, such as the folder of a run."""


def expanded_path(path: StrPath) -> Path:
    """Return a path with ``~`` and ``~USER`` as home folders; of an unknown user it stays as it is.

    >>> expanded_path("~nobody_of_this_name/x").as_posix()
    '~nobody_of_this_name/x'
    """
    return Path(os.path.expanduser(path))


def relative_path(path: StrPath, start: StrPath) -> str:
    """Return the way from a folder to a path, with slashes on every system.

    On Windows there is none between two drives: it is the whole path then.

    >>> relative_path("runs/1/model", "runs/2")
    '../1/model'
    """
    try:
        return Path(os.path.relpath(path, start)).as_posix()
    except ValueError:
        return Path(os.path.abspath(path)).as_posix()
