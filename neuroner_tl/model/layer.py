"""The base of the six layers: named weights, and how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import tensorflow as tf

Weights = Mapping[str, tf.Variable]
InitialWeights = dict[str, np.ndarray]


class Layer:
    """One layer of the network.

    A layer holds its weights by name and nothing else. It is constructed over whatever weights
    a program is given, which is how one traced program serves any number of models.

    Args:
        weights: the layer's variables by name.

    Example::

        class Scale(Layer):
            name = "scale"

            def __call__(self, x):
                return x * self.weights["factor"]
    """

    name: ClassVar[str]

    def __init__(self, weights: Weights) -> None:
        self.weights = dict(weights)


def glorot(rng: np.random.Generator, shape: tuple[int, ...], fans: int = 0) -> np.ndarray:
    """Draw a weight uniformly, as in Glorot and Bengio (2010).

    Args:
        rng: source of randomness.
        shape: shape of the weight.
        fans: sum of fan-in and fan-out if they differ from the shape's two last sizes, as they
            do for a matrix that is a part of a larger one; a vector counts its size twice.
    """
    total = fans or (2 * shape[0] if len(shape) == 1 else shape[-2] + shape[-1])
    limit = np.sqrt(6.0 / total)
    return rng.uniform(-limit, limit, shape)
