"""The masks of variational dropout (Gal and Ghahramani, 2016): one for all steps of a sequence."""

from __future__ import annotations

from typing import NamedTuple, Optional

import tensorflow as tf

Pair = tuple[tf.Tensor, tf.Tensor]


class DropoutMasks(NamedTuple):
    """Factors of values in training, each 0 or 1 / (1 - rate); None where nothing is dropped.

    Attributes:
        words: ``[batch, time, 1]``, of token embeddings; equal words of a sentence share theirs.
        inputs: ``[batch, 1, d]``, of what the token LSTM reads, [characters; token].
        recurrent: ``[batch, n]`` for each direction, of the state that it feeds back.
        outputs: ``[batch, 2 * n]``, of the states of both directions that it hands on.
        characters: ``[steps, rows, d]``, of what the character LSTM reads, in packed layout; all
            characters of a word share theirs.
        character_recurrent: ``[steps, rows, n]`` for each direction, of its state.

    Example::

        scores = network.scores(token_rows, word_vectors, lengths, masks=DropoutMasks())
    """

    words: Optional[tf.Tensor] = None
    inputs: Optional[tf.Tensor] = None
    recurrent: Optional[Pair] = None
    outputs: Optional[tf.Tensor] = None
    characters: Optional[tf.Tensor] = None
    character_recurrent: Optional[Pair] = None


NO_DROPOUT = DropoutMasks()
