"""The temperature of a model: fitted, saved, used for probabilities and for nothing else."""

import dataclasses
import shutil

import numpy as np
import pytest
from numpy_network import all_paths

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.prediction import temperature
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.prediction.temperature import (
    TaggingLikelihood,
    fit_temperature,
    save_temperature,
    temperature_of,
)
from neuroner_tl.training.checkpoint import load_model


def draw(seed, lengths, classes=3, crf=True):
    rng = np.random.default_rng(seed)
    shapes = {"transitions": (classes, classes), "start": (classes,), "end": (classes,)}
    weights = {name: rng.normal(size=shape) for name, shape in shapes.items()} if crf else {}
    offsets = np.cumsum([0, *lengths])
    return 2 * rng.normal(size=(offsets[-1], classes)), offsets, weights


@pytest.mark.parametrize("crf", [True, False], ids=["crf", "nocrf"])
def test_likelihood_against_enumeration(crf, monkeypatch):
    monkeypatch.setattr(temperature, "ROWS", 3)
    scores, offsets, weights = draw(0, [3, 1, 5, 2, 4, 1], crf=crf)
    labels = np.random.default_rng(1).integers(0, 3, len(scores))
    likelihood = TaggingLikelihood(scores, labels, offsets, weights)
    none = {"transitions": np.zeros((3, 3)), "start": np.zeros(3), "end": np.zeros(3)}
    ends = [weights.get(name, zeros) for name, zeros in none.items()]
    for divisor in (0.5, 1.0, 3.0):
        expected = 0.0
        for start, stop in zip(offsets[:-1], offsets[1:]):
            paths = dict(all_paths(scores[start:stop], *ends))
            values = np.array(list(paths.values())) / divisor
            gold = paths[tuple(labels[start:stop].tolist())] / divisor
            expected += np.logaddexp.reduce(values) - gold
        assert likelihood.cost(divisor) == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def model(source_run):
    return load_model(source_run.folder.model)


@pytest.fixture(scope="module")
def gold(corpora):
    return list(read_corpus(corpora.gold)["train"])


def sharpened(model, factor):
    """A model whose scores are all multiplied: as sure of its right tags as of its wrong ones."""
    weights = {layer: dict(named) for layer, named in model.weights.items()}
    for layer in ("feedforward", "crf"):
        weights[layer] = {name: factor * value for name, value in weights[layer].items()}
    return dataclasses.replace(model, weights=weights)


def test_the_temperature_undoes_what_made_a_model_too_sure(model, gold, monkeypatch):
    monkeypatch.setattr(temperature, "PRIOR", 1e6)
    once = fit_temperature(model, gold)
    assert temperature.LOWEST < once < temperature.HIGHEST
    assert fit_temperature(sharpened(model, 3), gold) == pytest.approx(3 * once, rel=0.01)


def test_a_few_sentences_change_little(model, gold):
    assert fit_temperature(sharpened(model, 50), gold) > 5
    text = "Asthma."
    one = [Document("1", text, (Entity("DISO", ((0, 6),), "Asthma"),))]
    assert 0.4 < fit_temperature(model, one) < 2.5


def test_sentences_with_unknown_tokens_or_types_do_not_count(model, gold):
    expected = fit_temperature(model, gold)
    region = Entity("DISO", ((0, 4),), "Gout", certain=False)
    unknown = Document("u", "Gout, gout, gout.", unknown=(region,))
    other = Document("o", "Gout, gout, gout.", (Entity("OTHER", ((0, 4),), "Gout"),))
    assert fit_temperature(model, [*gold, unknown, other]) == expected
    with pytest.raises(CorpusError, match="no sentence to fit the temperature to"):
        fit_temperature(model, [unknown, other])
    with pytest.raises(CorpusError, match="no sentence to fit the temperature to"):
        fit_temperature(model, [])


def test_a_run_saves_its_temperature_with_the_model(model, source_run, corpora):
    expected = fit_temperature(model, read_corpus(corpora.silver)["valid"])
    assert temperature_of(model) == pytest.approx(expected, abs=2e-3)
    assert source_run.results["temperature"] == temperature_of(model)


def test_it_changes_probabilities_and_nothing_else(source_run, gold, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(source_run.folder.model, folder)
    before = list(Predictor(folder, temperature=1.0).predict(gold))
    save_temperature(folder, 4.0)
    model = load_model(folder)
    assert temperature_of(model) == 4.0 and model.training["epoch"]
    predictor = Predictor(model)
    assert predictor.temperature == 4.0
    after = list(predictor.predict(gold))
    assert after == before
    pairs = [
        (a.probability, b.probability)
        for x, y in zip(before, after)
        for a, b in zip(x.entities, y.entities)
    ]
    assert pairs and all(b < a for a, b in pairs if a > 0.9)
    assert any(a > 0.5 and b < a for a, b in pairs)


def test_a_model_without_one_has_one(model):
    training = {name: value for name, value in model.training.items() if name != "temperature"}
    assert temperature_of(dataclasses.replace(model, training=training)) == 1.0


@pytest.mark.parametrize("wrong", [0, -1.0, "2", float("inf"), None])
def test_a_temperature_that_is_none(model, wrong):
    broken = dataclasses.replace(model, training={"temperature": wrong})
    with pytest.raises(CheckpointError, match="temperature: found .*, expected a positive number"):
        temperature_of(broken)


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan"), float("inf"), "2", None])
def test_a_temperature_that_is_none_is_not_saved(source_run, tmp_path, wrong):
    shutil.copytree(source_run.folder.model, tmp_path / "model")
    with pytest.raises(ParameterError, match="temperature: found .*, expected a positive number"):
        save_temperature(tmp_path / "model", wrong)
    assert temperature_of(load_model(tmp_path / "model")) == source_run.results["temperature"]


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan")])
def test_a_temperature_that_is_none_is_not_used(model, wrong):
    members = [Predictor(model), Predictor(model)]
    for predictor in (
        lambda: Predictor(model, temperature=wrong),
        lambda: EnsemblePredictor(members, temperature=wrong),
    ):
        with pytest.raises(ParameterError, match="temperature: found .*, expected a positive"):
            predictor()


def test_it_is_saved_where_a_model_is_loaded_from(source_run, tmp_path):
    shutil.copytree(source_run.folder.model, tmp_path / "run" / "model")
    for number, folder in enumerate((tmp_path / "run", str(tmp_path / "run" / "model")), 2):
        save_temperature(folder, number)
        assert Predictor(tmp_path / "run").temperature == number
