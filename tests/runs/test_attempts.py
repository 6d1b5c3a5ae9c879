"""What becomes of the earlier attempts at a run."""

import errno
import os

import pytest

from neuroner_tl.errors import CheckpointError, CorpusError, TrainingError
from neuroner_tl.runs import attempts
from neuroner_tl.runs.attempts import finish_run
from neuroner_tl.runs.folder import RunFolder, RunInUse, RunResult

NAME = "run"


@pytest.fixture
def interrupted(tmp_path):
    """The folder of an attempt that left a state to resume from."""
    folder = tmp_path / f"{NAME}_2024-01-01_00-00-00"
    (folder / "last").mkdir(parents=True)
    (folder / "last" / "manifest.json").write_text("{}")
    return folder


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Parameters of runs that were trained from scratch."""
    calls = []

    def train(parameters):
        calls.append(parameters)
        return RunResult(RunFolder(tmp_path / "new"), "finished", {})

    monkeypatch.setattr(attempts, "train_run", train)
    return calls


def fail_with(monkeypatch, error):
    def resume(*_, **__):
        raise error

    monkeypatch.setattr(attempts, "resume_run", resume)


def disk_full():
    error = CorpusError("the cache cannot be written")
    error.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "cache")
    return error


@pytest.mark.parametrize(
    "error",
    [TrainingError("the run learns nothing"), TrainingError("no space left"), disk_full()],
    ids=["learns nothing", "disk full", "disk full while read"],
)
def test_what_fails_when_resumed_is_kept(interrupted, trained, monkeypatch, error):
    fail_with(monkeypatch, error)
    with pytest.raises(type(error), match=str(error)):
        finish_run(interrupted.parent, NAME, dict)
    assert (interrupted / "last" / "manifest.json").is_file() and not trained


def test_what_another_process_trains_is_kept(interrupted, trained):
    with RunFolder(interrupted).locked():
        with pytest.raises(RunInUse, match="another process is training this run"):
            finish_run(interrupted.parent, NAME, dict)
    assert (interrupted / "last" / "manifest.json").is_file() and not trained


@pytest.mark.parametrize("error", [CheckpointError("damaged"), CorpusError("have changed since")])
def test_what_cannot_be_resumed_is_trained_from_scratch(interrupted, trained, monkeypatch, error):
    fail_with(monkeypatch, error)
    folder, _ = finish_run(interrupted.parent, NAME, lambda: "parameters")
    assert folder.path.name == "new" and trained == ["parameters"]
    assert not interrupted.exists()
