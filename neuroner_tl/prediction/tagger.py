"""Best labels for many sentences, by programs that are compiled for a few sizes.

A word's characters, and what the token LSTM's gates get from a word, are computed once for all the
places where it stands; only the recurrence and what follows it are computed token by token.
Words and sentences are laid out as in `neuroner_tl.dataset.packed_sequences`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Callable, NamedTuple, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.new_words import NewVectors
from neuroner_tl.dataset.packed_sequences import Block, BlockSizes, Shape, lay_out
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM, initial_weights
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.system.compiler_notice import compile_quietly_once

Weights = Mapping[str, Mapping[str, tf.Tensor]]

WORD_SIZES = BlockSizes(Shape(64, 16), Shape(64, 128), 1 << 13)
SENTENCE_STEPS = 128
SMALL_ROWS, MAX_ROWS = 8, 128
MAX_CELLS = 1 << 14
# Sentences that are laid out together; their distinct words are projected once.
TOKENS_AT_ONCE = 1 << 15


class Tagger:
    """A tagger that finds the best labels of encoded sentences with the network's current weights.

    Tagging has no side effects, so threads may share one.

    Args:
        network: the network.
        batch_size: sentences that are read side by side where there are many; at most 128.

    Attributes:
        sizes: sizes of the blocks of sentences.

    Example::

        tagger = Tagger(network)
        labels = tagger.tag(*encode_documents(documents, vocabulary))
    """

    def __init__(self, network: EntityLSTM, batch_size: int = 64) -> None:
        compile_quietly_once()
        self.network = network
        rows = min(batch_size, MAX_ROWS)
        small = Shape(SENTENCE_STEPS, min(rows, SMALL_ROWS))
        self.sizes = BlockSizes(small, Shape(SENTENCE_STEPS, rows), MAX_CELLS)
        self._dtype = network.label_prediction.weights["kernel"].dtype
        self._programs = prediction_programs(network.architecture, self._dtype)

    def tag(
        self, table: WordTable, part: EncodedPart, new: Optional[NewVectors] = None
    ) -> np.ndarray:
        """Return the labels of all tokens of a part, int16 ``[tokens]``, in the part's order.

        Args:
            table: the distinct words.
            part: the sentences.
            new: token vectors of some words, in place of those that the vocabulary gives them.
        """
        labels = np.zeros(len(part.words), np.int16)
        if not len(part.words):
            return labels
        weights = {
            layer: {name: tf.convert_to_tensor(value) for name, value in named.items()}
            for layer, named in self.network.weights.items()
            if layer not in (TokenEmbedding.name, CharacterEmbedding.name)
        }
        vectors = self._encode_words(weights, table, np.unique(part.words))
        for sentences in sentence_slices(part.sentence_offsets):
            tokens = slice(*part.sentence_offsets[[sentences[0], sentences[-1] + 1]])
            words, places = np.unique(part.words[tokens], return_inverse=True)
            projected = self._project(table, words, vectors, new)
            for block in lay_out(part.sentence_offsets, sentences, self.sizes):
                best = self._label(weights, projected, places, block, tokens.start)
                labels[block.elements] = best.reshape(-1)[block.cells]
        return labels

    def _encode_words(
        self, weights: Weights, table: WordTable, words: np.ndarray
    ) -> Optional[np.ndarray]:
        """Return vectors of all words of the table, ``[words, 2 * hidden]``; zero if unused."""
        architecture = self.network.architecture
        if not architecture.use_character_lstm:
            return None
        shape = (len(table.words), 2 * architecture.character_hidden)
        vectors = np.zeros(shape, self._dtype.as_numpy_dtype)
        words = words[table.character_counts[words] > 0]
        for block in lay_out(table.char_offsets, words, WORD_SIZES):
            size = block.starts[0].size
            characters, first, last = np.zeros((3, size), np.int32)
            characters[block.cells] = table.char_ids[block.elements]
            first[: len(block.first)] = block.first
            counts = table.character_counts[block.sequences]
            last[: len(block.first)] = block.cells[np.cumsum(counts) - 1]
            encoded = self._programs.encode(
                weights,
                self.network.character_embedding(
                    tf.constant(characters.reshape(block.starts.shape[1:]))
                ),
                *map(tf.constant, (block.starts, block.used, first, last)),
            )
            vectors[block.sequences] = encoded.numpy()[: len(block.sequences)]
        return vectors

    def _project(
        self,
        table: WordTable,
        words: np.ndarray,
        vectors: Optional[np.ndarray],
        new: Optional[NewVectors],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what each direction of the token LSTM gets from words, ``[words, 3 * hidden]``."""
        rows = self.network.token_embedding(tf.constant(table.token_ids[words])).numpy()
        if new is not None:
            given = np.isin(words, new.words)
            rows[given] = new.vectors[np.searchsorted(new.words, words[given])]
        of_characters = None if vectors is None else tf.constant(vectors[words])
        return self.network.project(tf.constant(rows), of_characters)

    def _label(
        self,
        weights: Weights,
        projected: tuple[tf.Tensor, tf.Tensor],
        places: np.ndarray,
        block: Block,
        start: int,
    ) -> np.ndarray:
        """Return the best labels of a block's cells, ``[steps, rows]``; places from start on."""
        index = np.zeros(block.starts.shape[1:], np.int32)
        index.reshape(-1)[block.cells] = places[block.elements - start]
        gathered = tuple(tf.gather(values, tf.constant(index)) for values in projected)
        arguments = map(tf.constant, (block.starts, block.used))
        return self._programs.label(weights, gathered, *arguments).numpy()


def sentence_slices(offsets: np.ndarray) -> Iterator[np.ndarray]:
    """Yield indices of neighbouring sentences, a limited number of tokens at a time."""
    start = 0
    while start < len(offsets) - 1:
        stop = int(np.searchsorted(offsets, offsets[start] + TOKENS_AT_ONCE, side="right")) - 1
        stop = max(stop, start + 1)
        yield np.arange(start, stop)
        start = stop


class Programs(NamedTuple):
    """What is compiled; both are given the weights of layers 3 to 6.

    Attributes:
        encode: layer 3 over words.
        label: layers 4 to 6 over sentences whose words are projected.

    Example::

        programs = prediction_programs(network.architecture, tf.float32)
        assert programs is prediction_programs(network.architecture, tf.float32)
    """

    encode: Callable[..., tf.Tensor]
    label: Callable[..., tf.Tensor]


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
    ) -> tf.Tensor:
        return EntityLSTM(architecture, weights).label(projected, *block)

    return Programs(
        tf.function(
            encode,
            input_signature=[weights, characters, starts, number, cells, cells],
            jit_compile=True,
            autograph=False,
        ),
        tf.function(
            label,
            input_signature=[weights, (projected, projected), starts, number],
            jit_compile=True,
            autograph=False,
        ),
    )
