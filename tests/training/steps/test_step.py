"""The training step: what it updates, by how much, and that compiling it changes nothing."""

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

from neuroner_tl.model.entity_lstm import LAYER_NAMES
from neuroner_tl.training.steps import step as step_module
from neuroner_tl.training.steps.program import Program, batch_loss
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.update import clipped

PLAIN = StepSettings(clip=0.0, dropout=0.0)
RATE = 0.1
BATCHES = [random_batch([3, 5, 2], seed=seed) for seed in range(3)]
FULL = ARCHITECTURES[0]


def train(settings, batches=BATCHES, seed=7, network=None, rate=RATE, dtype=tf.float64):
    network = network or random_network(FULL, dtype=dtype)
    step = TrainingStep(network, settings, rate, seed)
    losses = [float(step(batch)) for batch in batches]
    return values_by_name(network.weights), losses


def flat(gradients):
    return {f"{k}/{n}": g for k, named in gradients.items() for n, g in named.items()}


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=["full", "nochar", "nocrf"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_one_step_of_sgd_follows_the_gradient(architecture, reduction):
    network = random_network(architecture)
    before = values_by_name(network.weights)
    loss, gradients = evaluate_gradients(network, BATCHES[0], reduction)
    settings = dataclasses.replace(PLAIN, batch_loss=reduction)
    found, losses = train(settings, BATCHES[:1], network=network)
    assert losses[0] == pytest.approx(float(loss), rel=1e-10)
    for name, gradient in flat(gradients).items():
        np.testing.assert_allclose(
            found[name], before[name] - RATE * gradient, rtol=1e-9, atol=1e-12, err_msg=name
        )


@pytest.mark.usefixtures("eagerly")
def test_mean_is_the_sum_over_the_number_of_sentences():
    network = random_network(FULL)
    mean, total = (evaluate_gradients(network, BATCHES[0], r) for r in ("mean", "sum"))
    assert total[0] == pytest.approx(3 * mean[0], rel=1e-12)
    for name, gradient in flat(total[1]).items():
        np.testing.assert_allclose(gradient, 3 * flat(mean[1])[name], rtol=1e-9, atol=1e-12)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("clip", [1e-3, 0.5])
def test_each_component_of_the_gradient_is_clipped(clip):
    network = random_network(FULL)
    before = values_by_name(network.weights)
    _, gradients = evaluate_gradients(network, BATCHES[0], "sum")
    settings = dataclasses.replace(PLAIN, clip=clip, batch_loss="sum")
    found, _ = train(settings, BATCHES[:1], network=network)
    for name, gradient in flat(gradients).items():
        # In the tables too: gradients of a token's occurrences are added up first, then clipped.
        expected = before[name] - RATE * np.clip(gradient, -clip, clip)
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_clipping_by_value():
    gradient = tf.constant([-7.0, -5.0, 0.1, 9.0])
    assert clipped(gradient, 5.0).numpy().tolist() == pytest.approx([-5.0, -5.0, 0.1, 5.0])
    assert clipped(gradient, 0.0) is gradient


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("frozen", [(), LAYER_NAMES[:2], ("crf",), LAYER_NAMES[2:]])
@pytest.mark.parametrize("share", [0.3, 2.0])
def test_the_whole_gradient_is_scaled_to_a_norm(frozen, share):
    """Tables count with one gradient a row, as if they were dense; longer ones alone are scaled."""
    network = random_network(FULL)
    before = values_by_name(network.weights)
    _, gradients = evaluate_gradients(network, BATCHES[0])
    trained = flat({layer: g for layer, g in gradients.items() if layer not in frozen})
    norm = np.sqrt(sum((g * g).sum() for g in trained.values()))
    settings = dataclasses.replace(
        PLAIN, clip_norm=share * norm, batch_loss="sum", frozen=frozen, clip=0.2 * norm
    )
    found, _ = train(settings, BATCHES[:1], network=network)
    for name, gradient in trained.items():
        # By value afterwards, if both are on.
        step = np.clip(min(1, share) * gradient, -0.2 * norm, 0.2 * norm)
        expected = before[name] - RATE * step
        np.testing.assert_allclose(found[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.usefixtures("eagerly")
def test_weight_decay_is_of_the_matrices_above_the_tables():
    expected, _ = train(PLAIN, BATCHES[:1])
    before = values_by_name(random_network(FULL).weights)
    found, _ = train(dataclasses.replace(PLAIN, weight_decay=0.2), BATCHES[:1])
    for name, value in expected.items():
        if value.ndim == 2 and not name.endswith("/embedding"):
            value = value - RATE * 0.2 * before[name]
        np.testing.assert_allclose(found[name], value, rtol=1e-12, err_msg=name)


@pytest.mark.usefixtures("eagerly")
def test_a_share_of_the_learning_rate():
    expected, _ = train(PLAIN, rate=RATE / 4)
    network = random_network(FULL)
    step = TrainingStep(network, PLAIN, RATE, 7)
    step.schedule(0.25)
    for batch in BATCHES:
        step(batch)
    for name, value in values_by_name(network.weights).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.usefixtures("eagerly")
def test_repeated_tokens_are_added_up_before_clipping():
    batch = random_batch([4])
    batch = batch._replace(token_ids=np.full_like(batch.token_ids, 3))
    network = random_network(FULL)
    before = values_by_name(network.weights)["token_embeddings/embedding"]
    _, gradients = evaluate_gradients(network, batch)
    total = gradients["token_embeddings"]["embedding"]
    clip = float(np.abs(total).max()) * 0.9
    found, _ = train(dataclasses.replace(PLAIN, clip=clip), [batch], network=network)
    moved = (before - found["token_embeddings/embedding"]) / RATE
    np.testing.assert_allclose(moved[3], np.clip(total[3], -clip, clip), rtol=1e-8)
    assert np.abs(moved[3]).max() == pytest.approx(clip)
    assert not np.delete(moved, 3, axis=0).any()


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adadelta"])
def test_rows_that_do_not_occur_stay(optimiser):
    network = random_network(FULL)
    before = values_by_name(network.weights)
    after, _ = train(dataclasses.replace(PLAIN, optimiser=optimiser), network=network)
    inside = [b.token_ids[np.arange(b.token_ids.shape[1]) < b.lengths[:, None]] for b in BATCHES]
    used = np.unique(np.concatenate(inside))
    unused = np.setdiff1d(np.arange(VOCABULARY), used)
    name = "token_embeddings/embedding"
    assert len(unused)
    np.testing.assert_array_equal(after[name][unused], before[name][unused])
    assert (after[name][used] != before[name][used]).any(axis=1).all()
    name = "character_embeddings/embedding"
    np.testing.assert_array_equal(after[name][:2], before[name][:2])
    assert after[name].shape == (ALPHABET, 4)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("layer", LAYER_NAMES)
def test_frozen_layers(layer):
    network = random_network(FULL)
    before = values_by_name(network.weights)
    settings = dataclasses.replace(PLAIN, frozen=(layer,), optimiser="adam")
    after, _ = train(settings, BATCHES[:1], network=network)
    for name, value in after.items():
        changed = not np.array_equal(value, before[name])
        assert changed == (not name.startswith(layer + "/")), name


@pytest.mark.usefixtures("eagerly")
def test_token_embeddings_frozen_with_dropout():
    network = random_network(FULL)
    before = values_by_name(network.weights)
    after, _ = train(StepSettings(frozen=("token_embeddings",)), network=network)
    name = "token_embeddings/embedding"
    np.testing.assert_array_equal(after[name], before[name])


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize("dropout", [pytest.param(0.0, marks=pytest.mark.slow), 0.5])
def test_same_seed_same_weights_bit_for_bit(dropout):
    settings = StepSettings(dropout=dropout)
    first, losses = train(settings, dtype=tf.float32)
    again, losses_again = train(settings, dtype=tf.float32)
    assert losses == losses_again
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    _, other = train(settings, seed=8, dtype=tf.float32)
    assert (other == losses) == (dropout == 0.0)


@pytest.mark.usefixtures("eagerly")
def test_a_restored_step_continues_as_if_never_interrupted():
    settings = StepSettings(optimiser="adam", dropout=0.5)
    expected, losses = train(settings)
    network = random_network(FULL)
    first = TrainingStep(network, settings, RATE, 7)
    found = [float(first(batch)) for batch in BATCHES[:2]]
    slots = {
        layer: {name: variable.numpy() for name, variable in named.items()}
        for layer, named in first.slots.items()
    }
    second = TrainingStep(network, settings, RATE, 7)
    second.restore(slots, first.iteration)
    found += [float(second(batch)) for batch in BATCHES[2:]]
    assert found == losses
    for name, value in values_by_name(network.weights).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)


@pytest.mark.usefixtures("eagerly")
def test_dropout_masks_differ_from_step_to_step():
    network = random_network(FULL)
    step = TrainingStep(network, StepSettings(dropout=0.5), 1e-12, 0)
    losses = [float(step(BATCHES[0])) for _ in range(4)]
    assert len(set(losses)) == 4


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("dropout", [0.2, 0.5, 0.8])
def test_dropout_keeps_the_expected_input(monkeypatch, dropout):
    """A component is 0 or its value over the share that is kept, so the mean stays the same."""
    masks = []

    def program(weights, slots, token_rows, character_rows, batch, mask, rate, iteration):
        masks.append(mask.numpy())
        return tf.constant(0.0), None, None

    monkeypatch.setattr(step_module, "training_program", lambda *_: Program(program))
    network = random_network(FULL)
    step = TrainingStep(network, StepSettings(dropout=dropout), RATE, 0)
    for seed in range(30):
        step(random_batch([20, 30], seed=seed))
    assert masks[0].shape == (2, 30, FULL.input_size)
    values = np.concatenate([mask.ravel() for mask in masks])
    assert set(np.round(values, 6)) == {0.0, round(1 / (1 - dropout), 6)}
    assert (values == 0).mean() == pytest.approx(dropout, abs=0.02)
    assert values.mean() == pytest.approx(1.0, abs=0.03)


@pytest.mark.usefixtures("eagerly")
def test_without_dropout_there_is_no_mask(monkeypatch):
    masks = []

    def program(*arguments):
        masks.append(arguments[5])
        return tf.constant(0.0), None, None

    monkeypatch.setattr(step_module, "training_program", lambda *_: Program(program))
    TrainingStep(random_network(FULL), PLAIN, RATE, 0)(BATCHES[0])
    assert masks == [None]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("optimiser", ["sgd", "adam", "adadelta"])
def test_sentences_of_weight_0_have_no_effect(optimiser):
    settings = dataclasses.replace(PLAIN, optimiser=optimiser)
    # The first token has momentum from the first step, and does not occur in the second.
    batch = BATCHES[0]._replace(token_ids=np.maximum(BATCHES[0].token_ids, 1))
    keep = np.array([1, 1, 0], np.float32)
    rng = np.random.default_rng(0)
    fillers = [
        batch._replace(
            sentence_weights=keep,
            token_ids=np.where(keep[:, None] > 0, batch.token_ids, 0).astype(np.int32),
            labels=np.where(
                keep[:, None] > 0, batch.labels, rng.integers(0, 5, batch.labels.shape)
            ).astype(np.int32),
        )
        for _ in range(2)
    ]
    two = batch._replace(
        **{
            name: getattr(batch, name)[:2]
            for name in ("token_ids", "word_index", "lengths", "labels", "sentence_weights")
        }
    )
    first = two._replace(token_ids=np.zeros_like(two.token_ids))
    expected, losses = train(settings, [first, two])
    for filler in fillers:
        found, found_losses = train(settings, [first, filler])
        assert found_losses == pytest.approx(losses, rel=1e-12)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-13, err_msg=name)


def test_batch_loss_of_weights():
    network = random_network(ARCHITECTURES[1])
    batch = {name: tf.constant(value) for name, value in BATCHES[0]._asdict().items()}
    rows = network.token_embedding(batch["token_ids"])
    scores = network.scores(rows, None, batch["lengths"])
    losses = network.loss(scores, batch["labels"], batch["lengths"]).numpy()
    for weights in ([1.0, 0.0, 1.0], [0.25, 0.0, 0.5]):
        batch["sentence_weights"] = tf.constant(weights, tf.float64)
        found = [float(batch_loss(network, rows, None, batch, None, r)) for r in ("sum", "mean")]
        total = losses @ np.array(weights)
        # The mean over the two sentences: their weights remain, in a batch of one too.
        assert found == pytest.approx([total, total / 2], rel=1e-12)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=["full", "nochar", "nocrf"])
def test_open_tokens(architecture):
    """With every label known, steps are those of gold labels; with none, no weight moves."""
    known, _ = train(PLAIN, network=random_network(architecture))
    partial = dataclasses.replace(PLAIN, partial=True)
    found, _ = train(partial, network=random_network(architecture))
    for name, value in known.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
    before = values_by_name(random_network(architecture).weights)
    nothing = [batch._replace(labels=np.full_like(batch.labels, -1)) for batch in BATCHES]
    after, losses = train(partial, nothing, network=random_network(architecture))
    assert losses == pytest.approx([0, 0, 0], abs=1e-12)
    for name, value in before.items():
        np.testing.assert_allclose(after[name], value, atol=1e-12, err_msg=name)


class TestCompiled:
    settings = StepSettings(dropout=0.5, optimiser="sgd", jit_compile=True)
    batches = [random_batch([6, 2, 4], seed=seed) for seed in range(4)]

    @pytest.mark.slow
    def test_open_tokens_equal_plain(self):
        batches = []
        for batch in self.batches:
            hidden = np.random.default_rng(0).random(batch.labels.shape) < 0.4
            batches.append(batch._replace(labels=np.where(hidden, -1, batch.labels)))
        settings = dataclasses.replace(self.settings, partial=True)
        plain = dataclasses.replace(settings, jit_compile=False)
        (found, losses), (expected, expected_losses) = (
            train(some, batches * 2, dtype=tf.float32) for some in (settings, plain)
        )
        assert losses == pytest.approx(expected_losses, rel=1e-5)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)

    @pytest.mark.usefixtures("unoptimised")
    def test_equals_plain_and_serves_every_network(self):
        # Of one shape, so that one compilation serves them all.
        batches = self.batches * 2
        plain = dataclasses.replace(self.settings, jit_compile=False)
        found, losses = train(self.settings, batches, dtype=tf.float32)
        expected, expected_losses = train(plain, batches, dtype=tf.float32)
        assert losses == pytest.approx(expected_losses, rel=1e-5)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)
        step = TrainingStep(random_network(FULL, dtype=tf.float32), self.settings, RATE, 0)
        program = step._program
        traces = program.function.experimental_get_tracing_count()
        assert traces == len(program.shapes) == 1
        # Another network, another learning rate, another vocabulary: the same program.
        other = random_network(FULL, seed=5, dtype=tf.float32)
        less = dataclasses.replace(self.settings, dropout=0.2)
        train(less, batches, network=other, rate=0.01, seed=1)
        step = TrainingStep(other, less, RATE, 0)
        assert step._program is program
        step(batches[0])
        assert step.compiled_shapes == 0
        assert program.function.experimental_get_tracing_count() == traces
        assert len(program.shapes) == 1
        again, losses_again = train(self.settings, batches, dtype=tf.float32)
        assert losses_again == losses
        for name, value in found.items():
            np.testing.assert_array_equal(value, again[name])

    @pytest.mark.slow
    def test_norm_and_decay_equal_plain(self):
        settings = dataclasses.replace(self.settings, clip_norm=0.5, weight_decay=0.1)
        plain = dataclasses.replace(settings, jit_compile=False)
        (found, losses), (expected, expected_losses) = (
            train(some, self.batches, dtype=tf.float32) for some in (settings, plain)
        )
        assert losses == pytest.approx(expected_losses, rel=1e-5)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, atol=1e-5, err_msg=name)

    @pytest.mark.usefixtures("eagerly")
    def test_the_compiler_is_made_quiet_before_it_compiles(self, monkeypatch):
        calls = []
        monkeypatch.setattr(step_module, "compile_quietly_once", lambda: calls.append("quiet"))
        step = TrainingStep(random_network(FULL, dtype=tf.float32), self.settings, RATE, 0)
        monkeypatch.setattr(step, "_outer", lambda flat: calls.append("step"))
        step._program = dataclasses.replace(step._program, shapes=set())
        step(self.batches[0])
        assert calls == ["quiet", "step"]
        step(self.batches[0])  # Its shape is compiled now.
        assert calls == ["quiet", "step", "step"]
