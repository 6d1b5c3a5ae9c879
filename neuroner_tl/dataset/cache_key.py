"""The key of an encoded corpus in the cache: a digest of everything that decides its arrays."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import neuroner_tl
from neuroner_tl.dataset.snapshot import Snapshot
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.system.fingerprint import file_digest

CACHE_FORMAT = 2


def cache_key(
    snapshot: Snapshot,
    folder: Path,
    settings: Mapping[str, Any],
    rules: VocabularyRules,
    known_tokens: Iterable[str] = (),
    known_characters: Iterable[str] = (),
) -> str:
    """Return the key of an encoded corpus, in 64 hexadecimal digits.

    It covers the cache's format, the version of this package and the source code of its text
    side and array side, the version of the Unicode tables, the folder's name (import reports
    quote it), the content of the corpus and of the word vectors, and all arguments.

    Args:
        snapshot: what the corpus and the word vectors hold.
        folder: the corpus.
        settings: everything else that decides what is read and how it is segmented, as in JSON.
        rules: rules of the vocabulary.
        known_tokens: tokens of a pretrained model.
        known_characters: characters of a pretrained model.
    """
    header = {
        "format": CACHE_FORMAT,
        "version": neuroner_tl.__version__,
        "code": _source_code(),
        "unicode": unicodedata.unidata_version,
        "folder": str(folder),
        "content": snapshot.digest,
        "settings": dict(settings),
        "rules": asdict(rules),
        "known_tokens": list(known_tokens),
        "known_characters": list(known_characters),
    }
    return hashlib.sha256(json.dumps(header, sort_keys=True).encode("ascii")).hexdigest()


@cache
def _source_code() -> str:
    """Return a digest of the code that makes entries, so that those of other code are not used."""
    digest = hashlib.sha256()
    package = Path(neuroner_tl.__file__).parent
    for side in ("corpora", "dataset"):
        for path in sorted((package / side).rglob("*.py")):
            with open(path, "rb") as file:
                digest.update(file_digest(file))
    return digest.hexdigest()
