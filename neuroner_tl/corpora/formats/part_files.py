"""A corpus with one file per part, of any format but brat: how files are found and written."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.formats.brat_folders import check_new_folder
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.temporary import replace_folder, temporary_folder
from neuroner_tl.system.write_errors import writing

SUFFIXES = {
    "bioc-json": ".json",
    "bioc-xml": ".xml",
    "conll": ".txt",
    "jsonl": ".jsonl",
    "pubtator": ".pubtator",
}
"""How the name of a part's file ends, by format."""

Pieces = Callable[[Iterable[Document]], Iterator[str]]
"""What makes the text of a file of documents, piece by piece."""


def find_part_files(folder: Path, form: str, names: Iterable[str]) -> dict[str, Path]:
    """Return the files of a corpus's parts by part, such as ``train.jsonl``, also with ``.gz``.

    Args:
        folder: the corpus.
        form: one of `SUFFIXES`.
        names: the possible parts.

    Raises:
        CorpusError: none is found, or a part is there both packed and unpacked.
    """
    suffix = SUFFIXES[form]
    files: dict[str, Path] = {}
    for name in names:
        for path in (folder / f"{name}{suffix}", folder / f"{name}{suffix}.gz"):
            if not path.is_file():
                continue
            if name in files:
                raise CorpusError(
                    f"{path}: found {files[name].name} beside it, expected one file for the part "
                    f"{name}; remove one of the two"
                )
            files[name] = path
    if not files:
        raise CorpusError(
            f"{folder}: no documents; expected a corpus in the format {form}: a file, or a folder "
            f"with train{suffix} and the like"
        )
    return files


def write_part_files(
    target: Path, form: str, parts: Mapping[str, Iterable[Document]], pieces: Pieces
) -> None:
    """Write documents into a new file, or into a new folder with one file per part.

    Args:
        target: the file, compressed if its name ends with ``.gz``; the folder, if there are parts.
        form: one of `SUFFIXES`.
        parts: documents by part; a corpus without parts has one with the empty name.
        pieces: makes the text of a file.

    Raises:
        CorpusError: the target already exists or cannot be written, or two documents of a part
            have one id.
    """
    check_new_folder(target)
    with writing(target):
        if set(parts) == {""}:
            if target.is_dir():
                raise CorpusError(
                    f"{target}: is a folder, expected the name of a new file, since the corpus has "
                    "no parts"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            with replacing(target) as temporary:
                write_pieces(temporary, pieces(_distinct(parts[""])), target.suffix == ".gz")
            return
        with temporary_folder(target) as folder:
            for name, documents in parts.items():
                file = folder / f"{name}{SUFFIXES[form]}"
                write_pieces(file, pieces(_distinct(documents)), packed=False)
            replace_folder(folder, target)


def write_pieces(path: Path, pieces: Iterable[str], packed: bool) -> None:
    """Write the text of a file piece by piece, compressed if asked; equal texts as equal bytes."""
    with open(path, "wb") as raw:
        # Neither the time nor the name of a temporary file is in the header.
        binary = cast(BinaryIO, gzip.GzipFile("", "wb", fileobj=raw, mtime=0)) if packed else raw
        with TextIOWrapper(binary, encoding="utf-8", newline="\n") as file:
            for piece in pieces:
                file.write(piece)


def _distinct(documents: Iterable[Document]) -> Iterator[Document]:
    names = DocumentNames()
    for document in documents:
        names.check(document.id)
        yield document
