"""`neuroner-tl train` and `predict` as processes and as functions."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from same_runs import epochs_of

from neuroner_tl.__main__ import main
from neuroner_tl.messages.progress import PACKAGE
from neuroner_tl.training.checkpoint import load_model


def options(parameters):
    return [text for name, value in parameters.items() for text in (f"--{name}", str(value))]


def start(module, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", module, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )


@pytest.fixture(scope="module")
def process_run(corpora, tiny, tmp_path_factory):
    """The run of `source_run`, in a process of its own."""
    output = tmp_path_factory.mktemp("process")
    ini = output / "run.ini"
    ini.write_text(f"[dataset]\ndataset_text_folder = {corpora.silver}\noutput_folder = nowhere\n")
    process = start(
        "neuroner_tl.train",
        "--parameters_filepath",
        ini,
        *options({**tiny, "output_folder": output / "runs", "experiment_name": "process"}),
    )
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err, output / "runs"


def test_train_script(process_run):
    code, out, err, output = process_run
    assert code == 0, err
    assert "Traceback" not in err
    (folder,) = output.glob("[!.]*")
    assert folder.name.startswith("process_")
    assert f"run folder: {folder}" in out
    results = json.loads((folder / "results.json").read_text("utf-8"))
    micro = results["scores"]["valid"]["documents"]["micro"]
    assert f"{100 * micro['f1']:.2f}" in out


def test_same_seed_gives_the_same_weights_in_another_process(process_run, source_run):
    (folder,) = process_run[-1].glob("[!.]*")
    for name in ("model", "last"):
        found, expected = load_model(folder / name), load_model(source_run.folder.path / name)
        for layer, named in expected.weights.items():
            for key, value in named.items():
                np.testing.assert_array_equal(found.weights[layer][key], value, f"{layer}/{key}")
    assert epochs_of(folder) == epochs_of(source_run.folder.path)
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert results["scores"] == json.loads(json.dumps(source_run.results["scores"]))


def test_details_that_a_parameter_file_asks_for(corpora, tiny, tmp_path, eagerly, caplog):
    ini = tmp_path / "run.ini"
    ini.write_text("[advanced]\nverbose = True\n")
    settings = {"dataset_text_folder": corpora.gold, "output_folder": tmp_path / "runs"}
    settings = {**tiny, **settings, "batch_size": 64, "maximum_number_of_epochs": 1}
    assert main(["train", "--parameters_filepath", str(ini), *options(settings)]) == 0
    levels = {record.levelname for record in caplog.records if record.name.startswith(PACKAGE)}
    assert "DEBUG" in levels


@pytest.mark.slow
def test_interruption_saves_everything(corpora, tiny, tmp_path):
    process = start(
        "neuroner_tl",
        "train",
        *options(
            {
                **tiny,
                "batch_size": 4,
                "dataset_text_folder": corpora.gold,
                "output_folder": tmp_path,
                "maximum_number_of_epochs": 100000,
                "patience": 100000,
                "give_up_after_sentences": 0,
            }
        ),
    )
    try:
        for _ in range(3000):
            if process.poll() is not None or list(tmp_path.glob("*/epochs.jsonl")):
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in out
    (folder,) = tmp_path.glob("[!.]*")
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert results["status"] == "interrupted" and "interrupted " in results["reason"]
    assert load_model(folder / "model").training["epoch"] == results["best_epoch"]
    progress = load_model(folder / "last").training["progress"]
    assert progress["epoch"] == results["epochs"] + 1 >= 2
    assert f"--resume {folder}" in out


def test_predict_writes_brat(source_run, corpora, tmp_path, capsys):
    arguments = ["predict", "--model", source_run.folder.path, "--input", corpora.silver / "valid"]
    assert main([*map(str, arguments), "--output", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("3 documents, ") and not err
    for path in (corpora.silver / "valid").glob("*.txt"):
        text = path.read_bytes()
        assert (tmp_path / "out" / path.name).read_bytes() == text
        for line in (tmp_path / "out" / f"{path.stem}.ann").read_text("utf-8").splitlines():
            _, place, mention = line.split("\t")
            _, begin, end = place.split()
            assert text.decode("utf-8")[int(begin) : int(end)] == mention
        found = (tmp_path / "out" / f"{path.stem}.ann").read_bytes()
        expected = source_run.folder.predictions / "valid" / f"{path.stem}.ann"
        assert found == expected.read_bytes()


def test_predict_one_file(source_run, tmp_path):
    source = tmp_path / "note.txt"
    source.write_text("Nothing here.\n")
    target = tmp_path / "out"
    arguments = ["predict", "--model", source_run.folder.model, "--input", source]
    assert main([*map(str, arguments), "--output", str(target)]) == 0
    assert sorted(path.name for path in target.iterdir()) == [
        "annotation.conf",
        "note.ann",
        "note.txt",
    ]
