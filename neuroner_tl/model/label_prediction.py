"""Layer 5, label prediction: a score for each label of each token."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from neuroner_tl.model.layer import InitialWeights, Layer, glorot


class LabelPrediction(Layer):
    """A linear map from a token's vector to one score per label.

    Weights: ``kernel [n, labels]``, ``bias [labels]``.

    Example::

        weights = LabelPrediction.initial(np.random.default_rng(0), size=200, labels=5)
        layer = LabelPrediction({n: tf.Variable(w, dtype=tf.float32) for n, w in weights.items()})
        layer(tf.zeros([2, 7, 200]))  # [2, 7, 5]
    """

    name = "feedforward"

    @staticmethod
    def initial(rng: np.random.Generator, size: int, labels: int) -> InitialWeights:
        """Draw the weights."""
        return {"kernel": glorot(rng, (size, labels)), "bias": np.zeros(labels)}

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """Score ``[batch, time, n]`` vectors, giving ``[batch, time, labels]``."""
        flat = tf.reshape(x, [-1, x.shape[-1]])
        scores = flat @ self.weights["kernel"] + self.weights["bias"]
        shape = tf.shape(x)
        return tf.reshape(scores, [shape[0], shape[1], scores.shape[-1]])
