"""Variational dropout: which values are dropped, and the masks of a step.

The masks are drawn inside the program. They depend on the run's seed, on the number of the step
and on the places of sentences and tokens in the batch, neither on its padding nor on whether the
program is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from neuroner_tl.model.dropout import DropoutMasks, Pair
from neuroner_tl.model.entity_lstm import Architecture


@dataclass(frozen=True)
class VariationalDropout:
    """The rates at which values are dropped; 0 for none.

    Attributes:
        words: of whole token embeddings.
        inputs: of the token LSTM's input.
        recurrent: of the state that the token LSTM feeds back.
        outputs: of the states that it hands on.
        characters: of the character LSTM's input and of the state that it feeds back.

    Example::

        settings = StepSettings(dropout=0.0, variational=VariationalDropout(inputs=0.5))
    """

    words: float = 0.0
    inputs: float = 0.0
    recurrent: float = 0.0
    outputs: float = 0.0
    characters: float = 0.0

    @property
    def is_on(self) -> bool:
        """Whether anything is dropped."""
        return any(astuple(self))

    def kinds(self) -> VariationalDropout:
        """Return the same with 1 for every rate above 0: what a program depends on."""
        return VariationalDropout(*(float(rate > 0) for rate in astuple(self)))


KINDS = tuple(field.name for field in fields(VariationalDropout))
# Each kind of mask has random numbers of its own: its constant is combined with the seed.
_CONSTANTS = dict(zip(KINDS, (0x3C6EF372, 0x1B873593, 0x2545F491, 0x5851F42D, 0x6A09E667)))


class Draw(NamedTuple):
    """What decides the masks of a step.

    Attributes:
        limits: ``[5]`` int32, in the order of `VariationalDropout`: a value is kept where a random
            number of 32 bits is below the limit.
        factors: ``[5]``, of values that are kept.
        seed: ``[2]`` int32, of the run and of the step.
        token_ids: ``[batch, time]`` int32, equal for equal tokens.

    Example::

        draw = make_draw(VariationalDropout(inputs=0.5), 7, number, token_ids, tf.float32)
    """

    limits: tf.Tensor
    factors: tf.Tensor
    seed: tf.Tensor
    token_ids: tf.Tensor


def make_draw(
    rates: VariationalDropout, seed: int, number: tf.Tensor, token_ids: tf.Tensor, dtype: tf.DType
) -> Draw:
    """Return what decides the masks of a step.

    Args:
        rates: at which values are dropped.
        seed: of the run, 32 bits.
        number: number of the step, from 1.
        token_ids: ``[batch, time]``.
        dtype: type of the masks.
    """
    kept = [1 - rate for rate in astuple(rates)]
    limits = [min(round(share * 2**32) - 2**31, 2**31 - 1) for share in kept]
    bits = int(np.array(seed, np.uint32).view(np.int32))
    return Draw(
        tf.constant(limits, tf.int32),
        tf.constant([1 / share for share in kept], dtype),
        tf.stack([bits, number]),
        token_ids,
    )


def draw_masks(
    kinds: VariationalDropout,
    architecture: Architecture,
    batch: Mapping[str, tf.Tensor],
    draw: Draw,
) -> DropoutMasks:
    """Draw the masks of a step.

    Args:
        kinds: what is dropped: its rates count as 0 or not.
        architecture: shape of the network.
        batch: the batch, by the names of `neuroner_tl.training.steps.flat_batch.LAYOUT`.
        draw: what decides them.
    """
    sentences, time = tf.unstack(tf.shape(draw.token_ids), num=2)
    hidden = architecture.token_hidden
    words = inputs = recurrent = outputs = characters = character_recurrent = None
    if kinds.words:
        drawn = tf.reshape(_mask(draw, "words", time * sentences, 1), [time, sentences])
        same = draw.token_ids[:, :, None] == draw.token_ids[:, None, :]
        first = tf.argmax(tf.cast(same, tf.int32), axis=2, output_type=tf.int32)
        words = tf.gather(tf.transpose(drawn), first, batch_dims=1)[:, :, None]
    if kinds.inputs:
        inputs = _mask(draw, "inputs", sentences, architecture.input_size)[:, None]
    if kinds.recurrent:
        recurrent = _pair(_mask(draw, "recurrent", sentences, 2 * hidden))
    if kinds.outputs:
        outputs = _mask(draw, "outputs", sentences, 2 * hidden)
    if kinds.characters and architecture.use_character_lstm:
        size, width = architecture.character_dimension, 2 * architecture.character_hidden
        of_tokens = _mask(draw, "characters", time * sentences, size + width)
        packed = tf.gather(of_tokens, _tokens_of_characters(batch))
        characters, both = packed[..., :size], packed[..., size:]
        character_recurrent = _pair(both)
    return DropoutMasks(words, inputs, recurrent, outputs, characters, character_recurrent)


def _mask(draw: Draw, kind: str, rows: tf.Tensor, width: int) -> tf.Tensor:
    """Draw factors ``[rows, width]``; with more rows, the first ones stay the same."""
    place = KINDS.index(kind)
    seed = tf.stack([tf.bitwise.bitwise_xor(draw.seed[0], _CONSTANTS[kind]), draw.seed[1]])
    # Bits, and of a named generator: XLA would choose another one than TensorFlow, and makes
    # other fractions of the same bits.
    bits = tf.random.stateless_uniform(
        tf.stack([rows, width]), seed, None, None, dtype=tf.int32, alg="philox"
    )
    factor = draw.factors[place]
    mask = tf.where(bits < draw.limits[place], factor, tf.zeros_like(factor))
    return tf.ensure_shape(mask, [None, width])


def _tokens_of_characters(batch: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """Return for each packed character the first token that is its word, ``[steps, rows]``.

    Tokens are counted from one sentence to the next, then on to the next place in the sentence, so
    that padding comes last and counts for nothing.
    """
    first, starts = batch["first"], batch["starts"][0]
    steps, rows = tf.unstack(tf.shape(starts), num=2)
    # The word's number within its row makes a place of its own for each word.
    ordinals = tf.cumsum(tf.cast(tf.not_equal(starts, 0), tf.int32), axis=0)
    places = tf.maximum(ordinals - 1, 0) * rows + tf.range(rows)[None]
    words = tf.gather(tf.reshape(places, [-1]), tf.reshape(tf.transpose(first), [-1]))
    tokens = tf.size(first)
    earliest = tf.math.unsorted_segment_min(tf.range(tokens), words, steps * rows)
    # Places without a word, of which there are many, hold the largest integer.
    return tf.gather(tf.minimum(earliest, tokens - 1), places)


def _pair(both: tf.Tensor) -> Pair:
    """Split the masks of both directions."""
    forward, backward = tf.split(both, 2, axis=-1)
    return forward, backward
