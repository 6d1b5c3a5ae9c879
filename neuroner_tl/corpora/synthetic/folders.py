"""The synthetic corpora as brat folders, ready for training."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.synthetic.generate import (
    MISSED,
    SHIFTED,
    SPURIOUS,
    iterate_gold,
    iterate_silver,
)
from neuroner_tl.errors import CorpusError, ParameterError

SILVER_FOLDER = "synthetic_silver"
GOLD_FOLDER = "synthetic_gold"
GOLD_PARTS = ("train", "valid", "test")
SILVER_PARTS = ("train", "valid")
_OUR_FILE = re.compile(r"synthetic-(?:gold|silver)-\d+\.(?:txt|ann)")


@dataclass(frozen=True)
class SyntheticCorpora:
    """Where the two corpora are.

    Attributes:
        silver: folder with ``train`` and ``valid``, to pre-train on.
        gold: folder with ``train``, ``valid`` and ``test``, to fine-tune and to evaluate on.

    Example::

        corpora = write_synthetic_corpora(Path("data"), gold_documents=(5, 2, 5))
        print(corpora.silver, corpora.gold)
    """

    silver: Path
    gold: Path


def write_synthetic_corpora(
    folder: Path,
    *,
    gold_documents: tuple[int, int, int] = (30, 10, 40),
    silver_documents: tuple[int, int] = (300, 30),
    seed: int = 1,
    missed: float = MISSED,
    spurious: float = SPURIOUS,
    shifted: float = SHIFTED,
    types: Iterable[str] = ("DISO",),
) -> SyntheticCorpora:
    """Write ``synthetic_silver/{train,valid}`` and ``synthetic_gold/{train,valid,test}``.

    Existing synthetic corpora are replaced; anything else is refused. A corpus
    appears whole or not at all.

    Args:
        folder: where the two folders go; created if it does not exist.
        gold_documents: number of gold documents for train, valid and test.
        silver_documents: number of silver documents for train and valid.
        seed: the same arguments and seed give the same files, byte for byte.
        missed: as for `iterate_silver`, and so are ``spurious`` and ``shifted``.
        spurious: see ``missed``.
        shifted: see ``missed``.
        types: entity types to annotate.

    Raises:
        ParameterError: a number of documents, a rate or a type is out of range.
        CorpusError: a folder holds other files, or cannot be written.
    """
    wanted = _names(types)
    result = SyntheticCorpora(silver=folder / SILVER_FOLDER, gold=folder / GOLD_FOLDER)
    # Both are checked before either is replaced.
    silver = _silver(silver_documents, seed, wanted, missed, spurious, shifted)
    gold = _gold(gold_documents, seed, wanted)
    for target in (result.silver, result.gold):
        _refuse_foreign_files(target)
    _write_corpus(result.silver, *silver)
    _write_corpus(result.gold, *gold)
    return result


def write_gold_corpus(
    target: Path,
    documents: tuple[int, int, int] = (30, 10, 40),
    seed: int = 1,
    types: Iterable[str] = ("DISO",),
) -> None:
    """Write one gold corpus, ``target/{train,valid,test}``; as `write_synthetic_corpora`."""
    written = _gold(documents, seed, _names(types))
    _refuse_foreign_files(target)
    _write_corpus(target, *written)


def write_silver_corpus(
    target: Path,
    documents: tuple[int, int] = (300, 30),
    seed: int = 1,
    types: Iterable[str] = ("DISO",),
    *,
    missed: float = MISSED,
    spurious: float = SPURIOUS,
    shifted: float = SHIFTED,
) -> None:
    """Write one silver corpus, ``target/{train,valid}``; as `write_synthetic_corpora`."""
    written = _silver(documents, seed, _names(types), missed, spurious, shifted)
    _refuse_foreign_files(target)
    _write_corpus(target, *written)


def _names(types: Iterable[str]) -> tuple[str, ...]:
    return (types,) if isinstance(types, str) else tuple(types)


def _gold(
    documents: tuple[int, ...], seed: int, types: tuple[str, ...]
) -> tuple[Iterator[Document], dict[str, int]]:
    sizes = _sizes("gold_documents", GOLD_PARTS, documents)
    return iterate_gold(sum(documents), seed, types), sizes


def _silver(
    documents: tuple[int, ...],
    seed: int,
    types: tuple[str, ...],
    missed: float,
    spurious: float,
    shifted: float,
) -> tuple[Iterator[Document], dict[str, int]]:
    sizes = _sizes("silver_documents", SILVER_PARTS, documents)
    return iterate_silver(sum(documents), seed, missed, spurious, shifted, types), sizes


def _sizes(name: str, parts: tuple[str, ...], documents: tuple[int, ...]) -> dict[str, int]:
    if len(documents) != len(parts) or min(documents) < 1:
        raise ParameterError(
            f"{name} is {documents}, expected {len(parts)} numbers from 1, for {', '.join(parts)}"
        )
    return dict(zip(parts, documents))


def _refuse_foreign_files(target: Path) -> None:
    """Refuse to replace anything that this module has not written."""
    if not target.exists():
        return
    if not target.is_dir():
        raise CorpusError(f"{target}: is a file, expected a folder; move it or choose another")
    for path in sorted(target.rglob("*")):
        if not path.is_dir() and not _OUR_FILE.fullmatch(path.name):
            raise CorpusError(
                f"{path}: is not a file of a synthetic corpus and would be lost; move it or choose "
                "another folder"
            )


def _write_corpus(target: Path, documents: Iterator[Document], sizes: Mapping[str, int]) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(
            f"{target.parent}: the synthetic corpora cannot be written: {error.strerror}; choose a "
            "writable folder"
        ) from error
    parts = {part: islice(documents, size) for part, size in sizes.items()}
    write_brat_parts(target, parts, replace=True)
