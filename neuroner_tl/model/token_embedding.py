"""Layer 1, token embedding: each token of the vocabulary has a vector.

The table of vectors may have a linear layer above it. Where the table is frozen, that layer is all
that is trained of it, so word vectors are adapted to the task as a whole: those of tokens that
occur in the text to be tagged but not in training move along with the others.
"""

from __future__ import annotations

from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.model.layer import InitialWeights, Layer, glorot

_ROWS = 65536


class TokenEmbedding(Layer):
    """A table that maps token ids to vectors, and at choice a linear map of these.

    Weights: ``embedding [vocabulary, dimension]``; row 0 is the unknown token's. With the linear
    layer also ``linear_kernel [dimension, size]`` and ``linear_bias [size]``.

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
        linear: int = 0,
    ) -> InitialWeights:
        """Draw the table, float32, and fill in word vectors where there are any.

        A linear layer that keeps the size of the vectors starts as the identity.

        Args:
            rng: source of randomness.
            vocabulary: number of rows.
            dimension: size of a vector.
            vectors: ``[vocabulary, dimension]``, word vectors.
            found: ``[vocabulary]``, true where ``vectors`` has one.
            linear: size of what the linear layer gives; 0 for none.
        """
        # Drawn in blocks: all rows at once would take twice the memory of the table.
        table = np.empty((vocabulary, dimension), np.float32)
        for start in range(0, vocabulary, _ROWS):
            rows = table[start : start + _ROWS]
            rows[:] = glorot(rng, rows.shape, fans=vocabulary + dimension)
        if vectors is not None and found is not None:
            np.copyto(table, vectors, where=np.asarray(found)[:, None])
        if not linear:
            return {"embedding": table}
        same = linear == dimension
        kernel = np.eye(dimension) if same else glorot(rng, (dimension, linear))
        return {"embedding": table, "linear_kernel": kernel, "linear_bias": np.zeros(linear)}

    def __call__(self, token_ids: tf.Tensor) -> tf.Tensor:
        """Look up ``[...]`` ids in the table, giving ``[..., dimension]``."""
        return tf.gather(self.weights["embedding"], token_ids)

    def map_rows(self, rows: tf.Tensor) -> tf.Tensor:
        """Apply the linear layer, if there is one, to ``[..., dimension]`` rows of the table."""
        if "linear_kernel" not in self.weights:
            return rows
        kernel = tf.convert_to_tensor(self.weights["linear_kernel"])
        flat = tf.reshape(rows, [-1, kernel.shape[0]]) @ kernel + self.weights["linear_bias"]
        return tf.reshape(flat, tf.concat([tf.shape(rows)[:-1], kernel.shape[1:]], axis=0))
