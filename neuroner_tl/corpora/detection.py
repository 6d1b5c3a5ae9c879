"""The format of documents, told from the beginning of their file."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.convert import READERS, STANDOFF
from neuroner_tl.corpora.formats.conll import DOCUMENT_START
from neuroner_tl.corpora.formats.iexml import RECORD
from neuroner_tl.corpora.formats.standoff import COLUMNS
from neuroner_tl.corpora.formats.text_files import read_blocks
from neuroner_tl.errors import CorpusError

_BEGINNING = 1 << 16  # characters
_LINES = 20
_PUBTATOR = re.compile(r"[^|\t\n]+\|[ta]\|")
_STANDOFF_ROW = re.compile(r"[^\t]+\t\d+\t\d+\t")
_TAG = re.compile(r"O|[BIES]-\S+")


def detect_format(path: Path) -> str:
    """Return the format of a file or folder of documents, one of ``convert.FORMATS``.

    A folder of text files is ``brat``, with annotations beside them or without.

    Raises:
        CorpusError: there is nothing, it cannot be read, or it is in none of the formats.
    """
    if not path.exists():
        raise CorpusError(
            f"{path}: no such file or folder; give a folder of .txt files, or a file in one of the "
            f"formats {', '.join(sorted(READERS))}"
        )
    if path.is_dir():
        if any(file.suffix == ".txt" for file in path.iterdir()):
            return "brat"
        raise CorpusError(
            f"{path}: found no .txt file in the folder; give a folder of .txt files, or a file in "
            f"one of the formats {', '.join(sorted(READERS))}"
        )
    form = format_of_text(next(read_blocks(path, _BEGINNING), ""))
    if form is None:
        raise CorpusError(
            f"{path}: found none of the formats {', '.join(sorted(READERS))}; name the format, or "
            "put each text into a .txt file of its own and give their folder"
        )
    return form


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
    lines = list(islice(filter(None, text.split("\n")), _LINES))
    if lines and _PUBTATOR.match(lines[0]):
        return "pubtator"
    if lines and (
        lines[0].split("\t")[:4] == list(COLUMNS) or all(map(_STANDOFF_ROW.match, lines))
    ):
        return STANDOFF
    columns = [line.split() for line in lines if not line.startswith(DOCUMENT_START)]
    if columns and all(len(row) > 1 and _TAG.fullmatch(row[-1]) for row in columns):
        return "conll"
    return None
