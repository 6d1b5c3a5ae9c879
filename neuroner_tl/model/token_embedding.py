"""Layer 1, token embedding: each token of the vocabulary has a vector."""

from __future__ import annotations

from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.model.layer import InitialWeights, Layer, glorot

_ROWS = 65536


class TokenEmbedding(Layer):
    """A table that maps token ids to vectors.

    Weights: ``embedding [vocabulary, dimension]``; row 0 is the unknown token's.

    Example::

        layer = TokenEmbedding({"embedding": tf.Variable(tf.zeros([1000, 200]))})
        layer(tf.constant([[4, 7, 0]]))  # [1, 3, 200]
    """

    name = "token_embeddings"

    @staticmethod
    def initial(
        rng: np.random.Generator,
        vocabulary: int,
        dimension: int,
        vectors: Optional[np.ndarray] = None,
        found: Optional[np.ndarray] = None,
    ) -> InitialWeights:
        """Draw the table, float32, and fill in word vectors where there are any.

        Args:
            rng: source of randomness.
            vocabulary: number of rows.
            dimension: size of a vector.
            vectors: ``[vocabulary, dimension]``, word vectors.
            found: ``[vocabulary]``, true where ``vectors`` has one.
        """
        # Drawn in blocks: all rows at once would take twice the memory of the table.
        table = np.empty((vocabulary, dimension), np.float32)
        for start in range(0, vocabulary, _ROWS):
            rows = table[start : start + _ROWS]
            rows[:] = glorot(rng, rows.shape, fans=vocabulary + dimension)
        if vectors is not None and found is not None:
            np.copyto(table, vectors, where=np.asarray(found)[:, None])
        return {"embedding": table}

    def __call__(self, token_ids: tf.Tensor) -> tf.Tensor:
        """Look up ``[...]`` ids, giving ``[..., dimension]``."""
        return tf.gather(self.weights["embedding"], token_ids)
