"""Going on with a run that was interrupted: what it saved, and what may change."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neuroner_tl.errors import CheckpointError, ParameterError
from neuroner_tl.parameter_file import load_parameters
from neuroner_tl.parameters import Parameters
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.training.checkpoint import (
    MANIFEST,
    PARAMETERS,
    SavedModel,
    Values,
    load_model,
    read_optimiser,
)
from neuroner_tl.training.loop import Progress

# Parameters that decide when a run ends or how it is computed, not what it computes.
MAY_CHANGE = frozenset(
    {
        "patience",
        "minimum_number_of_epochs",
        "maximum_number_of_epochs",
        "give_up_after_sentences",
        "checkpoint_minutes",
        "number_of_cpu_threads",
        "prediction_batch_size",
        "cache_encoding",
        "tensorboard",
        "verbose",
    }
)


@dataclass(frozen=True)
class SavedState:
    """Where a run stood when it last saved.

    Args:
        folder: the run's folder.
        model: weights and vocabulary.
        slots: the optimiser's slots by layer and name.
        progress: where the loop stood.
        iteration: steps done.
        compiled: whether the steps were compiled.
    """

    folder: RunFolder
    model: SavedModel
    slots: Values
    progress: Progress
    iteration: int
    compiled: bool


def load_state(path: Path, overrides: Mapping[str, Any]) -> tuple[Parameters, SavedState]:
    """Read what a run needs to go on.

    Args:
        path: the run's folder.
        overrides: parameters to change.

    Raises:
        ParameterError: the run is finished, or a parameter would change its result.
        CheckpointError: the folder holds no run that can go on.
    """
    folder = RunFolder(path)
    if not (folder.last / MANIFEST).is_file():
        raise CheckpointError(
            f"{path}: holds no saved training ({folder.last.name}/{MANIFEST} is "
            "missing); give the folder of a run that has saved at least once"
        )
    _refuse_finished(folder)
    was = load_parameters(path / PARAMETERS)
    parameters = load_parameters(path / PARAMETERS, overrides)
    for name in type(was).model_fields:
        before, now = getattr(was, name), getattr(parameters, name)
        if before != now and name not in MAY_CHANGE:
            raise ParameterError(
                f"--{name}: found {now}, the run was begun with {before} and another value would "
                f"change its result; leave --{name} out, or begin a new run"
            )
    model = load_model(folder.last)
    try:
        state = SavedState(
            folder,
            model,
            read_optimiser(folder.last),
            Progress.from_json(model.training["progress"]),
            int(model.training["iteration"]),
            bool(model.training["compiled"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder.last}: {error} is missing or wrong, so the run cannot go on; begin a new run"
        ) from error
    return parameters, state


def _refuse_finished(folder: RunFolder) -> None:
    try:
        results = json.loads((folder.path / "results.json").read_text("utf-8"))
    except (OSError, ValueError):
        return
    if isinstance(results, dict) and results.get("status") == "finished":
        raise ParameterError(
            f"{folder.path}: the run is finished ({results.get('reason')}), there is nothing to go "
            "on with; its model is in model/"
        )
