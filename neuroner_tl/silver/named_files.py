"""Whether everything that a definition names is there, before any text is annotated."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.definition import FROM_GOLD, TRAIN, SilverDefinition
from neuroner_tl.silver.gold import folder_or_archive
from neuroner_tl.system.packaged_files import existing_file
from neuroner_tl.system.paths import expanded_path

_FILES = {"lexicon": "a term list", "standoff": "a file of stand-off annotations"}
_BLACKLIST = "a blacklist, a file with one entity per line"


class _Named(NamedTuple):
    section: str
    name: str
    path: Path
    expected: str
    is_file: bool


def check_named_files(definition: SilverDefinition) -> None:
    """Refuse a definition that names a file or folder that does not exist.

    An annotator may take hours; a misspelt name of the next one is to be known before.

    Raises:
        CorpusError: one does not exist, or is a folder in place of a file.
    """
    for entry in _named(definition):
        if entry.path.is_file() or (entry.path.exists() and not entry.is_file):
            continue
        found = "a folder" if entry.path.is_dir() else "no such file or folder"
        raise CorpusError(
            f"{definition.path}: {entry.name} in [{entry.section}]: {entry.path}: found {found}, "
            f"expected {entry.expected}; correct the path"
        )


def _named(definition: SilverDefinition) -> list[_Named]:
    """Return what a definition names: texts, gold corpora, annotators and the blacklist."""
    settings = definition.silver
    texts = f"texts in the format {settings.texts_format}"
    found = [
        _Named("silver", "texts", definition.data(path), texts, False) for path in settings.texts
    ]
    found += [
        _Named("gold", "corpora", folder_or_archive(definition.data(path)), "a gold corpus", False)
        for path in definition.gold.corpora
    ]
    for source in definition.annotators:
        path = definition.data(source.path)
        if source.kind == TRAIN:
            path = folder_or_archive(path)
        is_file = source.kind in _FILES
        expected = _FILES.get(source.kind, _expected(source.kind))
        found.append(_Named("annotators", source.name, path, expected, is_file))
        if source.parameters is not None:
            parameters = existing_file(expanded_path(source.parameters))
            found.append(_Named("annotators", source.name, parameters, "a parameter file", True))
        if source.coverage is not None:
            table = definition.data(source.coverage)
            found.append(_Named("coverage", source.name, table, "a table of documents", True))
    blacklist = definition.clean.blacklist
    if blacklist is not None and blacklist != FROM_GOLD:
        found.append(_Named("clean", "blacklist", definition.data(blacklist), _BLACKLIST, True))
    return found


def _expected(kind: str) -> str:
    if kind == TRAIN:
        return "an annotated corpus"
    return "the folder of a model" if kind == "model" else f"annotations in the format {kind}"
