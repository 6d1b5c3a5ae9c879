"""Whole runs in compiled mode: as good as plain ones, and compiled once in a process."""

import json

import pytest
from random_networks import with_addons

from neuroner_tl.model import sequence_optimisation
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.training.steps.program import training_program


def run(folder, tiny, corpora, **changes):
    parameters = {**tiny, "dataset_text_folder": corpora.gold, **changes}
    with NeuroNER(output_folder=folder, **parameters) as ner:
        return ner.fit().results


@pytest.mark.slow
def test_both_modes_end_at_the_same_f1(corpora, tiny, tmp_path):
    epochs = {"minimum_number_of_epochs": 10, "maximum_number_of_epochs": 10}
    plain = run(tmp_path, tiny, corpora, **epochs)
    compiled = run(tmp_path, tiny, corpora, jit_compile=True, **epochs)
    assert not plain["compiled"] and plain["compilation"]["shapes"] == 0
    assert compiled["compiled"] and compiled["compilation"]["shapes"] > 0
    assert plain["best_score"] > 0.5
    assert compiled["best_score"] == pytest.approx(plain["best_score"], abs=0.03)
    # What differs is rounding, in the seventh digit of the first step.
    again = run(tmp_path, tiny, corpora, jit_compile=True, **epochs)
    assert again["compilation"] == {"shapes": 0, "seconds": 0.0}
    assert again["scores"] == compiled["scores"]


@pytest.mark.slow
@with_addons
def test_both_implementations_of_the_crf_give_the_same_scores(corpora, tiny, tmp_path, monkeypatch):
    found = []
    for name in ("tensorflow-addons", "closed form"):
        training_program.cache_clear()  # It is traced with the functions that are there.
        output = tmp_path / name
        results = run(output, tiny, corpora, maximum_number_of_epochs=3, jit_compile=False)
        manifest = json.loads(next(output.glob("*/model/manifest.json")).read_text("utf-8"))
        assert results["versions"]["crf"].startswith(name)
        assert manifest["versions"] == results["versions"]
        found.append(results["scores"])
        monkeypatch.setattr(sequence_optimisation, "tfa_text", None)
    training_program.cache_clear()
    assert found[0] == found[1]
