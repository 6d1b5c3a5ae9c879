"""The file ``annotation.conf``, which tells brat the types of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.errors import CorpusError

NAME = "annotation.conf"
_MADE = "# Entity types of the predictions in this folder; written again with them."
_SECTIONS = ("relations", "events", "attributes")


def configuration(folder: Path, types: Iterable[str]) -> Optional[str]:
    """Return the content of a folder's ``annotation.conf``; None leaves the one there as it is.

    A file that was made by this function gets the new types beside its own; another one is
    the user's own.

    Args:
        folder: the folder; it may have no such file yet.
        types: entity types.
    """
    known: list[str] = []
    path = folder / NAME
    if path.exists():
        try:
            lines = read_text(path).splitlines()
        except CorpusError:
            return None
        if lines[:1] != [_MADE]:
            return None
        known = [line for line in lines[2:] if line and not line.startswith("[")]
    names = sorted({*known, *types})
    sections = "".join(f"\n[{name}]\n" for name in _SECTIONS)
    return "\n".join([_MADE, "[entities]", *names, sections])
