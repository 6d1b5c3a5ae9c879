"""A disk that is full at any moment of a run: one line, status 2, and a run that can be resumed."""

import errno
import json
import os

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.runs.saving import RunSaver

pytestmark = pytest.mark.usefixtures("eagerly")

SETTINGS = {
    "token_embedding_dimension": 4,
    "token_lstm_hidden_state_dimension": 3,
    "use_character_lstm": False,
    "batch_size": 64,
    "maximum_number_of_epochs": 2,
    "checkpoint_every": "",
    "tensorboard": False,
    "cache_encoding": False,
    "jit_compile": False,
}


def full_after(monkeypatch, calls):
    """Let every fsync after a number of them fail, like writing to a full disk; count them."""
    made, real = [], os.fsync

    def fsync(descriptor):
        made.append(descriptor)
        if len(made) > calls:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return made


def train(corpora, output, **changes):
    settings = {**SETTINGS, "dataset_text_folder": corpora.gold, "output_folder": output, **changes}
    return main(["train", *(str(x) for n, value in settings.items() for x in (f"--{n}", value))])


def results(output):
    (folder,) = output.glob("[!.]*")
    found = json.loads((folder / "results.json").read_text("utf-8"))
    return {name: found[name] for name in ("status", "best_epoch", "best_score", "scores")}


@pytest.mark.slow
def test_at_every_moment(corpora, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        made = full_after(patch, 10**6)
        assert train(corpora, tmp_path / "whole") == 0
    expected = results(tmp_path / "whole")
    for calls in range(0, len(made), 1 + len(made) // 6):
        output = tmp_path / f"my runs {calls}"
        with monkeypatch.context() as patch:
            folder = check_refusal(corpora, output, calls, patch, capsys)
        if folder is not None:
            assert main(["train", "--resume", str(folder)]) == 0
            assert results(output) == expected


@pytest.mark.parametrize("saved", [False, True])
def test_at_two_moments(saved, corpora, tmp_path, monkeypatch, capsys):
    """Before the first state is saved, and after."""
    output = tmp_path / "my runs"
    calls = 3
    if saved:
        monkeypatch.setattr(RunSaver, "__call__", save_on_a_full_disk(monkeypatch))
        calls = 10**6
    folder = check_refusal(corpora, output, calls, monkeypatch, capsys)
    assert (folder is None) != saved
    assert bool(list(output.glob("*/last/manifest.json"))) == saved


def save_on_a_full_disk(patch):
    real = RunSaver.__call__

    def call(self, event):
        full_after(patch, 0)
        real(self, event)

    return call


def check_refusal(corpora, output, calls, patch, capsys):
    """Train until the disk is full; return the run's folder, None if it is gone."""
    full_after(patch, calls)
    capsys.readouterr()
    assert train(corpora, output) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert str(output) in error and "No space left on device; free some space" in error
    assert not list(output.rglob(".*.tmp"))
    if "--resume" not in error:
        assert "run the command again" in error and not list(output.glob("[!.]*"))
        return None
    # The hint can be pasted into a shell: the folder's name has spaces.
    (folder,) = output.glob("[!.]*")
    assert error.endswith(f"neuroner-tl train --resume '{folder}'"), error
    return folder
