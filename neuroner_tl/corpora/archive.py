"""Archives unpacked so that nothing is written outside the folder, and no more than expected."""

from __future__ import annotations

import os
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Optional

from neuroner_tl.corpora.brat_parts import check_new_folder
from neuroner_tl.errors import CorpusError
from neuroner_tl.temporary import temporary_folder, why_not_written

LARGEST_TOTAL = 4 * 2**30  # bytes
MOST_FILES = 500_000


def unpack(
    archive: Path,
    target: Path,
    largest_total: int = LARGEST_TOTAL,
    keep: Optional[Callable[[PurePosixPath], bool]] = None,
) -> None:
    """Unpack a tar archive (plain, gzip, bzip2 or xz) into a new folder, all of it or nothing.

    Only folders and plain files are made, with ordinary permissions. A single folder that holds
    everything is left away, so that the target is the corpus.

    Args:
        archive: the file.
        target: the folder to make; it may exist if it is empty.
        largest_total: most bytes to unpack.
        keep: tells which files to unpack; None unpacks all.

    Raises:
        CorpusError: no archive, a damaged one, one with a path outside the folder, a link or a
            device, or one larger than the bounds.
    """
    check_new_folder(target)
    try:
        with temporary_folder(target) as temporary:
            with tarfile.open(archive) as packed:
                _unpack_all(packed, archive, temporary, largest_total, keep)
            inside = list(temporary.iterdir())
            if not inside:
                raise CorpusError(f"{archive}: no files in it; expected the archive of a corpus")
            source = inside[0] if len(inside) == 1 and inside[0].is_dir() else temporary
            if source.name in ("train", "valid", "test", "deploy"):
                source = temporary
            if target.exists():
                target.rmdir()
            os.replace(source, target)
    except (tarfile.TarError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise CorpusError(
            f"{archive}: cannot be unpacked ({error}); expected a tar archive: get it again"
        ) from error
    except OSError as error:
        raise CorpusError(
            f"{archive}: cannot be unpacked into {target}: {why_not_written(error)}"
        ) from error


def _unpack_all(
    packed: tarfile.TarFile,
    archive: Path,
    folder: Path,
    largest_total: int,
    keep: Optional[Callable[[PurePosixPath], bool]],
) -> None:
    total = files = 0
    for member in packed:
        path = PurePosixPath(member.name)
        parts = [part for part in path.parts if part != "."]
        if path.is_absolute() or ".." in parts or "\\" in member.name or "\0" in member.name:
            raise CorpusError(
                f"{archive}: holds {member.name!r}, which leads out of the folder; do not trust "
                "this archive"
            )
        if not (member.isfile() or member.isdir()):
            raise CorpusError(
                f"{archive}: holds {member.name!r}, which is a link or a device; expected files "
                "and folders: do not trust this archive"
            )
        if not parts or member.isdir() or (keep is not None and not keep(path)):
            continue
        files += 1
        total += member.size
        if total > largest_total or files > MOST_FILES:
            raise CorpusError(
                f"{archive}: holds more than {largest_total} bytes or {MOST_FILES} files; "
                "expected a corpus: do not trust this archive"
            )
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = packed.extractfile(member)
        assert content is not None
        # A name that comes twice could replace a checked file.
        with content, open(target, "xb") as file:
            shutil.copyfileobj(content, file)
