"""Synthetic corpora of a study: for trials in miniature, never for claims about real text."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.synthetic.folders import write_gold_corpus, write_silver_corpus
from neuroner_tl.corpora.synthetic.generate import MISSED, SHIFTED, SPURIOUS
from neuroner_tl.errors import CorpusError


@dataclass(frozen=True)
class SyntheticCorpus:
    """The definition of a corpus of synthetic text.

    Attributes:
        standard: ``gold`` (every mention correct) or ``silver`` (wrong at the three rates).
        documents: for train, valid and, of a gold corpus, test.
        seed: another seed gives other texts.
        types: entity types that are annotated.
        missed: share of the mentions of a silver corpus that are not annotated.
        spurious: annotations that are not mentions, as a share of the mentions.
        shifted: share of the mentions with one wrong boundary.

    Example:
        >>> SyntheticCorpus("silver", (200, 20), missed=0.3).to_json()["missed"]
        0.3
    """

    standard: str
    documents: tuple[int, ...]
    seed: int = 1
    types: tuple[str, ...] = ("DISO",)
    missed: float = MISSED
    spurious: float = SPURIOUS
    shifted: float = SHIFTED

    def to_json(self) -> dict[str, Any]:
        """Return everything that decides its text."""
        return asdict(self)

    def folder(self, name: str) -> str:
        """Name the folder of this corpus: different content has a different folder."""
        content = json.dumps(self.to_json(), sort_keys=True)
        return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def write(self, folder: Path) -> None:
        """Write the corpus as brat folders, unless it is there."""
        if folder.is_dir():
            return
        try:
            self._write(folder)
        except CorpusError:
            if not folder.is_dir():  # Another process may have been faster.
                raise

    def _write(self, folder: Path) -> None:
        if self.standard == "gold":
            train, valid, test = self.documents
            write_gold_corpus(folder, (train, valid, test), self.seed, self.types)
        else:
            train, valid = self.documents
            write_silver_corpus(
                folder,
                (train, valid),
                self.seed,
                self.types,
                missed=self.missed,
                spurious=self.spurious,
                shifted=self.shifted,
            )
