"""Stages of a prediction on a tiny model; no figure of speed is asserted."""

import json

import pytest

from neuroner_tl import predict_files
from neuroner_tl.__main__ import main
from neuroner_tl.benchmark import prediction_stages as module
from neuroner_tl.errors import CorpusError, ParameterError

STAGES = {module.READING, module.CUTTING, module.ENCODING, module.NETWORK, module.WRITING}


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    for number in (1, 2):
        text = f"Gout is painful, {number}. So is flu."
        with (folder / "texts.jsonl").open("a") as file:
            file.write(json.dumps({"id": str(number), "text": text}) + "\n")
    return folder / "texts.jsonl"


def test_what_is_found_and_counted_is_what_predict_finds(source_run, texts, tmp_path):
    stages = module.measure_prediction([source_run.folder], texts)
    done = predict_files(source_run.folder, texts, tmp_path / "found.jsonl")
    assert (stages.documents, stages.entities) == (done.documents, done.entities)
    assert stages.tokens == 2 * 10
    assert set(stages.seconds) == STAGES
    assert all(seconds >= 0 for name, seconds in stages.seconds.items() if name != module.NETWORK)
    assert sum(stages.seconds.values()) > 0 and stages.start > 0 and stages.memory > 1


def test_at_most_as_many_documents_as_asked_for(source_run, texts, capsys):
    command = ["benchmark", "prediction", "--input", str(texts), "--documents", "1", "--json"]
    assert main([*command, "--model", str(source_run.folder)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["documents"], found["tokens"]) == (1, 10)
    assert main([*command[:-1], "--model", str(source_run.folder)]) == 0
    assert "per second of CPU time" in capsys.readouterr().out


def test_two_models_agree_with_one(source_run, texts):
    assert module.measure_prediction([source_run.folder, source_run.folder], texts).entities == (
        module.measure_prediction([source_run.folder], texts).entities
    )


def test_what_cannot_be_measured_is_refused(source_run, texts, tmp_path):
    with pytest.raises(ParameterError, match="documents: found 0"):
        module.measure_prediction([source_run.folder], texts, documents=0)
    with pytest.raises(ParameterError, match="no model"):
        module.measure_prediction([], texts)
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(CorpusError, match="no documents"):
        module.measure_prediction([source_run.folder], tmp_path / "empty.jsonl")
