"""How layer 1 is trained: at a rate of its own, and with a linear layer above its table."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from batch_gradients import evaluate_gradients
from random_networks import (
    ALPHABET,
    ARCHITECTURES,
    VOCABULARY,
    random_batch,
    random_network,
    values_by_name,
)

from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import initial_weights
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.values import FREEZE_FLAGS
from neuroner_tl.runs.settings import architecture_of
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings

RATE = 0.1
LINEAR = dataclasses.replace(ARCHITECTURES[0], token_linear=7)
SMALLER = dataclasses.replace(ARCHITECTURES[1], token_linear=5)
PLAIN = StepSettings(clip=0.0, dropout=0.0)
TABLE, KERNEL = "token_embeddings/embedding", "token_embeddings/linear_kernel"


@pytest.mark.usefixtures("eagerly")
def test_the_table_has_a_rate_of_its_own():
    network = random_network(LINEAR)
    before, batch = values_by_name(network.weights), random_batch([3, 5, 2])
    _, gradients = evaluate_gradients(network, batch, "mean")
    TrainingStep(network, dataclasses.replace(PLAIN, token_rate=0.2), RATE, 0)(batch)
    after = values_by_name(network.weights)
    for layer, named in gradients.items():
        for name, gradient in named.items():
            full = f"{layer}/{name}"
            rate = 0.2 * RATE if full == TABLE else RATE
            np.testing.assert_allclose(
                after[full], before[full] - rate * gradient, rtol=1e-9, atol=1e-12, err_msg=full
            )


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"optimiser": "adam", "averaging_decay": 0.9, "clip_norm": 1.0},
        {"optimiser": "adadelta", "averaged_epochs": 2},
    ],
    ids=["sgd", "adam", "adadelta"],
)
def test_of_a_frozen_table_the_linear_layer_is_trained(more):
    settings = dataclasses.replace(PLAIN, frozen=("token_embeddings",), **more)
    network = random_network(LINEAR)
    before = values_by_name(network.weights)
    step = TrainingStep(network, settings, RATE, 0)
    for seed in range(2):
        assert np.isfinite(float(step(random_batch([3, 5, 2], seed=seed))))
    step.end_epoch(1)
    after = values_by_name(network.weights)
    np.testing.assert_array_equal(after[TABLE], before[TABLE])
    assert (after[KERNEL] != before[KERNEL]).all()
    with step.averaged():
        averaged = values_by_name(network.weights)
    np.testing.assert_array_equal(averaged[TABLE], before[TABLE])
    assert ((averaged[KERNEL] != after[KERNEL]).all()) == (settings.averaging_decay > 0)


@pytest.mark.usefixtures("eagerly")
def test_weight_decay_leaves_the_linear_layer():
    """It starts as the identity, from which decay would pull it away."""
    batch = random_batch([3, 5, 2])
    found = []
    for decay in (0.0, 0.5):
        network = random_network(LINEAR)
        TrainingStep(network, dataclasses.replace(PLAIN, weight_decay=decay), RATE, 0)(batch)
        found.append(values_by_name(network.weights))
    np.testing.assert_array_equal(found[0][KERNEL], found[1][KERNEL])
    assert (found[0]["feedforward/kernel"] != found[1]["feedforward/kernel"]).any()


def test_a_linear_layer_of_the_same_size_changes_nothing_at_first():
    expected, weights = (
        initial_weights(one, VOCABULARY, ALPHABET, 3) for one in (ARCHITECTURES[0], LINEAR)
    )
    np.testing.assert_array_equal(weights["token_embeddings"]["linear_kernel"], np.eye(7))
    assert not weights["token_embeddings"]["linear_bias"].any()
    for layer, named in expected.items():
        for name, value in named.items():
            np.testing.assert_array_equal(weights[layer][name], value)
    smaller = initial_weights(SMALLER, VOCABULARY, ALPHABET, 3)
    assert smaller["token_embeddings"]["linear_kernel"].shape == (7, 5)
    assert len(np.unique(smaller["token_embeddings"]["linear_kernel"])) == 35


@pytest.mark.usefixtures("eagerly")
def test_a_restored_step_is_the_same():
    settings = StepSettings(optimiser="adam", frozen=("token_embeddings",), averaging_decay=0.9)
    batches = [random_batch([3, 2], seed=seed) for seed in range(3)]
    network, resumed = random_network(LINEAR), random_network(LINEAR)
    whole = TrainingStep(network, settings, RATE, 7)
    losses = [float(whole(batch)) for batch in batches]
    first = TrainingStep(resumed, settings, RATE, 7)
    found = [float(first(batch)) for batch in batches[:1]]
    second = TrainingStep(resumed, settings, RATE, 7)
    second.restore(tf.nest.map_structure(lambda slot: slot.numpy(), first.slots), first.iteration)
    assert found + [float(second(batch)) for batch in batches[1:]] == losses
    for name, value in values_by_name(network.weights).items():
        np.testing.assert_array_equal(value, values_by_name(resumed.weights)[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("frozen", [(), ("token_embeddings",)], ids=["trained", "frozen"])
def test_a_compiled_step_equals_plain(frozen):
    settings = StepSettings(dropout=0.0, frozen=frozen, token_rate=0.5, clip_norm=1.0)
    networks = [random_network(SMALLER, dtype=tf.float32, closed_form=way) for way in (True, False)]
    for network, compiled in zip(networks, (True, False)):
        step = TrainingStep(network, dataclasses.replace(settings, jit_compile=compiled), 0.1, 7)
        for seed in range(3):
            step(random_batch([6, 2, 4], seed=seed))
    found, expected = (values_by_name(network.weights) for network in networks)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)


def test_parameters():
    assert architecture_of(Parameters(), 5).token_linear == 0
    assert architecture_of(Parameters(token_linear_dimension=50), 5).token_linear == 50
    frozen = dict.fromkeys(FREEZE_FLAGS, True)
    with pytest.raises(ParameterError, match="every freeze_"):
        load_parameters(None, frozen)
    load_parameters(None, {**frozen, "token_linear_dimension": 100})
