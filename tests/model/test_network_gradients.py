"""Loss and all gradients of the layers against Keras, tensorflow-addons and differences."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from batch_gradients import evaluate_gradients
from random_networks import (
    ARCHITECTURES,
    CRF_WAYS,
    architecture_id,
    encode_words,
    random_batch,
    random_network,
)

from neuroner_tl.model.reference import ReferenceModel

# A linear layer above the token embeddings, of another size than theirs and of the same.
LINEAR = [
    dataclasses.replace(ARCHITECTURES[0], token_linear=5),
    dataclasses.replace(ARCHITECTURES[3], token_linear=7),
]


def reference_gradients(network, batch):
    model = ReferenceModel(network.architecture, network.weights)
    values = {name: tf.constant(value) for name, value in batch._asdict().items()}
    with tf.GradientTape() as tape:
        scores = model.scores(
            values["token_ids"],
            values["word_index"],
            values["characters"],
            values["character_lengths"],
            values["lengths"],
        )
        losses = model.losses(scores, values["labels"], values["lengths"])
        weights = tf.cast(values["sentence_weights"], losses.dtype)
        loss = tf.reduce_sum(losses * weights)
    gradients = tape.gradient(
        loss, network.weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    dense = tf.nest.map_structure(lambda g: tf.convert_to_tensor(g).numpy(), gradients)
    return loss.numpy(), dense


@cache
def reference_of(architecture):
    """A batch, and what the reference makes of it: the same for both ways of layer 6."""
    batch = random_batch([1, 5, 3], pad_time=2, pad_words=3)
    return batch, *reference_gradients(random_network(architecture), batch)


def assert_close(found, expected, tolerance):
    for layer, named in expected.items():
        for name, value in named.items():
            scale = max(1e-8, np.abs(value).max())
            error = np.abs(found[layer][name] - value).max() / scale
            assert error < tolerance, f"{layer}/{name}: {error:.2e}"


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("architecture", ARCHITECTURES + LINEAR, ids=architecture_id)
@CRF_WAYS
def test_float64_equals_reference(architecture, closed_form):
    network = random_network(architecture, closed_form=closed_form)
    batch, expected_loss, expected = reference_of(architecture)
    loss, gradients = evaluate_gradients(network, batch)
    assert loss == pytest.approx(expected_loss, rel=1e-10)
    assert_close(gradients, expected, 1e-8)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("lengths", [[1], [2], [1, 1]])
def test_shortest_sentences(lengths):
    network = random_network(ARCHITECTURES[0])
    batch = random_batch(lengths)
    loss, gradients = evaluate_gradients(network, batch)
    expected_loss, expected = reference_gradients(network, batch)
    assert loss == pytest.approx(expected_loss, rel=1e-10)
    assert_close(gradients, expected, 1e-8)


@pytest.mark.parametrize(
    ("architecture", "lengths", "longest_word"),
    [
        (ARCHITECTURES[0], [12], 8),
        pytest.param(ARCHITECTURES[3], [1], 1, marks=pytest.mark.slow),
        pytest.param(ARCHITECTURES[6], [1, 60, 7, 23, 2, 41, 12, 33], 17, marks=pytest.mark.slow),
        pytest.param(LINEAR[1], [6, 2], 5, marks=pytest.mark.slow),
    ],
    ids=["full-12", "diagonal-1", "none-batch", "linear"],
)
def test_compiled_float32_equals_float64_reference(architecture, lengths, longest_word):
    batch = random_batch(lengths, longest_word, pad_time=3, pad_words=2)
    exact = random_network(architecture)
    expected_loss, expected = reference_gradients(exact, batch)
    network = random_network(architecture, dtype=tf.float32)
    loss, gradients = evaluate_gradients(network, batch, jit_compile=True)
    assert loss == pytest.approx(expected_loss, rel=1e-4)
    assert_close(gradients, expected, 1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=architecture_id)
@pytest.mark.parametrize("batch_size", [1, 8])
def test_compiled_gradients_over_lengths(architecture, batch_size):
    rng = np.random.default_rng(3)
    exact = random_network(architecture)
    network = random_network(architecture, dtype=tf.float32)
    for longest, longest_word in [(1, 1), (13, 5), (37, 21), (60, 40)]:
        lengths = [longest, *rng.integers(1, longest + 1, batch_size - 1).tolist()]
        batch = random_batch(lengths, longest_word)
        expected_loss, expected = reference_gradients(exact, batch)
        loss, gradients = evaluate_gradients(network, batch, jit_compile=True)
        assert loss == pytest.approx(expected_loss, rel=1e-4)
        assert_close(gradients, expected, 1e-4)


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize(
    "architecture",
    [
        LINEAR[0],
        *(
            pytest.param(one, marks=pytest.mark.slow)
            for one in (ARCHITECTURES[0], ARCHITECTURES[3], LINEAR[1])
        ),
    ],
    ids=architecture_id,
)
def test_gradients_against_finite_differences(architecture):
    network = random_network(architecture)
    batch = random_batch([3, 2])
    # Traced once, run a hundred times.
    loss = tf.function(lambda: loss_only(network, batch), autograph=False)
    _, gradients = evaluate_gradients(network, batch)
    rng = np.random.default_rng(1)
    for layer, named in network.weights.items():
        for name, variable in named.items():
            direction = rng.standard_normal(variable.shape)
            value, step = variable.numpy(), 1e-5
            losses = []
            for sign in (1, -1):
                variable.assign(value + sign * step * direction)
                losses.append(loss().numpy())
            variable.assign(value)
            slope = (losses[0] - losses[1]) / (2 * step)
            expected = np.sum(gradients[layer][name] * direction)
            assert slope == pytest.approx(expected, rel=1e-5, abs=1e-7), f"{layer}/{name}"


def loss_only(network, batch):
    scores = network.scores(
        network.token_embedding(batch.token_ids),
        encode_words(network, batch),
        tf.constant(batch.lengths),
    )
    losses = network.loss(scores, tf.constant(batch.labels), tf.constant(batch.lengths))
    return tf.reduce_sum(losses)
