"""The programs of prediction, which XLA compiles once for each size of a block."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Callable, NamedTuple

import tensorflow as tf

from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM, initial_weights
from neuroner_tl.model.forward_backward import Lattice
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.model.token_embedding import TokenEmbedding

Weights = Mapping[str, Mapping[str, tf.Tensor]]


class Programs(NamedTuple):
    """What is compiled; the first two are given the weights of layers 3 to 6.

    Attributes:
        encode: layer 3 over words.
        label: layers 4 to 6 over sentences whose words are projected.
        lattice: what probabilities are made of, from the weights of layer 6 and scores.
        decode: best labels, likewise.

    Example::

        programs = prediction_programs(network.architecture, tf.float32)
        assert programs is prediction_programs(network.architecture, tf.float32)
    """

    encode: Callable[..., tf.Tensor]
    label: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    lattice: Callable[..., Lattice]
    decode: Callable[..., tf.Tensor]


@functools.cache
def prediction_programs(architecture: Architecture, dtype: tf.DType) -> Programs:
    """Return the programs for an architecture, shared by all its networks of a process.

    They are traced once for all sizes, and compiled once for each.
    """
    drawn = initial_weights(architecture, 1, 1, 0)
    weights = {
        layer: {name: tf.TensorSpec(value.shape, dtype) for name, value in named.items()}
        for layer, named in drawn.items()
        if layer not in (TokenEmbedding.name, CharacterEmbedding.name)
    }
    cells, number = tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)
    starts = tf.TensorSpec([2, None, None], tf.int32)
    characters = tf.TensorSpec([None, None, architecture.character_dimension], dtype)
    projected = tf.TensorSpec([None, None, 3 * architecture.token_hidden], dtype)

    def encode(weights: Weights, *packed: tf.Tensor) -> tf.Tensor:
        return EntityLSTM(architecture, weights).encode_words(*packed)

    def label(
        weights: Weights, projected: tuple[tf.Tensor, tf.Tensor], *block: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        return EntityLSTM(architecture, weights).label(projected, *block)

    def lattice(crf: Mapping[str, tf.Tensor], *scores_and_block: tf.Tensor) -> Lattice:
        layers = {LabelSequenceOptimisation.name: crf}
        return EntityLSTM(architecture, layers).lattice(*scores_and_block)

    def decode(crf: Mapping[str, tf.Tensor], *scores_and_block: tf.Tensor) -> tf.Tensor:
        layers = {LabelSequenceOptimisation.name: crf}
        return EntityLSTM(architecture, layers).decode(*scores_and_block)

    scores = tf.TensorSpec([None, None, architecture.labels], dtype)
    crf = weights.get(LabelSequenceOptimisation.name, {})
    signatures = (
        (encode, [weights, characters, starts, number, cells, cells]),
        (label, [weights, (projected, projected), starts, number]),
        (lattice, [crf, scores, starts, number, tf.TensorSpec([], dtype)]),
        (decode, [crf, scores, starts, number]),
    )
    return Programs(
        *(
            tf.function(program, input_signature=signature, jit_compile=True, autograph=False)
            for program, signature in signatures
        )
    )
