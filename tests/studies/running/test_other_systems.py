"""Arms of other systems in a study: executed, recorded, reported, verified."""

import json

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.systems import spacy_recogniser
from neuroner_tl.runs.systems.published_run import score_published
from neuroner_tl.runs.systems.spacy_recogniser import has_spacy
from neuroner_tl.studies.records.store import LEARNED_NOTHING, Store
from neuroner_tl.studies.running import execution

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")
OWN = """\
[arm spacy]
system = spacy
maximum_number_of_epochs = 2
[arm published]
predictions = {folder}/{{corpus}}_published
"""


def call(*arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


@pytest.fixture
def study(write_study, tmp_path, corpora):
    """A function that writes the study with some arms; the predictions are gold."""
    folder = tmp_path / "gold_published"
    folder.mkdir()
    for path in (corpora.gold / "test").glob("*.ann"):
        (folder / path.name).write_bytes(path.read_bytes())

    def write(arms, kind="transfer_table"):
        more = OWN.format(folder=tmp_path)
        sections = {name: part for part in more.split("[arm ")[1:] for name in [part.split("]")[0]]}
        kept = "".join(f"[arm {sections[name]}" for name in arms.split(", ") if name in sections)
        return write_study(f"arms = {arms}", kept, kind=kind, target=corpora.gold)

    return write


@pytest.mark.skipif(not has_spacy(), reason="spaCy is an extra; pip install '.[spacy]'")
def test_systems_are_arms_like_others(study, tmp_path, capsys):
    path = study("baseline, spacy, published")
    assert call("study", "run", path, "--quiet") == 0
    records = Store(tmp_path / "output" / "tiny" / "runs.jsonl").records()
    baseline, spacy, published = records.values()
    assert [r["status"] for r in records.values()] == ["finished"] * 3
    assert ["system" in r for r in records.values()] == [False, True, True]
    assert baseline["test_documents"].keys() == spacy["test_documents"].keys()
    assert baseline["annotations"] == spacy["annotations"] == published["annotations"]
    assert spacy["epochs"] == 2 and len(spacy["epoch_scores"]) == 2
    assert max(score for _, score in spacy["epoch_scores"]) == spacy["valid_f1"]
    assert sum(spacy["epoch_cpu_seconds"]) == pytest.approx(spacy["cpu_seconds"], abs=0.11)
    assert len(baseline["epoch_scores"]) == baseline["epochs"] == 1
    # The predictions that were published are the gold annotations.
    counts = published["scores"]["test"]["documents"].values()
    assert all(one["fp"] == one["fn"] == 0 < one["tp"] for one in counts)
    assert "epoch_scores" not in published and published["content"]["predictions"]
    assert "cpu_seconds" not in published  # Nothing was trained: no table may show it as fast.
    assert str(tmp_path) not in json.dumps(records), "a folder of this machine in a record"

    printed = capsys.readouterr().out
    assert "100.00" in printed and "spacy" in printed
    # Nothing is left to be trained, and what was trained is trained again to the same scores.
    assert call("study", "run", path) == 0
    assert len(Store(tmp_path / "output" / "tiny" / "runs.jsonl").records()) == 3
    for record in (spacy, published):
        assert call("study", "verify", path, "--run", record["id"]) == 0
        printed = capsys.readouterr().out
        assert "1 of 1 run as recorded" in printed
        assert ("valid F1" in printed) == (record is spacy)


def test_what_is_missing_is_said_before_anything_is_trained(study, tmp_path, capsys, monkeypatch):
    path = study("baseline, published")
    path.write_text(path.read_text().replace("_published", "_elsewhere"))
    assert call("study", "run", path) == 2
    error = capsys.readouterr().err
    assert "gold_elsewhere: no such folder, expected the predictions of published for the" in error
    monkeypatch.setattr(spacy_recogniser, "find_spec", lambda name: None)
    assert call("study", "run", study("baseline, spacy")) == 2
    assert "system = spacy of the arm spacy needs the package spacy" in capsys.readouterr().err
    assert not list((tmp_path / "output").rglob("runs.jsonl"))


def test_a_document_without_predictions_fails_its_run_alone(study, tmp_path, capsys):
    path = study("baseline, published")
    sorted((tmp_path / "gold_published").iterdir())[0].unlink()
    assert call("study", "run", path, "--quiet") == 0
    records = Store(tmp_path / "output" / "tiny" / "runs.jsonl").records()
    assert [record["status"] for record in records.values()] == ["finished", "failed"]


def test_predictions_that_change_before_they_are_scored_fail_their_run(
    study, tmp_path, monkeypatch
):
    path = study("baseline, published")
    changed = sorted((tmp_path / "gold_published").iterdir())[0]

    def score(parameters, predictions):
        changed.write_text("")
        return score_published(parameters, predictions)

    monkeypatch.setattr(execution, "score_published", score)
    assert call("study", "run", path, "--quiet", "--arms", "published") == 0
    (record,) = Store(tmp_path / "output" / "tiny" / "runs.jsonl").records().values()
    assert record["status"] == "failed"
    assert "gold_published: found other files" in record["error"]


@pytest.mark.skipif(not has_spacy(), reason="spaCy is an extra; pip install '.[spacy]'")
def test_spacy_that_learns_nothing_counts_with_a_score_of_0(study, tmp_path, capsys, monkeypatch):
    path = study("baseline, spacy")
    path.write_text(f"{path.read_text()}give_up_after_sentences = 1\n")
    monkeypatch.setattr(Scorer, "validate", lambda scorer, mode: (0.0, {}))
    assert call("study", "run", path, "--quiet", "--arms", "spacy") == 0
    (record,) = Store(tmp_path / "output" / "tiny" / "runs.jsonl").records().values()
    assert record["status"] == "finished" and "epoch 1: the validation" in record[LEARNED_NOTHING]
    counts = record["scores"]["test"]["documents"].values()
    assert all(one["tp"] == one["fp"] == 0 < one["fn"] for one in counts)
    assert record["epoch_scores"] == [[1, 0.0]] and record["cpu_seconds"] >= 0
    assert "1 scored 0" in capsys.readouterr().out
