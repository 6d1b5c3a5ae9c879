"""The folder of a run, and its files."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.scoring import HEADLINE, MEASURES, Scores
from neuroner_tl.system.atomic_file import append_whole, write_atomically, write_json
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import lock
from neuroner_tl.system.temporary import remove_leftovers, temporary_path
from neuroner_tl.system.write_errors import naming

logger = logging.getLogger(__name__)


class RunInUse(ParameterError):
    """Another process is training a run.

    Example::

        try:
            resume_run(path, {})
        except RunInUse:
            print("wait until it ends")
    """


class RunFolder:
    """Paths and files of a run; wherever a path is expected, it is the folder itself.

    Args:
        path: the run's own folder.

    Example::

        folder = RunFolder(Path("output/my_run"))
        model = load_model(folder.model)
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({str(self.path)!r})"

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
        """Predicted annotations, one folder per part."""
        return self.path / "predictions"

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file of the run."""
        write_json(self.path / name, content)

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """What ``epochs.jsonl`` has."""
        return _records(self.path / "epochs.jsonl", "epoch")

    def append_epoch(self, record: dict[str, Any]) -> None:
        """Add a line to ``epochs.jsonl``; it is written whole or not at all.

        Raises:
            OSError: for example, the disk is full.
        """
        path = self.path / "epochs.jsonl"
        line = (json.dumps(record, allow_nan=False) + "\n").encode("utf-8")
        with naming(path), open(path, "ab", buffering=0) as file:
            append_whole(file, line)

    def keep_epochs(self, before: int) -> None:
        """Remove records from an epoch on from ``epochs.jsonl``; they are written again."""
        kept = [record for record in self.epochs if record["epoch"] < before]
        _write_records(self.path / "epochs.jsonl", kept)

    @property
    def resumptions(self) -> list[dict[str, Any]]:
        """The records of ``resumed.jsonl``: when the run was resumed, and what was changed."""
        return _records(self.path / "resumed.jsonl")

    def add_resumption(self, record: dict[str, Any]) -> None:
        """Add a record to ``resumed.jsonl``."""
        _write_records(self.path / "resumed.jsonl", [*self.resumptions, record])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run, so that no second process trains it; the lock ends with the process.

        Raises:
            RunInUse: another process holds it.
        """
        with ExitStack() as stack:
            try:
                held = stack.enter_context(lock(self.path / ".lock", wait=0))
            except OSError:
                logger.debug("%s: this file system has no locks", self.path)
                held = True
            if not held:
                raise RunInUse(
                    f"{self.path}: another process is training this run, expected none; wait for "
                    "it, or stop it first"
                )
            yield


def _records(path: Path, number: str = "") -> list[dict[str, Any]]:
    """Read the records of a JSON Lines file, up to a truncated or damaged line.

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
    """Create the folder of all runs if necessary, and check that it is writable.

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
    return RunFolder(create_dated_folder(output_folder / experiment_name))


def create_dated_folder(path: Path) -> Path:
    """Make a new folder whose name is that of the path and the time, and return it.

    Where another one of the same second is there, a number follows.
    """
    name, number = f"{path.name}_{datetime.now().strftime('%Y-%m-%d_%H-%M-%S')}", 1
    while True:
        dated = path.with_name(name if number == 1 else f"{name}_{number}")
        try:
            dated.mkdir()
            return dated
        except FileExistsError:
            number += 1


@dataclass(frozen=True)
class RunResult:
    """The outcome of a run; all rates are from 0 to 1.

    Example::

        result = train_model("parameters/baseline.ini", dataset_text_folder="my_corpus")
        print(result.status, result.folder, result.test.f1)
        print(result.test.per_type["DISO"].recall, result.scores("test", "conll").f1)

    Attributes:
        folder: the run's folder.
        status: ``finished`` or ``interrupted``; of a trial also ``pruned``.
        results: the content of ``results.json``.
    """

    folder: RunFolder
    status: str
    results: dict[str, Any] = field(repr=False)

    @property
    def train(self) -> Scores:
        """Scores on the train part, against all gold annotations of its documents."""
        return self.scores("train")

    @property
    def valid(self) -> Scores:
        """Scores on the valid part, against all gold annotations of its documents."""
        return self.scores("valid")

    @property
    def test(self) -> Scores:
        """Scores on the test part, against all gold annotations of its documents."""
        return self.scores("test")

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that were scored; none of an interrupted run."""
        return tuple(self.results.get("scores") or ())

    def scores(self, part: str, measure: str = HEADLINE) -> Scores:
        """Return the scores on a part of the corpus.

        Args:
            part: one of `parts`.
            measure: a name of `neuroner_tl.evaluation.scoring.MEASURES`; ``documents`` are exact
                matches against all gold annotations, ``conll`` those that tags can represent.

        Raises:
            ParameterError: the part was not scored, or not by this measure.
        """
        found = (self.results.get("scores") or {}).get(part)
        if found is None:
            state = f"found {', '.join(self.parts)}" if self.parts else f"the run is {self.status}"
            raise ParameterError(
                f"{self.folder}: there are no scores of the part {part!r}, {state}; name a part "
                "that was scored, or resume the run until it is finished"
            )
        if measure not in found:
            raise ParameterError(
                f"{self.folder}: found the measure {measure!r}, expected one of "
                f"{', '.join(name for name in MEASURES if name in found)}"
            )
        return Scores.from_json(found[measure])

    @property
    def reason(self) -> str:
        """Why the run ended."""
        return str(self.results["reason"])

    @property
    def best_epoch(self) -> Optional[int]:
        """The epoch whose model was kept; None without one."""
        found: Optional[int] = self.results.get("best_epoch")
        return found

    @property
    def epochs(self) -> int:
        """How many epochs were completed."""
        return int(self.results.get("epochs", 0))
