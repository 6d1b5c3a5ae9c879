"""A whole model as one graph: sentences as strings of tokens in, tags and mentions out.

The layers are those of `neuroner_tl.model`. Distinct words, and then sentences, are computed in
groups of similar length, a sequence per column, so that arrays stay small beside a long one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors
from neuroner_tl.model.entity_lstm import create_network
from neuroner_tl.model.forward_backward import Lattice
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.serving.graph_mentions import Mentions, MentionSums, read_mentions
from neuroner_tl.serving.graph_words import WordLookup
from neuroner_tl.training.checkpoint import SavedModel

# The most sequences of a group, and the most cells: steps times sequences.
WORDS_AT_ONCE, MAX_CHARACTERS = 512, 1 << 14
SENTENCES_AT_ONCE, MAX_TOKENS = 64, 1 << 13


class Tagged(NamedTuple):
    """What the graph finds in consecutive sentences.

    Attributes:
        labels: indices of the best labels, int32 ``[tokens]``.
        types: indices of the mentions' types, int32 ``[mentions]``.
        spans: their first tokens, and those past their last, counted from the start of their
            sentence, int32 ``[mentions, 2]``.
        probabilities: their probabilities, float32 ``[mentions]``.
        counts: number of mentions of each sentence, int64 ``[sentences]``.

    Example::

        tagged = graph.find(tf.constant(["Gout", "is", "painful"]), tf.constant([0, 3]))
        tagged.spans, tagged.probabilities
    """

    labels: tf.Tensor
    types: tf.Tensor
    spans: tf.Tensor
    probabilities: tf.Tensor
    counts: tf.Tensor


class ModelGraph(tf.Module):
    """A model with its vocabulary, for `tf.saved_model.save`.

    Args:
        model: the model.
        temperature: divisor of all scores where probabilities are computed.
        more: vectors of words that the vocabulary lacks.

    Example::

        graph = ModelGraph(model, temperature=1.0)
        tokens = tf.constant([["Gout", "is", "painful"], ["No", "gout", ""]])
        graph.tag(tokens, tf.constant([3, 2]))["tags"]
    """

    def __init__(
        self, model: SavedModel, temperature: float, more: Optional[WordVectors] = None
    ) -> None:
        super().__init__()
        weights = {layer: dict(named) for layer, named in model.weights.items()}
        if more is not None:
            table = weights[TokenEmbedding.name]
            table["embedding"] = np.concatenate([table["embedding"], more.matrix])
        self._network = create_network(model.architecture, weights)
        self._variables = self._network.weights  # The network is not a module: what is saved.
        self._words = WordLookup(model.vocabulary, [] if more is None else list(more.index))
        self._roles = LabelRoles.of(model.vocabulary.labels)
        self._labels = list(model.vocabulary.labels)
        self._temperature = temperature

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.string, "tokens"),
            tf.TensorSpec([None], tf.int32, "lengths"),
        ],
        autograph=False,
    )
    def tag(self, tokens: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tag padded sentences.

        Args:
            tokens: ``[sentences, time]``, UTF-8; anything past a sentence's end.
            lengths: ``[sentences]``, 0 to ``time``.

        Returns:
            ``tags`` ``[sentences, time]``, and a row of mentions for each sentence: ``spans``
            ``[sentences, mentions, 2]``, ``types`` and ``confidences`` ``[sentences, mentions]``.
            Padding is the empty string, -1 in the spans, 0 in the confidences.
        """
        time = tf.shape(tokens)[1]
        tf.debugging.assert_equal(
            tf.size(lengths), tf.shape(tokens)[0], "as many lengths as rows of tokens are expected"
        )
        tf.debugging.assert_non_negative(lengths, "lengths from 0 on are expected")
        tf.debugging.assert_less_equal(lengths, time, "a length is above the number of columns")
        sentences = tf.RaggedTensor.from_tensor(tokens, lengths)
        found = self.find(sentences.flat_values, sentences.row_splits)
        tags = sentences.with_flat_values(tf.gather(self._labels, found.labels)).to_tensor("")

        def rows(values: tf.Tensor, padding: object) -> tf.Tensor:
            return tf.RaggedTensor.from_row_lengths(values, found.counts).to_tensor(padding)

        return {
            "tags": tf.pad(tags, [[0, 0], [0, time - tf.shape(tags)[1]]], constant_values=""),
            "spans": rows(found.spans, -1),
            "types": rows(tf.gather(self._roles.types, found.types), ""),
            "confidences": rows(found.probabilities, 0.0),
        }

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "tokens"),
            tf.TensorSpec([None], tf.int64, "row_splits"),
        ],
        autograph=False,
    )
    def tag_ragged(self, tokens: tf.Tensor, row_splits: tf.Tensor) -> dict[str, tf.Tensor]:
        """Tag sentences one after the other.

        Args:
            tokens: ``[tokens]``, UTF-8.
            row_splits: ``[sentences + 1]``, from 0 to the number of tokens: sentence ``s`` has the
                tokens ``row_splits[s]`` up to ``row_splits[s + 1]``.

        Returns:
            ``tags`` ``[tokens]``, ``spans`` ``[mentions, 2]``, ``types`` and ``confidences``
            ``[mentions]``, and ``mention_splits`` ``[sentences + 1]``.
        """
        sentences = tf.RaggedTensor.from_row_splits(tokens, row_splits)
        found = self.find(sentences.flat_values, sentences.row_splits)
        return {
            "tags": tf.gather(self._labels, found.labels),
            "spans": found.spans,
            "types": tf.gather(self._roles.types, found.types),
            "confidences": found.probabilities,
            "mention_splits": tf.concat([[0], tf.cumsum(found.counts)], axis=0),
        }

    def find(self, tokens: tf.Tensor, row_splits: tf.Tensor) -> Tagged:
        """Tag sentences one after the other; arguments as in `tag_ragged`."""
        # With a sentence more, there always is one; it is dropped at the end.
        tokens = tf.concat([tokens, [""]], axis=0)
        splits = tf.cast(row_splits, tf.int32)
        splits = tf.concat([splits, splits[-1:] + 1], axis=0)
        words, places = tf.unique(tokens)
        rows = self._network.token_embedding(self._words.rows(words))
        projected = self._network.project(rows, self._encode(words))
        labels, sums = self._label(projected, places, splits)
        used = tf.boolean_mask(tf.stack([splits[:-1], splits[1:] - 1], 1), splits[1:] > splits[:-1])
        first, last = (_at(used[:, way], tf.size(tokens)) for way in range(2))
        mentions = read_mentions(labels, first, last, self._roles)
        wanted = mentions.first < splits[-2]
        mentions = Mentions(*(tf.boolean_mask(values, wanted) for values in mentions))
        sentences = tf.searchsorted(splits, mentions.first, side="right") - 1
        begin = tf.gather(splits, sentences)
        number = tf.ones_like(sentences, tf.int64)
        found = MentionSums(sums, self._transitions(), first, last, self._roles)
        return Tagged(
            labels[:-1],
            mentions.types,
            tf.stack([mentions.first - begin, mentions.after - begin], axis=1),
            tf.cast(found.probabilities(mentions), tf.float32),
            tf.math.unsorted_segment_sum(number, sentences, tf.size(splits) - 2),
        )

    def _encode(self, words: tf.Tensor) -> Optional[tf.Tensor]:
        """Apply layers 2 and 3 to words ``[words]``."""
        architecture = self._network.architecture
        if not architecture.use_character_lstm:
            return None
        characters = self._words.characters(words)
        starts = tf.cast(characters.row_starts(), tf.int32)
        # A word without characters is computed as one of any character, and then has none.
        flat = tf.concat([characters.flat_values, [0]], axis=0)
        lengths = tf.cast(characters.row_lengths(), tf.int32)
        steps = tf.maximum(lengths, 1)

        def encode(members: tf.Tensor, longest: tf.Tensor) -> tuple[tf.Tensor, ...]:
            mine, columns = tf.gather(steps, members), tf.range(tf.size(members))
            time = tf.range(longest)[:, None]
            cells = tf.gather(starts, members) + tf.minimum(time, mine - 1)
            begins = tf.stack([tf.equal(time, tf.zeros_like(mine)), tf.equal(time, mine - 1)])
            vectors = self._network.encode_words(
                self._network.character_embedding(tf.gather(flat, cells)),
                tf.cast(begins, tf.int32),
                longest,
                columns,
                (mine - 1) * tf.size(members) + columns,
            )
            exists = tf.gather(lengths, members)[:, None] > 0
            return (tf.where(exists, vectors, tf.zeros_like(vectors)),)

        width = 2 * architecture.character_hidden
        order, (vectors,) = in_groups(
            steps, WORDS_AT_ONCE, MAX_CHARACTERS, encode, [(tf.float32, [None, width])]
        )
        return tf.gather(vectors, tf.math.invert_permutation(order))

    def _label(
        self, projected: tuple[tf.Tensor, tf.Tensor], places: tf.Tensor, splits: tf.Tensor
    ) -> tuple[tf.Tensor, Lattice]:
        """Apply layers 4 to 6 to sentences; return the best labels and the sums of each token."""
        starts, lengths = splits[:-1], splits[1:] - splits[:-1]
        temperature = tf.constant(self._temperature, tf.float32)

        def label(members: tf.Tensor, longest: tf.Tensor) -> tuple[tf.Tensor, ...]:
            mine, time = tf.gather(lengths, members), tf.range(longest)[:, None]
            cells = tf.gather(starts, members) + tf.minimum(time, mine - 1)
            index = tf.gather(places, cells)
            gathered = tuple(tf.gather(values, index) for values in projected)
            opens = tf.equal(time, tf.zeros_like(mine)) | tf.equal(time, mine)
            begins = tf.cast(tf.stack([opens, tf.equal(time, mine - 1)]), tf.int32)
            best, scores = self._network.label(gathered, begins, longest)
            inside = tf.transpose(time < mine)
            sums = self._network.lattice(scores, begins, longest, temperature)
            return (
                tf.boolean_mask(tf.transpose(best), inside),
                *(tf.boolean_mask(tf.transpose(v, [1, 0, 2]), inside) for v in sums),
            )

        used = tf.where(lengths > 0)[:, 0]
        starts, lengths = tf.gather(starts, used), tf.gather(lengths, used)
        classes = self._network.architecture.labels
        order, (labels, *sums) = in_groups(
            lengths,
            SENTENCES_AT_ONCE,
            MAX_TOKENS,
            label,
            [(tf.int32, [None]), *[(tf.float32, [None, classes])] * 3],
        )
        begin = tf.gather(starts, order)
        tokens = tf.ragged.range(begin, begin + tf.gather(lengths, order)).flat_values
        back = tf.math.invert_permutation(tokens)
        exact = (tf.cast(tf.gather(values, back), tf.float64) for values in sums)
        return tf.gather(labels, back), Lattice(*exact)

    def _transitions(self) -> tf.Tensor:
        """Return the transitions, divided by the temperature, float64 ``[labels, labels]``."""
        classes = self._network.architecture.labels
        crf = self._network.weights.get(LabelSequenceOptimisation.name)
        if crf is None:
            return tf.zeros([classes, classes], tf.float64)
        return tf.cast(crf["transitions"], tf.float64) / self._temperature


def in_groups(
    lengths: tf.Tensor,
    at_once: int,
    max_cells: int,
    compute: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, ...]],
    results: Sequence[tuple[tf.DType, list[Optional[int]]]],
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Compute sequences in groups of similar length.

    Args:
        lengths: of the sequences, at least one of them, each at least 1.
        at_once: the most sequences of a group.
        max_cells: the most sequences times steps, unless one alone has more.
        compute: gets the indices of a group's sequences, from the longest to the shortest, and
            the longest length.
        results: types and shapes of what it returns.

    Returns:
        The indices of all sequences in the order in which they were computed, and the results in
        this order.
    """
    order = tf.argsort(lengths, direction="DESCENDING", stable=True)
    arrays = [
        tf.TensorArray(dtype, 1, dynamic_size=True, infer_shape=False, element_shape=shape)
        for dtype, shape in results
    ]

    def group(start: tf.Tensor, number: tf.Tensor, *arrays: tf.TensorArray) -> tuple[Any, ...]:
        longest = tf.gather(lengths, order[start])
        stop = start + tf.clip_by_value(max_cells // longest, 1, at_once)
        found = compute(order[start:stop], longest)
        written = (array.write(number, values) for array, values in zip(arrays, found))
        return (stop, number + 1, *written)

    _, _, *arrays = tf.while_loop(
        lambda start, *_: start < tf.size(order), group, (tf.constant(0), tf.constant(0), *arrays)
    )
    return order, [array.concat() for array in arrays]


def _at(places: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Return true at the given places, bool ``[size]``."""
    return tf.scatter_nd(places[:, None], tf.ones_like(places), size[None]) > 0
