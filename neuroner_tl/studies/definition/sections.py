"""The sections of a study file, a model each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

from pydantic import AfterValidator, Field, field_validator, model_validator

from neuroner_tl.corpora.synthetic.generate import ENTITY_TYPES, MISSED, SHIFTED, SPURIOUS
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.parameters.ini_file import IniFile, OpenSection, Section, fault
from neuroner_tl.parameters.ini_syntax import IniValue
from neuroner_tl.studies.definition.arms import LAYERS
from neuroner_tl.studies.definition.definition import KINDS
from neuroner_tl.system.file_name import file_name_fault
from neuroner_tl.system.packaged_files import existing_file

_NAME = re.compile(r"[A-Za-z0-9_.+]+")
# A run's folder has several names and a date in its own; 255 bytes is the limit for the whole name.
_LONGEST = 50

# What the study decides itself.
DECIDED = {
    "train_model": "every run of a study trains",
    "use_pretrained_model": "the arm says whether a run starts from a source model",
    "pretrained_model_folder": "the study trains the source models",
    "dataset_text_folder": "write corpora into [sources CLASS] and [targets CLASS]",
    "output_folder": "set it in [study]",
    "experiment_name": "runs are named by their identifiers",
    "train_size": "set train_sizes or source_documents in [study]",
    "split_seed": "set split_seeds in [study]",
    "transfer_layers": "the arm says which layers it takes",
    "transfer_up_to": "the arm says which layers it takes",
    **{f"reload_{layer}": "the arm says which layers it takes" for layer in LAYERS},
}


def folder_name_fault(text: str) -> Optional[tuple[str, str]]:
    """Return why a text cannot be part of file and folder names.

    Returns:
        What was found and what is expected, for an error; None if it can.
    """
    reason = file_name_fault(text, _LONGEST)
    if reason is None and not _NAME.fullmatch(text):
        reason = "has other characters than letters, digits and _ . +"
    if reason is None:
        return None
    found = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return (
        f"{found!r}, which {reason};",
        f"letters, digits and _ . + only, up to {_LONGEST}, as it becomes part of names of folders",
    )


def _folder_name(text: str) -> str:
    wrong = folder_name_fault(text)
    if wrong is not None:
        raise fault(*wrong)
    return text


def _check_own_names(section: OpenSection) -> None:
    for name in section.own:
        wrong = folder_name_fault(name)
        if wrong is not None:
            raise fault(*wrong, name)


FolderName = Annotated[str, AfterValidator(_folder_name)]


def _numbers(default: Any, expected: str) -> Any:
    return Field(default, description=expected)


_Seed = Annotated[int, Field(ge=0, lt=2**32)]
_SEEDS = "whole numbers with commas, of at least 0 and below 2**32"


class StudySection(Section):
    """``[study]``: what is compared, and where it goes.

    >>> StudySection(name="trial", kind="learning_curve", train_sizes="10, 20, 10").train_sizes
    (10.0, 20.0)
    """

    name: FolderName
    kind: str
    parameters_filepath: Optional[Path] = None
    source_parameters_filepath: Optional[Path] = None
    output_folder: Path = Path("output")
    runs: Optional[FolderName] = None
    arms: tuple[str, ...] = ("baseline", "transfer")
    train_sizes: tuple[Annotated[float, Field(gt=0, le=100)], ...] = _numbers(
        (), "numbers above 0, up to 100, with commas"
    )
    seeds: tuple[_Seed, ...] = _numbers((), _SEEDS)
    split_seeds: tuple[_Seed, ...] = _numbers((), _SEEDS)
    source_documents: tuple[Annotated[int, Field(ge=1)], ...] = _numbers(
        (), "whole numbers with commas of at least 1"
    )
    source_seeds: tuple[_Seed, ...] = _numbers((), _SEEDS)
    allow_informed_sources: bool = False
    valid_chooses: tuple[str, ...] = ()
    keep_models: bool = True
    # Up to about 5000 annotations the paper finds a gain.
    annotation_limits: tuple[Annotated[int, Field(ge=1)], ...] = _numbers(
        (2000, 5000), "whole numbers with commas of at least 1"
    )

    @field_validator("kind")
    @classmethod
    def _is_a_kind(cls, kind: str) -> str:
        if kind not in KINDS:
            raise fault(repr(kind), one_of(kind, KINDS))
        return kind

    @field_validator(
        "train_sizes",
        "seeds",
        "split_seeds",
        "source_documents",
        "source_seeds",
        "annotation_limits",
    )
    @classmethod
    def _each_once(cls, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(dict.fromkeys(numbers))

    @field_validator("annotation_limits")
    @classmethod
    def _in_order(cls, limits: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(limits))


class CorporaSection(OpenSection):
    """Corpora of an entity class: the folder of each by its name, or ``synthetic:NAME``.

    >>> CorporaSection(NCBI="gold/NCBI_DISO").own
    {'NCBI': 'gold/NCBI_DISO'}
    """

    @model_validator(mode="after")
    def _have_folders(self) -> CorporaSection:
        _check_own_names(self)
        for name, text in self.own.items():
            if not text:
                raise fault("no folder", f"`{name} = FOLDER`", name)
        return self


class SourcesSection(CorporaSection):
    """``[sources CLASS]``: silver corpora, each of which trains a source model.

    Example::

        [sources DISO]
        silver_diso = ${SILVER}/silver_diso
    """


class TargetsSection(CorporaSection):
    """``[targets CLASS]``: gold corpora.

    Example::

        [targets DISO]
        NCBI_DISO = ${GOLD}/NCBI_DISO
    """


_Rate = Annotated[float, Field(ge=0, le=1)]
_RATES = ("missed", "spurious", "shifted")
_PARTS = {"gold": 3, "silver": 2}


class SyntheticSection(Section):
    """``[synthetic NAME]``: a corpus to be generated.

    >>> SyntheticSection(standard="silver", documents="200, 20", missed="0.3").missed
    0.3
    """

    standard: Literal["gold", "silver"]
    documents: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        description="whole numbers of documents for train, valid and, if it is gold, test"
    )
    seed: int = Field(1, ge=0)
    types: tuple[str, ...] = ("DISO",)
    missed: _Rate = Field(MISSED, description="a number from 0 up to 1")
    spurious: _Rate = Field(SPURIOUS, description="a number from 0 up to 1")
    shifted: _Rate = Field(SHIFTED, description="a number from 0 up to 1")

    @field_validator("types")
    @classmethod
    def _are_types(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        for name in types:
            if name not in ENTITY_TYPES:
                raise fault(repr(name), one_of(name, ENTITY_TYPES))
        return types

    @model_validator(mode="after")
    def _fits_its_standard(self) -> SyntheticSection:
        parts = _PARTS[self.standard]
        if len(self.documents) != parts:
            found = ", ".join(map(str, self.documents))
            raise fault(repr(found), f"{parts} whole numbers of at least 1", "documents")
        for rate in _RATES:
            if self.standard == "gold" and rate in self.model_fields_set:
                raise fault(
                    "a rate of errors in a gold corpus",
                    "one in a silver corpus only; remove the line, or set standard = silver",
                    rate,
                )
        return self


class PredictionsSection(OpenSection):
    """``[predictions CLASS]``: finished predictions of two systems, the folder of each by name.

    Example::

        [predictions DISO]
        gold = gold/CDR_DISO/test
        baseline = predictions/CDR_DISO_baseline
        transfer = predictions/CDR_DISO_transfer
    """

    gold: Path
    train: Optional[Path] = None

    @model_validator(mode="after")
    def _have_names(self) -> PredictionsSection:
        _check_own_names(self)
        return self


class ParametersSection(OpenSection):
    """Parameters of some runs; unknown ones are refused where the parameters are loaded.

    >>> ParametersSection(learning_rate="0.005").own
    {'learning_rate': '0.005'}
    """

    case_matters = False

    @model_validator(mode="after")
    def _are_not_decided(self) -> ParametersSection:
        for name in self.own:
            reason = DECIDED.get(name.lower())
            if reason:
                raise fault(
                    f"a parameter that a study decides ({reason})",
                    "another parameter; remove the line",
                    name,
                )
        return self


class SourceParameters(ParametersSection):
    """``[source]``: parameters of runs that train source models.

    Example::

        [source]
        maximum_number_of_epochs = 3
    """


class SourcesParameters(ParametersSection):
    """``[source CLASS]``: parameters of the source models of an entity class, over [source].

    Example::

        [source PRGE]
        learning_rate = 0.002
    """


class StudentParameters(ParametersSection):
    """``[student]``: parameters of source models that a teacher teaches, over those of sources.

    Example::

        [student]
        maximum_number_of_epochs = 1
    """


class TargetParameters(ParametersSection):
    """``[target]``: parameters of runs on targets.

    Example::

        [target]
        patience = 10
    """


def check_is_a_file(
    file: IniFile, model: type[Section], name: str, path: Optional[Path], title: str = ""
) -> Optional[Path]:
    """Return the path of a parameter file, or None.

    Raises:
        ParameterError: it is not a file.
    """
    if path is not None and not existing_file(path).is_file():
        file.refuse(
            model,
            name,
            f"{str(path)!r}, which is not a file",
            "a parameter file; relative paths start at the current folder",
            title,
        )
    return path


def own_parameters(values: Mapping[str, IniValue]) -> dict[str, IniValue]:
    """Return the parameters of a section; unknown ones are refused by `load_parameters`."""
    return {name.lower(): value for name, value in values.items()}
