"""The optimisers, each one formula for dense weights and for rows of a table alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf


@dataclass(frozen=True)
class Optimiser(ABC):
    """The rule that turns gradients into steps.

    Attributes:
        slots: names of the values kept for each weight, all zero at the start.

    Example::

        change, slots = optimiser.step(gradient, slots, learning_rate, iteration)
        weight.assign_sub(change)
    """

    slots: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def step(
        self,
        gradient: tf.Tensor,
        slots: Sequence[tf.Tensor],
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return what to subtract from a weight, and the new slots.

        Args:
            gradient: the weight's gradient.
            slots: the weight's slots, of its shape.
            learning_rate: a scalar.
            iteration: number of this update, from 1, a scalar of the weights' type.
        """

    def updated(
        self,
        weight: tf.Tensor,
        gradient: tf.Tensor,
        slots: Sequence[tf.Tensor],
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
        weight_decay: float = 0.0,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Return a whole weight after an update, and its slots; arguments as in `step`.

        Weight decay is decoupled from the gradient (Loshchilov and Hutter, 2019): the optimiser's
        slots do not know of it.
        """
        values = [tf.convert_to_tensor(slot) for slot in slots]
        delta, values = self.step(gradient, values, learning_rate, iteration)
        if weight_decay:
            delta += learning_rate * weight_decay * weight
        return weight - delta, values

    def update(
        self,
        variable: tf.Variable,
        gradient: tf.Tensor,
        slots: Sequence[tf.Variable],
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
        weight_decay: float = 0.0,
    ) -> None:
        """Update a whole weight in place, see `updated`."""
        value, values = self.updated(
            variable, gradient, slots, learning_rate, iteration, weight_decay
        )
        variable.assign(value)
        for slot, new in zip(slots, values):
            slot.assign(new)

    def update_rows(
        self,
        variable: tf.Variable,
        rows: tf.Tensor,
        gradient: tf.Tensor,
        slots: Sequence[tf.Variable],
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
    ) -> None:
        """Update some rows of a table, each at most once; the others keep their slots."""
        values = [tf.gather(slot, rows) for slot in slots]
        delta, values = self.step(gradient, values, learning_rate, iteration)
        variable.scatter_sub(tf.IndexedSlices(delta, rows))
        for slot, value in zip(slots, values):
            slot.scatter_update(tf.IndexedSlices(value, rows))


@dataclass(frozen=True)
class SGD(Optimiser):
    """Stochastic gradient descent.

    Example::

        SGD().update(weight, gradient, [], learning_rate, iteration)
    """

    def step(self, gradient, slots, learning_rate, iteration):  # type: ignore[no-untyped-def]
        """Return ``rate * g``."""
        return learning_rate * gradient, []


@dataclass(frozen=True)
class Adam(Optimiser):
    """Adam (Kingma and Ba, 2015), with TensorFlow 1's constants as in NeuroNER.

    Example::

        slots = [tf.Variable(tf.zeros_like(weight)) for _ in Adam.slots]
        Adam().update(weight, gradient, slots, learning_rate, iteration)
    """

    slots: ClassVar[tuple[str, ...]] = ("mean", "variance")
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def step(self, gradient, slots, learning_rate, iteration):  # type: ignore[no-untyped-def]
        """Return ``rate * mean / sqrt(variance)``, both bias-corrected moving averages."""
        mean = self.beta_1 * slots[0] + (1 - self.beta_1) * gradient
        variance = self.beta_2 * slots[1] + (1 - self.beta_2) * gradient * gradient
        one = tf.ones_like(iteration)
        correction = tf.sqrt(1 - (self.beta_2 * one) ** iteration) / (
            1 - (self.beta_1 * one) ** iteration
        )
        delta = learning_rate * correction * mean / (tf.sqrt(variance) + self.epsilon)
        return delta, [mean, variance]


@dataclass(frozen=True)
class Adadelta(Optimiser):
    """Adadelta (Zeiler, 2012), with TensorFlow 1's constants as in NeuroNER.

    Example::

        slots = [tf.Variable(tf.zeros_like(weight)) for _ in Adadelta.slots]
        Adadelta(rho=0.9).update(weight, gradient, slots, learning_rate, iteration)
    """

    slots: ClassVar[tuple[str, ...]] = ("squared_gradient", "squared_step")
    rho: float = 0.95
    epsilon: float = 1e-8

    def step(self, gradient, slots, learning_rate, iteration):  # type: ignore[no-untyped-def]
        """Return ``rate * g``, scaled by the root of squared steps over squared gradients."""
        squares = self.rho * slots[0] + (1 - self.rho) * gradient * gradient
        step = tf.sqrt(slots[1] + self.epsilon) / tf.sqrt(squares + self.epsilon) * gradient
        steps = self.rho * slots[1] + (1 - self.rho) * step * step
        return learning_rate * step, [squares, steps]


OPTIMISERS: dict[str, Optimiser] = {"sgd": SGD(), "adam": Adam(), "adadelta": Adadelta()}
