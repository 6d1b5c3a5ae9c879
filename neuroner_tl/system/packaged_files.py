"""The parameter files and definitions that come with the package, wherever it is installed.

They are named as in the repository, such as ``parameters/baseline.ini``. A file of that name below
the current folder is the user's own and comes first.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path, PurePath
from typing import Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.write_errors import writing

FOLDERS = ("parameters", "experiments")


def existing_file(path: Path) -> Path:
    """Return where a file is: the path itself, or the packaged file that it names.

    >>> existing_file(Path("parameters/baseline.ini")).is_file()
    True
    >>> existing_file(Path("my_own.ini"))
    PosixPath('my_own.ini')
    """
    if os.path.lexists(path):
        return path
    return _packaged(path) or path


def packaged_names() -> list[str]:
    """Return the names of all packaged files, such as ``experiments/quickstart.ini``."""
    root = _root()
    found = (path for folder in FOLDERS for path in (root / folder).glob("**/*.ini"))
    return sorted(path.relative_to(root).as_posix() for path in found)


def copy_packaged(name: str, folder: Optional[StrPath] = None) -> Path:
    """Write a packaged file where it can be changed.

    Args:
        name: ``baseline`` for ``parameters/baseline.ini``; other files with their folder, such as
            ``experiments/quickstart``.
        folder: where the file is written; None for the folder of its name, below the current one,
            where commands find it in place of the packaged one.

    Returns:
        The new file.

    Raises:
        ParameterError: the name is unknown; or the new file exists or cannot be written.
    """
    wanted = name if name.endswith(".ini") else f"{name}.ini"
    if len(PurePath(wanted).parts) == 1:
        wanted = f"{FOLDERS[0]}/{wanted}"
    source = _packaged(Path(wanted))
    if source is None:
        names = [known[:-4].removeprefix("parameters/") for known in packaged_names()]
        raise ParameterError(f"found {name!r}, expected {one_of(name, names)}")
    target = Path(wanted) if folder is None else Path(folder) / source.name
    if os.path.lexists(target):
        raise ParameterError(
            f"{target}: exists, expected a new file; remove it, or give another folder"
        )
    with writing(target, ParameterError):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, source.read_bytes())
    return target


def _packaged(path: Path) -> Optional[Path]:
    parts = path.parts
    if path.suffix != ".ini" or parts[0] not in FOLDERS or ".." in parts:
        return None
    found = _root() / path
    return found if found.is_file() else None


def _root() -> Path:
    """Return the folder that has `FOLDERS`: in the package, or the top of the repository."""
    package = Path(str(files("neuroner_tl")))
    installed = package / "system" / "packaged"
    return installed if (installed / FOLDERS[0]).is_dir() else package.parent
