"""Recorded runs that are trained again: what is equal, what differs, and what is left behind."""

import json
import re
import shutil
from datetime import datetime
from unittest import mock

import pytest
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.__main__ import main
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.running import runner, verification

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")


def call(*arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


@pytest.fixture(scope="module")
def made(write_study_into, tmp_path_factory):
    """A finished study of a source, a baseline and a transfer run: its file and its folder."""
    folder = tmp_path_factory.mktemp("made")
    path = write_study_into(folder, "source_documents = 2", epochs=2)
    with unoptimised_graphs():
        assert call("study", "run", path, "--quiet") == 0
    return path, folder / "output"


@pytest.fixture
def study(made, tmp_path):
    """A copy of the finished study; returns its file, its output folder, and its store."""
    path, output = made
    shutil.copytree(output, tmp_path / "output")
    return path, tmp_path / "output", Store(tmp_path / "output" / "tiny" / "runs.jsonl")


def verify(study, capsys, *more):
    path, output, _ = study
    capsys.readouterr()
    status = call("study", "verify", path, "--output", output, "--json", *more)
    return status, json.loads(capsys.readouterr().out)


def identifiers(store):
    return {record["arm"]: name for name, record in store.records().items()}


def count_training(monkeypatch):
    """Note the arms of the runs that are trained."""
    trained = []
    execute = runner.InThisProcess.wait

    def wait(pool, seconds):
        trained.append(pool._job.run.arm)
        return execute(pool, seconds)

    monkeypatch.setattr(runner.InThisProcess, "wait", wait)
    return trained


def test_runs_are_equal_and_nothing_is_left(study, capsys, monkeypatch):
    trained = count_training(monkeypatch)
    before = study[2].records()
    status, found = verify(study, capsys, "--sample", 2)
    assert status == 0 and found["equal"] and found["folder"] is None
    # The source model that the study has kept is not trained again.
    assert sorted(trained) == ["baseline", "transfer"]
    assert {run["id"] for run in found["runs"]} == set(identifiers(study[2]).values()) - {
        identifiers(study[2])["source"]
    }
    for run in found["runs"]:
        assert run["recorded"] == run["repeated"] and run["recorded"]["epochs"] == 2
    assert study[2].records() == before
    assert [path.name for path in study[1].iterdir() if path.is_dir()] == ["tiny"]


def test_a_record_that_training_does_not_repeat(study, capsys):
    path, output, store = study
    name = identifiers(store)["baseline"]
    record = store.records()[name]
    document, counts = next(iter(record["test_documents"].items()))
    record["test_documents"][document] = [counts[0] + 1, counts[1], counts[2]]
    record["versions"]["tensorflow"] = "1.0"
    store.append(record)
    capsys.readouterr()
    assert call("study", "verify", path, "--output", output, "--run", name) == 1
    printed = capsys.readouterr().out
    assert f"{name}: differs" in printed and "1 of 2 test documents have other counts" in printed
    assert "tensorflow 1.0, now 2." in printed and "0 of 1 run as recorded" in printed
    # What was trained can be looked at, and does not disturb the next verification.
    (kept,) = output.glob("tiny_verification_*")
    assert name in Store(kept / "runs.jsonl").records()
    assert not (output / "tiny_verification").exists()


@pytest.mark.parametrize("member", ["best_epoch", "epochs", "valid_f1", "scores"])
def test_what_is_compared(member):
    record = {name: 1 for name in ("best_epoch", "epochs", "valid_f1", "scores")}
    same = verification.VerifiedRun(record, {**record, "seconds": 5})
    assert same.is_equal
    assert not verification.VerifiedRun(record, {**record, member: 2}).is_equal
    assert not verification.VerifiedRun(record, None, "failed").is_equal


@pytest.mark.slow
def test_records_alone_are_enough(study, capsys, monkeypatch, tmp_path):
    """Without the study's folder the source model is trained again, too."""
    trained = count_training(monkeypatch)
    records = shutil.copy(study[2].path, tmp_path / "runs.jsonl")
    name = identifiers(study[2])["transfer"]
    shutil.rmtree(study[1])
    status, found = verify(study, capsys, "--records", records, "--run", name)
    assert status == 0 and found["equal"] and trained == ["source", "transfer"]


def test_a_run_that_fails_is_said(study, capsys, monkeypatch):
    def break_down(*arguments):
        raise RuntimeError("broken")

    monkeypatch.setattr("neuroner_tl.studies.running.execution._train", break_down)
    status, found = verify(study, capsys, "--run", identifiers(study[2])["baseline"])
    assert status == 1 and found["runs"][0]["error"] == "RuntimeError: broken"
    assert found["runs"][0]["repeated"] is None


def test_a_run_whose_source_cannot_be_trained_is_not_as_recorded(
    study, capsys, monkeypatch, tmp_path
):
    """Nothing differs, since nothing was compared."""

    def break_down(*arguments):
        raise RuntimeError("broken")

    path, output, store = study
    records = tmp_path / "records.jsonl"
    shutil.copy(store.path, records)
    name = identifiers(store)["transfer"]
    shutil.rmtree(output)
    monkeypatch.setattr("neuroner_tl.studies.running.execution._train", break_down)
    # Two in the same second do not get in each other's way.
    now = mock.Mock(now=mock.Mock(return_value=datetime(2026, 1, 1)))
    monkeypatch.setattr("neuroner_tl.runs.folder.datetime", now)
    status, found = verify(study, capsys, "--records", records, "--run", name)
    assert status == 1 and found["left"] == 1 and not found["equal"] and found["runs"] == []
    arguments = ("--output", output, "--records", records, "--run", name)
    assert call("study", "verify", path, *arguments) == 1
    text = capsys.readouterr().out
    assert "0 of 1 run as recorded\n1 run was not trained, since a model to start" in text
    assert len(list(output.glob("*2026-01-01_00-00-00*"))) == 2


def test_what_an_interruption_leaves_has_no_other_cause():
    text = verification.Verification((), 2, True, None).to_text()
    assert text == "0 of 2 runs as recorded"


def test_the_draw_has_a_seed(study, capsys, monkeypatch):
    recorded = {f"run{n}": {} for n in range(20)}
    draws = {tuple(verification._choose(recorded, (), 3, seed, study[2])) for seed in (0, 0, 1, 2)}
    assert len(draws) == 3 and all(len(set(draw)) == 3 for draw in draws)


@pytest.mark.parametrize(
    "options, message",
    [
        (["--run", "gold-baseline"], r"found no finished run gold-baseline .* expected one of"),
        (["--sample", "3"], "sample: found 3, expected 1 to 2 finished runs"),
        (["--sample", "0"], "sample: found 0, expected 1 to 2"),
        (["--workers", "0"], "workers: found 0, expected 1 or more"),
        (["--seed", "7"], "found no finished run of the study"),
        (["--records", "nowhere.jsonl"], "found no finished run of the study"),
    ],
)
def test_what_is_refused(study, capsys, options, message):
    path, output, _ = study
    assert call("study", "verify", path, "--output", output, *options) == 2
    error = capsys.readouterr().err
    assert re.search(message, error) and len(error.strip().splitlines()) == 1
    assert [one.name for one in output.iterdir() if one.is_dir()] == ["tiny"]
