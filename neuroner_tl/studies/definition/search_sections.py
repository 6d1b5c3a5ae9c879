"""The sections of a study file that define a search, and what a search asks of the others."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, Optional, get_args

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.documentation import expected_of, is_list
from neuroner_tl.parameters.effects import effect_of
from neuroner_tl.parameters.fields import LENGTH, NOTHING, PLACE
from neuroner_tl.parameters.ini_file import IniFile, OpenSection, Section, fault
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.definition import TUNING, StudyDefinition
from neuroner_tl.studies.definition.search import Choices, Dimension, Range, Search
from neuroner_tl.studies.definition.sections import DECIDED, StudySection

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER})\s+to\s+(?P<high>{_NUMBER})"
    rf"(?P<log>\s*,\s*log)?(?:\s*,\s*step\s+(?P<step>{_NUMBER}))?",
    re.IGNORECASE,
)
_SPACE = "`LOW to HIGH`, with `, log` or `, step N` after it, or two or more values with commas"
# Scores of runs that differ in these are of different things, or differ by chance.
_NOT_SEARCHED = {
    "seed": "the best of several seeds is chance, not a setting",
    "main_evaluation_mode": "it decides what the validation score measures",
    "split_percentages": "it decides which documents are scored",
    "overlap_policy": "it decides which annotations are scored",
    "debug": "it decides which sentences are scored",
    "tokenizer": "it decides which annotations are scored",
    "spacylanguage": "it decides which annotations are scored",
}
_BY_EFFECT = {
    PLACE: "it only says where something is",
    NOTHING: "it does not change the result",
    LENGTH: "it only decides how long a run trains, and longer is never worse on validation",
}


class SearchSection(Section):
    """``[search]``: how many combinations are tried, and how they are drawn and pruned.

    >>> SearchSection(trials="40", pruning="hyperband").trials
    40
    """

    trials: Annotated[int, Field(ge=1)] = Field(20, description="a whole number of at least 1")
    sampler: Literal["tpe", "random"] = "tpe"
    pruning: Literal["median", "hyperband", "none"] = "median"
    startup_trials: int = Field(5, ge=0, description="a whole number of at least 0")
    warmup_epochs: int = Field(1, ge=0, description="a whole number of at least 0")
    seed: int = Field(0, ge=0, lt=2**32, description="a whole number of at least 0, below 2**32")


class SpaceSection(OpenSection):
    """``[space]``: the values of each parameter that is searched for.

    >>> SpaceSection(batch_size="4, 8").dimensions
    {'batch_size': Choices(values=('4', '8'))}
    """

    case_matters = False
    _dimensions: dict[str, Dimension] = PrivateAttr(default_factory=dict)

    @property
    def dimensions(self) -> dict[str, Dimension]:
        """The values of each parameter, by its name in the schema."""
        return self._dimensions

    @model_validator(mode="after")
    def _can_be_searched(self) -> SpaceSection:
        for option, text in self.own.items():
            name = option.lower()
            _check_name(option, name)
            if name in self._dimensions:
                raise fault(f"a second {name}", "each parameter once; remove one line", option)
            match = _RANGE.fullmatch(text.strip())
            self._dimensions[name] = (
                _choices(option, name, text) if match is None else _range(option, name, text, match)
            )
        return self


def _check_name(option: str, name: str) -> None:
    """Refuse what is not a parameter, or not one that a search may choose."""
    if name in DECIDED:
        reason: Optional[str] = f"a study decides it: {DECIDED[name]}"
    elif name not in Parameters.model_fields:
        hint = nearest_hint(name, Parameters.model_fields)
        raise fault("an unknown parameter", f"a name in docs/parameters.md{hint}", option)
    else:
        reason = _NOT_SEARCHED.get(name) or _BY_EFFECT.get(effect_of(name))
        if reason is None and is_list(name):
            reason = "its value is a list"
    if reason is not None:
        raise fault(
            f"a parameter that is not searched for ({reason})",
            "another parameter; remove the line",
            option,
        )


def _range(option: str, name: str, text: str, match: re.Match[str]) -> Range:
    annotation = Parameters.model_fields[name].annotation
    kinds = {annotation, *get_args(annotation)}
    if not kinds & {int, float}:
        raise fault(
            repr(text), f"two or more of its values with commas, each {expected_of(name)}", option
        )
    bounds = [_checked(option, name, match[bound], text) for bound in ("low", "high")]
    whole = int in kinds
    low, high = (float(bound) for bound in bounds)
    log, step = match["log"] is not None, float(match["step"] or 0)
    if low >= high:
        raise fault(repr(text), "a lower bound below the upper one", option)
    if log and low <= 0:
        raise fault(repr(text), "a lower bound above 0 for a logarithmic range", option)
    if log and step:
        raise fault(repr(text), "either log or a step, not both", option)
    if match["step"] is not None and (step <= 0 or (whole and step != int(step))):
        expected = "a whole number" if whole else "a number"
        raise fault(repr(text), f"{expected} above 0 as the step", option)
    if step:
        steps = (high - low) / step
        if not math.isclose(steps, round(steps), abs_tol=1e-6) or round(steps) < 1:
            raise fault(repr(text), "bounds that are a multiple of the step apart", option)
    return Range(low, high, log, step, whole)


def _choices(option: str, name: str, text: str) -> Choices:
    values = tuple(part.strip() for part in text.split(","))
    if len(values) < 2 or not all(values):
        raise fault(repr(text), _SPACE, option)
    read = [_checked(option, name, value, value) for value in values]
    if len(set(map(repr, read))) < len(read):
        raise fault(repr(text), "each value once", option)
    return Choices(values)


def _checked(option: str, name: str, value: str, text: str) -> Any:
    """Return a value as the schema reads it; refuse one that it does not allow."""
    try:
        return getattr(Parameters(**{name: value}), name)  # type: ignore[arg-type]
    except ValidationError as error:
        if error.errors()[0]["type"] == "contradiction":
            return value  # Of other parameters, which the study may set.
    raise fault(repr(text), f"{expected_of(name)}, or a range of such values", option)


def search_of(file: IniFile, definition: StudyDefinition) -> Optional[Search]:
    """Return the search of a study file; None for other kinds of studies.

    Raises:
        ParameterError: the study is not a search but has its sections, or the other way round; it
            has several corpora, arms or seeds; a value does not fit the other parameters.
    """
    sections = [name for name in ("search", "space") if name in file.values]
    if definition.kind != TUNING:
        if sections:
            raise ParameterError(
                f"{file.path}: found [{sections[0]}] in a study of the kind {definition.kind}, "
                f"expected it in one of the kind {TUNING}; remove the section, or set "
                f"kind = {TUNING}"
            )
        return None
    if not file.values.get("space"):
        raise ParameterError(
            f"{file.path}: found no parameters in a section [space], expected the values of each "
            "parameter that is searched for; add one or more, such as `dropout_rate = 0.2 to 0.7`"
        )
    _check_single(file, definition)
    section = file.section(SearchSection)
    values = file.values_of(SpaceSection)
    return Search(
        space=file.section(SpaceSection).dimensions,
        lines={name.lower(): value.line for name, value in values.items()},
        **dict(section),
    )


def _check_single(file: IniFile, definition: StudyDefinition) -> None:
    """Refuse a search of several kinds of runs: a trial is one run."""
    corpora = [name for named in definition.targets.values() for name in named]
    if len(corpora) != 1:
        raise ParameterError(
            f"{file.path}: found {counted(len(corpora), 'target corpus', 'target corpora')}, "
            "expected one for a search; search for each in a study of its own"
        )
    (entity_class,) = definition.targets
    arms = definition.arms
    if len(arms) != 1 or arms[0].teacher is not None:
        names = ", ".join(arm.name for arm in arms)
        found = f"{counted(len(arms), 'arm')} ({names})"
        if len(arms) == 1:
            found = f"{names}, which has a teacher"
        file.refuse(StudySection, "arms", found, "one without a teacher; set `arms = baseline`")
    for option in ("train_sizes", "seeds", "split_seeds", "source_documents", "source_seeds"):
        number = len(getattr(definition, option))
        if number > 1:
            file.refuse(StudySection, option, f"{number} values", "one, since a trial is one run")
    sources = [n for n in definition.sources.get(entity_class, {}) if arms[0].takes(n)]
    if arms[0].layers and len(sources) != 1:
        raise ParameterError(
            f"{file.path}: found {len(sources)} silver corpora for the arm {arms[0].name}, "
            "expected one, since a trial is one run; name it with sources in "
            f"[arm {arms[0].name}]"
        )
