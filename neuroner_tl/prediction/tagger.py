"""Best labels for many sentences, by programs that are compiled for a few sizes.

A word's characters, and what the token LSTM's gates get from a word, are computed once for all the
places where it stands; only the recurrence and what follows it are computed token by token.
Words and sentences are laid out as in `neuroner_tl.dataset.packed_sequences`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.new_words import NewVectors
from neuroner_tl.dataset.packed_sequences import Block, BlockSizes, Shape, lay_out
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import EntityLSTM
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.prediction.marginals import LabelRoles, Marginals
from neuroner_tl.prediction.programs import Weights, prediction_programs
from neuroner_tl.prediction.word_cache import WordCache
from neuroner_tl.system.compiler_notice import compile_quietly_once

WORD_SIZES = BlockSizes(Shape(64, 16), Shape(64, 128), 1 << 13)
SENTENCE_STEPS = 128
SMALL_ROWS, MAX_ROWS = 8, 128
MAX_CELLS = 1 << 14
# Sentences that are laid out together, in about eight blocks of which the last is seldom full;
# their distinct words are projected once.
TOKENS_AT_ONCE = 1 << 16


class TaggedSlice(NamedTuple):
    """Some consecutive sentences of a part.

    Attributes:
        sentences: their indices.
        labels: best labels of their tokens, int16 ``[tokens]``.
        marginals: probabilities, whose tokens are numbered from the first of these sentences on.

    Example::

        for sentences, labels, marginals in tagger.tag_with_marginals(table, part, roles):
            print(sentences[0], marginals.candidates(0.1))
    """

    sentences: np.ndarray
    labels: np.ndarray
    marginals: Marginals


class TaggedBlock(NamedTuple):
    """A block of sentences with best labels ``[steps, rows]`` and scores ``[steps, rows, labels]``.

    Example::

        block, labels, scores = tagged
        labels.numpy().reshape(-1)[block.cells]  # of the tokens block.elements
    """

    block: Block
    labels: tf.Tensor
    scores: tf.Tensor


class Tagger:
    """A tagger that finds the best labels of encoded sentences with the network's current weights.

    Tagging has no side effects, so threads may share one.

    Args:
        network: the network.
        batch_size: sentences that are read side by side where there are many; at most 128.
        keep_words: keep what the gates get from words for later texts. Only for a network whose
            weights do not change, and whose new words always have the same vectors.

    Attributes:
        sizes: sizes of the blocks of sentences.

    Example::

        tagger = Tagger(network)
        labels = tagger.tag(*encode_documents(documents, vocabulary))
    """

    def __init__(self, network: EntityLSTM, batch_size: int = 64, keep_words: bool = False) -> None:
        compile_quietly_once()
        self.network = network
        rows = min(batch_size, MAX_ROWS)
        small = Shape(SENTENCE_STEPS, min(rows, SMALL_ROWS))
        self.sizes = BlockSizes(small, Shape(SENTENCE_STEPS, rows), MAX_CELLS)
        self._dtype = network.label_prediction.weights["kernel"].dtype
        self._programs = prediction_programs(network.architecture, self._dtype)
        width = 3 * network.architecture.token_hidden
        dtype = np.dtype(self._dtype.as_numpy_dtype)
        self._cache = WordCache(width, dtype) if keep_words else None

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
        weights = self._upper_weights()
        for _, blocks in self._tagged(weights, table, part, new):
            for tagged in blocks:
                best = tagged.labels.numpy().reshape(-1)
                labels[tagged.block.elements] = best[tagged.block.cells]
        return labels

    def score(
        self, table: WordTable, part: EncodedPart, new: Optional[NewVectors] = None
    ) -> np.ndarray:
        """Return the scores of all labels from layer 5, ``[tokens, labels]``; see `tag`."""
        classes = self.network.architecture.labels
        scores = np.zeros((len(part.words), classes), self._dtype.as_numpy_dtype)
        for _, blocks in self._tagged(self._upper_weights(), table, part, new):
            for block, _, found in blocks:
                scores[block.elements] = found.numpy().reshape(-1, classes)[block.cells]
        return scores

    def tag_with_marginals(
        self,
        table: WordTable,
        part: EncodedPart,
        roles: LabelRoles,
        new: Optional[NewVectors] = None,
        temperature: float = 1.0,
    ) -> Iterator[TaggedSlice]:
        """Yield the best labels of a part with the probabilities of mentions, some at a time.

        Args:
            table: the distinct words.
            part: the sentences.
            roles: what the labels mean.
            new: see `tag`.
            temperature: see `LabelSequenceOptimisation.lattice`.
        """
        weights = self._upper_weights()
        crf = weights.get(LabelSequenceOptimisation.name, {})
        tagged = self._tagged(weights, table, part, new)
        yield from self._with_marginals(tagged, part.sentence_offsets, crf, roles, temperature)

    def tag_scores(
        self,
        scores: np.ndarray,
        offsets: np.ndarray,
        crf: Mapping[str, np.ndarray],
        roles: LabelRoles,
        temperature: float = 1.0,
    ) -> Iterator[TaggedSlice]:
        """Yield what `tag_with_marginals` does, from scores and weights of layer 6 that are given.

        Args:
            scores: ``[tokens, labels]``, such as those from `score`.
            offsets: bounds of the sentences, ``[sentences + 1]``.
            crf: weights of layer 6, none where labels are independent.
            roles: what the labels mean.
            temperature: see `LabelSequenceOptimisation.lattice`.
        """
        classes = scores.shape[1]
        given = {name: tf.constant(value, self._dtype) for name, value in crf.items()}

        def label(block: Block) -> TaggedBlock:
            cells = np.zeros((block.starts[0].size, classes), self._dtype.as_numpy_dtype)
            cells[block.cells] = scores[block.elements]
            own = tf.constant(cells.reshape(*block.starts.shape[1:], classes))
            arguments = map(tf.constant, (block.starts, block.used))
            return TaggedBlock(block, self._programs.decode(given, own, *arguments), own)

        tagged = (
            (sentences, map(label, lay_out(offsets, sentences, self.sizes)))
            for sentences in sentence_slices(offsets)
        )
        yield from self._with_marginals(tagged, offsets, given, roles, temperature)

    def _with_marginals(
        self,
        tagged: Iterable[tuple[np.ndarray, Iterator[TaggedBlock]]],
        sentence_offsets: np.ndarray,
        crf: Mapping[str, tf.Tensor],
        roles: LabelRoles,
        temperature: float,
    ) -> Iterator[TaggedSlice]:
        """Add the probabilities to tagged blocks."""
        classes = self.network.architecture.labels
        transitions = np.zeros((classes, classes))
        if crf:
            transitions += crf["transitions"].numpy() / temperature
        for sentences, blocks in tagged:
            offsets = sentence_offsets[sentences[0] : sentences[-1] + 2]
            start, size = int(offsets[0]), int(offsets[-1] - offsets[0])
            labels = np.zeros(size, np.int16)
            found = np.zeros((3, size, classes), self._dtype.as_numpy_dtype)
            first, last = np.zeros((2, size), bool)
            first[offsets[:-1] - start], last[offsets[1:] - start - 1] = True, True
            for block, best, scores in blocks:
                elements = block.elements - start
                labels[elements] = best.numpy().reshape(-1)[block.cells]
                arguments = (block.starts, block.used, np.asarray(temperature, found.dtype))
                sums = self._programs.lattice(crf, scores, *map(tf.constant, arguments))
                for values, of_cells in zip(found, sums):
                    values[elements] = of_cells.numpy().reshape(-1, classes)[block.cells]
            alpha, beta, inside = found
            marginals = Marginals(alpha, beta, inside, transitions, first, last, roles)
            yield TaggedSlice(sentences, labels, marginals)

    def _upper_weights(self) -> Weights:
        """Return the current weights of layers 3 to 6."""
        return {
            layer: {name: tf.convert_to_tensor(value) for name, value in named.items()}
            for layer, named in self.network.weights.items()
            if layer not in (TokenEmbedding.name, CharacterEmbedding.name)
        }

    def _tagged(
        self,
        weights: Weights,
        table: WordTable,
        part: EncodedPart,
        new: Optional[NewVectors],
    ) -> Iterator[tuple[np.ndarray, Iterator[TaggedBlock]]]:
        """Yield the indices of some sentences at a time, and their tagged blocks."""
        if not len(part.words):
            return
        vectors = None
        if self._cache is None:
            vectors = self._encode_words(weights, table, np.unique(part.words))
        for sentences in sentence_slices(part.sentence_offsets):
            tokens = slice(*part.sentence_offsets[[sentences[0], sentences[-1] + 1]])
            words, places = np.unique(part.words[tokens], return_inverse=True)
            projected = (
                self._project(table, words, vectors, new)
                if self._cache is None
                else self._recall(self._cache, weights, table, words, new)
            )
            blocks = lay_out(part.sentence_offsets, sentences, self.sizes)
            label = functools.partial(self._label, weights, projected, places, tokens.start)
            yield sentences, map(label, blocks)

    def _recall(
        self,
        cache: WordCache,
        weights: Weights,
        table: WordTable,
        words: np.ndarray,
        new: Optional[NewVectors],
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return what `_project` does, computing it for words that are not kept only."""
        spelled = [table.words[word] for word in words.tolist()]
        values, missing = cache.recall(spelled)
        if len(missing):
            vectors = self._encode_words(weights, table, words[missing])
            for way, made in enumerate(self._project(table, words[missing], vectors, new)):
                values[way, missing] = made.numpy()
            cache.keep([spelled[index] for index in missing.tolist()], values[:, missing])
        return tf.constant(values[0]), tf.constant(values[1])

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
        start: int,
        block: Block,
    ) -> TaggedBlock:
        """Return the best labels and the scores of a block's cells; places from start on."""
        index = np.zeros(block.starts.shape[1:], np.int32)
        index.reshape(-1)[block.cells] = places[block.elements - start]
        gathered = tuple(tf.gather(values, tf.constant(index)) for values in projected)
        arguments = map(tf.constant, (block.starts, block.used))
        return TaggedBlock(block, *self._programs.label(weights, gathered, *arguments))


def sentence_slices(offsets: np.ndarray) -> Iterator[np.ndarray]:
    """Yield indices of neighbouring sentences, a limited number of tokens at a time."""
    start = 0
    while start < len(offsets) - 1:
        stop = int(np.searchsorted(offsets, offsets[start] + TOKENS_AT_ONCE, side="right")) - 1
        stop = max(stop, start + 1)
        yield np.arange(start, stop)
        start = stop
