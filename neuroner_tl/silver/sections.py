"""The sections of the file that defines a silver corpus, as models that check their values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Optional, Union

from pydantic import Field, field_validator

from neuroner_tl.parameters.ini_file import OpenSection, Section, fault
from neuroner_tl.system.file_name import file_name_fault


class SilverSection(Section):
    """``[silver]``: what is built, from which texts, and where it is written.

    Example::

        definition = read_silver_definition(Path("my_class.ini"))
        print(definition.silver.type, definition.silver.valid_percent)
    """

    name: str = Field(
        pattern=r"^[\w.-]+$",
        description="a folder name: letters, digits and _ . - only, not starting with . or -, at "
        "most 200 bytes, not the name of a device",
    )
    type: str = Field(pattern=r"^\S+$", description="an entity type such as DISO")
    data_folder: Path = Path(".")
    texts: tuple[str, ...] = Field(
        min_length=1, description="one or more files, separated by commas"
    )
    texts_format: str = "jsonl"
    pool_documents: Optional[int] = Field(None, ge=1)
    word_vectors: Optional[Path] = None
    output_folder: Path = Path("output")
    seed: int = Field(0, ge=0, lt=2**32)
    valid_percent: float = Field(2.0, ge=0, lt=100)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        reason = file_name_fault(name)
        if reason is not None:
            raise ValueError(reason)
        return name


class LexiconSection(Section):
    """``[lexicon]``: how the terms of all lexicons match.

    Example:
        >>> LexiconSection(plurals="False").plurals
        False
    """

    symbol_length: int = Field(6, ge=0, le=20)
    plurals: bool = True
    genus_initials: bool = False
    abbreviations: bool = True


class HarmoniseSection(Section):
    """``[harmonise]``: how annotations become a consensus.

    Example:
        >>> HarmoniseSection(method="exact", threshold="3").minimum
        3.0
        >>> HarmoniseSection(method="hmm").minimum
        0.1
    """

    method: Literal["exact", "tolerant", "learned", "hmm", "stacked"] = "tolerant"
    threshold: Optional[float] = Field(None, gt=0)
    unknown_from: Optional[float] = Field(None, gt=0)
    weights: dict[str, float] = {}
    boundaries: tuple[str, ...] = ()
    extend: bool = False

    @property
    def minimum(self) -> float:
        """Support of a mention, or its probability, at least."""
        if self.threshold is not None:
            return self.threshold
        return {"hmm": 0.1, "stacked": 0.4}.get(self.method, 2.0)

    @property
    def uses_label_model(self) -> bool:
        """Whether reliabilities are learned from agreement."""
        return self.method in ("hmm", "stacked")

    @property
    def learns_from_gold(self) -> bool:
        """Whether the method itself needs gold documents."""
        return self.method in ("learned", "stacked")

    @field_validator("weights", mode="before")
    @classmethod
    def _read_weights(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        weights: dict[str, float] = {}
        for part in value.split(","):
            name, _, text = part.partition(":")
            name = name.strip()
            try:
                number = float(text)
            except ValueError:
                number = math.nan
            if not (name and math.isfinite(number) and number >= 0):
                raise fault(
                    repr(part.strip()),
                    "name:number with commas between, such as mesh:2, doid:0.5, numbers of 0 or "
                    "more",
                )
            if name in weights:
                raise fault(repr(part.strip()), "each annotator once")
            weights[name] = number
        return weights


class GoldSection(Section):
    """``[gold]``: gold corpora; all their documents are removed, some are learned from.

    Example:
        >>> GoldSection(corpora="NCBI-Disease, BC5CDR").corpora
        ('NCBI-Disease', 'BC5CDR')
    """

    corpora: tuple[str, ...] = ()
    learn_from: tuple[str, ...] = ()
    pubmed_ids: Optional[Path] = None
    train_size: Optional[float] = Field(None, gt=0, le=100)
    split_seed: int = Field(0, ge=0, lt=2**32)


class CleanSection(Section):
    """``[clean]``: what is removed or changed after harmonising.

    Example:
        >>> CleanSection(blacklist="gold").blacklist_occurrences
        2
    """

    former_names: ClassVar[Mapping[str, str]] = {
        "least_annotations": "min_annotations",
        "least_density": "min_density",
        "most_density": "max_density",
    }

    blacklist: Union[Literal["gold"], Path, None] = None
    blacklist_occurrences: int = Field(2, ge=1)
    abbreviations: bool = True
    empty_share: Union[Literal["gold"], float, None] = None
    min_annotations: int = Field(1, ge=0)
    min_density: float = Field(0.0, ge=0)
    max_density: Optional[float] = Field(None, gt=0)
    topics: int = Field(0, ge=0, le=1000)
    topic_share: float = Field(1.0, gt=0, le=1)
    entity_share: float = Field(1.0, gt=0, le=1)
    documents: Optional[int] = Field(None, ge=1)

    @field_validator("empty_share", mode="before")
    @classmethod
    def _read_share(cls, value: Any) -> Any:
        if not isinstance(value, str) or value.strip().lower() == "gold":
            return value.strip().lower() if isinstance(value, str) else value
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not 0 <= share < 1:
            raise fault(repr(value), "gold, or a share from 0 to below 1, such as 0.05")
        return share


class AnnotatorsSection(OpenSection):
    """``[annotators]``: the annotators, as kind and path, by a user-defined name.

    Example:
        >>> AnnotatorsSection.model_validate({"mine": "lexicon terms.txt"}).own
        {'mine': 'lexicon terms.txt'}
    """


class CoverageSection(OpenSection):
    """``[coverage]``: tables of the documents that an annotator has seen, by its name.

    Example:
        >>> CoverageSection.model_validate({"pubtator": "covered.tsv.gz"}).own
        {'pubtator': 'covered.tsv.gz'}
    """


class TypesSection(OpenSection):
    """``[types]``: the entity types of an annotator that are of the corpus's class, by its name.

    Example:
        >>> TypesSection.model_validate({"pubtator": "Disease, Symptom"}).own
        {'pubtator': 'Disease, Symptom'}
    """
