"""Synthetic corpora of a study: for its trial in miniature, never for a claim about real text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.synthetic.folders import write_gold_corpus, write_silver_corpus
from neuroner_tl.corpora.synthetic.generate import ENTITY_TYPES, MISSED, SHIFTED, SPURIOUS
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_file import IniValue
from neuroner_tl.studies.definition.section_values import (
    check_names,
    numbers_of,
    required,
    whole_numbers_of,
)

_RATES = ("missed", "spurious", "shifted")
_NAMES = ("standard", "documents", "seed", "types", *_RATES)
_PARTS = {"gold": 3, "silver": 2}


@dataclass(frozen=True)
class SyntheticCorpus:
    """What a corpus of invented text is made of.

    Attributes:
        standard: ``gold`` (every mention, rightly) or ``silver`` (wrong at the three rates).
        documents: for train, valid and, of a gold corpus, test.
        seed: another seed gives other texts.
        types: entity types that are annotated.
        missed: share of the mentions of a silver corpus that are not annotated.
        spurious: annotations of what is no mention, as a share of the mentions.
        shifted: share of the mentions with one wrong end.
    """

    standard: str
    documents: tuple[int, ...]
    seed: int = 1
    types: tuple[str, ...] = ("DISO",)
    missed: float = MISSED
    spurious: float = SPURIOUS
    shifted: float = SHIFTED

    def to_json(self) -> dict[str, Any]:
        """Everything that decides its text."""
        return asdict(self)

    def folder(self, name: str) -> str:
        """Name of the folder of this corpus: another content has another one."""
        content = json.dumps(self.to_json(), sort_keys=True)
        return f"{name}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"

    def write(self, folder: Path) -> None:
        """Write the corpus as brat folders, unless it is there."""
        if folder.is_dir():
            return
        try:
            self._write(folder)
        except CorpusError:
            if not folder.is_dir():  # Another process may have been quicker.
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


def read_synthetic(path: Path, name: str, values: Mapping[str, IniValue]) -> SyntheticCorpus:
    """Read a section ``[synthetic NAME]``.

    Raises:
        ParameterError: a name or value is wrong.
    """
    section = f"synthetic {name}"
    check_names(path, section, values, _NAMES)
    standard = required(path, section, values, "standard")
    if standard.text not in _PARTS:
        raise ParameterError(
            f"{path}:{standard.line}: standard: found {standard.text!r}, expected gold or silver"
            f"{nearest_hint(standard.text, _PARTS)}"
        )
    required(path, section, values, "documents")
    rates: dict[str, Any] = {
        rate: numbers_of(path, values, rate, (default,), least=-1e-12, most=1.0)[0]
        for rate, default in zip(_RATES, (MISSED, SPURIOUS, SHIFTED))
    }
    if standard.text == "gold" and any(rate in values for rate in _RATES):
        wrong = next(rate for rate in _RATES if rate in values)
        raise ParameterError(
            f"{path}:{values[wrong].line}: {wrong}: found a rate of errors in a gold corpus, "
            "expected one in a silver corpus only; remove the line, or set standard = silver"
        )
    return SyntheticCorpus(
        standard.text,
        whole_numbers_of(path, values, "documents", (), least=1, count=_PARTS[standard.text]),
        whole_numbers_of(path, values, "seed", (1,), least=0, count=1)[0],
        _types(path, values),
        **rates,
    )


def _types(path: Path, values: Mapping[str, IniValue]) -> tuple[str, ...]:
    value = values.get("types")
    if value is None:
        return ("DISO",)
    types = tuple(name.strip() for name in value.text.split(","))
    for name in types:
        if name not in ENTITY_TYPES:
            raise ParameterError(
                f"{path}:{value.line}: types: found {name!r}, expected one or more of "
                f"{', '.join(ENTITY_TYPES)}{nearest_hint(name, ENTITY_TYPES)}"
            )
    return types
