"""Bursts: the same steps as one by one, however they are divided."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from random_networks import ARCHITECTURES
from tiny_dataset import RULES, random_documents

from neuroner_tl.dataset.batches import RareTokens, Shapes, training_batches
from neuroner_tl.dataset.encoding import build_dataset
from neuroner_tl.model.entity_lstm import create_network, initial_weights
from neuroner_tl.training.steps import burst
from neuroner_tl.training.steps.burst import allows_bursts
from neuroner_tl.training.steps.burst_shape import LONGEST, SIZE, BurstShape, burst_lengths
from neuroner_tl.training.steps.program import Program
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.variational import VariationalDropout

COMPILED = StepSettings(frozen=("token_embeddings",), jit_compile=True)
SHORT = (3, 1, 14, 4, 10, 9, 2, 5, 6, 1, 8, 13, 12, 3, 3, 16, 7, 9, 2, 11)
LONGER = (17, 24, 19)
LONG_WORDS = ["".join(chr(97 + (i * j) % 26) for j in range(40)) for i in range(1, 26)]


def make_dataset():
    """Sentences of a first branch, of a second one, and two that are too long for either.

    They are too long in tokens, and in the characters of their distinct words.
    """
    train = random_documents(SHORT + LONGER)
    train += random_documents([LONGEST + 6])
    train += random_documents([20], words=LONG_WORDS)
    return build_dataset({"train": train, "valid": random_documents([4])}, RULES, None)


DATASET = make_dataset()
LENGTHS = burst_lengths(DATASET.parts["train"].lengths)
LABELS = len(DATASET.vocabulary.labels)
FULL = dataclasses.replace(ARCHITECTURES[0], labels=LABELS, token_dimension=7)


def batches(partial=False, longest=900):
    made = training_batches(
        DATASET.word_table,
        DATASET.parts["train"],
        1,
        Shapes(),
        RareTokens(DATASET.rare_token_ids, DATASET.rare_character_ids),
        seed=3,
        epoch=1,
        alphabet=len(DATASET.vocabulary.characters),
    )
    for number, batch in enumerate(made):
        if batch.lengths[0] > longest:
            continue
        if partial and number % 2:
            labels = np.where(np.arange(batch.labels.shape[1]) % 3 == 0, -1, batch.labels)
            batch = batch._replace(labels=labels.astype(np.int32))
        yield batch


def train(settings, lengths=LENGTHS, divide=None, architecture=FULL, alphabet=0, **which):
    """The weights and slots after an epoch, and its losses."""
    vocabulary = DATASET.vocabulary
    sizes = len(vocabulary.tokens), alphabet or len(vocabulary.characters)
    network = create_network(architecture, initial_weights(architecture, *sizes, seed=1))
    step = TrainingStep(network, settings, 0.1, 7, lengths)
    calls = list(step.calls(batches(**which)))
    if divide is not None:
        calls = [part for call in calls for part in divide(call)]
    losses = np.concatenate([step.make(call) for call in calls])
    both = {"weights": step.weights, "slots": step.slots}
    found = {
        f"{kind}/{layer}/{name}": variable.numpy()
        for kind, layers in both.items()
        for layer, named in layers.items()
        for name, variable in named.items()
    }
    return found, losses, step


def assert_close(found, expected):
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=2e-5, err_msg=name)


def plain(settings):
    return dataclasses.replace(settings, jit_compile=False)


@cache
def one_by_one(alphabet=0):
    """What the short sentences' steps give if each is made by itself, and not compiled."""
    return train(plain(COMPILED), longest=16, alphabet=alphabet)


@pytest.mark.usefixtures("unoptimised")
def test_a_burst_makes_the_same_steps_as_one_by_one():
    found, losses, step = train(COMPILED, lengths=(16,), longest=16)
    expected, expected_losses, other = one_by_one()
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    assert_close(found, expected)
    assert step.iteration == other.iteration == len(losses) == len(SHORT) > SIZE
    # Another network, and steps that are divided differently: the same, bit for bit.
    again, losses_again, later = train(
        COMPILED, lengths=(16,), longest=16, divide=lambda call: [call[:3], call[3:]]
    )
    assert later.compiled_shapes == 0
    np.testing.assert_array_equal(losses_again, losses)
    for name, value in found.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


@pytest.mark.usefixtures("unoptimised")
def test_networks_with_alphabets_of_several_sizes_share_a_process():
    for alphabet in (0, 200):
        found, losses, step = train(COMPILED, lengths=(16,), longest=16, alphabet=alphabet)
        expected, expected_losses, _ = one_by_one(alphabet)
        np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
        assert_close(found, expected)
        # Compiled by the tests before, if at all, for the first of them alone.
        assert step.compiled_shapes == 1 or not alphabet


@pytest.mark.slow
def test_several_branches_and_sentences_that_have_none():
    found, losses, step = train(COMPILED)
    expected, expected_losses, _ = train(plain(COMPILED))
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
    assert_close(found, expected)
    # Two of a burst, and one for each of two other batches.
    assert step.compiled_shapes == 4
    again, _, _ = train(COMPILED, divide=lambda call: [[batch] for batch in call])
    for name, value in found.items():
        np.testing.assert_array_equal(again[name], value, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"optimiser": "adam", "clip_norm": 0.5, "weight_decay": 0.1, "partial": True},
        {"frozen": ("token_embeddings", "character_embeddings"), "dropout": 0.0},
        {"frozen": ("token_embeddings", "token_lstm"), "label_smoothing": 0.1, "clip": 0.01},
        {"token_linear": 5},
    ],
    ids=["adam", "characters", "smoothing", "linear"],
)
def test_with_other_settings(changes):
    """Among them a linear layer above frozen token embeddings, which is trained."""
    changes = dict(changes)
    architecture = dataclasses.replace(FULL, token_linear=changes.pop("token_linear", 0))
    settings = dataclasses.replace(COMPILED, **changes)
    which = {"partial": settings.partial, "longest": 16, "architecture": architecture}
    found, losses, _ = train(settings, lengths=(16,), **which)
    expected, expected_losses, _ = train(plain(settings), **which)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-4, atol=1e-5)
    assert_close(found, expected)


@pytest.mark.usefixtures("eagerly")
def test_how_batches_are_put_together(monkeypatch):
    def program(weights, slots, table, table_slots, arrays, steps, learning_rate):
        return tf.zeros([SIZE]), table, table_slots

    monkeypatch.setattr(burst, "burst_program", lambda *_: Program(program))
    network = create_network(FULL, initial_weights(FULL, 20, 30, seed=1))
    step = TrainingStep(network, COMPILED, 0.1, 7, LENGTHS)
    shape = BurstShape.of(LENGTHS)
    given = list(batches())
    calls = list(step.calls(given))
    assert [id(batch) for call in calls for batch in call] == list(map(id, given))
    for call in calls:
        fitting = [shape.branch(batch) is not None for batch in call]
        assert all(fitting) if len(call) > 1 else True
    alone = [call[0] for call in calls if shape.branch(call[0]) is None]
    assert sorted(int(batch.lengths[0]) for batch in alone) == [20, LONGEST + 6]
    # A burst ends at its full size or where the next batch is not for it.
    sizes = [len(call) for call in calls]
    assert max(sizes) <= SIZE
    for call, following in zip(calls, calls[1:]):
        assert len(call) in (1, SIZE) or shape.branch(following[0]) is None
    without = TrainingStep(network, COMPILED, 0.1, 7)
    assert [len(call) for call in without.calls(given)] == [1] * len(given)


def test_lengths_are_padded_to_few():
    assert burst_lengths(np.array([1, 16, 17, 33, 64, 65, 900])) == (16, 24, 48, 64)
    assert burst_lengths(np.array([65, 900])) == ()
    assert LENGTHS == (16, 24)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(
    ("changes", "architecture"),
    [
        ({"jit_compile": False}, {}),
        ({"frozen": ()}, {}),
        ({"variational": VariationalDropout(outputs=0.2)}, {}),
        ({"soft": True}, {}),
        ({"averaging_decay": 0.9}, {}),
        ({}, {"use_character_lstm": False}),
    ],
)
def test_where_there_are_none(changes, architecture):
    assert allows_bursts(COMPILED, FULL)
    settings = dataclasses.replace(COMPILED, **changes)
    other = dataclasses.replace(FULL, **architecture)
    assert not allows_bursts(settings, other)
    assert settings.averaging_decay or not (
        TrainingStep(
            create_network(other, initial_weights(other, 20, 30, seed=1)), settings, 0.1, 7, LENGTHS
        )._bursts
    )
