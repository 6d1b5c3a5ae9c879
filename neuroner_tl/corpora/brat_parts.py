"""A corpus written as brat folders, whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from neuroner_tl.corpora.brat import write_brat_document
from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CorpusError


def check_new_folder(target: Path) -> None:
    """Refuse a folder that holds something already.

    Raises:
        CorpusError: it is not empty, or is a file.
    """
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists():
        raise CorpusError(
            f"{target}: is there already and would be overwritten; move it away or give another "
            "folder"
        )


def write_brat_parts(
    target: Path, parts: Mapping[str, Iterable[Document]], replace: bool = False
) -> None:
    """Write documents into the subfolders of a new folder.

    Args:
        target: the folder; folders above it are made.
        parts: documents by name of the subfolder; the empty name is the folder itself.
        replace: put it in the place of a folder that is there.

    Raises:
        CorpusError: the target is there already, or cannot be written.
    """
    if not replace:
        check_new_folder(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        for name, documents in parts.items():
            (temporary / name).mkdir(parents=True, exist_ok=True)
            for document in documents:
                write_brat_document(document, temporary / name)
        put_in_place(temporary, target)
    except OSError as error:
        raise CorpusError(
            f"{target}: cannot be written: {error.strerror}; choose a folder that may be written"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def put_in_place(new: Path, target: Path) -> None:
    """Let a folder that is ready take the place of another one, which is deleted only then."""
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)
