"""Files of texts with their formats, which the endings of their names tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from neuroner_tl.corpora.convert import READERS, read_documents
from neuroner_tl.corpora.detection import format_of_text
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.formats.brat import brat_names
from neuroner_tl.corpora.formats.plain_text import text_name
from neuroner_tl.corpora.formats.text_files import ending_of, read_blocks
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.spelling import one_of

ENDINGS = {
    ".conll": "conll",
    ".json": "bioc-json",
    ".jsonl": "jsonl",
    ".pubtator": "pubtator",
    ".txt": "text",
    ".xml": "bioc-xml",
}
"""The format that an ending stands for; the beginning of an XML file tells which one it is."""
TEXT = "text"
_BEGINNING = 1 << 16
_ADVICE = (
    "give a .txt file or a folder of them, a file whose name ends with "
    f"{', '.join(sorted(set(ENDINGS) - {'.txt'}))}, or name the format (--input-format)"
)


class Source(NamedTuple):
    """A file of texts.

    Attributes:
        path: the file, or ``-`` for the standard input.
        form: its format, one of ``convert.READERS``; not a folder's.

    Example::

        for source in find_sources(Path("texts")):
            for document in source.documents(ImportReport()):
                print(source.path, document.id)
    """

    path: Path
    form: str

    @property
    def name(self) -> str:
        """The name of the file without the endings that tell format and compression."""
        return text_name(self.path)

    def documents(self, report: ImportReport) -> Iterator[Document]:
        """Yield the documents.

        Raises:
            CorpusError: the file cannot be used.
        """
        return read_documents(self.path, self.form, report)


def find_sources(path: Path, form: Optional[str] = None) -> list[Source]:
    """Return the files of a file or a folder, sorted by name; hidden files are left out.

    In a folder with ``.txt`` files, these are the texts, and others are left alone unless their
    format is named. A folder without is searched for files of all formats.

    Args:
        path: a file, a folder, or ``-`` for the standard input.
        form: the format, one of ``convert.READERS``; None to tell it from the ending, and for the
            standard input plain text.

    Raises:
        CorpusError: there is nothing to read.
        ParameterError: unknown format.
    """
    if form is not None and form not in READERS:
        raise ParameterError(
            f"format {form!r} is unknown, expected {one_of(form, sorted(READERS))}"
        )
    # A folder of brat files is read for its texts, which is what remains of them.
    form = TEXT if form == "brat" else form
    if path == STANDARD_INPUT:
        return [Source(path, form or TEXT)]
    if path.is_file():
        return [Source(path, form or _format_of(path))]
    if not path.is_dir():
        raise CorpusError(f"{path}: no such file or folder; {_ADVICE}")
    files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    kinds = {file: ENDINGS.get(ending_of(file)) for file in files}
    if form is None and TEXT in kinds.values():
        form = TEXT
    if form == TEXT:
        brat_names(path)  # Annotations without a text are refused.
    found = [
        Source(file, form or _format_of(file))
        for file, kind in kinds.items()
        if (kind is not None if form is None else _may_be(kind, form))
    ]
    if not found and form not in (None, TEXT):
        ending = next(ending for ending, kind in ENDINGS.items() if _may_be(kind, form))
        raise CorpusError(
            f"{path}: no files in the format {form}, whose names end with {ending}; rename the "
            "files, or give them one at a time"
        )
    if not found:
        raise CorpusError(f"{path}: no .txt files; {_ADVICE}")
    return found


def check_names(sources: Sequence[Source]) -> None:
    """Refuse files whose names differ in their endings alone.

    Raises:
        CorpusError: two files have one name.
    """
    seen: dict[str, Path] = {}
    for source in sources:
        other = seen.setdefault(source.name, source.path)
        if other != source.path:
            raise CorpusError(
                f"{source.path}: its results would have the name of those of {other.name}; rename "
                "one of the files, or give one file as the output"
            )


def _may_be(kind: Optional[str], form: Optional[str]) -> bool:
    """Tell whether a file whose ending stands for a format may be in another one."""
    return kind == form or (kind == "bioc-xml" and form in ("medline", "iexml"))


def _format_of(path: Path) -> str:
    form = ENDINGS.get(ending_of(path))
    if form is None:
        raise CorpusError(
            f"{path}: found a file whose name has an unknown ending, expected a text; {_ADVICE}"
        )
    if form != "bioc-xml":
        return form
    beginning = next(read_blocks(path, _BEGINNING), "")
    return format_of_text(beginning) or form
