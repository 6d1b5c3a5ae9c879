"""Reading the .ini file that defines a study.

Sections and what they hold::

    [study]             name, kind, parameters_filepath, output_folder, runs, arms, train_sizes,
                        seeds, split_seeds, source_documents, keep_models, annotation_limits
    [sources CLASS]     NAME = folder: silver corpora of an entity class; each trains a source model
    [targets CLASS]     NAME = folder: gold corpora of that class
    [synthetic NAME]    a synthetic corpus to generate, named synthetic:NAME above
    [predictions CLASS] gold, train, and NAME = folder of each system, for finished predictions
    [source] [target]   parameters of those runs, which override the parameter file
    [arm NAME]          parameters of an arm, which override those; layers, for a user-defined arm

Relative paths start at the current folder, as those of parameter files do. ``${NAME}`` stands for
a value of the command line (``-D NAME=VALUE``) or of the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint, one_of
from neuroner_tl.parameters.ini_file import IniFile, Section, read_sections
from neuroner_tl.parameters.ini_syntax import IniValue
from neuroner_tl.studies.definition.arms import Arm, expand_arms, layers_of
from neuroner_tl.studies.definition.definition import (
    ROLES,
    SYNTHETIC,
    Predictions,
    StudyDefinition,
)
from neuroner_tl.studies.definition.sections import (
    ArmSection,
    CorporaSection,
    PredictionsSection,
    SourceParameters,
    SourcesSection,
    StudySection,
    SyntheticSection,
    TargetParameters,
    TargetsSection,
    folder_name_fault,
)
from neuroner_tl.studies.definition.synthetic import SyntheticCorpus
from neuroner_tl.system.file_name import colliding_names

_SECTIONS: dict[str, type[Section]] = {
    "study": StudySection,
    "sources *": SourcesSection,
    "targets *": TargetsSection,
    "synthetic *": SyntheticSection,
    "predictions *": PredictionsSection,
    "source": SourceParameters,
    "target": TargetParameters,
    "arm *": ArmSection,
}


def read_definition(
    path: Path, variables: Optional[Mapping[str, str]] = None, *, needs_corpora: bool = True
) -> StudyDefinition:
    """Read the file that defines a study.

    Args:
        path: the file.
        variables: what ``${NAME}`` stands for, before the environment is asked.
        needs_corpora: whether a ``${NAME}`` without value is an error in ``[sources ...]`` and
            ``[targets ...]`` too; a report from the store needs no corpora.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong.
    """
    file = read_sections(
        path,
        _SECTIONS,
        "a study file",
        keep_case=True,
        variables=variables or {},
        may_lack_variables=() if needs_corpora else (SourcesSection, TargetsSection),
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
        role: _parameters(file.values_of(model))
        for role, model in zip(ROLES, (SourceParameters, TargetParameters))
        if role in file.values
    }
    definition = StudyDefinition(
        path=path,
        name=study.name,
        kind=study.kind,
        output_folder=study.output_folder,
        runs=study.runs or study.name,
        parameters_filepath=_parameter_file(file, bool(targets)),
        sources=sources,
        targets=targets,
        synthetic=synthetic,
        predictions={c: _predictions(file, c) for c in file.sections(PredictionsSection)},
        arms=_arms(file),
        train_sizes=study.train_sizes or (None,),
        seeds=study.seeds,
        split_seeds=study.split_seeds,
        source_documents=study.source_documents or (None,),
        keep_models=study.keep_models,
        annotation_limits=study.annotation_limits,
        own=own,
        variables=file.variables,
    )
    _check_whole(definition)
    return definition


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
    if path is not None and not path.is_file():
        file.refuse(
            StudySection,
            "parameters_filepath",
            f"{str(path)!r}, which is not a file",
            "a parameter file; relative paths start at the current folder",
        )
    return path


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


def _arms(file: IniFile) -> tuple[Arm, ...]:
    sections = file.sections(ArmSection)
    arms = []
    for name in expand_arms(file.section(StudySection).arms):
        wrong = folder_name_fault(name)
        if wrong is not None:
            file.refuse(StudySection, "arms", *wrong)
        section = sections.get(name)
        if section is not None and section.layers is not None:
            layers = frozenset(section.layers)
        else:
            try:
                layers = layers_of(name)
            except ParameterError as error:
                value = file.values_of(StudySection).get("arms")
                where = f"{file.path}:{value.line}: arms: " if value and not section else ""
                raise ParameterError(f"{where}{error}") from None
        own = _parameters(file.values_of(ArmSection, name)) if section else {}
        own.pop("layers", None)
        arms.append(Arm(name, layers, own))
    names = [arm.name for arm in arms]
    for name in sections:
        if name not in names:
            raise ParameterError(
                f"{file.path}: found the section [arm {name}], expected the name of an arm of this "
                f"study; write it into arms in [study], or remove the section"
                f"{nearest_hint(name, names)}"
            )
    return tuple(arms)


def _parameters(values: Mapping[str, IniValue]) -> dict[str, IniValue]:
    """Return the parameters of a section; unknown ones are refused by `load_parameters`."""
    return {name.lower(): value for name, value in values.items()}


def _predictions(file: IniFile, entity_class: str) -> Predictions:
    section = file.sections(PredictionsSection)[entity_class]
    systems = {name: Path(text).expanduser() for name, text in section.own.items()}
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
