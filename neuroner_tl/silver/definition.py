"""A silver corpus as its .ini file defines it.

``docs/silver.md`` explains every name; relative paths start at ``data_folder``, and that one at the
current folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn, Optional, Union

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from neuroner_tl.corpora.convert import READERS
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_file import (
    IniValue,
    expand_variables,
    read_ini,
    refuse_variables,
    variables_of,
)
from neuroner_tl.system.file_name import file_name_fault

ANNOTATOR_KINDS = ("lexicon", "standoff", "brat", "model")
BLACKLIST_FROM_GOLD = "gold"

# Former names of options, by section, with the names of today.
RENAMED = {
    "clean": {
        "least_annotations": "min_annotations",
        "least_density": "min_density",
        "most_density": "max_density",
    },
}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SilverSection(_Section):
    """``[silver]``: what is made, of which texts, and where it goes."""

    name: str = Field(
        pattern=r"^[\w.-]+$",
        description="the name of a folder: letters, digits and _ . - only, the first of them "
        "no dot or -, up to 200 bytes, no name of a device",
    )
    type: str = Field(pattern=r"^\S+$", description="an entity type such as DISO")
    data_folder: Path = Path(".")
    texts: Path
    texts_format: str = "jsonl"
    word_vectors: Optional[Path] = None
    output_folder: Path = Path("output")
    seed: int = Field(0, ge=0, lt=2**32)
    valid_percent: float = Field(2.0, ge=0, lt=100)

    @field_validator("name")
    @classmethod
    def _names_a_folder(cls, name: str) -> str:
        fault = file_name_fault(name)
        if fault is not None:
            raise ValueError(fault)
        return name


class LexiconSection(_Section):
    """``[lexicon]``: how the terms of all lexicons match."""

    symbol_length: int = Field(6, ge=0, le=20)
    plurals: bool = True
    genus_initials: bool = False
    abbreviations: bool = True


class HarmoniseSection(_Section):
    """``[harmonise]``: how annotations become a consensus."""

    method: Literal["exact", "tolerant", "learned"] = "tolerant"
    threshold: float = Field(2.0, gt=0)
    weights: dict[str, float] = {}
    extend: bool = False


class GoldSection(_Section):
    """``[gold]``: gold corpora; all their documents are removed, some teach and score."""

    corpora: tuple[str, ...] = ()
    learn_from: tuple[str, ...] = ()
    pubmed_ids: Optional[Path] = None
    train_size: Optional[float] = Field(None, gt=0, le=100)
    split_seed: int = Field(0, ge=0, lt=2**32)


class CleanSection(_Section):
    """``[clean]``: what is taken out after harmonising."""

    blacklist: Union[Literal["gold"], Path, None] = None
    blacklist_occurrences: int = Field(2, ge=1)
    min_annotations: int = Field(1, ge=0)
    min_density: float = Field(0.0, ge=0)
    max_density: Optional[float] = Field(None, gt=0)
    topics: int = Field(0, ge=0, le=1000)
    topic_share: float = Field(1.0, gt=0, le=1)
    entity_share: float = Field(1.0, gt=0, le=1)
    documents: Optional[int] = Field(None, ge=1)


@dataclass(frozen=True)
class AnnotatorSource:
    """An annotator as the file names it.

    Attributes:
        name: what it is called.
        kind: one of `ANNOTATOR_KINDS`.
        path: its term list, annotations or model folder.
    """

    name: str
    kind: str
    path: Path


@dataclass(frozen=True)
class SilverDefinition:
    """Everything that a silver corpus is made from."""

    path: Path
    silver: SilverSection
    annotators: tuple[AnnotatorSource, ...]
    lexicon: LexiconSection
    harmonise: HarmoniseSection
    gold: GoldSection
    clean: CleanSection

    def data(self, path: Union[str, Path]) -> Path:
        """Return a path of the file, from the data folder on."""
        return self.silver.data_folder.expanduser() / Path(path).expanduser()


_SECTIONS: dict[str, type[_Section]] = {
    "silver": SilverSection,
    "lexicon": LexiconSection,
    "harmonise": HarmoniseSection,
    "gold": GoldSection,
    "clean": CleanSection,
}
_NAMES = ("silver", "annotators", "lexicon", "harmonise", "gold", "clean")
_Values = Mapping[str, IniValue]


def read_silver_definition(
    path: Path,
    data_folder: Optional[Path] = None,
    output_folder: Optional[Path] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> SilverDefinition:
    """Read the file that defines a silver corpus.

    Args:
        path: the file.
        data_folder: wins over the file's.
        output_folder: wins over the file's.
        variables: what ``${NAME}`` stands for, before the environment is asked.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong or contradicts another.
    """
    raw = read_ini(path, "a file that defines a silver corpus")
    sections = expand_variables(raw, variables_of(raw, variables or {}))
    for section, values in sections.items():
        refuse_variables(path, values)
        if section not in _NAMES:
            raise ParameterError(
                f"{path}: found the section [{section}], expected one of "
                f"{', '.join(f'[{name}]' for name in _NAMES)}"
                f"{nearest_hint(section, _NAMES, '[{}]'.format)}"
            )
    made: dict[str, Any] = {
        name: _section(path, name, kind, sections.get(name, {})) for name, kind in _SECTIONS.items()
    }
    given = {"data_folder": data_folder, "output_folder": output_folder}
    chosen = {name: folder for name, folder in given.items() if folder is not None}
    made["silver"] = made["silver"].model_copy(update=chosen)
    definition = SilverDefinition(
        path=path, annotators=_annotators(path, sections.get("annotators", {})), **made
    )
    _check(definition, sections)
    return definition


def _section(path: Path, name: str, kind: type[_Section], values: _Values) -> _Section:
    fields = kind.model_fields
    given: dict[str, Any] = {}
    for option, (text, line) in values.items():
        if option in RENAMED.get(name, {}):
            raise ParameterError(
                f"{path}:{line}: {option}: found a former name in [{name}], expected "
                f"{RENAMED[name][option]}; rename it"
            )
        if option not in fields:
            raise ParameterError(
                f"{path}:{line}: {option}: found an unknown name in [{name}], expected one of "
                f"{', '.join(fields)}{nearest_hint(option, fields)}"
            )
        if not text:
            continue
        if option in ("corpora", "learn_from"):
            given[option] = tuple(part.strip() for part in text.split(",") if part.strip())
        elif option == "weights":
            given[option] = _weights(text, f"{path}:{line}: {option}")
        else:
            given[option] = text
    try:
        return kind(**given)
    except ValidationError as error:
        _refuse(path, name, kind, values, error)


def _refuse(
    path: Path, section: str, kind: type[_Section], values: _Values, error: ValidationError
) -> NoReturn:
    first = error.errors()[0]
    option = str(first["loc"][0])
    if first["type"] == "missing":
        raise ParameterError(
            f"{path}: found no {option} in [{section}], expected `{option} = ...`; add the line"
        ) from None
    expected = kind.model_fields[option].description or first["msg"].replace(
        "Input should", "it to"
    )
    raise ParameterError(
        f"{path}:{values[option].line}: {option}: found {values[option].text!r}, expected "
        f"{expected}; correct it, or remove the line"
    ) from None


def _weights(text: str, where: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition(":")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            raise ParameterError(
                f"{where}: found {part.strip()!r}, expected name:number with commas between, such "
                "as mesh:2, doid:0.5"
            ) from None
    return weights


def _annotators(path: Path, values: _Values) -> tuple[AnnotatorSource, ...]:
    found = []
    for name, (text, line) in values.items():
        kind, _, place = text.partition(":")
        if kind.strip() not in ANNOTATOR_KINDS or not place.strip():
            raise ParameterError(
                f"{path}:{line}: {name}: found {text!r}, expected a kind and a path, such as "
                f"lexicon:terms.txt; the kinds are {', '.join(ANNOTATOR_KINDS)}"
            )
        found.append(AnnotatorSource(name, kind.strip(), Path(place.strip())))
    if not found:
        raise ParameterError(
            f"{path}: found no annotator, expected lines such as `mesh = lexicon:mesh.txt` in "
            "[annotators]; add them"
        )
    return tuple(found)


def _check(definition: SilverDefinition, sections: Mapping[str, _Values]) -> None:
    """Refuse values that contradict each other."""
    path, gold, clean = definition.path, definition.gold, definition.clean
    names = [source.name for source in definition.annotators]

    def refuse(section: str, option: str, found: str, expected: str) -> NoReturn:
        value = sections.get(section, {}).get(option)
        where = f"{path}:{value.line}" if value else str(path)
        raise ParameterError(f"{where}: {option}: found {found}, expected {expected}")

    if definition.silver.texts_format not in READERS:
        form = definition.silver.texts_format
        refuse("silver", "texts_format", repr(form), f"one of {', '.join(sorted(READERS))}")
    for name in definition.harmonise.weights:
        if name not in names:
            refuse("harmonise", "weights", repr(name), f"an annotator: {', '.join(names)}")
    known = [corpus_name(text) for text in gold.corpora]
    for name in gold.learn_from:
        if name not in known:
            refuse("gold", "learn_from", repr(name), f"a name among corpora: {', '.join(known)}")
    if definition.harmonise.method == "learned" and not gold.learn_from:
        refuse("harmonise", "method", "learned", "learn_from in [gold] to learn weights from")
    if definition.harmonise.extend and not gold.learn_from:
        refuse("harmonise", "extend", "True", "learn_from in [gold] to learn words from")
    if clean.blacklist == BLACKLIST_FROM_GOLD and not gold.learn_from:
        refuse("clean", "blacklist", "gold", "learn_from in [gold] to make the blacklist from")
    if clean.topics and clean.topic_share * clean.topics <= 1:
        refuse(
            "clean", "topic_share", str(clean.topic_share), f"more than 1 / {clean.topics} topics"
        )


def corpus_name(path: Union[str, Path]) -> str:
    """Return what a corpus is called: its folder's name, or its archive's without the ending."""
    name = Path(path).name
    for ending in (".tar.gz", ".tgz", ".tar"):
        if name.endswith(ending):
            return name[: -len(ending)]
    return name
