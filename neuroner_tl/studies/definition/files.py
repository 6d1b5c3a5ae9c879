"""Reading the .ini file that defines a study.

Sections and what they hold::

    [study]             name, kind, parameters_filepath, output_folder, runs, arms, train_sizes,
                        seeds, split_seeds, source_documents, keep_models, annotation_limits
    [sources CLASS]     NAME = folder: silver corpora of an entity class; each trains a source model
    [targets CLASS]     NAME = folder: gold corpora of that class
    [synthetic NAME]    a corpus to be invented, named synthetic:NAME above
    [predictions CLASS] gold, train, and NAME = folder of each system, for finished predictions
    [source] [target]   parameters of those runs, which win over the parameter file
    [arm NAME]          parameters of an arm, which win over those; layers, for an arm of one's own

Relative paths start at the current folder, as those of parameter files do. ``${NAME}`` stands for
a value of the command line (``-D NAME=VALUE``) or of the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_file import (
    IniValue,
    expand_variables,
    read_ini,
    refuse_variables,
    variables_of,
)
from neuroner_tl.studies.definition.arms import Arm, expand_arms, layers_of
from neuroner_tl.studies.definition.definition import (
    KINDS,
    ROLES,
    SYNTHETIC,
    Predictions,
    StudyDefinition,
)
from neuroner_tl.studies.definition.section_values import (
    check_names,
    checked_name,
    numbers_of,
    required,
    truth_of,
    whole_numbers_of,
)
from neuroner_tl.studies.definition.synthetic import SyntheticCorpus, read_synthetic
from neuroner_tl.system.file_name import name_twins

_STUDY = (
    "name",
    "kind",
    "parameters_filepath",
    "output_folder",
    "runs",
    "arms",
    "train_sizes",
    "seeds",
    "split_seeds",
    "source_documents",
    "keep_models",
    "annotation_limits",
)
_SECTIONS = ("study", "sources", "targets", "synthetic", "predictions", "source", "target", "arm")
# Sections of which there may be several, each with a name of its own.
_WITH_NAME = ("sources", "targets", "synthetic", "predictions", "arm")
# What the study decides itself.
_DECIDED = {
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
    **{f"reload_{layer}": "the arm says which layers it takes" for layer in layers_of("transfer")},
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
    raw = read_ini(path, "a study file", keep_case=True)
    used = variables_of(raw, variables or {})
    sections = expand_variables(raw, used)
    for section, values in sections.items():
        if needs_corpora or section.split(" ")[0] not in ("sources", "targets"):
            refuse_variables(path, values)
    groups = _grouped(path, sections)
    study = {name.lower(): value for name, value in groups["study"].get("", {}).items()}
    check_names(path, "study", study, _STUDY)
    kind = required(path, "study", study, "kind").text
    if kind not in KINDS:
        raise ParameterError(
            f"{path}:{study['kind'].line}: kind: found {kind!r}, expected one of "
            f"{', '.join(KINDS)}{nearest_hint(kind, KINDS)}"
        )
    name = checked_name(path, required(path, "study", study, "name"), "name")
    predictions = {
        entity_class: _predictions(path, entity_class, values)
        for entity_class, values in groups["predictions"].items()
    }
    synthetic = {
        corpus: read_synthetic(path, corpus, values)
        for corpus, values in groups["synthetic"].items()
    }
    own = {
        role: _parameters(path, f"[{role}]", groups[role].get("", {}))
        for role in ROLES
        if groups[role]
    }
    definition = StudyDefinition(
        path=path,
        name=name,
        kind=kind,
        output_folder=Path(_text(study, "output_folder", "output")).expanduser(),
        runs=checked_name(path, study.get("runs") or IniValue(name, 0), "runs"),
        parameters_filepath=_parameter_file(path, study, bool(groups["targets"])),
        sources={c: _corpora(path, "sources", v, synthetic) for c, v in groups["sources"].items()},
        targets={c: _corpora(path, "targets", v, synthetic) for c, v in groups["targets"].items()},
        synthetic=synthetic,
        predictions=predictions,
        arms=_arms(path, study, groups["arm"]),
        train_sizes=numbers_of(path, study, "train_sizes", (None,), least=0.0, most=100.0),
        seeds=whole_numbers_of(path, study, "seeds", (), least=0),
        split_seeds=whole_numbers_of(path, study, "split_seeds", (), least=0),
        source_documents=whole_numbers_of(path, study, "source_documents", (None,), least=1),
        keep_models=truth_of(path, study, "keep_models", True),
        annotation_limits=whole_numbers_of(path, study, "annotation_limits", (2000, 5000), least=1),
        own=own,
        variables=used,
    )
    _check_whole(definition)
    return definition


def _grouped(
    path: Path, sections: Mapping[str, Mapping[str, IniValue]]
) -> dict[str, dict[str, Mapping[str, IniValue]]]:
    """Sections by kind and name; the name of those that have none is empty."""
    groups: dict[str, dict[str, Mapping[str, IniValue]]] = {name: {} for name in _SECTIONS}
    for section, values in sections.items():
        kind, _, name = section.partition(" ")
        shown = {s: f"[{s} NAME]" if s in _WITH_NAME else f"[{s}]" for s in _SECTIONS}
        if kind not in groups or bool(name.strip()) != (kind in _WITH_NAME):
            hint = nearest_hint(kind, shown, shown.__getitem__)
            raise ParameterError(
                f"{path}: found the section [{section}], expected one of "
                f"{', '.join(shown.values())}{hint}"
            )
        if name:
            checked_name(path, IniValue(name.strip(), 0), f"[{section}]")
        groups[kind][name.strip()] = values
    return groups


def _text(values: Mapping[str, IniValue], name: str, default: str) -> str:
    return values[name].text if name in values and values[name].text else default


def _parameter_file(path: Path, study: Mapping[str, IniValue], has_targets: bool) -> Optional[Path]:
    if not has_targets and "parameters_filepath" not in study:
        return None
    value = required(path, "study", study, "parameters_filepath")
    if not Path(value.text).expanduser().is_file():
        raise ParameterError(
            f"{path}:{value.line}: parameters_filepath: found {value.text!r}, which is no file, "
            "expected a parameter file; relative paths start at the current folder"
        )
    return Path(value.text).expanduser()


def _corpora(
    path: Path,
    section: str,
    values: Mapping[str, IniValue],
    synthetic: Mapping[str, SyntheticCorpus],
) -> dict[str, str]:
    found = {}
    for name, value in values.items():
        checked_name(path, IniValue(name, value.line), name)
        if not value.text:
            raise ParameterError(
                f"{path}:{value.line}: {name}: found no folder, expected `{name} = FOLDER`"
            )
        if value.text.startswith(SYNTHETIC):
            _check_synthetic(path, section, name, value, synthetic)
        found[name] = value.text
    return found


def _check_synthetic(
    path: Path,
    section: str,
    name: str,
    value: IniValue,
    synthetic: Mapping[str, SyntheticCorpus],
) -> None:
    wanted = value.text[len(SYNTHETIC) :]
    known = [f"{SYNTHETIC}{corpus}" for corpus in synthetic] or ["a section [synthetic NAME]"]
    if wanted not in synthetic:
        raise ParameterError(
            f"{path}:{value.line}: {name}: found {value.text!r}, expected a folder or one of "
            f"{', '.join(known)}{nearest_hint(value.text, known)}"
        )
    if section == "targets" and synthetic[wanted].standard != "gold":
        raise ParameterError(
            f"{path}:{value.line}: {name}: found {value.text!r}, which has no test part, expected "
            "a corpus with one; set standard = gold in its section"
        )


def _arms(
    path: Path,
    study: Mapping[str, IniValue],
    sections: Mapping[str, Mapping[str, IniValue]],
) -> tuple[Arm, ...]:
    value = study.get("arms") or IniValue("baseline, transfer", 0)
    arms = []
    names = [name.strip() for name in value.text.split(",") if name.strip()]
    for name in expand_arms(names):
        checked_name(path, IniValue(name, value.line), "arms")
        own = {n.lower(): v for n, v in sections.get(name, {}).items()}
        try:
            layers = _layers(path, own.pop("layers")) if "layers" in own else layers_of(name)
        except ParameterError as error:
            where = f"{path}:{value.line}: arms: " if name not in sections else ""
            raise ParameterError(f"{where}{error}") from None
        arms.append(Arm(name, layers, _parameters(path, f"[arm {name}]", own)))
    for name in sections:
        if name not in {arm.name for arm in arms}:
            raise ParameterError(
                f"{path}: found the section [arm {name}], expected the name of an arm of this "
                f"study; write it into arms in [study], or remove the section"
                f"{nearest_hint(name, [arm.name for arm in arms])}"
            )
    return tuple(arms)


def _layers(path: Path, value: IniValue) -> frozenset[str]:
    found = [name.strip() for name in value.text.split(",") if name.strip()]
    known = sorted(layers_of("transfer"))
    for name in found:
        if name not in known:
            raise ParameterError(
                f"{path}:{value.line}: layers: found {name!r}, expected names of "
                f"{', '.join(known)}{nearest_hint(name, known)}"
            )
    return frozenset(found)


def _parameters(path: Path, section: str, values: Mapping[str, IniValue]) -> dict[str, IniValue]:
    """The parameters of a section; unknown ones are refused by `load_parameters`."""
    found = {name.lower(): value for name, value in values.items()}
    for name, value in found.items():
        if name in _DECIDED:
            raise ParameterError(
                f"{path}:{value.line}: {name}: found a parameter that a study decides "
                f"({_DECIDED[name]}), expected another parameter in {section}; remove the line"
            )
    return found


def _predictions(path: Path, entity_class: str, values: Mapping[str, IniValue]) -> Predictions:
    section = f"predictions {entity_class}"
    gold = Path(required(path, section, values, "gold").text).expanduser()
    train = _text(values, "train", "")
    systems = {
        name: Path(value.text).expanduser()
        for name, value in values.items()
        if name not in ("gold", "train")
    }
    for name in systems:
        checked_name(path, IniValue(name, values[name].line), name)
    if len(systems) != 2:
        raise ParameterError(
            f"{path}: [{section}]: found {len(systems)} systems ({', '.join(systems) or 'none'}), "
            "expected two; write `NAME = folder of its predictions` for each"
        )
    return Predictions(gold, Path(train).expanduser() if train else None, systems)


def _check_whole(definition: StudyDefinition) -> None:
    """Refuse what no single value makes wrong."""
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
    twins = name_twins(names)
    if twins:
        one, other = twins[0]
        called = f"called {one}" if one == other else f"called {one} and {other}"
        raise ParameterError(
            f"{path}: found two corpora {called}, expected names that differ in more than case; "
            "the name is part of the identifiers of its runs"
        )
