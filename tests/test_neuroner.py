"""Which model the facade predicts with, and with which word vectors."""

import pytest

from neuroner_tl import neuroner
from neuroner_tl.neuroner import NeuroNER


@pytest.fixture
def loaded(monkeypatch):
    """The arguments of each load of a model."""
    calls = []

    class Loaded:
        def __init__(self, *arguments):
            calls.append(arguments)
            self.model = type("Model", (), {"folder": arguments[0]})

        def predict(self, documents):
            return documents

    monkeypatch.setattr(neuroner, "load_predictor", Loaded)
    return calls


def test_a_closed_model_is_loaded_again_as_it_was(loaded):
    ner = NeuroNER.load("model", word_vectors="none", batch_size=7, threads=2)
    assert ner.predict("Flu") == []
    ner.close()
    assert ner.predict("Flu") == []
    assert [(str(folder), *rest) for folder, *rest in loaded] == [("model", "none", 7, 2)] * 2


def test_after_training_the_new_model_predicts(loaded, monkeypatch):
    result = type("Result", (), {"best_epoch": 1, "folder": type("Folder", (), {"model": "new"})})
    monkeypatch.setattr(neuroner, "train_model", lambda parameters, progress: result)
    ner = NeuroNER(use_pretrained_model=True, pretrained_model_folder="old")
    ner.predict("Flu")
    ner.fit()
    ner.predict("Flu")
    assert [str(call[0]) for call in loaded] == ["old", "new"]


def test_a_run_without_a_best_epoch_leaves_the_model(loaded, monkeypatch):
    result = type("Result", (), {"best_epoch": None, "folder": None})
    monkeypatch.setattr(neuroner, "train_model", lambda parameters, progress: result)
    ner = NeuroNER(use_pretrained_model=True, pretrained_model_folder="old")
    ner.predict("Flu")
    ner.fit()
    ner.predict("Flu")
    assert [str(call[0]) for call in loaded] == ["old"]
