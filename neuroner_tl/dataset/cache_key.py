"""The key of an encoded corpus in the cache: a digest of everything that decides its arrays."""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Optional

import neuroner_tl
from neuroner_tl.corpora.reader import PartReader
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.fingerprint import file_digest

CACHE_FORMAT = 1
_MEBIBYTE = 1 << 20


def cache_key(
    parts: Mapping[str, Iterable[Path]],
    folder: Path,
    settings: Mapping[str, Any],
    rules: VocabularyRules,
    word_vectors: Optional[Path] = None,
    known_tokens: Iterable[str] = (),
    known_characters: Iterable[str] = (),
) -> str:
    """Return the key of an encoded corpus, in 64 hexadecimal digits.

    It covers the cache's format, the version of this package and the source code of its text
    side and array side, the version of the Unicode tables, the folder's name (import reports
    quote it), the name and all bytes of every file of the corpus, and all arguments. A file of
    word vectors, which may have gigabytes, is known by its resolved path, size and time of
    change and by its first and last mebibyte: who changes only the middle of it and puts the
    time back has to remove the cache.

    Args:
        parts: the files of each part; one that does not exist counts as absent.
        folder: the corpus, to which file names are relative.
        settings: everything else that decides what is read and how it is cut, as JSON has it.
        rules: rules of the vocabulary.
        word_vectors: word-vector file.
        known_tokens: tokens of a pretrained model.
        known_characters: characters of a pretrained model.
    """
    digest = hashlib.sha256()
    header = {
        "format": CACHE_FORMAT,
        "version": neuroner_tl.__version__,
        "code": _source_code(),
        "unicode": unicodedata.unidata_version,
        "folder": str(folder),
        "settings": dict(settings),
        "rules": asdict(rules),
        "word_vectors": None if word_vectors is None else _word_vector_identity(word_vectors),
        "known_tokens": list(known_tokens),
        "known_characters": list(known_characters),
    }
    digest.update(json.dumps(header, sort_keys=True).encode("ascii"))
    for name, paths in parts.items():
        for path in paths:
            digest.update(json.dumps([name, os.path.relpath(path, folder)]).encode("ascii"))
            digest.update(_content(path))
    return digest.hexdigest()


def corpus_files(part: PartReader) -> list[Path]:
    """Return the files of a part: a CoNLL file itself, or the two files of each document."""
    if not part.path.is_dir():
        return [part.path]
    return [part.path / f"{name}{suffix}" for name in part.ids for suffix in (".txt", ".ann")]


def _content(path: Path) -> bytes:
    """Digest of a file; of one that cannot be read, a constant: reading it will say so."""
    try:
        with open(path, "rb") as file:
            return file_digest(file)
    except OSError:
        return bytes(32)


def _source_code() -> str:
    """Digest of the code that makes entries, so that one made by other code is not used."""
    digest = hashlib.sha256()
    package = Path(neuroner_tl.__file__).parent
    for side in ("corpora", "dataset"):
        for path in sorted((package / side).rglob("*.py")):
            digest.update(_content(path))
    return digest.hexdigest()


def _word_vector_identity(path: Path) -> list[Any]:
    path = Path(path).resolve()
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            digest.update(file.read(_MEBIBYTE))
            file.seek(max(0, status.st_size - _MEBIBYTE))
            digest.update(file.read(_MEBIBYTE))
    except OSError:
        return [str(path)]  # Reading it will say so.
    return [str(path), status.st_size, status.st_mtime_ns, digest.hexdigest()]
