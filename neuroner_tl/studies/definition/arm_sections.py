"""The sections of a study file that define its arms, and what arms ask of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Optional

from pydantic import Field, field_validator, model_validator

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint, one_of
from neuroner_tl.parameters.ini_file import IniFile, fault
from neuroner_tl.studies.definition.arms import (
    BASELINE,
    DOUBTFUL,
    LAYERS,
    PUBLISHED,
    SURE,
    TRANSFER,
    Arm,
    System,
    Teacher,
    expand_arms,
    is_named,
    layers_of,
)
from neuroner_tl.studies.definition.definition import IN_THE_WILD, RECIPES, TUNING
from neuroner_tl.studies.definition.sections import (
    ParametersSection,
    SourcesSection,
    StudySection,
    check_is_a_file,
    folder_name_fault,
    own_parameters,
)

# Kinds that show arms of layers alone, and those that show two arms alone.
_OF_LAYERS, _OF_SOURCES = ("layer_ablation",), ("source_size", "source_noise")
_Probability = Annotated[float, Field(gt=0, le=1)]


class ArmSection(ParametersSection):
    """``[arm NAME]``: parameters of an arm, its layers if it is user-defined, and its sources.

    Or another system in place of the network: ``system``, or a folder of its ``predictions``.

    >>> ArmSection(layers="token_lstm, crf", learning_rate="0.01").layers
    ('token_lstm', 'crf')
    """

    layers: Optional[tuple[str, ...]] = None
    sources: tuple[str, ...] = ()
    teacher: Optional[str] = None
    sure: _Probability = Field(SURE, description="a probability above 0, up to 1")
    doubtful: _Probability = Field(DOUBTFUL, description="a probability above 0, up to 1")
    from_source: bool = False
    parameters_filepath: Optional[Path] = None
    system: Optional[Literal["spacy"]] = None
    predictions: Optional[str] = None

    @model_validator(mode="after")
    def _is_one_system(self) -> ArmSection:
        given = [n for n in ("system", "predictions") if getattr(self, n) is not None]
        if len(given) > 1:
            raise fault("a system and its predictions", "one of the two", "predictions")
        for name in ("layers", "sources", "teacher") if given else ():
            if name in self.model_fields_set:
                raise fault(
                    f"another system ({given[0]}), which has none",
                    f"either; remove {name} or {given[0]}",
                    name,
                )
        return self

    @model_validator(mode="after")
    def _are_of_a_teacher(self) -> ArmSection:
        for name in ("sure", "doubtful", "from_source"):
            if self.teacher is None and name in self.model_fields_set:
                raise fault("no teacher in this section", "one; set `teacher = ARM`", name)
        if self.doubtful > self.sure:
            raise fault(f"{self.doubtful:g}", f"at most sure = {self.sure:g}", "doubtful")
        return self

    @field_validator("layers")
    @classmethod
    def _are_layers(cls, layers: Optional[Sequence[str]]) -> Optional[Sequence[str]]:
        for name in layers or ():
            if name not in LAYERS:
                raise fault(repr(name), f"names of layers: {one_of(name, LAYERS)}")
        return layers


def arms_of(file: IniFile) -> tuple[Arm, ...]:
    """Return the arms that a study file names.

    Raises:
        ParameterError: an arm does not exist, or does not fit the rest of the file.
    """
    sections = file.sections(ArmSection)
    arms = []
    for name in expand_arms(file.section(StudySection).arms):
        wrong = folder_name_fault(name)
        if wrong is not None:
            file.refuse(StudySection, "arms", *wrong)
        section = sections.get(name)
        layers = _layers(file, name, section)
        arms.append(Arm(name, layers) if section is None else _arm(file, name, section, layers))
    names = [arm.name for arm in arms]
    for name in sections:
        if name not in names:
            raise ParameterError(
                f"{file.path}: found the section [arm {name}], expected the name of an arm of this "
                f"study; write it into arms in [study], or remove the section"
                f"{nearest_hint(name, names)}"
            )
    _check_places(file, arms)
    _check_teachers(file, arms)
    return tuple(arms)


def _check_places(file: IniFile, arms: Sequence[Arm]) -> None:
    """Refuse arms that would be trained, but shown by no table of the study's kind."""
    kind = file.section(StudySection).kind
    for arm in arms:
        if kind in _OF_LAYERS and not is_named(arm.name):
            expected = "arms whose names say which layers they take, such as up_to_LAYER"
        elif kind in _OF_SOURCES and arm.name not in (BASELINE, TRANSFER):
            expected = f"{BASELINE} and {TRANSFER}"
        else:
            continue
        found = f"{arm.name!r}, which has no place in the tables of a {kind}"
        expected = f"{expected}; remove it, or choose another kind of study"
        file.refuse(StudySection, "arms", found, expected)


def _layers(file: IniFile, name: str, section: Optional[ArmSection]) -> frozenset[str]:
    """Return the layers that an arm takes, by its section or by its name."""
    recipe = file.section(StudySection).kind == RECIPES
    if section is not None and section.layers is not None:
        return frozenset(section.layers)
    if section is not None and not is_named(name):
        if section.sources or section.teacher:
            return frozenset(LAYERS)
        if recipe or section.system or section.predictions or section.parameters_filepath:
            return frozenset()
    try:
        return layers_of(name)
    except ParameterError as error:
        value = file.values_of(StudySection).get("arms")
        where = f"{file.path}:{value.line}: arms: " if value else ""
        raise ParameterError(f"{where}{error}") from None


def _arm(file: IniFile, name: str, section: ArmSection, layers: frozenset[str]) -> Arm:
    own = own_parameters(file.values_of(ArmSection, name))
    for key in ArmSection.model_fields:
        own.pop(key, None)
    teacher, system = None, None
    if section.teacher is not None:
        teacher = Teacher(section.teacher, section.sure, section.doubtful, section.from_source)
    given = "system" if section.system else "predictions" if section.predictions else None
    if given is not None:
        system = System(section.system or PUBLISHED, section.predictions or "")
        kind = file.section(StudySection).kind
        if is_named(name):
            found = f"another system in the arm {name}, whose name says what the network takes"
            file.refuse(ArmSection, given, found, "an arm of another name", name)
        if kind == RECIPES and system.name == PUBLISHED:
            found = "predictions in a study of the kind recipes, which have no score on valid"
            file.refuse(ArmSection, given, found, "another kind of study", name)
        if kind in (IN_THE_WILD, TUNING):
            found = f"another system in a study of the kind {kind}, which needs our models"
            file.refuse(ArmSection, given, found, "another kind of study", name)
    parameters = check_is_a_file(
        file, ArmSection, "parameters_filepath", section.parameters_filepath, name
    )
    return Arm(name, layers, own, section.sources, teacher, parameters, system)


def _check_teachers(file: IniFile, arms: Sequence[Arm]) -> None:
    """Refuse arms whose sources or teachers do not exist."""
    corpora = [name for s in file.sections(SourcesSection).values() for name in s.own]
    by_name = {arm.name: arm for arm in arms}
    teachers = [arm.name for arm in arms if arm.teacher is None and arm.system is None]
    for arm in arms:
        for name in arm.sources:
            if name not in corpora:
                file.refuse(ArmSection, "sources", repr(name), one_of(name, corpora), arm.name)
        for entity_class, section in file.sections(SourcesSection).items():
            if section.own and not any(map(arm.takes, section.own)):
                file.refuse(
                    ArmSection,
                    "sources",
                    f"no corpus of {entity_class}",
                    f"one or more of [sources {entity_class}]: {', '.join(section.own)}",
                    arm.name,
                )
        for option, given in (("sources", arm.sources), ("teacher", arm.teacher)):
            if given and not arm.layers:
                file.refuse(
                    ArmSection, option, "an arm without layers", "one with; remove it", arm.name
                )
        if arm.teacher is not None and arm.teacher.arm not in teachers:
            expected = "an arm that has no teacher itself: " + one_of(arm.teacher.arm, teachers)
            if not teachers:
                expected = "an arm that has no teacher itself; write it into arms in [study]"
            file.refuse(ArmSection, "teacher", repr(arm.teacher.arm), expected, arm.name)
        teacher = by_name.get(arm.teacher.arm) if arm.teacher is not None else None
        if teacher is None or not teacher.layers:
            continue
        for name in corpora:
            if arm.takes(name) and not teacher.takes(name):
                file.refuse(
                    ArmSection,
                    "teacher",
                    f"{teacher.name}, which does not take {name}",
                    f"one with the sources of {arm.name}; add {name} to those of {teacher.name}, "
                    "or set sources here",
                    arm.name,
                )
