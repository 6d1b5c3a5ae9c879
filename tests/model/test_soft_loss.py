"""The loss on a distribution of a teacher: exact, with its gradient; labels are a special case."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from random_networks import ARCHITECTURES, CRF_WAYS, random_batch, random_network, values_by_name

from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings

CLASSES = 3
LENGTHS = (1, 4, 3)


def layer_of(seed, closed_form=True, use_crf=True):
    drawn = LabelSequenceOptimisation.initial(np.random.default_rng(seed), CLASSES)
    weights = {name: tf.Variable(2 * value, dtype=tf.float64) for name, value in drawn.items()}
    return LabelSequenceOptimisation(weights if use_crf else {}, closed_form)


def distribution(layer, scores, length):
    """The probability of every tagging of a sentence."""
    totals = {}
    for path in itertools.product(range(CLASSES), repeat=length):
        total = sum(scores[t, y] for t, y in enumerate(path))
        if layer.weights:
            w = {name: value.numpy() for name, value in layer.weights.items()}
            total += w["start"][path[0]] + w["end"][path[-1]]
            total += sum(w["transitions"][a, b] for a, b in zip(path, path[1:]))
        totals[path] = total
    norm = np.logaddexp.reduce(list(totals.values()))
    return {path: np.exp(total - norm) for path, total in totals.items()}


def expected_use(probabilities, length, time):
    labels, transitions = np.zeros((time, CLASSES)), np.zeros((CLASSES, CLASSES))
    for path, p in probabilities.items():
        labels[range(length), path] += p
        for a, b in zip(path, path[1:]):
            transitions[a, b] += p
    return labels, transitions


@pytest.fixture
def case():
    rng = np.random.default_rng(3)
    return rng.normal(size=(2, 3, 5, CLASSES))


@CRF_WAYS
@pytest.mark.parametrize("use_crf", [True, False])
def test_it_is_the_cross_entropy_over_all_taggings(use_crf, closed_form, case):
    teacher, student = layer_of(0, use_crf=use_crf), layer_of(1, closed_form, use_crf)
    expected, labels, transitions = [], [], []
    for theirs, own, length in zip(*case, LENGTHS):
        p, q = distribution(teacher, theirs, length), distribution(student, own, length)
        share = 1 if use_crf else 1 / length
        expected.append(-share * sum(p[path] * np.log(q[path]) for path in p))
        for values, one in zip((labels, transitions), expected_use(p, length, 5)):
            values.append(one)
    found = student.soft_loss(
        tf.constant(case[1]),
        tf.constant(np.array(labels)),
        tf.constant(np.array(transitions)),
        tf.constant(LENGTHS),
    )
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("use_crf", [True, False])
def test_of_certain_labels_it_is_the_loss_of_these_labels(use_crf, case):
    layer = layer_of(1, use_crf=use_crf)
    gold = np.random.default_rng(4).integers(0, CLASSES, (3, 5))
    use = [
        expected_use({tuple(row[:length]): 1.0}, length, 5) for row, length in zip(gold, LENGTHS)
    ]
    labels, transitions = (tf.constant(np.array(values)) for values in zip(*use))
    scores, lengths = tf.constant(case[0]), tf.constant(LENGTHS)
    found = layer.soft_loss(scores, labels, transitions, lengths)
    expected = layer.loss(scores, tf.constant(gold.astype(np.int32)), lengths)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def soft_batch(lengths, seed=0):
    batch = random_batch(lengths, seed=seed)
    rng = np.random.default_rng(seed)
    labels = rng.dirichlet(np.ones(5), batch.labels.shape).astype(np.float32)
    labels[np.arange(labels.shape[1]) >= batch.lengths[:, None]] = 0
    pairs = rng.dirichlet(np.ones(25), len(lengths)).reshape(-1, 5, 5).astype(np.float32)
    pairs *= (batch.lengths - 1)[:, None, None]
    return batch._replace(soft_labels=labels, soft_transitions=pairs)


@pytest.mark.usefixtures("eagerly")
def test_gradients_of_a_step_against_finite_differences():
    settings = StepSettings(clip=0.0, dropout=0.0, batch_loss="sum", soft=True)
    batch = soft_batch([3, 2])

    def loss_with(changes):
        network = random_network(ARCHITECTURES[0])
        for (layer, name), change in changes.items():
            network.weights[layer][name].assign_add(change)
        return float(TrainingStep(network, settings, 0.0, 0)(batch))

    network = random_network(ARCHITECTURES[0])
    before = values_by_name(network.weights)
    TrainingStep(network, settings, 1.0, 0)(batch)
    rng = np.random.default_rng(1)
    for layer, name in (
        ("crf", "transitions"),
        ("crf", "start"),
        ("feedforward", "kernel"),
        ("token_lstm", "projection"),
        ("token_embeddings", "embedding"),
    ):
        full = f"{layer}/{name}"
        gradient = before[full] - values_by_name(network.weights)[full]
        direction = rng.standard_normal(gradient.shape)
        losses = [loss_with({(layer, name): sign * 1e-5 * direction}) for sign in (1, -1)]
        slope = (losses[0] - losses[1]) / 2e-5
        assert slope == pytest.approx(np.sum(gradient * direction), rel=1e-5, abs=1e-7), full


@pytest.mark.slow
def test_a_compiled_step_equals_plain():
    found, expected = (
        random_network(ARCHITECTURES[0], dtype=tf.float32, closed_form=way) for way in (True, False)
    )
    for network, compiled in ((found, True), (expected, False)):
        settings = StepSettings(dropout=0.0, soft=True, jit_compile=compiled)
        step = TrainingStep(network, settings, 0.1, 7)
        for seed in range(3):
            batch = soft_batch([6, 2, 4], seed)
            if compiled:  # Sizes are rounded up.
                longer = {
                    name: np.pad(getattr(batch, name), [(0, 0), (0, 10)])
                    for name in ("token_ids", "word_index", "labels")
                }
                soft = np.pad(batch.soft_labels, [(0, 0), (0, 10), (0, 0)])
                batch = batch._replace(**longer, soft_labels=soft)
            step(batch)
    for name, value in values_by_name(expected.weights).items():
        np.testing.assert_allclose(
            values_by_name(found.weights)[name], value, atol=1e-5, err_msg=name
        )
