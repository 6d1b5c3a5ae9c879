"""Averages of weights: against sums over all steps, beside the weights, and resumed."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from interrupted_runs import fit, interrupt_after
from random_networks import ARCHITECTURES, random_batch, random_network
from same_runs import assert_same_run, assert_same_weights

from neuroner_tl.runs.needed_memory import needed_megabytes
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.checkpoint import load_model, read_averages
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings

FULL = ARCHITECTURES[0]
DECAY = 0.8
PLAIN = StepSettings(dropout=0.0)
EXPONENTIAL = dataclasses.replace(PLAIN, averaging_decay=DECAY)
EPOCHS = dataclasses.replace(PLAIN, averaged_epochs=3)
# Few tokens each: most rows of the table are not trained in most steps.
BATCHES = [random_batch([2, 1], seed=seed) for seed in range(6)]


def weights_of(network):
    return {k: {n: v.numpy() for n, v in named.items()} for k, named in network.weights.items()}


def averages_of(step):
    with step.averaged():
        return weights_of(step.network)


def trained(settings, batches=BATCHES, optimiser="adam"):
    """A step after these batches, with the weights after each."""
    settings = dataclasses.replace(settings, optimiser=optimiser)
    dtype = tf.float32 if settings.jit_compile else tf.float64
    step = TrainingStep(random_network(FULL, dtype=dtype), settings, 0.1, 0)
    history = []
    for batch in batches:
        step(batch)
        history.append(weights_of(step.network))
    return step, history


def assert_close(found, expected, tolerance=1e-12):
    for layer, named in expected.items():
        for name, value in named.items():
            np.testing.assert_allclose(found[layer][name], value, atol=tolerance, err_msg=name)


def weighted(history, counts):
    return {
        layer: {
            name: sum(c * weights[layer][name] for c, weights in zip(counts, history)) / sum(counts)
            for name in named
        }
        for layer, named in history[0].items()
    }


def exponential(history):
    return weighted(history, [DECAY ** (len(history) - 1 - t) for t in range(len(history))])


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("steps", [1, 2, 6])
def test_exponential_averages_are_weighted_means_over_the_steps(steps):
    """Rows of the table too, of which most are brought up to date long after their last step."""
    step, history = trained(EXPONENTIAL, BATCHES[:steps])
    assert_close(averages_of(step), exponential(history))


@pytest.mark.slow
def test_exponential_averages_of_a_compiled_step():
    step, history = trained(dataclasses.replace(EXPONENTIAL, jit_compile=True), optimiser="sgd")
    assert_close(averages_of(step), exponential(history), 1e-5)


@pytest.mark.usefixtures("eagerly")
def test_epoch_averages_are_means_over_the_last_epochs():
    step, history = trained(EPOCHS, [])
    before = weights_of(step.network)
    assert_same_weights(averages_of(step), before)
    for epoch, batch in enumerate(BATCHES, start=1):
        step(batch)
        history.append(weights_of(step.network))
        step.end_epoch(epoch)
        last = history[-3:]
        assert_close(averages_of(step), weighted(last, [1] * len(last)))


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("settings", [EXPONENTIAL, EPOCHS], ids=["exponential", "epochs"])
@pytest.mark.parametrize("optimiser", ["sgd", "adam"])
def test_training_does_not_depend_on_averages(settings, optimiser):
    _, expected = trained(PLAIN, optimiser=optimiser)
    step, found = trained(settings, optimiser=optimiser)
    for one, other in zip(found, expected):
        assert_same_weights(one, other)
    step.end_epoch(1)
    before = weights_of(step.network)
    with pytest.raises(KeyboardInterrupt), step.averaged():
        raise KeyboardInterrupt
    assert_same_weights(weights_of(step.network), before)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("settings", [EXPONENTIAL, EPOCHS], ids=["exponential", "epochs"])
def test_frozen_layers_have_no_averages_of_their_own(settings):
    frozen = ("token_embeddings", "token_lstm")
    step, history = trained(dataclasses.replace(settings, frozen=frozen))
    step.end_epoch(1)
    assert not set(frozen) & set(step.averages.variables)
    for layer in frozen:
        assert_same_weights({layer: averages_of(step)[layer]}, {layer: history[0][layer]})


@pytest.mark.usefixtures("eagerly")
def test_without_averaging_the_weights_are_the_averages():
    step = TrainingStep(random_network(FULL), PLAIN, 0.1, 0)
    assert step.averages is None
    assert_same_weights(averages_of(step), weights_of(step.network))


@pytest.fixture(scope="module")
def settings(corpora, tiny):
    return {
        **tiny,
        "dataset_text_folder": corpora.gold,
        "maximum_number_of_epochs": 3,
        "optimizer": "adam",
        "averaged_epochs": 2,
        "averaging_decay": 0.99,
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["epochs", pytest.param("exponential", marks=pytest.mark.slow)])
def test_a_resumed_run_has_the_same_averages(kind, settings, tmp_path, monkeypatch):
    settings = {**settings, "weight_averaging": kind}
    whole = fit(settings, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2 * whole.results["sentences"]["train"] + 5)
        stopped = fit(settings, tmp_path / "stopped")
    assert stopped.status == "interrupted"
    resume_run(stopped.folder.path, {})
    assert_same_run(stopped.folder.path, whole.folder.path)
    found, expected = (read_averages(run.folder.last) for run in (stopped, whole))
    assert_same_weights(found, expected)
    # The model has the averages, the state the weights themselves.
    model, last = (load_model(f) for f in (whole.folder.path / "model", whole.folder.last))
    assert (
        model.weights["token_lstm"]["projection"] != last.weights["token_lstm"]["projection"]
    ).any()
    if kind == "epochs" and model.training["epoch"] == 3:
        ends = [expected["token_lstm"][f"projection.{place}"] for place in range(2)]
        np.testing.assert_array_equal(model.weights["token_lstm"]["projection"], sum(ends) / 2)


def test_averages_count_as_memory():
    from neuroner_tl.parameters.schema import Parameters

    def megabytes(**parameters):
        return needed_megabytes(Parameters(**parameters), FULL, 10**6, 20, 10, 10)[1]

    table = 4 * 7 * 10**6 / (1 << 20)
    plain = megabytes()
    assert megabytes(weight_averaging="exponential") - plain == pytest.approx(table, rel=0.01)
    epochs = megabytes(weight_averaging="epochs", averaged_epochs=3)
    assert epochs - plain == pytest.approx(3 * table, rel=0.01)
    frozen = megabytes(weight_averaging="epochs", freeze_token_embeddings=True)
    assert frozen - plain < 0.1
