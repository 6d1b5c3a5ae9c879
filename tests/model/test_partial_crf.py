"""The loss of sentences that are labelled in part, against enumeration of all label sequences."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_network import all_paths
from random_networks import CRF_WAYS

from neuroner_tl.model import crf
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation

GARBAGE = 1e4


class Sample:
    """Random sentences of which some labels are known, and what enumeration says of them."""

    def __init__(self, lengths, labels, seed, known=0.5, padding=2, scale=2.0):
        rng = np.random.default_rng(seed)
        self.lengths = np.array(lengths, np.int32)
        shape = (len(lengths), max(lengths) + padding)
        self.scores = scale * rng.normal(size=(*shape, labels))
        behind = np.arange(shape[1]) >= self.lengths[:, None]
        self.scores[behind] = rng.choice([-GARBAGE, GARBAGE], (behind.sum(), labels))
        self.weights = {
            "transitions": scale * rng.normal(size=(labels, labels)),
            "start": scale * rng.normal(size=labels),
            "end": scale * rng.normal(size=labels),
        }
        self.labels = rng.integers(0, labels, shape).astype(np.int32)
        self.labels[rng.random(shape) >= known] = -1
        self.labels[behind] = 0

    def expected(self, scores=None, weights=None):
        """The losses: all sequences over those that agree, by their sums of exponentials."""
        scores = self.scores if scores is None else scores
        w = self.weights if weights is None else weights
        losses = []
        for row, length in enumerate(self.lengths):
            found = list(all_paths(scores[row, :length], w["transitions"], w["start"], w["end"]))
            wanted = self.labels[row, :length]
            agreeing = [s for path, s in found if all(k in (-1, p) for k, p in zip(wanted, path))]
            every = [score for _, score in found]
            losses.append(np.logaddexp.reduce(every) - np.logaddexp.reduce(agreeing))
        return np.array(losses)

    def layer(self, closed_form=True, dtype=tf.float64):
        variables = {n: tf.Variable(value, dtype=dtype) for n, value in self.weights.items()}
        return LabelSequenceOptimisation(variables, closed_form)

    def loss(self, layer, partial=True, scores=None):
        scores = tf.constant(self.scores) if scores is None else scores
        return layer.loss(scores, tf.constant(self.labels), tf.constant(self.lengths), partial)


@CRF_WAYS
@pytest.mark.parametrize("seed", range(3))
def test_loss_equals_enumeration(closed_form, seed):
    sample = Sample([1, 2, 3, 4, 5, 4], 3, seed)
    found = sample.loss(sample.layer(closed_form))
    np.testing.assert_allclose(found, sample.expected(), rtol=1e-9, atol=1e-9)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
    st.sampled_from([0.1, 3.0, 30.0]),
)
def test_any_batch(lengths, labels, seed, known, scale):
    sample = Sample(lengths, labels, seed, known, padding=seed % 3, scale=scale)
    found = sample.loss(sample.layer())
    np.testing.assert_allclose(found, sample.expected(), rtol=1e-9, atol=1e-7)


@CRF_WAYS
def test_gradients_equal_finite_differences(closed_form):
    sample = Sample([4, 1, 3], 3, 5, padding=0)
    layer = sample.layer(closed_form)
    factors = np.array([1.0, 0.5, 2.0])
    scores = tf.Variable(sample.scores)
    sources = {"scores": scores, **layer.weights}
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(sample.loss(layer, scores=tf.identity(scores)) * factors)
    found = tape.gradient(total, sources)
    values = {"scores": sample.scores, **sample.weights}
    step = 1e-6
    for name, value in values.items():
        expected = np.zeros_like(value)
        for index in np.ndindex(*value.shape):
            ends = []
            for sign in (1, -1):
                moved = {n: v.copy() for n, v in values.items()}
                moved[name][index] += sign * step
                weights = {n: v for n, v in moved.items() if n != "scores"}
                ends.append(sample.expected(moved["scores"], weights) @ factors)
            expected[index] = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(tf.convert_to_tensor(found[name]), expected, atol=1e-8)


def test_gradient_is_the_marginals_minus_those_under_what_is_known():
    sample = Sample([2, 4], 3, 6)
    scores, lengths = tf.constant(sample.scores), tf.constant(sample.lengths)
    transitions = tf.constant(sample.weights["transitions"])
    with tf.GradientTape() as tape:
        tape.watch([scores, transitions])
        losses = crf.partial_loss(scores, tf.constant(sample.labels), lengths, transitions)
    d_scores, d_transitions = tape.gradient(losses, [scores, transitions])
    every = crf.marginals(scores, lengths, transitions)
    known = crf.marginals(
        crf.agreeing_scores(scores, tf.constant(sample.labels)), lengths, transitions
    )
    np.testing.assert_allclose(d_scores, every.labels - known.labels, atol=1e-12)
    pairs = tf.reduce_sum(every.pairs - known.pairs, axis=[0, 1])
    np.testing.assert_allclose(d_transitions, pairs, atol=1e-12)


@CRF_WAYS
@pytest.mark.parametrize("with_crf", [True, False])
def test_with_all_labels_known_it_is_the_loss_of_gold_labels(closed_form, with_crf):
    sample = Sample([1, 3, 5], 4, 7, known=1.0)
    layer = sample.layer(closed_form) if with_crf else LabelSequenceOptimisation({})
    found, plain = (sample.loss(layer, partial) for partial in (True, False))
    np.testing.assert_allclose(found, plain, rtol=1e-10)


@CRF_WAYS
@pytest.mark.parametrize("with_crf", [True, False])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64], ids=lambda d: d.name)
def test_with_no_label_known_nothing_is_learnt(closed_form, with_crf, dtype):
    sample = Sample([1, 3, 5], 4, 8, known=0.0)
    layer = sample.layer(closed_form, dtype) if with_crf else LabelSequenceOptimisation({})
    scores = tf.constant(sample.scores, dtype)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        losses = sample.loss(layer, scores=scores)
    assert losses.numpy().tolist() == [0, 0, 0]
    gradients = tape.gradient(losses, [scores, *layer.weights.values()])
    for gradient in gradients:
        np.testing.assert_allclose(tf.convert_to_tensor(gradient), 0, atol=1e-6)


def test_without_weights_unknown_tokens_do_not_count():
    sample = Sample([3, 1, 5], 3, 9)
    losses = sample.loss(LabelSequenceOptimisation({})).numpy()
    for row, length in enumerate(sample.lengths):
        scores, labels = sample.scores[row, :length], sample.labels[row, :length]
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        known = np.flatnonzero(labels >= 0)
        chosen = log_p[known, labels[known]]
        assert losses[row] == pytest.approx(-chosen.mean() if len(known) else 0, rel=1e-10)
    assert len(set((sample.labels >= 0).sum(axis=1))) > 1


def test_compiled_float32_of_a_long_sentence_equals_float64():
    """Hundreds of unknown tokens: what is ruled out neither overflows nor leaves a trace."""
    sample = Sample([400, 7], 5, 10, known=0.2)
    layer = sample.layer(dtype=tf.float32)

    @tf.function(jit_compile=True, autograph=False)
    def program(scores):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            losses = sample.loss(layer, scores=scores)
        return losses, tape.gradient(losses, scores)

    losses, gradient = program(tf.constant(sample.scores, tf.float32))
    scores = tf.constant(sample.scores)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        expected = sample.loss(sample.layer(closed_form=False), scores=scores)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)
    np.testing.assert_allclose(gradient, tape.gradient(expected, scores), atol=1e-4)
