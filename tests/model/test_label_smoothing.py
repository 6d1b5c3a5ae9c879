"""The loss of smoothed labels, against the mean over all label sequences, and its gradients."""

import numpy as np
import pytest
import tensorflow as tf
from numpy_network import all_paths
from random_networks import CRF_WAYS

from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation

SMOOTHING = 0.2
LABELS = 3
LENGTHS = np.array([4, 1, 3], np.int32)


class Sample:
    def __init__(self, open_tokens=()):
        rng = np.random.default_rng(0)
        self.scores = 2 * rng.normal(size=(3, 6, LABELS))
        self.labels = rng.integers(0, LABELS, (3, 6)).astype(np.int32)
        for place in open_tokens:
            self.labels[place] = -1
        self.weights = {
            "transitions": 2 * rng.normal(size=(LABELS, LABELS)),
            "start": rng.normal(size=LABELS),
            "end": rng.normal(size=LABELS),
        }

    def layer(self, closed_form=True, crf=True):
        weights = {name: tf.Variable(value) for name, value in self.weights.items()}
        return LabelSequenceOptimisation(weights if crf else {}, closed_form)

    def loss(self, layer, smoothing=SMOOTHING, partial=False, scores=None):
        scores = tf.constant(self.scores) if scores is None else scores
        lengths = tf.constant(LENGTHS)
        return layer.loss(scores, tf.constant(self.labels), lengths, partial, smoothing)


def probability_of(wanted, given):
    """Of a label where another is given: the given one, or any in SMOOTHING of all cases."""
    return (1 - SMOOTHING) * (wanted == given) + SMOOTHING / LABELS


def expected_losses(sample):
    """The loss of each sequence, times the probability that the labels are replaced by it."""
    w = sample.weights
    losses = []
    for row, length in enumerate(LENGTHS):
        found = list(all_paths(sample.scores[row, :length], w["transitions"], w["start"], w["end"]))
        total = np.logaddexp.reduce([score for _, score in found])
        labels = sample.labels[row, :length]
        shares = [
            np.prod([probability_of(*pair) for pair in zip(path, labels)]) for path, _ in found
        ]
        assert sum(shares) == pytest.approx(1)
        losses.append(sum(share * (total - score) for share, (_, score) in zip(shares, found)))
    return np.array(losses)


@CRF_WAYS
@pytest.mark.parametrize("partial", [False, True])
def test_the_mean_over_all_sequences(closed_form, partial):
    sample = Sample()
    found = sample.loss(sample.layer(closed_form), partial=partial)
    np.testing.assert_allclose(found, expected_losses(sample), rtol=1e-9)


@CRF_WAYS
def test_sentences_with_open_tokens_are_not_smoothed(closed_form):
    sample = Sample(open_tokens=[(0, 2), (2, 5)])  # the latter is past the end
    layer = sample.layer(closed_form)
    found = sample.loss(layer, partial=True).numpy()
    assert found[0] == pytest.approx(float(sample.loss(layer, 0.0, partial=True)[0]), rel=1e-12)
    np.testing.assert_allclose(found[1:], expected_losses(Sample())[1:], rtol=1e-9)


@pytest.mark.parametrize("partial", [False, True])
def test_without_a_crf(partial):
    sample = Sample(open_tokens=[(0, 2)] if partial else [])
    found = sample.loss(sample.layer(crf=False), partial=partial)
    logs = sample.scores - np.logaddexp.reduce(sample.scores, axis=-1, keepdims=True)
    for row, length in enumerate(LENGTHS):
        losses = [
            -sum(probability_of(k, label) * logs[row, t, k] for k in range(LABELS))
            for t, label in enumerate(sample.labels[row, :length])
            if label >= 0
        ]
        assert float(found[row]) == pytest.approx(np.mean(losses), rel=1e-9)


@pytest.mark.parametrize("crf", [True, False], ids=["crf", "nocrf"])
def test_the_best_scores_are_those_of_the_smoothed_labels(crf):
    """A step against the gradient helps until labels have the probabilities asked for."""
    sample = Sample()
    scores = np.log(
        [
            [[probability_of(k, label) for k in range(LABELS)] for label in row]
            for row in sample.labels
        ]
    )
    for value in sample.weights.values():
        value[:] = 0
    layer = sample.layer(crf=crf)
    variable = tf.Variable(scores)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(sample.loss(layer, scores=tf.identity(variable)))
    np.testing.assert_allclose(tape.gradient(loss, variable), 0, atol=1e-12)


@pytest.mark.parametrize("partial", [False, True])
def test_gradients_against_finite_differences(partial):
    sample = Sample(open_tokens=[(0, 2)] if partial else [])
    layer = sample.layer()
    scores = tf.Variable(sample.scores)
    sources = [scores, *layer.weights.values()]

    def total():
        losses = sample.loss(layer, partial=partial, scores=tf.identity(scores))
        return tf.reduce_sum(losses * tf.constant([1.0, 0.5, 2.0], tf.float64))

    with tf.GradientTape() as tape:
        loss = total()
    gradients = tape.gradient(loss, sources)
    rng, step = np.random.default_rng(1), 1e-6
    for variable, gradient in zip(sources, gradients):
        value, direction = variable.numpy(), rng.standard_normal(variable.shape)
        sides = []
        for sign in (1, -1):
            variable.assign(value + sign * step * direction)
            sides.append(float(total()))
        variable.assign(value)
        slope = (sides[0] - sides[1]) / (2 * step)
        assert slope == pytest.approx(np.sum(gradient.numpy() * direction), rel=1e-6, abs=1e-8)


def test_only_sequences_differ():
    """Smoothing 0 is the loss of the gold labels; more of it moves towards that of any."""
    sample = Sample()
    layer = sample.layer()
    losses = [sample.loss(layer, smoothing).numpy() for smoothing in (0.0, 0.1, 0.2, 0.3)]
    assert len({tuple(np.round(loss, 9)) for loss in losses}) == 4
    # Of one token, linear in the share.
    steps = np.diff([loss[1] for loss in losses])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)
