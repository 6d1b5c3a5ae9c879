"""The conditional random field against brute force over all sequences of labels."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_network import all_paths
from random_networks import CRF_WAYS, decode, with_addons

from neuroner_tl.model import crf, reference, sequence_optimisation
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation

GARBAGE = 1e4


class Sample:
    """A batch of sentences with random scores, and what enumeration says of it."""

    def __init__(self, lengths, labels, seed, padding=2, scale=2.0, ends=True):
        rng = np.random.default_rng(seed)
        self.lengths = np.array(lengths, np.int32)
        time = max(lengths) + padding
        self.scores = scale * rng.normal(size=(len(lengths), time, labels))
        behind = np.arange(time) >= self.lengths[:, None]
        self.scores[behind] = rng.choice([-GARBAGE, GARBAGE], (behind.sum(), labels))
        self.transitions = scale * rng.normal(size=(labels, labels))
        self.start = scale * rng.normal(size=labels) * ends
        self.end = scale * rng.normal(size=labels) * ends
        self.gold = rng.integers(0, labels, (len(lengths), time)).astype(np.int32)

    def paths(self, row):
        scores = self.scores[row, : self.lengths[row]]
        return list(all_paths(scores, self.transitions, self.start, self.end))

    def log_z(self, row):
        return np.logaddexp.reduce([score for _, score in self.paths(row)])

    def loss(self, row):
        gold = tuple(self.gold[row, : self.lengths[row]])
        return self.log_z(row) - dict(self.paths(row))[gold]

    def best(self, row):
        path, _ = max(self.paths(row), key=lambda item: item[1])
        return list(path) + [0] * (self.scores.shape[1] - len(path))

    def layer(self, closed_form):
        weights = {"transitions": self.transitions, "start": self.start, "end": self.end}
        variables = {name: tf.Variable(value) for name, value in weights.items()}
        return LabelSequenceOptimisation(variables, closed_form)

    def arguments(self):
        return tf.constant(self.scores), tf.constant(self.lengths), tf.constant(self.transitions)


SAMPLES = [
    Sample([1, 2, 3, 4, 5], 3, 0),
    Sample([5, 1, 3], 4, 1, padding=0),
    Sample([1], 3, 2, padding=0),
    Sample([1, 1], 2, 3, padding=3),
    Sample([4, 2], 1, 4),
]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: "-".join(map(str, s.lengths)))
class TestLayer:
    @CRF_WAYS
    def test_loss(self, sample, closed_form):
        found = sample.layer(closed_form).loss(
            tf.constant(sample.scores), tf.constant(sample.gold), tf.constant(sample.lengths)
        )
        expected = [sample.loss(row) for row in range(len(sample.lengths))]
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-9, atol=1e-9)

    def test_best_path(self, sample):
        found = decode(sample.layer(True), sample.scores, sample.lengths)
        assert found.tolist() == [sample.best(row) for row in range(len(sample.lengths))]


def test_the_closed_form_stands_in_where_addons_is_missing(monkeypatch):
    monkeypatch.setattr(sequence_optimisation, "tfa_text", None)
    layer = SAMPLES[0].layer(closed_form=False)
    assert layer.closed_form
    assert sequence_optimisation.crf_implementation(closed_form=False) == "closed form"


@with_addons
def test_the_record_names_addons_with_its_version():
    assert sequence_optimisation.crf_implementation(closed_form=True) == "closed form"
    named = sequence_optimisation.crf_implementation(closed_form=False)
    assert named.startswith("tensorflow-addons 0.")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: "-".join(map(str, s.lengths)))
def test_the_references_own_functions_equal_enumeration(sample, monkeypatch):
    monkeypatch.setattr(reference, "tfa_text", None)
    rows = range(len(sample.lengths))
    scores = sample.scores.copy()
    scores[:, 0] += sample.start
    for row in rows:
        scores[row, sample.lengths[row] - 1] += sample.end
    _, lengths, transitions = sample.arguments()
    norm = reference._crf_log_norm(tf.constant(scores), lengths, transitions)
    np.testing.assert_allclose(norm, [sample.log_z(row) for row in rows], rtol=1e-9)
    gold = reference._crf_sequence_score(
        tf.constant(scores), tf.constant(sample.gold), lengths, transitions
    )
    np.testing.assert_allclose(norm - gold, [sample.loss(row) for row in rows], rtol=1e-8)
    best, _ = reference._crf_decode(tf.constant(scores), transitions, lengths)
    assert best.numpy().tolist() == [sample.best(row) for row in rows]


def test_neuroners_rows_of_start_and_end_are_two_vectors():
    """Its two more labels, which score -1000 everywhere but outside the sentence."""
    sample = Sample([4], 3, 9, padding=0)
    transitions = np.random.default_rng(0).normal(size=(5, 5))
    transitions[:3, :3] = sample.transitions
    transitions[3, :3], transitions[:3, 4] = sample.start, sample.end
    scores = np.full((1, 6, 5), -1000.0)
    scores[0, 1:-1, :3] = sample.scores[0]
    scores[0, 0, 3] = scores[0, -1, 4] = 0.0
    gold = (3, *sample.gold[0], 4)
    paths = dict(all_paths(scores[0], transitions, np.zeros(5), np.zeros(5)))
    expected = np.logaddexp.reduce(list(paths.values())) - paths[gold]
    layer = sample.layer(True)
    arguments = tf.constant(sample.scores), tf.constant(sample.gold), tf.constant(sample.lengths)
    np.testing.assert_allclose(layer.loss(*arguments), [expected], rtol=1e-9)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2),
    st.sampled_from([0.1, 3.0, 30.0]),
)
def test_any_batch(lengths, labels, seed, padding, scale):
    sample = Sample(lengths, labels, seed, padding, scale)
    layer = sample.layer(True)
    losses = layer.loss(
        tf.constant(sample.scores), tf.constant(sample.gold), tf.constant(sample.lengths)
    )
    expected = [sample.loss(row) for row in range(len(lengths))]
    np.testing.assert_allclose(losses.numpy(), expected, rtol=1e-9, atol=1e-7)
    paths = decode(layer, sample.scores, sample.lengths)
    assert paths.tolist() == [sample.best(row) for row in range(len(lengths))]


@pytest.mark.parametrize("seed", [0, 1])
def test_partition_and_marginals(seed):
    sample = Sample([1, 2, 3, 4, 5], 3, seed, ends=False)
    partition = crf.log_partition(*sample.arguments()).numpy()
    found = crf.marginals(*sample.arguments())
    for row, length in enumerate(sample.lengths):
        assert partition[row] == pytest.approx(sample.log_z(row), rel=1e-12)
        labels = np.zeros(found.labels.shape[1:])
        pairs = np.zeros(found.pairs.shape[1:])
        for path, score in sample.paths(row):
            probability = np.exp(score - sample.log_z(row))
            for t, label in enumerate(path):
                labels[t, label] += probability
            for t, pair in enumerate(zip(path[:-1], path[1:])):
                pairs[t][pair] += probability
        np.testing.assert_allclose(found.labels.numpy()[row], labels, atol=1e-12)
        np.testing.assert_allclose(found.pairs.numpy()[row], pairs, atol=1e-12)
        assert found.labels.numpy()[row, :length].sum() == pytest.approx(length)


def test_sequence_score_ignores_labels_past_the_end():
    sample = Sample([3, 1, 4], 3, 5, ends=False)
    scores, lengths, transitions = sample.arguments()
    found = crf.sequence_score(scores, tf.constant(sample.gold), lengths, transitions).numpy()
    for row, length in enumerate(sample.lengths):
        expected = dict(sample.paths(row))[tuple(sample.gold[row, :length])]
        assert found[row] == pytest.approx(expected, rel=1e-12)


def test_gradient_of_the_partition_is_the_marginals():
    sample = Sample([2, 4], 3, 6, ends=False)
    scores, lengths, transitions = sample.arguments()
    with tf.GradientTape() as tape:
        tape.watch([scores, transitions])
        total = tf.reduce_sum(crf.log_partition(scores, lengths, transitions))
    d_scores, d_transitions = tape.gradient(total, [scores, transitions])
    found = crf.marginals(scores, lengths, transitions)
    np.testing.assert_allclose(d_scores.numpy(), found.labels.numpy(), atol=1e-12)
    np.testing.assert_allclose(
        d_transitions.numpy(), found.pairs.numpy().sum(axis=(0, 1)), atol=1e-12
    )


def test_compiled_float32_equals_brute_force():
    sample = Sample([1, 3, 5], 3, 7)

    @tf.function(jit_compile=True)
    def program(scores, labels, lengths):
        layer = sample.layer_32
        return layer.loss(scores, labels, lengths)

    layer = sample.layer(True)
    sample.layer_32 = LabelSequenceOptimisation(
        {name: tf.Variable(tf.cast(w, tf.float32)) for name, w in layer.weights.items()}
    )
    losses = program(
        tf.constant(sample.scores, tf.float32),
        tf.constant(sample.gold),
        tf.constant(sample.lengths),
    )
    np.testing.assert_allclose(losses, [sample.loss(row) for row in range(3)], rtol=1e-4)


@pytest.mark.parametrize("jit_compile", [None, True], ids=["plain", "compiled"])
def test_consecutive_sentences_do_not_influence_each_other(jit_compile):
    """Two columns of sentences with padding after them, in float32."""
    samples = [Sample([length], 3, length, padding=0) for length in (4, 1, 1, 5, 3)]
    weights = {name: getattr(samples[0], name) for name in ("transitions", "start", "end")}
    columns, time = [samples[:3], samples[3:]], 11
    scores = np.random.default_rng(0).choice([-GARBAGE, GARBAGE], (time, 2, 3))
    starts = np.zeros((2, time, 2), bool)
    expected = []
    for column, some in enumerate(columns):
        t = 0
        for sample in some:
            for name, value in weights.items():
                setattr(sample, name, value)
            stop = t + sample.lengths[0]
            scores[t:stop, column] = sample.scores[0]
            starts[0, t, column] = starts[1, stop - 1, column] = True
            expected += [(t, stop, column, sample.best(0))]
            t = stop
        starts[0, t, column] = True
    layer = LabelSequenceOptimisation(
        {name: tf.Variable(value, dtype=tf.float32) for name, value in weights.items()}
    )
    program = tf.function(layer.decode, jit_compile=jit_compile)
    found = program(tf.constant(scores, tf.float32), tf.constant(starts), tf.constant(10)).numpy()
    assert found.dtype == np.int32 and found.shape == (time, 2)
    for t, stop, column, best in expected:
        assert found[t:stop, column].tolist() == best


@pytest.mark.parametrize("name", ["transitions", "start", "end"])
def test_weights_are_drawn_as_parts_of_neuroners_matrix(name):
    """Of ``[labels + 2, labels + 2]``, which few labels tell from one of another size."""
    rng = np.random.default_rng(0)
    drawn = [LabelSequenceOptimisation.initial(rng, 2)[name].ravel() for _ in range(200)]
    limit = np.sqrt(6 / (4 + 4))
    assert 0.97 * limit < np.abs(drawn).max() <= limit


def test_without_weights_labels_are_independent():
    sample = Sample([3, 1, 5], 3, 8)
    layer = LabelSequenceOptimisation({})
    losses = layer.loss(
        tf.constant(sample.scores), tf.constant(sample.gold), tf.constant(sample.lengths)
    ).numpy()
    paths = decode(layer, sample.scores, sample.lengths)
    for row, length in enumerate(sample.lengths):
        scores = sample.scores[row, :length]
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        chosen = log_p[np.arange(length), sample.gold[row, :length]]
        assert losses[row] == pytest.approx(-chosen.mean(), rel=1e-10)
        assert paths[row].tolist()[:length] == scores.argmax(axis=1).tolist()
        assert not paths[row, length:].any()
