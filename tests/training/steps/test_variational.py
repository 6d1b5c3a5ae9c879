"""Variational dropout: its masks, what they do to the network, and its gradients."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from random_networks import ARCHITECTURES, random_batch, random_network, values_by_name

from neuroner_tl.dataset.batches import EXACT, Shapes
from neuroner_tl.model.dropout import DropoutMasks
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.settings import step_settings
from neuroner_tl.training.steps.flat_batch import flatten
from neuroner_tl.training.steps.program import batch_loss, unflatten
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.variational import KINDS, VariationalDropout, draw_masks, make_draw

FULL, NO_CHARACTERS = ARCHITECTURES[:2]
ALL = VariationalDropout(0.3, 0.4, 0.25, 0.5, 0.2)
BATCH = random_batch([6, 2, 4], seed=3)


def unflattened(batch, shapes=EXACT):
    return unflatten(tf.constant(flatten(batch, shapes)), tf.float64)


def masks_of(batch, rates=ALL, seed=7, number=1, shapes=EXACT, jit_compile=None):
    values = unflattened(batch, shapes)

    def drawn(values):
        draw = make_draw(rates, seed, tf.constant(number), values["token_ids"], tf.float64)
        return draw_masks(rates.kinds(), FULL, values, draw)

    function = tf.function(drawn, jit_compile=True, autograph=False) if jit_compile else drawn
    return values, function(values)


def of_words(values, mask, place="first"):
    """The masks at the first or last character of each token, ``[batch, time, ...]``."""
    return mask.numpy().reshape(-1, mask.shape[-1])[values[place].numpy()]


def test_masks_are_the_same_inside_a_compiled_program_and_outside():
    """Padding is of no account either: compiled shapes are larger, and words packed otherwise."""
    values, expected = masks_of(BATCH)
    time = BATCH.token_ids.shape[1]
    longer = {
        name: np.pad(getattr(BATCH, name), [(0, 0), (0, 10)])
        for name in ("token_ids", "word_index", "labels")
    }
    padded, found = masks_of(BATCH._replace(**longer), shapes=Shapes(), jit_compile=True)
    np.testing.assert_array_equal(found.words[:, :time], expected.words)
    np.testing.assert_array_equal(found.inputs, expected.inputs)
    np.testing.assert_array_equal(found.outputs, expected.outputs)
    for one, other in zip(found.recurrent, expected.recurrent):
        np.testing.assert_array_equal(one, other)
    inside = np.arange(time) < BATCH.lengths[:, None]
    for place in ("first", "last"):
        for one, other in zip(
            (found.characters, *found.character_recurrent),
            (expected.characters, *expected.character_recurrent),
        ):
            one, other = of_words(padded, one, place)[:, :time], of_words(values, other, place)
            np.testing.assert_array_equal(one[inside], other[inside])


def test_what_shares_a_mask():
    values, masks = masks_of(random_batch([25, 30], seed=1))
    ids = values["token_ids"].numpy()
    words = masks.words.numpy()[..., 0]
    for sentence in range(2):
        for token in set(ids[sentence]):
            assert len(set(words[sentence][ids[sentence] == token])) == 1
    # Sentences have masks of their own.
    common = [token for token in set(ids[0]) if token in ids[1]]
    assert any(words[0][ids[0] == token][0] != words[1][ids[1] == token][0] for token in common)
    assert masks.inputs.shape == (2, 1, FULL.input_size)
    assert masks.outputs.shape == (2, 2 * FULL.token_hidden)
    assert [mask.shape for mask in masks.recurrent] == [(2, FULL.token_hidden)] * 2
    # All characters of a word share theirs, words have their own.
    for mask in (masks.characters, *masks.character_recurrent):
        first, last = (of_words(values, mask, place) for place in ("first", "last"))
        np.testing.assert_array_equal(first, last)
        assert len(np.unique(first.reshape(-1, mask.shape[-1]), axis=0)) > 4


def test_shares_and_factors():
    """A value is 0 or itself over the share that is kept, so that means stay the same."""
    many = [masks_of(random_batch([20, 30], seed=seed), number=seed)[1] for seed in range(40)]
    for kind, rate in dataclasses.asdict(ALL).items():
        drawn = [getattr(masks, kind) for masks in many]
        flat = np.concatenate([np.ravel(part) for part in drawn])
        np.testing.assert_allclose(np.unique(flat), [0, 1 / (1 - rate)], rtol=1e-12)
        assert (flat == 0).mean() == pytest.approx(rate, abs=0.05), kind


def test_masks_depend_on_seed_and_step_alone():
    def values(**more):
        masks = masks_of(BATCH, **more)[1]
        return np.concatenate([np.ravel(part) for part in tf.nest.flatten(masks)])

    np.testing.assert_array_equal(values(), values())
    assert (values() != values(number=2)).any() and (values() != values(seed=8)).any()
    # Other rates, the same random numbers: what is dropped at a lower rate is so at a higher one.
    more = VariationalDropout(*(min(0.9, 2 * rate) for rate in dataclasses.astuple(ALL)))
    assert not values(rates=more)[values() == 0].any()
    assert values(seed=2**32 - 1).any()


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_by_itself(kind):
    _, masks = masks_of(BATCH, VariationalDropout(**{kind: 0.5}))
    expected = {kind} | ({"character_recurrent"} if kind == "characters" else set())
    assert {name for name, mask in masks._asdict().items() if mask is not None} == expected


def loss_of(network, values, masks):
    characters = None
    if network.architecture.use_character_lstm:
        characters = network.character_embedding(values["characters"])
    rows = network.token_embedding(values["token_ids"])
    return batch_loss(network, rows, characters, values, None, "sum", masks=masks)


def scaled(weights, name, mask):
    weights[name].assign(weights[name] * mask[:, None])


def test_a_sentence_is_read_with_rows_of_the_weights_dropped():
    """What a mask drops from all steps is, for one sentence, a row of a matrix."""
    batch = random_batch([5], seed=2)
    batch = batch._replace(word_index=np.zeros_like(batch.word_index))  # of one word
    values, masks = masks_of(batch)
    masks = masks._replace(words=None)
    found = loss_of(random_network(FULL), values, masks)
    network = random_network(FULL)
    tokens, characters = (network.weights[name] for name in ("token_lstm", "character_lstm"))
    scaled(tokens, "projection", masks.outputs[0])
    for way, direction in enumerate(("forward", "backward")):
        scaled(tokens, f"{direction}_input", masks.inputs[0, 0])
        scaled(tokens, f"{direction}_recurrent", masks.recurrent[way][0])
        scaled(characters, f"{direction}_input", masks.characters[0, 0])
        scaled(characters, f"{direction}_recurrent", masks.character_recurrent[way][0, 0])
    expected = loss_of(network, values, DropoutMasks())
    assert float(found) == pytest.approx(float(expected), rel=1e-12)
    whole = loss_of(random_network(FULL), values, DropoutMasks())
    assert float(found) != pytest.approx(float(whole))


def test_words_are_dropped_from_the_token_embeddings_alone():
    values, masks = masks_of(BATCH, VariationalDropout(words=0.5))
    dropped = masks.words.numpy()[..., 0] == 0
    assert dropped.any() and not dropped.all()
    network = random_network(FULL)
    rows = network.token_embedding(values["token_ids"])
    vectors = tf.random.stateless_uniform([*dropped.shape, 6], [0, 0], dtype=tf.float64)
    other = tf.where(dropped[..., None], 100.0, rows)
    lengths = values["lengths"]
    found, same = (network.scores(some, vectors, lengths, masks=masks) for some in (rows, other))
    np.testing.assert_array_equal(found, same)
    expected = network.scores(rows * masks.words, vectors, lengths)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.usefixtures("unoptimised")
@pytest.mark.parametrize(
    "architecture",
    [FULL, *(pytest.param(a, marks=pytest.mark.slow) for a in ARCHITECTURES[1:])],
)
def test_gradients_against_finite_differences(architecture):
    values, masks = masks_of(random_batch([3, 2]))
    if not architecture.use_character_lstm:
        masks = masks._replace(inputs=masks.inputs[..., : architecture.input_size])
    network = random_network(architecture)
    loss = tf.function(lambda: loss_of(network, values, masks), autograph=False)
    with tf.GradientTape() as tape:
        total = loss()
    gradients = tape.gradient(
        total, network.weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
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
            gradient = tf.convert_to_tensor(gradients[layer][name]).numpy()
            expected = np.sum(gradient * direction)
            assert slope == pytest.approx(expected, rel=1e-5, abs=1e-7), f"{layer}/{name}"


@pytest.mark.usefixtures("eagerly")
def test_a_restored_step_has_the_same_masks():
    settings = StepSettings(optimiser="adam", dropout=0.2, variational=ALL)
    batches = [random_batch([3, 2], seed=seed) for seed in range(3)]

    def step_of(network):
        return TrainingStep(network, settings, 0.1, 7)

    network = random_network(FULL)
    whole = step_of(network)
    losses = [float(whole(batch)) for batch in batches]
    assert len(set(losses)) == 3
    resumed = random_network(FULL)
    first = step_of(resumed)
    found = [float(first(batch)) for batch in batches[:1]]
    second = step_of(resumed)
    second.restore(tf.nest.map_structure(lambda slot: slot.numpy(), first.slots), first.iteration)
    found += [float(second(batch)) for batch in batches[1:]]
    assert found == losses
    for name, value in values_by_name(network.weights).items():
        np.testing.assert_array_equal(value, values_by_name(resumed.weights)[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", [FULL, NO_CHARACTERS], ids=["full", "nochar"])
def test_a_compiled_step_equals_plain(architecture):
    settings = StepSettings(dropout=0.0, jit_compile=True, variational=ALL)
    found, expected = (
        random_network(architecture, dtype=tf.float32, closed_form=compiled)
        for compiled in (True, False)
    )
    for network, compiled in ((found, True), (expected, False)):
        step = TrainingStep(network, dataclasses.replace(settings, jit_compile=compiled), 0.1, 7)
        for seed in range(4):
            step(random_batch([6, 2, 4], seed=seed))
    for name, value in values_by_name(expected.weights).items():
        np.testing.assert_allclose(
            values_by_name(found.weights)[name], value, atol=1e-5, err_msg=name
        )


@pytest.mark.usefixtures("eagerly")
def test_rates_share_a_program():
    steps = [
        TrainingStep(
            random_network(FULL), StepSettings(variational=VariationalDropout(inputs=rate)), 0.1, 0
        )
        for rate in (0.1, 0.5, 0.0)
    ]
    assert steps[0]._program is steps[1]._program
    assert steps[0]._program is not steps[2]._program


def test_settings():
    assert not step_settings(Parameters(), False).variational.is_on
    parameters = Parameters(
        dropout_rate=0.4,
        dropout_mask="sentence",
        recurrent_dropout_rate=0.25,
        output_dropout_rate=0.5,
        character_dropout_rate=0.2,
        word_dropout_rate=0.3,
    )
    found = step_settings(parameters, False)
    assert (found.variational, found.dropout) == (ALL, 0)
    plain = step_settings(Parameters(dropout_rate=0.4, word_dropout_rate=0.1), False)
    assert (plain.variational, plain.dropout) == (VariationalDropout(words=0.1), 0.4)
    without = parameters.model_copy(update={"use_character_lstm": False})
    assert not step_settings(without, False).variational.characters
