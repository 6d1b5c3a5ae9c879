"""Reading the .ini file that defines a study.

Sections and what they hold::

    [study]             name, kind, parameters_filepath, source_parameters_filepath,
                        output_folder, runs, arms, valid_chooses, train_sizes, seeds, split_seeds,
                        source_documents, source_seeds, allow_informed_sources, keep_models,
                        annotation_limits
    [sources CLASS]     NAME = folder: silver corpora of an entity class; each trains a source model
    [targets CLASS]     NAME = folder: gold corpora of that class
    [synthetic NAME]    a synthetic corpus to generate, named synthetic:NAME above
    [predictions CLASS] gold, train, and NAME = folder of each system, for finished predictions
    [source] [target]   parameters of those runs, which override the parameter file
    [source CLASS]      parameters of the source models of a class, which override those
    [student]           parameters of source models that a teacher teaches, which override those
    [arm NAME]          parameters of an arm, which override those; layers, for a user-defined arm;
                        sources, teacher, sure, doubtful, from_source; parameters_filepath;
                        system or predictions, for another system in place of the network
    [search] [space]    of the kind tuning: how parameters are searched for, and their values

Relative paths start at the current folder, as those of parameter files do. ``${NAME}`` stands for
a value of the command line (``-D NAME=VALUE``) or of the environment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.parameters.ini_file import IniFile, Section, read_sections
from neuroner_tl.parameters.ini_variables import refuse_variables
from neuroner_tl.studies.definition.arm_sections import ArmSection, arms_of
from neuroner_tl.studies.definition.definition import (
    IN_THE_WILD,
    LEARNING_CURVE,
    SOURCE,
    STUDENT,
    SYNTHETIC,
    TARGET,
    Predictions,
    StudyDefinition,
)
from neuroner_tl.studies.definition.search_sections import SearchSection, SpaceSection, search_of
from neuroner_tl.studies.definition.sections import (
    CorporaSection,
    ParametersSection,
    PredictionsSection,
    SourceParameters,
    SourcesParameters,
    SourcesSection,
    StudentParameters,
    StudySection,
    SyntheticSection,
    TargetParameters,
    TargetsSection,
    check_is_a_file,
    folder_name_fault,
    own_parameters,
)
from neuroner_tl.studies.definition.synthetic import SyntheticCorpus
from neuroner_tl.system.file_name import colliding_names
from neuroner_tl.system.paths import StrPath, expanded_path

_SECTIONS: dict[str, type[Section]] = {
    "study": StudySection,
    "sources *": SourcesSection,
    "targets *": TargetsSection,
    "synthetic *": SyntheticSection,
    "predictions *": PredictionsSection,
    "source *": SourcesParameters,
    "source": SourceParameters,
    "student": StudentParameters,
    "target": TargetParameters,
    "arm *": ArmSection,
    "search": SearchSection,
    "space": SpaceSection,
}
# What is read by runs alone: all values of a section, or some.
_CORPORA: dict[type[Section], Optional[tuple[str, ...]]] = {
    SourcesSection: None,
    TargetsSection: None,
    ArmSection: ("predictions",),
}
_ROLES: dict[str, type[Section]] = {
    SOURCE: SourceParameters,
    STUDENT: StudentParameters,
    TARGET: TargetParameters,
}


def read_definition(
    path: StrPath,
    variables: Optional[Mapping[str, str]] = None,
    *,
    arms: Sequence[str] = (),
    corpora: Sequence[str] = (),
    output_folder: Optional[StrPath] = None,
    needs_corpora: bool = True,
) -> StudyDefinition:
    """Read the file that defines a study.

    Args:
        path: the file.
        variables: what ``${NAME}`` stands for, before the environment is asked.
        arms: the arms to be content with, see `StudyDefinition.with_arms`; none for all.
        corpora: the target corpora to be content with, likewise.
        output_folder: overrides that of the file.
        needs_corpora: whether runs will read the corpora of ``[sources ...]`` and ``[targets ...]``
            and the ``predictions`` of arms, those of them that are left: a report from the store
            reads none, and a ``${NAME}`` without value may stay there.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong.
    """
    path = Path(path)
    file = read_sections(
        path,
        _SECTIONS,
        "a study file",
        keep_case=True,
        variables=variables or {},
        may_lack_variables=_CORPORA,
    )
    _check_titles(file)
    study = file.section(StudySection)
    synthetic = {
        name: SyntheticCorpus(**dict(section))
        for name, section in file.sections(SyntheticSection).items()
    }
    sources = {
        c: _corpora(file, SourcesSection, c, synthetic) for c in file.sections(SourcesSection)
    }
    targets = {
        c: _corpora(file, TargetsSection, c, synthetic) for c in file.sections(TargetsSection)
    }
    own = {
        f"{SOURCE} {name}": own_parameters(file.values_of(SourcesParameters, name))
        for name in file.sections(SourcesParameters)
    }
    for role, model in _ROLES.items():
        if role in file.values:
            own[role] = own_parameters(file.values_of(model))
    definition = StudyDefinition(
        path=path,
        name=study.name,
        kind=study.kind,
        output_folder=study.output_folder if output_folder is None else Path(output_folder),
        runs=study.runs or study.name,
        parameters_filepath=_parameter_file(file, bool(targets)),
        source_parameters_filepath=check_is_a_file(
            file, StudySection, "source_parameters_filepath", study.source_parameters_filepath
        ),
        sources=sources,
        targets=targets,
        synthetic=synthetic,
        predictions={c: _predictions(file, c) for c in file.sections(PredictionsSection)},
        arms=arms_of(file),
        train_sizes=study.train_sizes or (None,),
        seeds=study.seeds,
        split_seeds=study.split_seeds,
        source_documents=study.source_documents or (None,),
        source_seeds=study.source_seeds,
        allow_informed_sources=study.allow_informed_sources,
        valid_chooses=study.valid_chooses,
        keep_models=study.keep_models,
        annotation_limits=study.annotation_limits,
        own=own,
        variables=file.variables,
    )
    _check_whole(definition)
    _check_seeds(file, definition)
    _check_choices(file, definition)
    _check_elsewhere(file, definition)
    definition = replace(definition, search=search_of(file, definition))
    if arms:
        definition = definition.with_arms(arms)
    if corpora:
        definition = definition.with_corpora(corpora)
    if needs_corpora:
        _refuse_variables(file, definition)
    return definition


def _refuse_variables(file: IniFile, definition: StudyDefinition) -> None:
    """Refuse what the runs of a study read and a variable leaves open."""
    for model in (SourcesSection, TargetsSection):
        for entity_class in file.sections(model):
            values = file.values_of(model, entity_class)
            read = {name: value for name, value in values.items() if name in definition.corpora}
            refuse_variables(file.path, read)
    own = file.sections(ArmSection)
    for arm in definition.arms:
        refuse_variables(file.path, file.values_of(ArmSection, arm.name) if arm.name in own else {})


def _check_titles(file: IniFile) -> None:
    """Refuse section names that cannot be part of folder names."""
    for title, model in _SECTIONS.items():
        for name in file.sections(model) if "*" in title else ():
            wrong = folder_name_fault(name)
            if wrong is not None:
                shown = title.replace("*", name)
                raise ParameterError(
                    f"{file.path}: [{shown}]: found {wrong[0]} expected {wrong[1]}"
                )


def _parameter_file(file: IniFile, has_targets: bool) -> Optional[Path]:
    path = file.section(StudySection).parameters_filepath
    if path is None and has_targets:
        raise ParameterError(
            f"{file.path}: found no parameters_filepath in [study], expected "
            "`parameters_filepath = ...`; add the line"
        )
    return check_is_a_file(file, StudySection, "parameters_filepath", path)


def _corpora(
    file: IniFile,
    model: type[CorporaSection],
    entity_class: str,
    synthetic: Mapping[str, SyntheticCorpus],
) -> dict[str, str]:
    corpora = file.sections(model)[entity_class].own
    for name, text in corpora.items():
        if not text.startswith(SYNTHETIC):
            continue
        wanted = text[len(SYNTHETIC) :]
        if wanted not in synthetic:
            known = [f"{SYNTHETIC}{corpus}" for corpus in synthetic]
            expected = one_of(text, known) if known else "a section [synthetic NAME]"
            file.refuse(model, name, repr(text), f"a folder or {expected}", entity_class)
        if model is TargetsSection and synthetic[wanted].standard != "gold":
            file.refuse(
                model,
                name,
                f"{text!r}, which has no test part",
                "a corpus with one; set standard = gold in its section",
                entity_class,
            )
    return corpora


def _check_seeds(file: IniFile, definition: StudyDefinition) -> None:
    """Refuse a seed among the parameters of runs whose seed the study decides."""
    of_targets, of_sources = "the seeds of [study] override", "the source_seeds of [study] override"
    decided: list[tuple[type[ParametersSection], str]] = [
        # Runs of all arms have the same seeds, by which they are compared.
        (ArmSection, "the seeds of [study], or else of all targets, override"),
        (StudentParameters, "the seed of the target run overrides"),
        *([(TargetParameters, of_targets)] if definition.seeds else []),
        *([(SourceParameters, of_sources)] if definition.source_seeds else []),
        *([(SourcesParameters, of_sources)] if definition.source_seeds else []),
    ]
    for model, what in decided:
        for name in file.sections(model):
            values = own_parameters(file.values_of(model, name))
            if "seed" in values:
                found = f"{values['seed'].text}, which {what}"
                file.refuse(model, "seed", found, "no seed here; remove the line", name)


def _check_choices(file: IniFile, definition: StudyDefinition) -> None:
    """Refuse a curve without points, and source seeds and a choice that do not fit."""
    if definition.kind == LEARNING_CURVE and definition.train_sizes == (None,):
        found = f"a {LEARNING_CURVE} without sizes of the train set"
        file.refuse(StudySection, "kind", found, "some; add `train_sizes = 10, 20, 40` in [study]")
    runs, what = max(len(definition.seeds), 1), "seeds"
    if len(definition.split_seeds) > 1:
        runs, what = len(definition.split_seeds), "split_seeds"
    if len(definition.source_seeds) > runs:
        file.refuse(
            StudySection,
            "source_seeds",
            counted(len(definition.source_seeds), "seed"),
            f"at most {runs}, since each of the {what} takes one source model; remove some",
        )
    if not definition.valid_chooses:
        return
    if definition.kind != "transfer_table" or len(definition.valid_chooses) < 2:
        file.refuse(
            StudySection,
            "valid_chooses",
            f"{counted(len(definition.valid_chooses), 'arm')} in a study of the kind "
            f"{definition.kind}",
            "two or more arms of a transfer_table",
        )
    arms = {arm.name: arm for arm in definition.arms}
    for name in definition.valid_chooses:
        if name not in arms:
            file.refuse(StudySection, "valid_chooses", repr(name), one_of(name, arms))
        if arms[name].is_published:
            found = f"{name!r}, whose predictions have no score on valid"
            file.refuse(StudySection, "valid_chooses", found, "arms that are trained; remove it")


def _check_elsewhere(file: IniFile, definition: StudyDefinition) -> None:
    """Refuse a study in the wild without other corpora, or without models to score on them."""
    if definition.kind != IN_THE_WILD:
        return
    if all(len(corpora) < 2 for corpora in definition.targets.values()):
        file.refuse(
            StudySection,
            "kind",
            f"{IN_THE_WILD} and no class with several target corpora",
            "two or more corpora in [targets CLASS], each to be tested on the others",
        )
    if not definition.keep_models:
        file.refuse(
            StudySection,
            "keep_models",
            "False",
            "True, since models are scored on other corpora once they are trained",
        )


def _predictions(file: IniFile, entity_class: str) -> Predictions:
    section = file.sections(PredictionsSection)[entity_class]
    systems = {name: expanded_path(text) for name, text in section.own.items()}
    if len(systems) != 2:
        raise ParameterError(
            f"{file.path}: [predictions {entity_class}]: found {len(systems)} systems "
            f"({', '.join(systems) or 'none'}), expected two; write `NAME = folder of its "
            "predictions` for each"
        )
    return Predictions(section.gold, section.train, systems)


def _check_whole(definition: StudyDefinition) -> None:
    """Refuse values that are invalid only in combination."""
    path, targets, sources = definition.path, definition.targets, definition.sources
    if not targets and not (definition.kind == "error_overlap" and definition.predictions):
        wanted = "a section [targets CLASS]" + (
            " or [predictions CLASS]" if definition.kind == "error_overlap" else ""
        )
        raise ParameterError(f"{path}: found no corpus to train on, expected {wanted}; add one")
    without = [c for c in targets if c not in sources]
    if without and any(arm.layers for arm in definition.arms):
        raise ParameterError(
            f"{path}: found [targets {without[0]}] without [sources {without[0]}], expected a "
            "corpus for the source model of each class; add the section"
        )
    names = [name for named in (*sources.values(), *targets.values()) for name in named]
    twins = colliding_names(names)
    if twins:
        one, other = twins[0]
        called = f"called {one}" if one == other else f"called {one} and {other}"
        raise ParameterError(
            f"{path}: found two corpora {called}, expected names that differ in more than case; "
            "the name is part of the identifiers of its runs"
        )
