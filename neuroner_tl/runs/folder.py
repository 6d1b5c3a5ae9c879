"""The folder of a run, and what stands in it."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from neuroner_tl.errors import ParameterError
from neuroner_tl.system.atomic_file import write_atomically, write_json
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import lock
from neuroner_tl.system.temporary import naming, remove_leftovers, temporary_path

logger = logging.getLogger(__name__)


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

    def model_sentence(self) -> str:
        """Say whether there is a model that can be used, and of which epoch."""
        try:
            content = json.loads((self.model / "manifest.json").read_text("utf-8"))
            epoch = int(content["training"]["epoch"])
        except (OSError, ValueError, KeyError, TypeError):
            return "there is no model yet, since no epoch was completed"
        if epoch == 0:
            return f"the pretrained model, as it started, is in {self.model}"
        return f"the best model so far, of epoch {epoch}, is in {self.model}"

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

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """What ``epochs.jsonl`` has."""
        return _records(self.path / "epochs.jsonl", "epoch")

    def append_epoch(self, record: dict[str, Any]) -> None:
        """Add a line to ``epochs.jsonl``; it is there whole or not at all.

        Raises:
            OSError: the disk is full, say.
        """
        path = self.path / "epochs.jsonl"
        line = (json.dumps(record, allow_nan=False) + "\n").encode("utf-8")
        with naming(path), open(path, "ab", buffering=0) as file:
            before = file.tell()
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(before)
                raise

    def keep_epochs(self, before: int) -> None:
        """Take records of an epoch and later ones out of ``epochs.jsonl``; they are made anew."""
        kept = [record for record in self.epochs if record["epoch"] < before]
        _write_records(self.path / "epochs.jsonl", kept)

    @property
    def resumptions(self) -> list[dict[str, Any]]:
        """What ``resumed.jsonl`` has: when the run was gone on with, and what was changed."""
        return _records(self.path / "resumed.jsonl")

    def add_resumption(self, record: dict[str, Any]) -> None:
        """Add a record to ``resumed.jsonl``."""
        _write_records(self.path / "resumed.jsonl", [*self.resumptions, record])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run, so that no second process trains it; death ends the hold too.

        Raises:
            ParameterError: another process holds it.
        """
        with ExitStack() as stack:
            try:
                held = stack.enter_context(lock(self.path / ".lock", wait=0))
            except OSError:
                logger.debug("%s: this file system has no locks", self.path)
                held = True
            if not held:
                raise ParameterError(
                    f"{self.path}: another process is training this run, expected none; wait for "
                    "it, or stop it first"
                )
            yield


def _records(path: Path, number: str = "") -> list[dict[str, Any]]:
    """The records of a file of JSON lines; a line cut off by a power cut or damaged ends them.

    Args:
        path: the file; without one there are no records.
        number: a member that each record has, a whole number.
    """
    records = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            record = parse_json(line)
        except ValueError:
            break
        if not isinstance(record, dict) or (number and type(record.get(number)) is not int):
            break
        records.append(record)
    return records


def _write_records(path: Path, records: Iterable[dict[str, Any]]) -> None:
    lines = (json.dumps(record, allow_nan=False) + "\n" for record in records)
    write_atomically(path, "".join(lines).encode("utf-8"))


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
        remove_leftovers(output_folder)
        probe = temporary_path(output_folder / "probe")
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


@dataclass(frozen=True)
class RunResult:
    """What a run led to.

    Attributes:
        folder: the run's folder.
        status: ``finished`` or ``interrupted``.
        results: the content of ``results.json``.
    """

    folder: RunFolder
    status: str
    results: dict[str, Any]
