"""Layer 3, character LSTM: what a word looks like, as one vector."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from neuroner_tl.model.bilstm import cell_weights, initial_bilstm
from neuroner_tl.model.coupled_lstm import bidirectional
from neuroner_tl.model.layer import InitialWeights, Layer


class CharacterLSTM(Layer):
    """Reads a word's characters in both directions and keeps the two last states.

    Weights: those of two cells, see `neuroner_tl.model.bilstm`.
    """

    name = "character_lstm"

    @staticmethod
    def initial(
        rng: np.random.Generator, input_size: int, size: int, peepholes: str
    ) -> InitialWeights:
        """Draw the weights of both directions."""
        return initial_bilstm(rng, input_size, size, peepholes)

    def __call__(self, characters: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Encode words.

        Args:
            characters: ``[words, length, dimension]``, the characters' vectors.
            lengths: ``[words]``, at least 1 for a word that anybody looks at.

        Returns:
            ``[words, 2 * size]``: the last state of each direction.
        """
        states = bidirectional(
            [characters],
            lengths,
            cell_weights(self.weights, "forward"),
            cell_weights(self.weights, "backward"),
        )
        time = tf.shape(characters)[1]
        # A product with zeros and ones, where a gather would need a scatter in its gradient.
        last = tf.one_hot(lengths - 1, time, dtype=characters.dtype, axis=0)[:, :, None]
        return tf.concat([tf.reduce_sum(h * last, axis=0) for h in states], axis=-1)
