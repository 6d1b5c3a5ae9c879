"""Layer 2, character embedding: each character of the alphabet has a vector."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from neuroner_tl.model.layer import InitialWeights, Layer, glorot


class CharacterEmbedding(Layer):
    """A table that maps character ids to vectors.

    Weights: ``embedding [alphabet, dimension]``; row 0 is padding, row 1 the unknown character.

    Example::

        layer = CharacterEmbedding({"embedding": tf.Variable(tf.zeros([90, 25]))})
        layer(tf.constant([[2, 3, 4]]))  # [1, 3, 25]
    """

    name = "character_embeddings"

    @staticmethod
    def initial(rng: np.random.Generator, alphabet: int, dimension: int) -> InitialWeights:
        """Draw the table."""
        return {"embedding": glorot(rng, (alphabet, dimension))}

    def __call__(self, character_ids: tf.Tensor) -> tf.Tensor:
        """Look up ``[words, length]`` ids, giving ``[words, length, dimension]``."""
        return tf.gather(self.weights["embedding"], character_ids)
