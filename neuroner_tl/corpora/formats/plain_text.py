"""Plain text: a UTF-8 file (``.txt`` or ``.txt.gz``) is a document, named after the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

SUFFIXES = (".txt", ".txt.gz")


def iterate_text(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the document of a file, or those of a folder's ``.txt`` files, sorted by name.

    The text is as it is on disk: line ends are kept. That of the standard input is named ``text``.

    Raises:
        CorpusError: a file cannot be read, is too large or is not UTF-8.
    """
    paths = [path]
    if path.is_dir():
        inside = (p for p in path.iterdir() if p.name.endswith(SUFFIXES) and p.name[0] != ".")
        paths = sorted(inside)
    for file in paths:
        try:
            text = read_text(file)
        except CorpusError as error:
            report.refuse(error)
            continue
        report.documents += 1
        yield Document(text_name(file), text)


def text_name(path: Path) -> str:
    """Return the name of a file's document: that of the file without ``.txt`` and ``.gz``."""
    if path == STANDARD_INPUT:
        return "text"
    name = path.name[:-3] if path.name.endswith(".gz") else path.name
    return Path(name).stem
