"""Best labels for many sentences: distinct words are encoded once, sentences go in buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Shapes, make_batch
from neuroner_tl.dataset.encoding import EncodedPart, WordTable
from neuroner_tl.dataset.packed_words import pack_words
from neuroner_tl.model.entity_lstm import EntityLSTM

Program = Callable[..., tf.Tensor]

WORDS_PER_BATCH = 512
WORD_LENGTHS = (8, 16, 32)
SHAPES = Shapes(times=(16, 32, 64, 128))
# A batch of long sentences has fewer of them, so that its memory stays bounded.
TOKENS_PER_BATCH = 1 << 14


class Tagger:
    """Finds the best labels of encoded sentences with a network as it is at that moment.

    Args:
        network: the network.
        batch_size: sentences a batch, fewer where they are long.
        jit_compile: use programs compiled by XLA, once for each of a few shapes; for batches of
            many sentences that is no faster.
    """

    def __init__(self, network: EntityLSTM, batch_size: int = 64, jit_compile: bool = False):
        self.network = network
        self.batch_size = batch_size
        self._shapes = SHAPES if jit_compile else EXACT
        # One trace for all shapes: which one comes first must not decide how things are computed.
        self._encode, self._label = _programs(network, jit_compile)

    def tag(self, table: WordTable, part: EncodedPart) -> np.ndarray:
        """Labels of all tokens of a part, int16 ``[tokens]``, in the part's order."""
        labels = np.zeros(len(part.words), np.int16)
        if not len(part.words):
            return labels
        vectors = self._encode_words(table, np.unique(part.words))
        for sentences, rows in self._batches(part):
            batch = make_batch(table, part, sentences, rows, self._shapes, with_characters=False)
            arguments = [
                self.network.token_embedding(tf.constant(batch.token_ids)),
                tf.constant(batch.lengths),
            ]
            if vectors is not None:
                arguments.append(tf.gather(vectors, tf.constant(batch.word_index)))
            best = self._label(*arguments).numpy()
            starts = part.sentence_offsets[sentences]
            inside = np.arange(best.shape[1]) < batch.lengths[: len(sentences), None]
            positions = (starts[:, None] + np.arange(best.shape[1]))[inside]
            labels[positions] = best[: len(sentences)][inside]
        return labels

    def _encode_words(self, table: WordTable, words: np.ndarray) -> Optional[tf.Tensor]:
        """Vectors of all words of the table, ``[words, 2 * hidden]``; zero for unused ones."""
        architecture = self.network.architecture
        if not architecture.use_character_lstm:
            return None
        dtype = self.network.label_prediction.weights["kernel"].dtype.as_numpy_dtype
        vectors = np.zeros((len(table.words), 2 * architecture.character_hidden), dtype)
        words = words[np.argsort(table.character_counts[words], kind="stable")]
        for start in range(0, len(words), WORDS_PER_BATCH):
            chunk = words[start : start + WORDS_PER_BATCH]
            characters, lengths = table.characters_of(chunk)
            # Sorted by length, words of a chunk are one group: chunks are short or long.
            packed = pack_words(characters, np.maximum(lengths, 1), *self._packed_size(lengths))
            encoded = self._encode(
                self.network.character_embedding(tf.constant(packed.characters)),
                *map(tf.constant, packed[1:]),
            )
            vectors[chunk] = encoded.numpy()
        return tf.constant(vectors)

    def _packed_size(self, lengths: np.ndarray) -> tuple[int, int]:
        """Rows and steps of a chunk of words; 0 for what it needs."""
        if self._shapes.exact:
            return 0, 0
        return WORDS_PER_BATCH, Shapes(WORD_LENGTHS).time(max(1, int(lengths.max())))

    def _batches(self, part: EncodedPart) -> Iterator[tuple[np.ndarray, int]]:
        """Indices of sentences of like length, and the rows that their batch has."""
        order = np.argsort(part.lengths, kind="stable")
        lengths = part.lengths[order]
        start = 0
        while start < len(order):
            time = self._shapes.time(int(lengths[start]))
            stop = start + self._rows(time)
            if not self._shapes.exact:
                # Only sentences of the same bucket.
                stop = min(stop, int(np.searchsorted(lengths, time, side="right")))
            chosen = order[start:stop]
            longest = int(lengths[min(stop, len(order)) - 1])
            if self._shapes.exact:
                chosen = chosen[: self._rows(longest)]
            yield chosen, len(chosen) if self._shapes.exact else self._rows(time)
            start += len(chosen)

    def _rows(self, time: int) -> int:
        return max(1, min(self.batch_size, TOKENS_PER_BATCH // time))


def _programs(network: EntityLSTM, jit_compile: bool) -> tuple[Program, Program]:
    """Layer 3 over words, and layers 4 to 6 over sentences."""
    architecture = network.architecture
    computing = EntityLSTM(architecture, network.weights, closed_form=jit_compile)
    dtype = network.label_prediction.weights["kernel"].dtype
    lengths = tf.TensorSpec([None], tf.int32)
    characters = tf.TensorSpec([None, None, architecture.character_dimension], dtype)
    starts = tf.TensorSpec([2, None, None], tf.int32)
    packed = [characters, starts, tf.TensorSpec([], tf.int32), lengths, lengths]
    tokens = tf.TensorSpec([None, None, architecture.token_dimension], dtype)
    words = tf.TensorSpec([None, None, 2 * architecture.character_hidden], dtype)

    def label(
        token_rows: tf.Tensor, lengths: tf.Tensor, word_vectors: Optional[tf.Tensor] = None
    ) -> tf.Tensor:
        return computing.decode(computing.scores(token_rows, word_vectors, lengths), lengths)

    arguments = [tokens, lengths] + [words] * architecture.use_character_lstm
    options = {"jit_compile": jit_compile or None}
    return (
        tf.function(computing.encode_words, input_signature=packed, **options),
        tf.function(label, input_signature=arguments, **options),
    )
