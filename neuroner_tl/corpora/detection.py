"""The format of documents, told from the beginning of their file, or from what a folder has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.convert import READERS, STANDOFF
from neuroner_tl.corpora.formats.conll import DOCUMENT_START, TAG
from neuroner_tl.corpora.formats.iexml import RECORD
from neuroner_tl.corpora.formats.part_files import SUFFIXES
from neuroner_tl.corpora.formats.standoff import COLUMNS
from neuroner_tl.corpora.formats.text_files import read_blocks
from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted

_BEGINNING = 1 << 16  # characters
_LINES = 20
_PUBTATOR = re.compile(r"[^|\t\n]+\|[ta]\|")
_STANDOFF_ROW = re.compile(r"[^\t]+\t\d+\t\d+\t")
_OF_BRAT = (".txt", ".ann", ".conf")
_MOST_SHOWN = 5  # endings and folders that a message names


def detect_format(path: Path) -> str:
    """Return the format of a file or folder of documents, one of ``convert.FORMATS``.

    A folder of text files is ``brat``, with annotations beside them or without; so is one that has
    folders of such files for its parts. One that has a file for each part has their format.

    Raises:
        CorpusError: there is nothing, it cannot be read, or it is in none of the formats.
    """
    if not path.exists():
        raise CorpusError(
            f"{path}: no such file or folder; give a folder of .txt files, or a file in one of the "
            f"formats {', '.join(sorted(READERS))}"
        )
    if path.is_dir():
        return _format_of_folder(path)
    form = format_of_text(next(read_blocks(path, _BEGINNING), ""))
    if form is None:
        raise CorpusError(
            f"{path}: found none of the formats {', '.join(sorted(READERS))}; name the format "
            "(text for a file that is one text), or put each text into a .txt file of its own and "
            "give their folder"
        )
    return form


def part_folders(folder: Path) -> list[str]:
    """Return the names of a folder's parts that are folders of ``.txt`` files."""
    return [name for name in PART_NAMES if any((folder / name).glob("*.txt"))]


def other_files(folder: Path) -> str:
    """Return a list of a folder's files that are none of brat's, such as ``2 .pdf files``."""
    endings = Counter(
        path.suffix
        for path in folder.iterdir()
        if path.name[0] != "." and path.suffix not in _OF_BRAT and path.is_file()
    )
    return _listed([_files(number, ending) for ending, number in endings.most_common(_MOST_SHOWN)])


def _format_of_folder(folder: Path) -> str:
    for form, suffix in SUFFIXES.items():
        for name in PART_NAMES:
            places = (folder / f"{name}{suffix}", folder / f"{name}{suffix}.gz")
            first = next((path for path in places if path.is_file()), None)
            if first and format_of_text(next(read_blocks(first, _BEGINNING), "")) == form:
                return form
    if any(folder.glob("*.txt")) or part_folders(folder):
        return "brat"
    folders = sorted(path.name for path in folder.iterdir() if path.is_dir())[:_MOST_SHOWN]
    inside = [f"the folder{'s' * (len(folders) > 1)} {_listed(folders)}"] if folders else []
    files = other_files(folder)
    found = f"but {_listed([*inside, *filter(None, [files])])}" if inside or files else ""
    pdf = "extract their texts, for example with pdftotext, and " if ".pdf" in files else ""
    raise CorpusError(
        f"{folder}: found no .txt file in the folder, {found or 'which is empty'}; {pdf}give a "
        f"folder of .txt files, or a file in one of the formats {', '.join(sorted(READERS))}"
    )


def _files(number: int, ending: str) -> str:
    return counted(number, f"{ending or 'other'} file")


def _listed(names: Sequence[str]) -> str:
    *most, last = names or [""]
    return f"{', '.join(most)} and {last}" if most else last


def format_of_text(text: str) -> Optional[str]:
    """Return the format that a file begins like, one of ``convert.FORMATS``; None for none."""
    text = text.lstrip()
    if text.startswith("<"):
        if "<collection" in text:
            return "bioc-xml"
        if "<PubmedArticle" in text:
            return "medline"
        return "iexml" if f"<{RECORD}" in text else None
    if text.startswith(("{", "[")):
        return "bioc-json" if '"documents"' in text or '"passages"' in text else "jsonl"
    lines = list(islice(filter(str.strip, text.split("\n")), _LINES))
    if lines and _PUBTATOR.match(lines[0]):
        return "pubtator"
    if lines and (
        lines[0].split("\t")[:4] == list(COLUMNS) or all(map(_STANDOFF_ROW.match, lines))
    ):
        return STANDOFF
    columns = [line.split() for line in lines if not line.startswith(DOCUMENT_START)]
    if columns and all(len(row) > 1 and TAG.fullmatch(row[-1]) for row in columns):
        return "conll"
    return None
