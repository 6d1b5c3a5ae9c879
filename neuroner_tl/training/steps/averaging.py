"""Averages of a run's weights, kept beside the weights that are trained.

A moving average of the weights often scores higher than any of the weights that it is made of
(Polyak and Juditsky, 1992; Izmailov et al., 2018), since the noise of single steps cancels.
Training itself does not depend on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
import tensorflow as tf

from neuroner_tl.model.token_embedding import TokenEmbedding

Variables = dict[str, dict[str, tf.Variable]]


class WeightAverages(ABC):
    """An average of the trained weights of a network.

    Args:
        weights: the trained weights by layer and name; frozen ones are their own average.

    Attributes:
        variables: what it is computed from, by layer and name; saved and restored with a run.

    Example::

        averages = EpochAverages(step.weights, number=10)
        averages.end_epoch(1)
        with averages.applied(iteration=500):
            ...  # the network has the averages as its weights
    """

    variables: Variables

    def __init__(self, weights: Mapping[str, Mapping[str, tf.Variable]]) -> None:
        self.weights = weights

    @abstractmethod
    def end_epoch(self, epoch: int) -> None:
        """Take note of the weights at the end of an epoch, from 1."""

    @abstractmethod
    def value(self, layer: str, name: str, iteration: int) -> np.ndarray:
        """Return the average of a weight after this many steps."""

    def restore(
        self, values: Mapping[str, Mapping[str, np.ndarray]], completed_epochs: int
    ) -> None:
        """Restore an earlier state of `variables`, after this many whole epochs."""
        for layer, named in self.variables.items():
            for name, variable in named.items():
                variable.assign(values[layer][name])

    @contextmanager
    def applied(self, iteration: int) -> Iterator[None]:
        """Give the network the averages as its weights, and afterwards its own, bit for bit.

        Args:
            iteration: number of steps done.
        """
        own = {
            layer: {name: variable.numpy() for name, variable in named.items()}
            for layer, named in self.weights.items()
        }
        try:
            for layer, named in self.weights.items():
                for name, variable in named.items():
                    variable.assign(self.value(layer, name, iteration))
            yield
        finally:
            for layer, values in own.items():
                for name, value in values.items():
                    self.weights[layer][name].assign(value)


class ExponentialAverages(WeightAverages):
    """Averages in which the weights of a step count ``decay`` times as much as those of the next.

    ``m_t = decay * m_{t-1} + (1 - decay) * w_t`` from ``m_0 = 0``; the average is
    ``m_t / (1 - decay^t)``, so that initial weights count no more than their share. A row of the
    token embeddings is brought up to date only when it is trained: between, it stays what it is,
    and ``m`` approaches it by a known factor. So the time of a step does not depend on the size
    of the vocabulary.

    Args:
        weights: the trained weights by layer and name.
        decay: above 0 and below 1; the average covers about ``1 / (1 - decay)`` steps.

    Example::

        averages = ExponentialAverages(step.weights, decay=0.999)
    """

    def __init__(self, weights: Mapping[str, Mapping[str, tf.Variable]], decay: float) -> None:
        super().__init__(weights)
        self.decay = decay
        self.variables = {
            layer: {
                name: tf.Variable(tf.zeros_like(variable), trainable=False)
                for name, variable in named.items()
            }
            for layer, named in weights.items()
        }
        table = self.variables.get(TokenEmbedding.name)
        if table is not None and "embedding" in table:
            rows = tf.zeros([table["embedding"].shape[0]], tf.int32)
            table["step"] = tf.Variable(rows, trainable=False)

    def end_epoch(self, epoch: int) -> None:
        """Do nothing: every step counts."""

    def catch_up(self, rows: tf.Tensor, iteration: tf.Tensor) -> None:
        """Bring rows of the token embeddings up to date, before they are trained; part of a graph.

        Args:
            rows: distinct rows of the table.
            iteration: number of the coming step, from 1.
        """
        values = tf.gather(self.weights[TokenEmbedding.name]["embedding"], rows)
        steps = self.variables[TokenEmbedding.name]["step"]
        missed = iteration - 1 - tf.gather(steps, rows)
        self._approach(rows, values, tf.cast(missed, values.dtype))

    def update_rows(self, rows: tf.Tensor, iteration: tf.Tensor) -> None:
        """Add rows of the token embeddings as they are after a step; part of a graph."""
        values = tf.gather(self.weights[TokenEmbedding.name]["embedding"], rows)
        self._approach(rows, values, tf.ones(tf.shape(rows), values.dtype))
        steps = self.variables[TokenEmbedding.name]["step"]
        steps.scatter_update(tf.IndexedSlices(tf.fill(tf.shape(rows), iteration), rows))

    def _approach(self, rows: tf.Tensor, values: tf.Tensor, steps: tf.Tensor) -> None:
        """Let the means of rows approach these values for a number of steps each."""
        mean = self.variables[TokenEmbedding.name]["embedding"]
        factor = tf.pow(tf.constant(self.decay, values.dtype), steps)[:, None]
        new = values + factor * (tf.gather(mean, rows) - values)
        mean.scatter_update(tf.IndexedSlices(new, rows))

    def value(self, layer: str, name: str, iteration: int) -> np.ndarray:
        """Return the average of a weight after this many steps; before the first, the weight."""
        weight = self.weights[layer][name].numpy()
        if not iteration:
            return weight
        mean = self.variables[layer][name].numpy()
        if layer == TokenEmbedding.name and name == "embedding":
            missed = iteration - self.variables[layer]["step"].numpy()
            mean = weight + self.decay ** missed[:, None] * (mean - weight)
        return mean / (1 - self.decay**iteration)


class EpochAverages(WeightAverages):
    """Means of the weights at the ends of the last epochs.

    Args:
        weights: the trained weights by layer and name.
        number: how many epochs; fewer count as long as fewer are done.

    Example::

        averages = EpochAverages(step.weights, number=10)
    """

    def __init__(self, weights: Mapping[str, Mapping[str, tf.Variable]], number: int) -> None:
        super().__init__(weights)
        self.number = number
        self.completed_epochs = 0
        self.variables = {
            layer: {
                f"{name}.{place}": tf.Variable(tf.zeros_like(variable), trainable=False)
                for name, variable in named.items()
                for place in range(number)
            }
            for layer, named in weights.items()
        }

    def restore(
        self, values: Mapping[str, Mapping[str, np.ndarray]], completed_epochs: int
    ) -> None:
        """Restore the weights of the last epochs."""
        super().restore(values, completed_epochs)
        self.completed_epochs = completed_epochs

    def end_epoch(self, epoch: int) -> None:
        """Keep the present weights in place of the oldest."""
        place = (epoch - 1) % self.number
        for layer, named in self.weights.items():
            for name, variable in named.items():
                self.variables[layer][f"{name}.{place}"].assign(variable)
        self.completed_epochs = epoch

    def value(self, layer: str, name: str, iteration: int) -> np.ndarray:
        """Return the mean over the last epochs; in the first epoch, the weight as it is."""
        kept = min(self.number, self.completed_epochs)
        if not kept:
            return self.weights[layer][name].numpy()
        named = self.variables[layer]
        return sum(named[f"{name}.{place}"].numpy() for place in range(kept)) / kept


def add_to_mean(mean: tf.Variable, weight: tf.Variable, decay: float) -> None:
    """Let an exponential mean approach a weight for one step; part of a graph."""
    values = tf.convert_to_tensor(weight)
    mean.assign(values + decay * (mean - values))
