"""The cache of models that a build trains: what it says, and what damage does to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CheckpointError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs import attempts
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.silver.annotators import trained_models
from neuroner_tl.silver.annotators.trained_models import TrainedModel, train_model_on
from neuroner_tl.system.atomic_file import write_json

DOCUMENTS = [
    Document(f"d{i}", f"Gout {i}.", (Entity("DISO", ((0, 4),), "Gout"),)) for i in range(3)
]


@dataclasses.dataclass
class Result:
    folder: RunFolder
    results: dict[str, Any]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """Have training write a model without content; the list gets the ids that it was given."""
    given: list[set[str]] = []

    def train(parameters: Any) -> Result:
        parts = read_corpus(parameters.dataset_text_folder)
        given.append({name for part in parts.values() for name in part.ids})
        folder = parameters.output_folder / f"{parameters.experiment_name}_{len(given)}"
        (folder / "model").mkdir(parents=True)
        (folder / "model" / "weights").write_text("1")
        results = {"status": "finished", "scores": {}}
        write_json(folder / "results.json", results)
        return Result(RunFolder(folder), results)

    def check(folder: Path) -> dict[str, Any]:
        if (folder / "weights").read_text() != "1":
            raise CheckpointError(f"{folder / 'weights'}: altered")
        return {}

    monkeypatch.setattr(attempts, "train_run", train)
    monkeypatch.setattr(trained_models, "read_manifest", check)
    return given


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], TrainedModel]:
    return lambda: train_model_on({"": DOCUMENTS}, Parameters(), tmp_path / "cache", "tagger")


def test_only_a_model_that_is_trained_is_said_to_be(
    make: Callable[[], TrainedModel], trained: list[set[str]], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    first = make()
    assert "training the annotator tagger" in caplog.text
    caplog.clear()
    assert make() == first and len(trained) == 1
    assert "training" not in caplog.text and "was trained before: tagger" in caplog.text


def test_a_damaged_model_is_trained_again(
    make: Callable[[], TrainedModel], trained: list[set[str]], caplog: pytest.LogCaptureFixture
) -> None:
    first = make()
    (first.folder / "model" / "weights").write_text("2")
    second = make()
    assert len(trained) == 2 and second.folder != first.folder and not first.folder.exists()
    assert "weights: altered" in caplog.text and "trained again" in caplog.text
    assert make() == second


def test_a_damaged_corpus_is_written_again_before_it_is_trained_on(
    make: Callable[[], TrainedModel], trained: list[set[str]]
) -> None:
    first = make()
    (first.folder / "results.json").unlink()
    (first.folder.parent / "corpus" / "d1.txt").unlink()
    (first.folder.parent / "corpus" / "d1.ann").unlink()
    make()
    assert trained == [{"d0", "d1", "d2"}] * 2


def test_a_parameter_that_a_later_version_adds_leaves_the_key_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def key(**values: Any) -> str:
        return trained_models._key({"": DOCUMENTS}, Parameters(**values))

    before, other = key(), key(learning_rate=0.5)
    to_dict = Parameters.to_dict
    monkeypatch.setattr(Parameters, "to_dict", lambda self: {**to_dict(self), "added": None})
    monkeypatch.setattr(
        "neuroner_tl.parameters.effects.parameters_by_effect",
        lambda *effects: frozenset({"added", "learning_rate"}),
    )
    assert key() == before != other
    assert key(learning_rate=0.5) == other
