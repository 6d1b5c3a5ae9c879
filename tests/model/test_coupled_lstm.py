"""The cell and both LSTM layers against NumPy loops written from the paper's equations."""

import numpy as np
import pytest
import tensorflow as tf
from numpy_network import encode_word, read_sentence, run_cell

from neuroner_tl.model.character_lstm import CharacterLSTM
from neuroner_tl.model.coupled_lstm import CellWeights, bidirectional, coupled_lstm
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


def shaken(weights, rng):
    return {k: v + 0.5 * rng.normal(size=v.shape) for k, v in weights.items()}


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_cell_equals_the_equations(peepholes):
    rng = np.random.default_rng(0)
    weights = random_cell(rng, 3, 4, peepholes)
    x = rng.normal(size=(6, 2, 3))
    found = coupled_lstm(parts(x), tf.constant(6), as_cell(weights)).numpy()
    assert found.shape == (6, 2, 4)
    for row in range(2):
        np.testing.assert_allclose(found[:, row], run_cell(x[:, row], weights), rtol=1e-12)


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_both_directions_with_lengths(peepholes):
    rng = np.random.default_rng(1)
    forward, backward = (random_cell(rng, 3, 4, peepholes) for _ in range(2))
    x = padded(rng, 3)
    left, right = bidirectional(parts(x), tf.constant(LENGTHS), as_cell(forward), as_cell(backward))
    for row, length in enumerate(LENGTHS):
        sentence = x[row, :length]
        np.testing.assert_allclose(
            left.numpy()[:length, row], run_cell(sentence, forward), rtol=1e-10
        )
        # Given in the order of computation, from the sentence's last token on.
        np.testing.assert_allclose(
            right.numpy()[:length, row], run_cell(sentence[::-1], backward), rtol=1e-10
        )


def test_initial_states_decide_the_first_step():
    rng = np.random.default_rng(2)
    weights = random_cell(rng, 3, 4, "full")
    x = rng.normal(size=(2, 1, 3))
    before = coupled_lstm(parts(x), tf.constant(2), as_cell(weights)).numpy()
    for name in ("initial_h", "initial_c"):
        other = {**weights, name: weights[name] + 1.0}
        after = coupled_lstm(parts(x), tf.constant(2), as_cell(other)).numpy()
        assert np.abs(after - before).max() > 1e-3
        np.testing.assert_allclose(after[:, 0], run_cell(x[:, 0], other), rtol=1e-12)


@pytest.mark.parametrize("peepholes", PEEPHOLES)
def test_character_lstm(peepholes):
    rng = np.random.default_rng(3)
    weights = shaken(CharacterLSTM.initial(rng, 3, 4, peepholes), rng)
    x = padded(rng, 3)
    layer = CharacterLSTM({k: tf.Variable(v) for k, v in weights.items()})
    found = layer(tf.constant(x), tf.constant(LENGTHS)).numpy()
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
