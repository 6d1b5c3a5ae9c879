"""A run that others need: finished before, resumed, or trained now.

Its attempts are the folders of its name in one place. The one that finished is taken; one that was
interrupted is resumed; one that failed before, or cannot be resumed, is removed and starts over.
What ends with an error now stays as it is.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import NeuroNERError, TrainingError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.folder import RunFolder, RunInUse, RunResult
from neuroner_tl.runs.training import resume_run, train_run
from neuroner_tl.runs.trial import PRUNED, Judge
from neuroner_tl.system.json_text import read_object
from neuroner_tl.system.write_errors import is_disk_full
from neuroner_tl.training.manifest import MANIFEST

logger = logging.getLogger(__name__)

RESULTS = "results.json"
FINISHED = "finished"
FAILED = "failed"


def attempts(output_folder: Path, name: str) -> list[Path]:
    """Return the folders of a run, newest first."""
    return sorted(output_folder.glob(f"{name}_*"), reverse=True)


def read_results(path: Path) -> dict[str, Any]:
    """Return the results in a run's folder; empty if there are none that can be read."""
    return read_object(path / RESULTS)


def finish_run(
    output_folder: Path,
    name: str,
    parameters: Callable[[], Parameters],
    judge: Optional[Judge] = None,
    train: Optional[Callable[[Parameters], RunResult]] = None,
) -> tuple[RunFolder, dict[str, Any]]:
    """Return a run with its results: of its finished attempt, or after training.

    Args:
        output_folder: the folder of its attempts.
        name: the first part of their names, ``experiment_name``.
        parameters: makes the parameters of a new attempt, with this folder and name, and what they
            name; it is called unless the run is finished.
        judge: of a trial, as for `train_run`.
        train: makes a new attempt, of another system; None for the network, which can be
            resumed and judged.

    Returns:
        The folder and the content of ``results.json``, whose status may be ``interrupted``, or
        ``pruned`` if there is a judge.

    Raises:
        NeuroNERError: what the parameters name cannot be used, the run learns nothing, the disk is
            full, or another process is training the run.
        Interrupted: a signal came before the first step.
    """
    made: Optional[Parameters] = None
    given: dict[str, Any] = {} if judge is None else {"judge": judge}
    for path in attempts(output_folder, name):
        results = read_results(path)
        finished = _if_finished(results)
        if finished is not None:
            return RunFolder(path), finished
        made = made or parameters()  # What an attempt was trained on must be there.
        if (path / "last" / MANIFEST).is_file() and results.get("status") != FAILED:
            try:
                result = resume_run(path, {}, **given)
                return result.folder, result.results
            except (TrainingError, RunInUse):
                raise
            except NeuroNERError as error:
                if is_disk_full(error):
                    raise
                logger.warning("%s: restarted, since it cannot be resumed: %s", name, error)
        shutil.rmtree(path)
    if train is not None:
        result = train(made or parameters())
    else:
        result = train_run(made or parameters(), **given)
    return result.folder, result.results


def _if_finished(results: dict[str, Any]) -> Optional[dict[str, Any]]:
    """Return the results of a run that was scored, or pruned."""
    if results.get("status") == FINISHED and "scores" in results:
        return results
    return results if results.get("status") == PRUNED else None
