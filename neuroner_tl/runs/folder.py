"""The folder of a run, and what stands in it."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from neuroner_tl.atomic_file import write_atomically, write_json
from neuroner_tl.errors import ParameterError


class RunFolder:
    """Paths and files of a run.

    Args:
        path: the run's own folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def model(self) -> Path:
        """The best epoch's model, usable as pretrained_model_folder as it is."""
        return self.path / "model"

    @property
    def last(self) -> Path:
        """The newest state of the training."""
        return self.path / "last"

    @property
    def tensorboard(self) -> Path:
        """Event files for TensorBoard."""
        return self.path / "tensorboard"

    @property
    def predictions(self) -> Path:
        """Predicted annotations, a folder a part."""
        return self.path / "predictions"

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file of the run."""
        write_json(self.path / name, content)

    def append_epoch(self, record: dict[str, Any]) -> None:
        """Add a line to ``epochs.jsonl``."""
        with open(self.path / "epochs.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(record, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def keep_epochs(self, number: int) -> None:
        """Take records of later epochs out of ``epochs.jsonl``; they will be made anew."""
        path = self.path / "epochs.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.is_file() else []
        kept = [line for line in lines[:number] if line]
        write_atomically(path, "".join(line + "\n" for line in kept).encode("utf-8"))


def check_writable(output_folder: Path, name: str = "output_folder") -> None:
    """Make the folder that holds all runs, if need be, and see that it can be written.

    Args:
        output_folder: the folder.
        name: the parameter or option that gave it, for the error.

    Raises:
        ParameterError: it cannot.
    """
    try:
        output_folder.mkdir(parents=True, exist_ok=True)
        probe = output_folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ParameterError(
            f"{name} = {output_folder}: cannot be written ({error.strerror}); choose another folder"
        ) from error


def create_run_folder(output_folder: Path, experiment_name: str) -> RunFolder:
    """Make a new folder named by experiment and time."""
    check_writable(output_folder)
    stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S")
    name, number = f"{experiment_name}_{stamp}", 1
    while True:
        path = output_folder / (name if number == 1 else f"{name}_{number}")
        try:
            path.mkdir()
            return RunFolder(path)
        except FileExistsError:
            number += 1
