"""A run that was interrupted and went on equals one that was not."""

import json

import numpy as np
import pytest

from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.runs import saving, training
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.checkpoint import load_model


def interrupt_after(monkeypatch, steps):
    """Make the next run believe in a Ctrl-C after so many steps."""
    from contextlib import contextmanager

    @contextmanager
    def interruptible():
        left = [steps]

        def requested():
            left[0] -= 1
            return left[0] == 0

        yield requested

    monkeypatch.setattr(training, "interruptible", interruptible)


@pytest.fixture(scope="module")
def settings(corpora, tiny):
    return {**tiny, "dataset_text_folder": corpora.gold, "maximum_number_of_epochs": 2}


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    with NeuroNER(**settings, output_folder=tmp_path_factory.mktemp("whole")) as ner:
        return ner.fit()


def epochs_of(folder):
    records = [json.loads(line) for line in (folder / "epochs.jsonl").read_text().splitlines()]
    return [(r["epoch"], r["loss"], r["score"], r["best"], r["valid"]) for r in records]


def sentences(result):
    return result.results["sentences"]["train"]


@pytest.mark.parametrize("place", ["middle", "end of an epoch", "second epoch"])
def test_resumed_equals_uninterrupted(place, settings, whole, tmp_path, monkeypatch):
    number = sentences(whole)
    steps = {"middle": 7, "end of an epoch": number, "second epoch": number + 5}[place]
    with monkeypatch.context() as patch:
        interrupt_after(patch, steps)
        with NeuroNER(**settings, output_folder=tmp_path) as ner:
            stopped = ner.fit()
    assert stopped.status == "interrupted"
    result = resume_run(stopped.folder.path, {})
    assert result.status == "finished"
    assert result.folder.path == stopped.folder.path
    assert epochs_of(result.folder.path) == epochs_of(whole.folder.path)
    assert result.results["scores"] == whole.results["scores"]
    for name in ("model", "last"):
        found = load_model(result.folder.path / name)
        expected = load_model(whole.folder.path / name)
        for layer, named in expected.weights.items():
            for key, value in named.items():
                np.testing.assert_array_equal(found.weights[layer][key], value)


def test_what_cannot_go_on(settings, whole, tmp_path, monkeypatch):
    with pytest.raises(ParameterError, match="the run is finished"):
        resume_run(whole.folder.path, {})
    with pytest.raises(CheckpointError, match="holds no run"):
        resume_run(tmp_path, {})
    interrupt_after(monkeypatch, 2)
    with NeuroNER(**settings, output_folder=tmp_path) as ner:
        stopped = ner.fit()
    with pytest.raises(ParameterError, match="--learning_rate: found 1.0, the run was begun with"):
        resume_run(stopped.folder.path, {"learning_rate": "1.0"})


def test_a_longer_run_is_allowed_and_recorded(settings, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with NeuroNER(**settings, output_folder=tmp_path) as ner:
            stopped = ner.fit()
    result = resume_run(stopped.folder.path, {"maximum_number_of_epochs": "1"})
    assert result.results["epochs"] == 1
    assert result.results["parameters"]["maximum_number_of_epochs"] == 1
    assert "maximum_number_of_epochs = 1" in (result.folder.path / "parameters.ini").read_text()


def test_a_changed_corpus_is_refused(settings, tmp_path, monkeypatch):
    import shutil

    corpus = tmp_path / "corpus"
    shutil.copytree(settings["dataset_text_folder"], corpus)
    changed = {**settings, "dataset_text_folder": corpus}
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with NeuroNER(**changed, output_folder=tmp_path / "output") as ner:
            stopped = ner.fit()
    text = next((corpus / "train").glob("*.txt"))
    text.write_text(text.read_text() + "\nQuixotic afterthoughts follow.")
    with pytest.raises(CorpusError, match="have changed since"):
        resume_run(stopped.folder.path, {})


def test_the_state_is_saved_in_the_middle_of_an_epoch(settings, tmp_path, monkeypatch):
    seen = []
    save = saving.save_model

    def noting(folder, *arguments):
        seen.append((folder.name, arguments[-1]))
        save(folder, *arguments)

    monkeypatch.setattr(saving, "save_model", noting)
    with NeuroNER(**settings, output_folder=tmp_path, checkpoint_every="1 batch") as ner:
        ner.fit()
    assert ("last", "1-1") in seen and ("last", "2-1") in seen
