"""The cell and both LSTM layers against NumPy loops written from the paper's equations."""

import numpy as np
import pytest
import tensorflow as tf
from numpy_network import encode_word, read_sentence, run_cell

from neuroner_tl.dataset.packed_words import pack_words
from neuroner_tl.model.character_lstm import CharacterLSTM
from neuroner_tl.model.coupled_cell import CellWeights
from neuroner_tl.model.coupled_lstm import coupled_lstm
from neuroner_tl.model.token_lstm import TokenLSTM

PEEPHOLES = ("full", "diagonal", "none")
LENGTHS = np.array([5, 1, 7, 4], np.int32)
GARBAGE = 1e6


def random_cell(rng, d, n, peepholes):
    weights = {
        "input": rng.normal(size=(d, 3 * n)),
        "recurrent": rng.normal(size=(n, 3 * n)),
        "bias": rng.normal(size=3 * n),
        "initial_h": rng.normal(size=n),
        "initial_c": rng.normal(size=n),
    }
    if peepholes != "none":
        shape = (n, n) if peepholes == "full" else (n,)
        weights["peephole_i"] = rng.normal(size=shape)
        weights["peephole_o"] = rng.normal(size=shape)
    return weights


def as_cell(weights):
    return CellWeights(**{name: tf.constant(value) for name, value in weights.items()})


def padded(rng, d, time=9):
    x = rng.normal(size=(len(LENGTHS), time, d))
    x[np.arange(time) >= LENGTHS[:, None]] = GARBAGE
    return x


def parts(x):
    """The input in two parts that stand side by side."""
    return [tf.constant(x[..., :1]), tf.constant(x[..., 1:])]


def starts_at(places, time):
    """A start in each row, or in several."""
    starts = np.zeros((time, len(places)), bool)
    for row, steps in enumerate(places):
        starts[steps, row] = True
    return tf.constant(starts)


def shaken(weights, rng):
    return {k: v + 0.5 * rng.normal(size=v.shape) for k, v in weights.items()}


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_cell_equals_the_equations(peepholes):
    rng = np.random.default_rng(0)
    weights = random_cell(rng, 3, 4, peepholes)
    x = rng.normal(size=(6, 2, 3))
    starts = starts_at([0, 0], 6)
    found = coupled_lstm(parts(x), tf.constant(6), starts, as_cell(weights)).numpy()
    assert found.shape == (6, 2, 4)
    for row in range(2):
        np.testing.assert_allclose(found[:, row], run_cell(x[:, row], weights), rtol=1e-12)


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_both_directions_with_lengths(peepholes):
    rng = np.random.default_rng(1)
    weights = random_cell(rng, 3, 4, peepholes)
    x = padded(rng, 3).transpose(1, 0, 2)
    time, steps = len(x), tf.constant(LENGTHS.max())
    first, last = starts_at(0 * LENGTHS, time), starts_at(LENGTHS - 1, time)
    forward = coupled_lstm(parts(x), steps, first, as_cell(weights)).numpy()
    backward = coupled_lstm(parts(x), steps, last, as_cell(weights), backwards=True).numpy()
    for row, length in enumerate(LENGTHS):
        sentence = x[:length, row]
        np.testing.assert_allclose(forward[:length, row], run_cell(sentence, weights), rtol=1e-10)
        np.testing.assert_allclose(
            backward[:length, row][::-1], run_cell(sentence[::-1], weights), rtol=1e-10
        )


def test_consecutive_sequences_do_not_influence_each_other():
    """States and gradients of two sequences in one row are those of the two in two rows."""
    rng = np.random.default_rng(6)
    weights = random_cell(rng, 3, 4, "full")
    x = rng.normal(size=(7, 1, 3))
    for backwards, places in ((False, [0, 4]), (True, [3, 6])):
        cell = as_cell(weights)
        with tf.GradientTape() as tape:
            tape.watch([cell])
            joined = coupled_lstm(parts(x), tf.constant(7), starts_at([places], 7), cell, backwards)
            loss = tf.reduce_sum(joined * joined)
        gradients = tape.gradient(loss, list(cell))
        with tf.GradientTape() as tape:
            tape.watch([cell])
            apart = [
                coupled_lstm(
                    parts(part),
                    tf.constant(len(part)),
                    starts_at([len(part) - 1 if backwards else 0], len(part)),
                    cell,
                    backwards,
                )
                for part in (x[:4], x[4:])
            ]
            loss = tf.add_n([tf.reduce_sum(h * h) for h in apart])
        expected = tape.gradient(loss, list(cell))
        np.testing.assert_allclose(joined, tf.concat(apart, axis=0), rtol=1e-12)
        for found, value in zip(gradients, expected):
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12)


def plainly(x, cell, lengths, backwards, mask=None):
    """The paper's equations, one sequence and one step after the other; TensorFlow's gradient."""
    mask = np.ones((*x.shape[:2], 1)) if mask is None else mask
    n = len(cell.initial_h)
    rows = []
    for row, length in enumerate(lengths):
        h, c = cell.initial_h[None], cell.initial_c[None]
        outputs = {}
        for t in reversed(range(length)) if backwards else range(length):
            read = h * mask[t, row]
            z = x[t, row][None] @ cell.input + read @ cell.recurrent + cell.bias
            peeps = []
            for weight in (cell.peephole_i, cell.peephole_o):
                if weight is None:
                    peeps.append(lambda c: 0.0)
                else:
                    full = weight if len(weight.shape) == 2 else tf.linalg.diag(weight)
                    peeps.append(lambda c, full=full: c @ full)
            i = tf.sigmoid(z[:, :n] + peeps[0](c))
            c = (1 - i) * c + i * tf.tanh(z[:, n : 2 * n])
            h = tf.sigmoid(z[:, 2 * n :] + peeps[1](c)) * tf.tanh(c)
            outputs[t] = h
        rows.append(tf.concat([outputs[t] for t in range(length)], axis=0))
    return rows


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("peepholes", PEEPHOLES)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("lengths", [[4], [2, 4]], ids=["one", "two"])
def test_gradients_equal_automatic_differentiation(peepholes, backwards, lengths):
    rng = np.random.default_rng(7)
    cell = as_cell(random_cell(rng, 3, 4, peepholes))
    sources = [weight for weight in cell if weight is not None]
    x = rng.normal(size=(5, len(lengths), 3))
    first, second = tf.constant(x[..., :1]), tf.constant(x[..., 1:])
    factors = [tf.constant(rng.normal(size=(length, 4))) for length in lengths]
    places = [length - 1 if backwards else 0 for length in lengths]
    with tf.GradientTape() as tape:
        tape.watch([*sources, first, second])
        h = coupled_lstm(
            [first, second],
            tf.constant(max(lengths)),
            starts_at(places, 5),
            cell,
            backwards,
        )
        rows = [h[:length, row] for row, length in enumerate(lengths)]
        loss = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(rows, factors)])
    found = tape.gradient(loss, [*sources, first, second])
    with tf.GradientTape() as tape:
        tape.watch([*sources, first, second])
        whole = tf.concat([first, second], axis=-1)
        rows = plainly(whole, cell, lengths, backwards)
        loss = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(rows, factors)])
    expected = tape.gradient(loss, [*sources, first, second])
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
    assert not h.numpy()[max(lengths) :].any()


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("of_steps", [False, True], ids=["rows", "steps"])
def test_a_mask_of_the_state_that_is_fed_back(backwards, of_steps):
    """The same for all steps of a row, or of each step, against automatic differentiation."""
    rng, lengths = np.random.default_rng(8), [2, 4]
    cell = as_cell(random_cell(rng, 3, 4, "full"))
    x = tf.constant(rng.normal(size=(5, 2, 3)))
    mask = rng.integers(0, 2, (5, 2, 4) if of_steps else (2, 4)) * 2.0
    places = [length - 1 if backwards else 0 for length in lengths]
    factors = [tf.constant(rng.normal(size=(length, 4))) for length in lengths]
    results = []
    for own in (True, False):
        with tf.GradientTape() as tape:
            tape.watch([*cell, x])
            if own:
                starts = starts_at(places, 5)
                h = coupled_lstm([x], tf.constant(4), starts, cell, backwards, tf.constant(mask))
                rows = [h[:length, row] for row, length in enumerate(lengths)]
            else:
                rows = plainly(x, cell, lengths, backwards, np.broadcast_to(mask, (5, 2, 4)))
            loss = tf.add_n([tf.reduce_sum(a * b) for a, b in zip(rows, factors)])
        results.append([loss, *tape.gradient(loss, [*cell, x])])
    for found, expected in zip(*results):
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_initial_states_decide_the_first_step():
    rng = np.random.default_rng(2)
    weights = random_cell(rng, 3, 4, "full")
    x = rng.normal(size=(2, 1, 3))
    starts = starts_at([0], 2)
    before = coupled_lstm(parts(x), tf.constant(2), starts, as_cell(weights)).numpy()
    for name in ("initial_h", "initial_c"):
        other = {**weights, name: weights[name] + 1.0}
        after = coupled_lstm(parts(x), tf.constant(2), starts, as_cell(other)).numpy()
        assert np.abs(after - before).max() > 1e-3
        np.testing.assert_allclose(after[:, 0], run_cell(x[:, 0], other), rtol=1e-12)


@pytest.mark.parametrize("peepholes", PEEPHOLES)
@pytest.mark.parametrize("rows", [0, 3])
def test_character_lstm(peepholes, rows):
    rng = np.random.default_rng(3)
    weights = shaken(CharacterLSTM.initial(rng, 3, 4, peepholes), rng)
    x = padded(rng, 3)
    layer = CharacterLSTM({k: tf.Variable(v) for k, v in weights.items()})
    # The characters' numbers, packed, say where their vectors belong.
    numbers = 1 + np.arange(x[..., 0].size).reshape(x.shape[:2])
    packed = pack_words(numbers, LENGTHS, rows)
    vectors = np.concatenate([np.full((1, 3), GARBAGE), x.reshape(-1, 3)])[packed.characters]
    found = layer(tf.constant(vectors), *map(tf.constant, packed[1:])).numpy()
    expected = [encode_word(x[row, :length], weights) for row, length in enumerate(LENGTHS)]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_token_lstm(peepholes):
    rng = np.random.default_rng(4)
    weights = shaken(TokenLSTM.initial(rng, 3, 4, peepholes), rng)
    x = padded(rng, 3)
    layer = TokenLSTM({k: tf.Variable(v) for k, v in weights.items()})
    found = layer(parts(x), tf.constant(LENGTHS)).numpy()
    for row, length in enumerate(LENGTHS):
        expected = read_sentence(x[row, :length], weights)
        np.testing.assert_allclose(found[row, :length], expected, rtol=1e-10)


def test_dropout_mask_multiplies_the_input():
    rng = np.random.default_rng(5)
    weights = TokenLSTM.initial(rng, 3, 4, "full")
    x, mask = rng.normal(size=(1, 5, 3)), rng.integers(0, 2, (1, 5, 3)) * 2.0
    layer = TokenLSTM({k: tf.Variable(v) for k, v in weights.items()})
    found = layer(parts(x), tf.constant([5]), tf.constant(mask)).numpy()
    np.testing.assert_allclose(found[0], read_sentence((x * mask)[0], weights), rtol=1e-10)
