"""Layer 4, token LSTM: each token in its sentence, as one vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.model.bilstm import both_directions, initial_bilstm, project_both, read_both
from neuroner_tl.model.dropout import NO_DROPOUT, DropoutMasks
from neuroner_tl.model.layer import InitialWeights, Layer, glorot


class TokenLSTM(Layer):
    """An LSTM over a sentence in both directions, whose states are projected to one vector.

    The projection ``tanh([forward; backward] P + b)``, from ``2 n`` to ``n``, belongs to this
    layer in NeuroNER and is transferred with it.

    Weights: those of two cells (see `neuroner_tl.model.bilstm`), ``projection [2 n, n]`` and
    ``projection_bias [n]``.

    Example::

        weights = TokenLSTM.initial(np.random.default_rng(0), 250, 200, peepholes="full")
        layer = TokenLSTM({n: tf.Variable(w, dtype=tf.float32) for n, w in weights.items()})
        layer([word_vectors, token_rows], lengths)  # [batch, time, 200]
    """

    name = "token_lstm"

    @staticmethod
    def initial(
        rng: np.random.Generator, input_size: int, size: int, peepholes: str
    ) -> InitialWeights:
        """Draw the weights of both directions and of the projection."""
        weights = initial_bilstm(rng, input_size, size, peepholes)
        weights["projection"] = glorot(rng, (2 * size, size))
        weights["projection_bias"] = np.zeros(size)
        return weights

    def __call__(
        self,
        parts: Sequence[tf.Tensor],
        lengths: tf.Tensor,
        dropout_mask: Optional[tf.Tensor] = None,
        masks: DropoutMasks = NO_DROPOUT,
    ) -> tf.Tensor:
        """Read sentences.

        Args:
            parts: the tokens' vectors in parts that are concatenated, [characters; token],
                each ``[batch, time, d_k]``.
            lengths: ``[batch]``.
            dropout_mask: ``[batch, time, d]``, factors of the vectors in training: 0 or
                1 / (1 - rate).
            masks: of variational dropout, in training.

        Returns:
            ``[batch, time, n]``.
        """
        for mask in (dropout_mask, masks.inputs):
            if mask is not None:
                factors = tf.split(mask, [part.shape[-1] for part in parts], axis=-1)
                parts = [part * factor for part, factor in zip(parts, factors)]
        time = tf.range(tf.shape(parts[0])[1])[:, None]
        starts = (tf.equal(time, tf.zeros_like(lengths)), tf.equal(time, lengths - 1))
        time_major = [tf.transpose(part, [1, 0, 2]) for part in parts]
        forward, backward = both_directions(
            self.weights, time_major, tf.reduce_max(lengths), starts, masks.recurrent
        )
        if masks.outputs is not None:
            of_forward, of_backward = tf.split(masks.outputs, 2, axis=-1)
            forward, backward = forward * of_forward, backward * of_backward
        return tf.transpose(self._joined(forward, backward), [1, 0, 2])

    def project(self, parts: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        """Compute what both directions' gates get from tokens, independent of their sentence.

        Args:
            parts: the tokens' vectors in parts that are concatenated, each ``[tokens, d_k]``.

        Returns:
            For each direction ``[tokens, 3 n]``.
        """
        return project_both(self.weights, parts)

    def read(
        self, projected: tuple[tf.Tensor, tf.Tensor], steps: tf.Tensor, starts: tf.Tensor
    ) -> tf.Tensor:
        """Read sentences that are laid out as in `neuroner_tl.dataset.packed_sequences`.

        Args:
            projected: for each direction ``[time, batch, 3 n]``, from `project`.
            steps: number of steps in use, a scalar.
            starts: ``[2, time, batch]`` bool, where each direction begins.

        Returns:
            ``[time, batch, n]``.
        """
        begins = tuple(tf.unstack(starts, num=2))
        return self._joined(*read_both(self.weights, projected, steps, begins))

    def _joined(self, forward: tf.Tensor, backward: tf.Tensor) -> tf.Tensor:
        """Project both directions' states to ``[time, batch, n]``."""
        states = tf.concat([forward, backward], axis=-1)
        flat = tf.reshape(states, [-1, states.shape[-1]])
        projected = tf.tanh(flat @ self.weights["projection"] + self.weights["projection_bias"])
        shape = tf.shape(states)
        return tf.reshape(projected, [shape[0], shape[1], projected.shape[-1]])
