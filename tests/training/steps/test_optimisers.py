"""The optimisers against Keras's."""

import numpy as np
import pytest
import tensorflow as tf

from neuroner_tl.training.steps.optimisers import OPTIMISERS

RATE = 0.05
STEPS = 6


# Keras 3 has no such optimisers, and its own update its own variables alone.
KERAS_2 = hasattr(tf.keras.optimizers.legacy, "Adadelta")


def keras_optimiser(name):
    optimisers = tf.keras.optimizers.legacy if KERAS_2 else tf.keras.optimizers
    return {
        "sgd": lambda: optimisers.SGD(RATE),
        "adam": lambda: optimisers.Adam(RATE, epsilon=1e-8),
        "adadelta": lambda: optimisers.Adadelta(RATE, rho=0.95, epsilon=1e-8),
    }[name]()


def keras_variable(value):
    return tf.Variable(value) if KERAS_2 else tf.keras.Variable(value, dtype="float64")


class Weight:
    """A variable with its slots."""

    def __init__(self, name, value):
        self.optimiser = OPTIMISERS[name]
        self.variable = tf.Variable(value)
        self.slots = [tf.Variable(tf.zeros_like(self.variable)) for _ in self.optimiser.slots]

    def decay(self, gradient, number, decay):
        arguments = self.arguments(number)
        self.optimiser.update(self.variable, tf.constant(gradient), *arguments, decay)

    def arguments(self, number):
        dtype = self.variable.dtype
        return self.slots, tf.constant(RATE, dtype), tf.cast(number, dtype)

    def update(self, gradient, number):
        self.optimiser.update(self.variable, tf.constant(gradient), *self.arguments(number))

    def update_rows(self, rows, gradient, number):
        self.optimiser.update_rows(
            self.variable, tf.constant(rows), tf.constant(gradient), *self.arguments(number)
        )


def gradients(shape, seed=0):
    return (
        np.random.default_rng(seed).normal(size=(STEPS, *shape))
        * np.logspace(-3, 1, STEPS)[:, None, None]
    )


@pytest.mark.parametrize("name", ["adam", "sgd"])
def test_decoupled_weight_decay_equals_keras(name):
    value = np.random.default_rng(1).normal(size=(4, 3))
    kinds = {
        "adam": lambda: tf.keras.optimizers.AdamW(RATE, weight_decay=0.3, epsilon=1e-8),
        "sgd": lambda: tf.keras.optimizers.SGD(RATE, weight_decay=0.3),
    }
    weight, expected, oracle = Weight(name, value), tf.Variable(value), kinds[name]()
    oracle.build([expected])
    for number, gradient in enumerate(gradients((4, 3)), start=1):
        weight.decay(gradient, number, 0.3)
        oracle.apply_gradients([(tf.constant(gradient), expected)])
        # Keras corrects the bias with 0.999 as a number of 32 bits, 6e-6 of a step of Adam's.
        np.testing.assert_allclose(weight.variable.numpy(), expected.numpy(), rtol=1e-5)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_dense_updates_equal_keras(name):
    value = np.random.default_rng(1).normal(size=(4, 3))
    weight, expected, oracle = Weight(name, value), keras_variable(value), keras_optimiser(name)
    for number, gradient in enumerate(gradients((4, 3)), start=1):
        weight.update(gradient, number)
        oracle.apply_gradients([(tf.constant(gradient), expected)])
        # The constants of Keras 3 are numbers of 32 bits.
        tolerance = 1e-6 if KERAS_2 else 1e-5
        np.testing.assert_allclose(weight.variable.numpy(), expected.numpy(), rtol=tolerance)
    assert not np.allclose(expected.numpy(), value)


def tensorflow_1_optimiser(name):
    """As NeuroNER makes it: with a learning rate, and TensorFlow 1's constants otherwise."""
    train = tf.compat.v1.train
    return {
        "sgd": train.GradientDescentOptimizer,
        "adam": train.AdamOptimizer,
        "adadelta": train.AdadeltaOptimizer,
    }[name](RATE)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_dense_updates_equal_neuroners(name):
    value = np.random.default_rng(4).normal(size=(4, 3))
    weight, expected = Weight(name, value), tf.Variable(value)
    oracle = tensorflow_1_optimiser(name)
    for number, gradient in enumerate(gradients((4, 3)), start=1):
        weight.update(gradient, number)
        oracle.apply_gradients([(tf.constant(gradient), expected)])
    # Its constants are numbers of 32 bits.
    np.testing.assert_allclose(weight.variable.numpy(), expected.numpy(), rtol=1e-4)


class TestRowsThatDoNotOccur:
    """Row 0 occurs in the first step and the last one, row 1 in every one."""

    def run(self, name):
        """Return row 0 after each step: as here, and as NeuroNER updates the whole table."""
        value = np.random.default_rng(5).normal(size=(2, 3))
        table, expected = Weight(name, value), tf.Variable(value)
        oracle = tensorflow_1_optimiser(name)
        ours, theirs = [], []
        for number, gradient in enumerate(gradients((2, 3)), start=1):
            if number in (1, STEPS):
                table.update_rows([0, 1], gradient, number)
            else:
                table.update_rows([1], gradient[1:], number)
                gradient[0] = 0
            oracle.apply_gradients([(tf.constant(gradient), expected)])
            ours.append(table.variable.numpy()[0])
            theirs.append(expected.numpy()[0])
        return np.array(ours), np.array(theirs)

    def test_sgd_is_the_same(self):
        ours, theirs = self.run("sgd")
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)

    def test_adam_leaves_them_and_neuroners_moves_them(self):
        ours, theirs = self.run("adam")
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4)
        assert (ours[1:-1] == ours[0]).all()
        assert (np.diff(theirs, axis=0) != 0).all()

    def test_adadelta_leaves_their_slots_and_neuroners_decay(self):
        ours, theirs = self.run("adadelta")
        np.testing.assert_allclose(ours[:-1], theirs[:-1], rtol=1e-4)
        assert (ours[1:-1] == ours[0]).all()
        # Without their decay the step after the pause is another one.
        assert np.abs((ours[-1] - theirs[-1]) / (ours[-1] - ours[-2])).min() > 1e-3


@pytest.mark.parametrize("name", OPTIMISERS)
def test_rows_equal_a_dense_update_of_those_rows(name):
    value = np.random.default_rng(2).normal(size=(6, 3))
    table, rows = Weight(name, value), [4, 0, 3]
    part = Weight(name, value[rows])
    for number, gradient in enumerate(gradients((3, 3)), start=1):
        table.update_rows(rows, gradient, number)
        part.update(gradient, number)
    np.testing.assert_allclose(table.variable.numpy()[rows], part.variable.numpy(), rtol=1e-12)
    for slot, expected in zip(table.slots, part.slots):
        np.testing.assert_allclose(slot.numpy()[rows], expected.numpy(), rtol=1e-12)
        assert not slot.numpy()[[1, 2, 5]].any()
    np.testing.assert_array_equal(table.variable.numpy()[[1, 2, 5]], value[[1, 2, 5]])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_no_rows(name):
    value = np.ones((3, 2))
    table = Weight(name, value)
    table.update_rows(np.zeros(0, np.int32), np.zeros((0, 2)), 1)
    np.testing.assert_array_equal(table.variable.numpy(), value)
