"""Encoded corpora kept on disk, so that a second run on the same data starts at once.

An entry is a folder named by a key, the sha256 of everything that decides the arrays: see
`neuroner_tl.dataset.cache_key`. It holds ``arrays.npz``, ``vocabulary.json``, ``strings.json``
and a manifest with the size and sha256 of the three. Nothing is pickled. An entry that does
not match its manifest is removed and made again; if the folder cannot be written, the run goes
without a cache.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Callable, Optional

import numpy as np

from neuroner_tl.corpora.import_report import ImportReport, Reason
from neuroner_tl.dataset.cache_key import CACHE_FORMAT
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.dataset.gold import GoldAnnotations
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.dataset.word_vectors.look_up import EmbeddingReport
from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.fingerprint import fingerprint
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.temporary import remove_leftovers, replace_folder, temporary_folder

logger = logging.getLogger(__name__)

ENTRIES = 8
# Larger data (such as a whole word-vector file) are quicker to read again than worth the space.
LARGEST_ENTRY = 2 << 30
MANIFEST, ARRAYS, VOCABULARY, STRINGS = (
    "manifest.json",
    "arrays.npz",
    "vocabulary.json",
    "strings.json",
)
# Whatever a damaged file makes a reader raise, the remedy is the same.
_DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError, zipfile.BadZipFile)
_TABLE_ARRAYS = ("token_ids", "char_ids", "char_offsets", "train_counts")
_DATASET_ARRAYS = ("token_vectors", "token_vector_found", "rare_token_ids", "rare_character_ids")
_PART_ARRAYS = tuple(
    field.name for field in fields(EncodedPart) if field.name not in ("document_ids", "gold")
)
_GOLD_ARRAYS = tuple(field.name for field in fields(GoldAnnotations) if field.name != "types")


@dataclass(frozen=True, eq=False)
class EncodedCorpus:
    """The outcome of reading and encoding a corpus.

    Attributes:
        dataset: the arrays.
        reports: the import report of each part.

    Example::

        encoded = cache.load(key)
        print(encoded.reports["train"].summary())
    """

    dataset: Dataset
    reports: dict[str, ImportReport]


class DatasetCache:
    """A folder of encoded corpora, the most recently used few.

    Args:
        folder: where entries go; made when the first one is stored.
        entries: how many to keep; the least recently used one is removed first.

    Example::

        cache = DatasetCache(Path("output/cache"), entries=4)
        encoded = cache.get(key, lambda: (read(), key))
    """

    def __init__(self, folder: Path, entries: int = ENTRIES) -> None:
        self.folder = Path(folder)
        self.entries = entries

    def get(self, key: str, make: Callable[[], tuple[EncodedCorpus, str]]) -> EncodedCorpus:
        """Return the entry of a key; without one, make it, and store it if its key is still this.

        Args:
            key: the key of what is to be read.
            make: reads it; returns the content of the entry, and the key of what was read, which
                differs if the corpus changed meanwhile.
        """
        started = time.perf_counter()
        found = self.load(key)
        if found is not None:
            parts = found.dataset.parts.values()
            logger.info(
                "encoded corpus from the cache, %d sentences and %d tokens in %.1f s (%s/%.12s...)",
                sum(part.number_of_sentences for part in parts),
                sum(part.number_of_tokens for part in parts),
                time.perf_counter() - started,
                self.folder,
                key,
            )
            return found
        made, key_after = make()
        seconds = time.perf_counter() - started
        stored = key_after == key and self.store(key, made)
        logger.info(
            "corpus read and encoded in %.1f s%s",
            seconds,
            f", kept for the next run in {self.folder / key[:12]}..." if stored else "",
        )
        return made

    def load(self, key: str) -> Optional[EncodedCorpus]:
        """Return the entry of this key; one that is damaged is removed and counts as absent."""
        entry = self.folder / key
        if not entry.is_dir():
            return None
        try:
            manifest = _read_json(entry / MANIFEST)
            if manifest["format"] != CACHE_FORMAT or manifest["key"] != key:
                raise ValueError("the manifest belongs to another entry")
            for name in (ARRAYS, VOCABULARY, STRINGS):
                if fingerprint(entry / name) != manifest["files"][name]:
                    raise ValueError(f"{name} was altered")
            found = _read_entry(entry)
        except _DAMAGE as error:
            logger.warning("%s: cannot be used (%s); encoding the corpus again", entry, error)
            shutil.rmtree(entry, ignore_errors=True)
            return None
        try:
            os.utime(entry)
        except OSError:
            pass  # A read-only cache serves as well.
        return found

    def store(self, key: str, data: EncodedCorpus) -> bool:
        """Store an entry whole or not at all; return whether it is there now."""
        try:
            size = sum(array.nbytes for array in _arrays(data.dataset).values())
            if size > LARGEST_ENTRY:
                logger.info("%d MB of arrays are too much to be kept on disk", size >> 20)
                return False
            with temporary_folder(self.folder / key) as temporary:
                _write_entry(temporary, key, data)
                replace_folder(temporary, self.folder / key)
            self._prune()
        except OSError as error:
            # Another process may just have stored the same entry.
            if not (self.folder / key).is_dir():
                logger.warning(
                    "%s: the encoded corpus cannot be kept (%s); the next run encodes it again",
                    self.folder,
                    error.strerror or error,
                )
                return False
        return True

    def _prune(self) -> None:
        """Remove the oldest entries above the limit, and what killed processes left behind."""
        times: dict[Path, float] = {}
        for path in self.folder.iterdir():
            try:
                times[path] = path.stat().st_mtime
            except OSError:
                continue  # Another process removed it.
        entries = [path for path in times if not path.name.startswith(".")]
        old = sorted(entries, key=times.__getitem__, reverse=True)[self.entries :]
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        remove_leftovers(self.folder)


def _arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    """Return all arrays by their names in the file."""
    named = {f"table.{name}": getattr(dataset.word_table, name) for name in _TABLE_ARRAYS}
    named.update({f"dataset.{name}": getattr(dataset, name) for name in _DATASET_ARRAYS})
    for part_name, part in dataset.parts.items():
        named.update({f"{part_name}.{name}": getattr(part, name) for name in _PART_ARRAYS})
        gold = part.gold
        named.update({f"{part_name}.gold.{name}": getattr(gold, name) for name in _GOLD_ARRAYS})
    return {name: array for name, array in named.items() if array is not None}


def _write_entry(folder: Path, key: str, data: EncodedCorpus) -> None:
    dataset = data.dataset
    _write_arrays(folder / ARRAYS, _arrays(dataset))
    report = dataset.embedding_report
    strings = {
        "words": dataset.word_table.words,
        "documents": {name: part.document_ids for name, part in dataset.parts.items()},
        "gold_types": {name: part.gold.types for name, part in dataset.parts.items()},
        "unknown_words": list(dataset.unknown_words),
        "number_of_unknown_words": int(dataset.number_of_unknown_words),
        "embedding_report": None if report is None else report.to_json(),
        "reports": {name: report.to_json() for name, report in data.reports.items()},
    }
    # ASCII: a word may hold what UTF-8 cannot, half of a surrogate pair.
    for name, content in ((STRINGS, strings), (VOCABULARY, dataset.vocabulary.to_json())):
        with open(folder / name, "w", encoding="ascii", newline="\n") as file:
            json.dump(content, file)
    files = {name: fingerprint(folder / name) for name in (ARRAYS, VOCABULARY, STRINGS)}
    write_json(folder / MANIFEST, {"format": CACHE_FORMAT, "key": key, "files": files})


def _write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write what ``np.savez`` would, without a message from the archive on a full disk."""
    with open(path, "wb") as file:
        archive = zipfile.ZipFile(file, "w")
        try:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
            archive.close()
        except BaseException:
            # When it is deleted, the archive would write its end again, and report the failure.
            archive.fp = None
            raise


def _read_entry(folder: Path) -> EncodedCorpus:
    with np.load(folder / ARRAYS, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    strings = _read_json(folder / STRINGS)
    table = WordTable(strings["words"], **{name: arrays[f"table.{name}"] for name in _TABLE_ARRAYS})
    parts = {
        part_name: EncodedPart(
            document_ids=document_ids,
            gold=GoldAnnotations(
                types=strings["gold_types"][part_name],
                **{name: arrays[f"{part_name}.gold.{name}"] for name in _GOLD_ARRAYS},
            ),
            **{name: arrays[f"{part_name}.{name}"] for name in _PART_ARRAYS},
        )
        for part_name, document_ids in strings["documents"].items()
    }
    report = strings["embedding_report"]
    dataset = Dataset(
        vocabulary=Vocabulary.load(folder / VOCABULARY),
        word_table=table,
        parts=parts,
        token_vectors=arrays.get("dataset.token_vectors"),
        token_vector_found=arrays["dataset.token_vector_found"],
        rare_token_ids=arrays["dataset.rare_token_ids"],
        rare_character_ids=arrays["dataset.rare_character_ids"],
        embedding_report=None if report is None else EmbeddingReport(**report),
        unknown_words=tuple(strings["unknown_words"]),
        number_of_unknown_words=strings["number_of_unknown_words"],
    )
    reports = {name: _read_report(content) for name, content in strings["reports"].items()}
    return EncodedCorpus(dataset, reports)


def _read_report(content: Mapping[str, Any]) -> ImportReport:
    derived = ("annotations_dropped", "by_reason")
    counts = {name: content[name] for name in content if name not in derived}
    reasons = {name: Reason(**entry) for name, entry in content["by_reason"].items()}
    return ImportReport(**{**counts, "by_reason": reasons})


def _read_json(path: Path) -> Any:
    return parse_json(path.read_text(encoding="utf-8"))
