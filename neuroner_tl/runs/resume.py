"""Resuming an interrupted run: what it saved, and which parameters may change."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import CheckpointError, ParameterError
from neuroner_tl.parameters.effects import effect_of
from neuroner_tl.parameters.fields import LENGTH, NOTHING, PLACE
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.model_vectors import WORD_VECTORS
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.settings import loop_settings
from neuroner_tl.system.json_text import read_object
from neuroner_tl.training.checkpoint import (
    PARAMETERS,
    SavedModel,
    Values,
    load_model,
    read_averages,
    read_optimiser,
)
from neuroner_tl.training.manifest import MANIFEST
from neuroner_tl.training.progress import Progress

# What is at another place must be what it was, which the digest of the data shows.
_MAY_CHANGE = (LENGTH, PLACE, NOTHING)


@dataclass(frozen=True)
class SavedState:
    """The last saved state of a run.

    Attributes:
        model: weights and vocabulary.
        slots: the optimiser's slots by layer and name.
        averages: what the averages of the weights are computed from, likewise; none without.
        progress: progress of the loop.
        iteration: steps done.
        compiled: whether the steps were compiled.
        data: digest of the data that it was trained on.
        word_vectors: sha256 of the files of word vectors, if it was recorded.

    Example::

        state = read_resumption(RunFolder(Path("output/my_run")), {}).state
        print(state.iteration if state else "nothing was saved yet")
    """

    model: SavedModel
    slots: Values
    averages: Values
    progress: Progress
    iteration: int
    compiled: bool
    data: str
    word_vectors: Optional[str]


@dataclass(frozen=True)
class Resumption:
    """A run to resume.

    Attributes:
        folder: the run's folder.
        parameters: its parameters, including changes.
        state: its state; None if it died before its first step and starts from scratch.
        changes: for each changed parameter, its old and new value.

    Example::

        resumption = read_resumption(RunFolder(Path("output/my_run")), {"patience": "20"})
        resumption.changes  # {"patience": [10, 20]}
    """

    folder: RunFolder
    parameters: Parameters
    state: Optional[SavedState]
    changes: dict[str, list[Any]] = field(default_factory=dict)


def resume_command(path: Path) -> str:
    """Return the command that resumes a run, quoted for the shell."""
    return f"neuroner-tl train --resume {shlex.quote(str(path))}"


def read_resumption(folder: RunFolder, overrides: Mapping[str, Any]) -> Resumption:
    """Read what is needed to resume a run.

    Args:
        folder: the run's folder.
        overrides: parameters to change.

    Raises:
        ParameterError: the run is finished, or a parameter would change its result.
        CheckpointError: the folder holds no run that can be resumed.
    """
    if not (folder.path / PARAMETERS).is_file():
        raise CheckpointError(
            f"{folder.path}: holds no run ({PARAMETERS} is missing); give the folder of a run, or "
            "start a new one"
        )
    if (folder.path / MANIFEST).is_file():
        raise CheckpointError(f"{folder.path}: is a model of a run; give the folder of the run")
    was = load_parameters(folder.path / PARAMETERS)
    if not was.train_model:
        raise ParameterError(
            f"{folder.path}: is a prediction run, expected a training run; start it again"
        )
    parameters = load_parameters(folder.path / PARAMETERS, overrides)
    changes = _changes(was, parameters)
    _refuse_another_result(changes, "--", "leave --{name} out")
    state = None
    if (folder.last / MANIFEST).is_file():
        edited = _changes(load_parameters(folder.last / PARAMETERS), was)
        _refuse_another_result(edited, f"{folder.path / PARAMETERS}: ", "write {old}")
        state = _read_state(folder.last, parameters)
        _refuse_finished(folder, state.progress, parameters)
    elif (folder.path / "results.json").is_file() or folder.epochs:
        # The state is saved before the first step, so it was removed later.
        raise CheckpointError(
            f"{folder.path}: holds no saved training ({folder.last.name}/{MANIFEST} is missing), "
            "so the run cannot be resumed; copy its folder again, or start a new run"
        )
    return Resumption(folder, parameters, state, changes)


def _changes(before: Parameters, now: Parameters) -> dict[str, list[Any]]:
    """Return the old and the new value of each parameter that differs."""
    old, new = before.to_dict(), now.to_dict()
    return {name: [old[name], new[name]] for name in new if old[name] != new[name]}


def _refuse_another_result(changes: Mapping[str, list[Any]], place: str, remedy: str) -> None:
    """Refuse changes of parameters that would change the result of a run.

    Args:
        changes: old and new value by name.
        place: where the new values are, before the name.
        remedy: what to do, with ``{name}`` and ``{old}``.
    """
    for name, (old, new) in changes.items():
        if effect_of(name) not in _MAY_CHANGE:
            raise ParameterError(
                f"{place}{name}: found {new}, the run was started with {old} and another value "
                f"would change its result; {remedy.format(name=name, old=old)}, or start a new run"
            )


def _read_state(last: Path, parameters: Parameters) -> SavedState:
    model = load_model(last)
    averaging = parameters.weight_averaging != "none"
    try:
        return SavedState(
            model,
            read_optimiser(last),
            read_averages(last) if averaging else {},
            Progress.from_json(model.training["progress"]),
            int(model.training["iteration"]),
            bool(model.training["compiled"]),
            str(model.training["data"]),
            model.training.get(WORD_VECTORS),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{last}: {error} is missing or wrong, so the run cannot be resumed; start a new run"
        ) from error


def _refuse_finished(folder: RunFolder, progress: Progress, parameters: Parameters) -> None:
    """Refuse a finished run, unless more patience or epochs are allowed."""
    reason = progress.reason_to_end(loop_settings(parameters))
    results = read_object(folder.path / "results.json")
    if reason and results.get("status") == "finished":
        raise ParameterError(
            f"{folder.path}: the run is finished ({results.get('reason')}), there is nothing to "
            "resume; its model is in model/, and --maximum_number_of_epochs or --patience can "
            "extend it"
        )
