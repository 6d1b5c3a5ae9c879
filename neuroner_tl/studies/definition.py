"""A study as its .ini file defines it: corpora, parameters, and what each run has of its own.

Sections and what they hold::

    [study]      name, parameters_filepath (of every run), output_folder
    [corpora]    source, target: a folder, or synthetic:silver and synthetic:gold
    [synthetic]  sizes and seed of the packaged synthetic corpora
    [source] [baseline] [transfer]   parameters of that run, which win over the parameter file

Relative paths start at the current folder, as those of parameter files do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.ini_file import IniValue, nearest_name, read_ini
from neuroner_tl.parameter_file import load_parameters
from neuroner_tl.parameters import Parameters

RUNS = ("source", "baseline", "transfer")
SYNTHETIC = {"synthetic:silver": "silver", "synthetic:gold": "gold"}
# How many numbers each value of [synthetic] has.
_SYNTHETIC_VALUES = {"silver_documents": 2, "gold_documents": 3, "seed": 1}
_NAMES = {
    "study": ("name", "parameters_filepath", "output_folder"),
    "corpora": ("source", "target"),
    "synthetic": tuple(_SYNTHETIC_VALUES),
}
# What the study decides itself.
_DECIDED = {
    "train_model": "every run of a study trains",
    "use_pretrained_model": "the run transfer alone starts from another one",
    "pretrained_model_folder": "the run transfer starts from the run source",
    "dataset_text_folder": "set source and target in [corpora]",
    "output_folder": "set it in [study]",
    "experiment_name": "runs are named by their section",
}


@dataclass(frozen=True)
class SyntheticSizes:
    """What the packaged synthetic corpora are made of.

    Args:
        silver_documents: for train and valid.
        gold_documents: for train, valid and test.
        seed: another seed gives other corpora.
    """

    silver_documents: tuple[int, int] = (300, 30)
    gold_documents: tuple[int, int, int] = (30, 10, 40)
    seed: int = 1


@dataclass(frozen=True)
class StudyDefinition:
    """What a study compares.

    Args:
        path: the file that defines it.
        name: first part of the name of the study's folder.
        parameters_filepath: parameters of all runs.
        output_folder: where the study's folder is made.
        corpora: ``source`` and ``target``: a folder or a name in `SYNTHETIC`.
        synthetic: sizes of the synthetic corpora.
        own: for each run by name, its own parameters as (text, line).
    """

    path: Path
    name: str
    parameters_filepath: Path
    output_folder: Path
    corpora: Mapping[str, str]
    synthetic: SyntheticSizes = SyntheticSizes()
    own: Mapping[str, Mapping[str, IniValue]] = field(default_factory=dict)

    def parameters(self, run: str, **decided: Any) -> Parameters:
        """The parameters of a run.

        Args:
            run: one of `RUNS`.
            decided: what the study sets; it wins over everything.

        Raises:
            ParameterError: the parameter file, or the run's own section, is wrong.
        """
        own = self.own.get(run, {})
        values = {name: value.text for name, value in own.items()}

        def place(name: str) -> str:
            line = f"{self.path}:{own[name].line}: " if name in own else ""
            return f"{line}{name}" if line else f"--{name}"

        return load_parameters(self.parameters_filepath, {**values, **decided}, place=place)

    @property
    def is_synthetic(self) -> bool:
        """Whether a corpus of the study is synthetic."""
        return any(value in SYNTHETIC for value in self.corpora.values())


def read_definition(path: Path) -> StudyDefinition:
    """Read the file that defines a study.

    Raises:
        ParameterError: the file cannot be read; a section or name is unknown or missing; a value
            is wrong.
    """
    sections = read_ini(path, "a study file")
    for section, values in sections.items():
        if section not in (*_NAMES, *RUNS):
            raise ParameterError(
                f"{path}: found the section [{section}], expected one of "
                f"{', '.join(f'[{name}]' for name in (*_NAMES, *RUNS))}; the nearest is "
                f"[{nearest_name(section, (*_NAMES, *RUNS))}]"
            )
        for name, value in values.items():
            _check_name(path, section, name, value.line)
    output = sections.get("study", {}).get("output_folder")
    return StudyDefinition(
        path=path,
        name=_required(path, sections, "study", "name"),
        parameters_filepath=_parameter_file(path, sections),
        output_folder=Path(output.text if output and output.text else "output"),
        corpora={name: _corpus(path, sections, name) for name in ("source", "target")},
        synthetic=_synthetic(path, sections.get("synthetic", {})),
        own={run: dict(sections[run]) for run in RUNS if run in sections},
    )


def _check_name(path: Path, section: str, name: str, line: int) -> None:
    where = f"{path}:{line}: {name}"
    if section in RUNS:
        # Unknown parameters are refused, with the nearest name, by load_parameters.
        if name in _DECIDED:
            raise ParameterError(
                f"{where}: found a parameter that a study decides ({_DECIDED[name]}), expected "
                "another parameter of a run; remove the line"
            )
        return
    names = _NAMES[section]
    if name not in names:
        raise ParameterError(
            f"{where}: found an unknown name in [{section}], expected one of {', '.join(names)}; "
            f"the nearest is {nearest_name(name, names)}"
        )


def _required(
    path: Path, sections: Mapping[str, Mapping[str, IniValue]], section: str, name: str
) -> str:
    value = sections.get(section, {}).get(name)
    if value is None or not value.text:
        where = f"{path}:{value.line}" if value else str(path)
        raise ParameterError(
            f"{where}: found no {name} in [{section}], expected `{name} = ...`; add the line"
        )
    if section == "study" and name == "name" and any(c in value.text for c in "/\\"):
        raise ParameterError(
            f"{path}:{value.line}: name: found {value.text!r}, expected a name without slashes; "
            "it names the study's folder"
        )
    return value.text


def _parameter_file(path: Path, sections: Mapping[str, Mapping[str, IniValue]]) -> Path:
    text = _required(path, sections, "study", "parameters_filepath")
    if not Path(text).expanduser().is_file():
        raise ParameterError(
            f"{path}:{sections['study']['parameters_filepath'].line}: parameters_filepath: found "
            f"{text!r}, which is no file, expected a parameter file; relative paths start at the "
            "current folder"
        )
    return Path(text).expanduser()


def _corpus(path: Path, sections: Mapping[str, Mapping[str, IniValue]], name: str) -> str:
    text = _required(path, sections, "corpora", name)
    if text.startswith("synthetic:") and text not in SYNTHETIC:
        raise ParameterError(
            f"{path}:{sections['corpora'][name].line}: {name}: found {text!r}, expected a folder "
            f"or one of {', '.join(SYNTHETIC)}; the nearest is {nearest_name(text, SYNTHETIC)}"
        )
    if name == "target" and text == "synthetic:silver":
        raise ParameterError(
            f"{path}:{sections['corpora'][name].line}: target: found {text!r}, which has no test "
            "part, expected a corpus with one; use synthetic:gold"
        )
    return text


def _synthetic(path: Path, values: Mapping[str, IniValue]) -> SyntheticSizes:
    sizes: dict[str, Any] = {}
    for name, (text, line) in values.items():
        numbers = _whole_numbers(text)
        least = 0 if name == "seed" else 1
        count = _SYNTHETIC_VALUES[name]
        if numbers is None or len(numbers) != count or min(numbers) < least:
            what = f"{count} whole numbers with commas" if count > 1 else "a whole number"
            raise ParameterError(
                f"{path}:{line}: {name}: found {text!r}, expected {what} of at least {least}; "
                "correct it, or remove the line for the default"
            )
        sizes[name] = tuple(numbers) if count > 1 else numbers[0]
    return SyntheticSizes(**sizes)


def _whole_numbers(text: str) -> Optional[list[int]]:
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        return None
