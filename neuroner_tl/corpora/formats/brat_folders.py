"""A corpus written as brat folders, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.temporary import replace_folder, temporary_folder
from neuroner_tl.system.write_errors import writing


def check_new_folder(target: Path) -> None:
    """Refuse a folder that is not empty, or that cannot be made.

    Raises:
        CorpusError: it is not empty, it is a file, or a file is where a folder above it should be.
    """
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists():
        raise CorpusError(
            f"{target}: already exists and would be overwritten; move it away or give another "
            "folder"
        )
    above = next((path for path in target.parents if path.exists()), target)
    if above.is_file():
        raise CorpusError(
            f"{target}: cannot be written, since {above} is a file; give another folder"
        )


def write_brat_parts(
    target: Path, parts: Mapping[str, Iterable[Document]], replace: bool = False
) -> None:
    """Write documents into the subfolders of a new folder.

    Args:
        target: the folder; folders above it are made.
        parts: documents by name of the subfolder; the empty name is the folder itself.
        replace: replace a folder that exists.

    Raises:
        CorpusError: the target already exists, or cannot be written.
    """
    if not replace:
        check_new_folder(target)
    with writing(target):
        with temporary_folder(target) as temporary:
            write_parts(temporary, parts)
            replace_folder(temporary, target)


def write_parts(folder: Path, parts: Mapping[str, Iterable[Document]]) -> None:
    """Write documents into subfolders of a folder, by name of the subfolder.

    Raises:
        CorpusError: an id cannot name a file on every system, or two would name the same one.
    """
    for name, documents in parts.items():
        ids = DocumentNames()
        with BratWriter(folder / name) as writer:
            for document in documents:
                ids.check(document.id)
                writer.add(document)
