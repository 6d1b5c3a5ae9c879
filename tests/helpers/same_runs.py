"""Whether two runs computed the same."""

import json

import numpy as np

from neuroner_tl.training.checkpoint import load_model, read_optimiser

CLOCK = (
    "seconds",
    "validation_seconds",
    "cpu_seconds",
    "sentences_per_second",
    "since_start",
    "memory_mb",
)


def epochs_of(folder):
    records = [json.loads(line) for line in (folder / "epochs.jsonl").read_text().splitlines()]
    return [{k: v for k, v in record.items() if k not in CLOCK} for record in records]


def assert_same_weights(found, expected):
    for layer, named in expected.items():
        assert set(found[layer]) == set(named)
        for key, value in named.items():
            np.testing.assert_array_equal(found[layer][key], value, f"{layer}/{key}")


def assert_same_run(folder, whole):
    """Weights, optimiser, where the loop stood, every epoch's figures and the scores."""
    assert epochs_of(folder) == epochs_of(whole)
    found, expected = (json.loads((f / "results.json").read_text("utf-8")) for f in (folder, whole))
    for name in ("status", "reason", "best_epoch", "best_score", "epochs", "scores"):
        assert found[name] == expected[name]
    for name in ("model", "last"):
        one, other = load_model(folder / name), load_model(whole / name)
        assert one.training == other.training
        assert_same_weights(one.weights, other.weights)
    assert_same_weights(read_optimiser(folder / "last"), read_optimiser(whole / "last"))
    for path in (whole / "predictions").rglob("*.ann"):
        again = folder / "predictions" / path.relative_to(whole / "predictions")
        assert again.read_bytes() == path.read_bytes()
