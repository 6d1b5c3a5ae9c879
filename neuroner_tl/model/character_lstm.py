"""Layer 3, character LSTM: a word's spelling as one vector."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from neuroner_tl.model.bilstm import both_directions, initial_bilstm
from neuroner_tl.model.dropout import NO_DROPOUT, DropoutMasks
from neuroner_tl.model.layer import InitialWeights, Layer


class CharacterLSTM(Layer):
    """An LSTM over a word's characters in both directions, of which the two last states are kept.

    Weights: those of two cells, see `neuroner_tl.model.bilstm`.

    Example::

        layer = CharacterLSTM(weights)  # variables of the shapes that `initial` draws
        packed = pack_words(characters, lengths)
        vectors = layer(embedded, packed.starts, packed.used, packed.first, packed.last)
    """

    name = "character_lstm"

    @staticmethod
    def initial(
        rng: np.random.Generator, input_size: int, size: int, peepholes: str
    ) -> InitialWeights:
        """Draw the weights of both directions."""
        return initial_bilstm(rng, input_size, size, peepholes)

    def __call__(
        self,
        characters: tf.Tensor,
        starts: tf.Tensor,
        used: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
        masks: DropoutMasks = NO_DROPOUT,
    ) -> tf.Tensor:
        """Encode words, which are packed as in `neuroner_tl.dataset.packed_words`.

        Args:
            characters: ``[steps, rows, dimension]``, the characters' vectors.
            starts: ``[2, steps, rows]``, not 0 where each direction begins.
            used: number of steps that hold characters, a scalar.
            first: ``[...]``, position of the first character of each wanted word, as
                ``step * rows + row``.
            last: ``[...]``, likewise of its last character.
            masks: of variational dropout, in training.

        Returns:
            ``[..., 2 * size]``: the last state of each direction.
        """
        if masks.characters is not None:
            characters *= masks.characters
        begins = tf.unstack(tf.not_equal(starts, 0), num=2)
        forward, backward = (
            tf.reshape(states, [-1, states.shape[-1]])
            for states in both_directions(
                self.weights, [characters], used, tuple(begins), masks.character_recurrent
            )
        )
        return tf.concat([tf.gather(forward, last), tf.gather(backward, first)], axis=-1)
