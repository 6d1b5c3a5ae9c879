"""The benchmark on a tiny network; no figure of speed is asserted."""

import json
import math
import os
import signal

import numpy as np
import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.benchmark import measure as benchmark_module
from neuroner_tl.benchmark.arithmetic import MatrixProduct, forward_operations, training_operations
from neuroner_tl.benchmark.contenders import Contender, representative
from neuroner_tl.benchmark.measure import run_benchmark
from neuroner_tl.benchmark.report import benchmark_json, benchmark_text
from neuroner_tl.benchmark.result import BenchmarkSettings
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.systems.spacy_recogniser import has_spacy

CONTENDERS = [
    *[("training", size, mode) for size in (1, 2) for mode in ("reference", "plain", "compiled")],
    ("prediction", 1, "reference"),
    ("prediction", 16, "compiled"),
    ("prediction", 1000, "spacy"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Three documents of a few short sentences."""
    folder = tmp_path_factory.mktemp("corpus")
    for part, text in (
        ("train", "Flu in us.\nThe flu.\nOne of the flu, no.\nA B.\n"),
        ("valid", "Flu in us.\n"),
        ("test", "The flu. Six of us.\n"),
    ):
        (folder / part).mkdir()
        (folder / part / "a.txt").write_text(text)
        start = text.lower().index("flu")
        line = f"T1\tDISO {start} {start + 3}\t{text[start : start + 3]}\n"
        (folder / part / "a.ann").write_text(line)
    return folder


@pytest.fixture
def parameters(corpus, tmp_path):
    return load_parameters(
        None,
        {
            "dataset_text_folder": corpus,
            "output_folder": tmp_path,
            "token_embedding_dimension": 3,
            "token_lstm_hidden_state_dimension": 2,
            "character_embedding_dimension": 2,
            "character_lstm_hidden_state_dimension": 2,
            "prediction_batch_size": 16,
            "cache_encoding": False,
        },
    )


@pytest.fixture
def idle(monkeypatch):
    """Contenders that do nothing; what they are called in turn is noted."""
    log = []

    def contender(task, size, mode):
        def run():
            log.append((task, size, mode))

        shapes = 2 if mode == "compiled" else 0
        return Contender(task, size, mode, 4, 20, 60, shapes, run, lambda: None)

    def contenders(*_):
        return (contender(*names) for names in CONTENDERS)

    monkeypatch.setattr(benchmark_module, "_contenders", contenders)
    return log


def test_table_and_json(parameters, idle):
    result = run_benchmark(parameters, BenchmarkSettings((1, 2), 2, 0.0))
    assert idle == CONTENDERS * 2
    found = result.measurements
    assert [(m.contender.task, m.contender.batch_size, m.contender.mode) for m in found] == (
        CONTENDERS
    )
    assert not result.interrupted
    for measurement in found:
        assert len(measurement.rates) == len(measurement.cpu_rates) == 2
        assert measurement.tokens_per_second == 5 * measurement.sentences_per_second
        assert (measurement.limit is None) == (measurement.contender.mode == "spacy")
    assert [ratio.name.split(":")[0] for ratio in result.ratios] == [
        *["training, batch 1"] * 2,
        *["training, batch 2"] * 2,
        "training, compiled",
        *["prediction"] * 2,
    ]
    assert result.ratios[-1].name == "prediction: compiled, batch 16 / spaCy's ner"
    for ratio in result.ratios:
        assert all(math.isfinite(value) and value > 0 for value in ratio.rounds)
        assert math.isfinite(ratio.median) and math.isfinite(ratio.cpu_median)
    rounds = zip(found[2].rates, found[0].rates)
    assert result.ratios[0].rounds == pytest.approx([one / other for one, other in rounds])

    lines = benchmark_text(result).splitlines()
    for task, size, mode in CONTENDERS:
        assert [task, str(size), mode] in [line.split()[:3] for line in lines]
    assert any(line.startswith("training, compiled: batch 2 / batch 1") for line in lines)
    assert any(line.startswith("compilation of a run at batch 1: 2 shapes in") for line in lines)
    assert any("GFLOP/s" in line for line in lines)

    tables = benchmark_text(result, 60).split("\n\n")[1:-1]
    assert max(len(line) for table in tables for line in table.split("\n")) <= 60

    content = json.loads(json.dumps(benchmark_json(result), allow_nan=False))
    assert len(content["measurements"]) == len(CONTENDERS)
    assert set(content["versions"]) >= {"tensorflow", "numpy", "neuroner_tl"}
    assert content["processor"] and content["date"] and content["threads"] == 1
    assert content["corpus"]["train_sentences"] == 4
    assert content["architecture"]["token_hidden"] == 2
    assert content["peak_memory_mb"] > 0


def test_interruption_keeps_what_is_done(parameters, idle, monkeypatch):
    turn = benchmark_module._turn

    def interrupt(contender, seconds):
        if len(idle) == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return turn(contender, seconds)

    monkeypatch.setattr(benchmark_module, "_turn", interrupt)
    result = run_benchmark(parameters, BenchmarkSettings((1, 2), 3, 0.0))
    assert result.interrupted
    assert [len(m.rates) for m in result.measurements] == [1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert "interrupted" in benchmark_text(result)
    assert benchmark_json(result)["ratios"][0]["median"] is None


def test_the_sample_is_like_the_epoch(parameters):
    part = load_data(parameters).dataset.parts["train"]
    whole = representative(part, 2, 0, 99)
    assert sorted(np.concatenate(whole.batches)) == [0, 1, 2, 3]
    assert len(whole.all_batches) == 2
    one = representative(part, 1, 0, 1)
    assert len(one.batches) == 1
    middle = sorted(part.lengths)[len(part.lengths) // 2]
    assert part.lengths[one.batches[0]] == middle


def test_operations_counted_by_hand():
    a = Architecture(3, 2, 2, 1, 1, True, True, "full")
    # x has 2 * 1 + 2 = 4 components. One direction: [4] x [4, 6], [2] x [2, 6], two [2] x [2, 2].
    token_cell = 2 * 4 * 6 + 2 * 2 * 6 + 2 * (2 * 2 * 2)
    projection, labels = 2 * 4 * 2, 2 * 2 * 3
    # A character: [1] x [1, 3], [1] x [1, 3], two [1] x [1, 1], in two directions.
    character = 2 * (2 * 3 + 2 * 3 + 2 * 2)
    forward = 2 * token_cell + projection + labels + 1.5 * character
    assert forward == 252
    assert forward_operations(a, 1.5) == forward
    assert training_operations(a, 1.5, frozen_tokens=False) == 3 * forward
    # No gradient of the frozen rows: [6] x [6, 2] in two directions.
    assert training_operations(a, 1.5, frozen_tokens=True) == 3 * forward - 2 * (2 * 6 * 2)


@pytest.mark.parametrize(
    ("peepholes", "less"), [("full", 0), ("diagonal", 2 * (16 - 8)), ("none", 2 * 16)]
)
def test_operations_of_the_peepholes(peepholes, less):
    full = Architecture(3, 2, 2, use_character_lstm=False)
    other = Architecture(3, 2, 2, use_character_lstm=False, peepholes=peepholes)
    assert forward_operations(full, 9.0) - forward_operations(other, 9.0) == less


def test_the_matrix_rate_is_a_rate():
    assert 1e7 < MatrixProduct().rate() < 1e14


@pytest.mark.parametrize(
    "wrong",
    [{"batch_sizes": ()}, {"batch_sizes": (1, 0)}, {"repetitions": 0}, {"seconds": -1.0}],
    ids=str,
)
def test_settings_that_cannot_be(wrong):
    with pytest.raises(ParameterError, match="expected"):
        BenchmarkSettings(**wrong)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--batch-sizes", "1,x"], "found 'x', expected a number"),
        (["--threads", "-1"], "--threads: found '-1'"),
        (["--json-file", "absent/file.json"], "cannot be written"),
        (["--corpus", "absent"], "absent: no such folder"),
    ],
)
def test_options_that_cannot_be(options, message, capsys):
    assert main(["benchmark", "network", *options]) == 2
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]


@pytest.mark.usefixtures("eagerly")
def test_the_command(corpus, tmp_path, capsys):
    ini = tmp_path / "tiny.ini"
    ini.write_text(
        "[ann]\ntoken_embedding_dimension = 3\ntoken_lstm_hidden_state_dimension = 2\n"
        "use_character_lstm = False\nlstm_peepholes = diagonal\n"
    )
    target = tmp_path / "benchmark.json"
    options = {
        "--corpus": corpus,
        "--parameters_filepath": ini,
        "--batch-sizes": "4",
        "--repetitions": "1",
        "--seconds": "0",
        "--json-file": target,
    }
    assert (
        main(["benchmark", "network", *(str(word) for pair in options.items() for word in pair)])
        == 0
    )
    assert "training    4      compiled" in capsys.readouterr().out
    found = json.loads(target.read_text())["measurements"]
    assert [m["mode"] for m in found] == [
        *("reference", "plain", "compiled"),
        *("reference", "compiled"),
        *(["spacy"] if has_spacy() else []),
    ]
    for measurement in found:
        assert measurement["sentences_per_second"] > 0
        assert measurement["sample_tokens"] >= measurement["sample_sentences"] > 0
        assert (measurement["compiled_shapes"] > 0) == (measurement["mode"] == "compiled")
