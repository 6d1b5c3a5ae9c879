"""Models as archives: packed to be shared, unpacked without trusting them."""

from __future__ import annotations

import gzip
import os
import tarfile
from pathlib import Path
from typing import BinaryIO, cast

from neuroner_tl.corpora.formats.brat_folders import check_new_folder
from neuroner_tl.corpora.public.archive import unpack
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.runs.models.model_card import CARD
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.temporary import temporary_folder
from neuroner_tl.system.write_errors import write_fault, writing
from neuroner_tl.training.manifest import MANIFEST, model_folder, read_manifest

ENDINGS = (".tar.gz", ".tgz")
LARGEST = 16 * 2**30  # bytes: 5 million words of 300 dimensions are 6 GB


def pack_model(folder: StrPath, archive: StrPath) -> Path:
    """Pack a model that is intact: its files, its manifest and its card, and nothing else.

    Equal models give equal archives, byte for byte.

    Args:
        folder: the folder of a model or of its run.
        archive: the file to make, named ``.tar.gz`` or ``.tgz``; an older one is replaced.

    Returns:
        The archive.

    Raises:
        CheckpointError: there is no model, or it is damaged.
        CorpusError: the archive cannot be written.
        ParameterError: its name has another ending.
    """
    folder, archive = model_folder(Path(folder)), Path(archive)
    if not archive.name.endswith(ENDINGS):
        raise ParameterError(
            f"{archive}: found an archive of another name, expected one that ends with "
            f"{' or '.join(ENDINGS)}"
        )
    manifest = read_manifest(folder)
    names = [MANIFEST, *sorted(manifest["files"])]
    if (folder / CARD).is_file():
        names.append(CARD)
    with writing(archive):
        archive.parent.mkdir(parents=True, exist_ok=True)
        with replacing(archive) as temporary, open(temporary, "wb") as file:
            # Without the name and the time that gzip would note.
            packed = cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=file, mtime=0))
            with packed, tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
                for name in names:
                    _add(tar, folder / name, f"model/{name}")
    return archive


def unpack_model(archive: StrPath, folder: StrPath) -> Path:
    """Unpack a model into a new folder, all of it or nothing, and verify it.

    Only plain files are made, inside the folder; see `neuroner_tl.corpora.public.archive`.

    Args:
        archive: a file that `pack_model` made, or another tar archive of a model's folder.
        folder: the folder to make; it may exist if it is empty.

    Returns:
        The folder.

    Raises:
        CheckpointError: the archive holds no model, a damaged one, or other files than a model's.
        CorpusError: it is not an archive, or a hostile or damaged one, or the folder cannot be
            written.
    """
    archive, folder = Path(archive), Path(folder)
    check_new_folder(folder)
    try:
        with temporary_folder(folder) as temporary:
            model = temporary / "model"
            try:
                unpack(archive, model, LARGEST, what="model")
                manifest = read_manifest(model)
            except (CorpusError, CheckpointError) as error:
                # The temporary folder is gone when the message is read.
                kind, place = type(error), archive if isinstance(error, CheckpointError) else folder
                raise kind(str(error).replace(str(model), str(place))) from error
            known = {MANIFEST, CARD, *manifest["files"]}
            others = sorted(
                path.relative_to(model).as_posix()
                for path in model.rglob("*")
                if path.relative_to(model).as_posix() not in known
            )
            if others:
                raise CheckpointError(
                    f"{archive}: holds {others[0]!r}, which does not belong to the model; "
                    "do not trust this archive"
                )
            if folder.exists():
                folder.rmdir()
            os.replace(model, folder)
    except OSError as error:
        raise CorpusError(
            f"{archive}: cannot be unpacked into {folder}: {write_fault(error)}"
        ) from error
    return folder


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    """Add a file, without what differs from one machine or user to the next."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = path.stat().st_size, 0o644
    with open(path, "rb") as file:
        tar.addfile(member, file)
