"""What commands print in a terminal of 80 columns, with --quiet and with --json."""

import io
import json
import logging
import os
import shutil
import sys

import pytest
from terminal import Terminal

from neuroner_tl.__main__ import main
from neuroner_tl.messages.screen import terminal_width
from neuroner_tl.runs.summary import run_summary

WIDTH = 80
JARGON = ("plain mode", "some seconds each) mode", "interrupted: interrupted", "-0.00", "−0.00")


class Screen(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def printed(capsys, monkeypatch):
    """A function that runs a command in a terminal of 80 columns and returns what it prints."""
    monkeypatch.setattr(sys, "__stdout__", Screen())
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    assert terminal_width() == WIDTH

    def run(*arguments, status=0):
        assert main([str(argument) for argument in arguments]) == status
        out = capsys.readouterr().out
        assert not [word for word in JARGON if word in out]
        return out

    return run


def too_wide(text):
    """The lines that are wider than the screen and could have been wrapped."""
    return [line for line in text.split("\n") if len(line) > WIDTH and len(line.split()) > 1]


@pytest.fixture
def gold(corpora, tmp_path):
    """A gold corpus whose folder has a short name, beside predictions of its test part."""
    shutil.copytree(corpora.gold, tmp_path / "gold")
    shutil.copytree(corpora.gold / "test", tmp_path / "predicted")
    return tmp_path / "gold"


def test_statistics_of_corpora(printed, gold, corpora, tmp_path):
    text = printed("corpus", "stats", gold, corpora.silver, "--parts")
    assert not too_wide(text)
    assert text.count("annotations/100 tokens") > 1, "a row for each figure, divided"
    csv = printed("corpus", "stats", gold, "--format", "csv")
    assert max(map(len, csv.splitlines())) > WIDTH, "what programs read is not wrapped"


def test_other_commands_on_corpora(printed, gold, tmp_path):
    folder = tmp_path / "predicted"
    for command in (
        ("corpus", "check", gold),
        ("corpus", "fetch"),
        ("corpus", "convert", gold, "--from", "brat", "--to", "conll", "--output", tmp_path / "c"),
        ("evaluate", "--gold", gold / "test", "--predicted", folder, "--per-document"),
        ("parameters",),
    ):
        text = printed(*command)
        assert text.strip() and not too_wide(text), command


def test_an_interruption_is_said_once():
    for reason in ("interrupted", "interrupted before epoch 2"):
        assert run_summary({"status": "interrupted", "reason": reason}) == reason
    done = {"status": "finished", "reason": "3 epochs are done"}
    assert run_summary(done) == "finished: 3 epochs are done"


@pytest.mark.parametrize(("f1", "said"), [(0.0, True), (0.004, False)])
def test_a_run_that_found_nothing_says_so(f1, said):
    micro = {"precision": f1, "recall": f1, "f1": f1}
    scores = {"documents": {"micro": micro}, "conll": {"micro": micro}}
    results = {
        "status": "finished",
        "reason": "1 epoch is done",
        "scores": {"valid": scores, "test": scores},
        "measures": {"documents": "x", "conll": "y"},
    }
    assert ("no entity was found correctly in any part" in run_summary(results)) == said


def test_a_report_of_a_study(printed, gold, tmp_path):
    study = tmp_path / "study.ini"
    study.write_text(
        f"[study]\nname = mine\nkind = error_overlap\noutput_folder = {tmp_path}\n"
        f"[predictions DISO]\ngold = {gold}/test\n"
        f"a_long_name_of_a_system = {tmp_path}/predicted\nanother_long_name = {gold}/test\n"
    )
    text = printed("study", "run", study)
    assert not too_wide(text) and "kinds of errors" in text
    assert "a_long_name_of_a_system" in text and "another_long_name" in text
    report = json.loads(printed("study", "report", study, "--json"))
    assert report["tables"]["scores_DISO"]["columns"][0] == "system"
    assert report["folder"].endswith("reports/mine")


def test_json_is_one_object_wherever_the_option_stands(printed, gold, tmp_path):
    predicted = tmp_path / "predicted"
    found = json.loads(
        printed("evaluate", "--gold", gold / "test", "--predicted", predicted, "--json")
    )
    assert found["scores"]["micro"]["f1"] == 1
    found = json.loads(printed("--json", "corpus", "check", gold))
    assert found["errors"] == 0 and found["documents"] == {"train": 6, "valid": 3, "test": 4}
    found = json.loads(printed("corpus", "stats", gold, "--json"))
    assert found["corpora"][0]["documents"] == 13
    assert json.loads(printed("parameters", "--json"))["learning_rate"]["section"] == "training"


def test_quiet_commands_say_nothing_but_the_result(gold, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    monkeypatch.setattr(logging.getLogger(), "level", logging.WARNING)
    arguments = ["corpus", "split", str(tmp_path / "predicted"), "--output"]
    assert main([*arguments, str(tmp_path / "parts"), "--quiet"]) == 0
    out, err = capsys.readouterr()
    assert "written to" in out and not err
    assert main([*arguments, str(tmp_path / "parts"), "--quiet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_prediction_names_what_it_left_alone(printed, source_run, tmp_path):
    texts = tmp_path / "texts"
    (texts / "more").mkdir(parents=True)
    for name in ("a.txt", "b.TXT", "c.pdf", ".hidden"):
        (texts / name).write_text("Gout.")
    model = source_run.folder.path
    text = printed("predict", "--model", model, "--input", texts, "--output", tmp_path / "out")
    assert "2 documents, " in text and "the format of the texts: c.pdf, more/" in " ".join(
        text.split()
    )
    arguments = ("--model", model, "--input", texts / "a.txt", "--output", tmp_path / "one")
    found = json.loads(printed("predict", *arguments, "--json"))
    assert found["left_alone"] == [] and found["documents"] == 1


@pytest.mark.slow
def test_a_transfer_in_a_terminal(corpora, source_run, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    settings = {
        **tiny,
        "dataset_text_folder": corpora.gold,
        "output_folder": tmp_path,
        "use_pretrained_model": True,
        "pretrained_model_folder": source_run.folder.model,
        "jit_compile": True,
        "maximum_number_of_epochs": 1,
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    terminal = Terminal("train", *options)
    assert terminal.finish() == 0
    lines = [line.rpartition("\r")[2] for line in terminal.text.replace("\r\n", "\n").split("\n")]
    assert not too_wide("\n".join(lines))
    text = "\n".join(lines)
    assert "epoch 1: loss" in text and "first steps take a few seconds each" in " ".join(
        text.split()
    )
    assert str(next(tmp_path.glob("[!.]*"))) in text, "the run folder can be copied as a whole"
    for word in (*JARGON, "tensorflow", "absl", "XLA", "Warning"):
        assert word not in text, text


@pytest.mark.slow
def test_quiet_and_json_of_a_training(corpora, tiny, tmp_path, monkeypatch):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    settings = {**tiny, "dataset_text_folder": corpora.gold, "output_folder": tmp_path}
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    terminal = Terminal("train", *options, "--quiet", "--json")
    assert terminal.finish() == 0
    found = json.loads(terminal.text)
    assert found["status"] == "finished" and os.path.isdir(found["folder"])
    assert found["scores"]["test"]["documents"]["micro"]["f1"] >= 0
