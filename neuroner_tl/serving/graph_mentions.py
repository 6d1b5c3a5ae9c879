"""Mentions and their exact probabilities in a graph, from labels and the sums of the CRF.

The counterpart of `tags_to_spans` and of `Marginals.of_mentions` with TensorFlow's operations,
for programs that have neither Python nor this package.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from neuroner_tl.model.forward_backward import Lattice
from neuroner_tl.prediction.marginals import LabelRoles


class Mentions(NamedTuple):
    """The mentions of consecutive sentences, in the order of their tokens.

    Attributes:
        types: indices of their types, int32 ``[mentions]``.
        first: their first tokens, int32 ``[mentions]``.
        after: the tokens past their last, int32 ``[mentions]``.

    Example::

        mentions = read_mentions(labels, first, last, roles, names)
        tf.gather(roles.types, mentions.types)
    """

    types: tf.Tensor
    first: tf.Tensor
    after: tf.Tensor


def read_mentions(
    labels: tf.Tensor, first: tf.Tensor, last: tf.Tensor, roles: LabelRoles
) -> Mentions:
    """Read the mentions of taggings, well formed or not, as `tags_to_spans` does.

    Args:
        labels: int32 ``[tokens]``.
        first: true at first tokens of sentences, ``[tokens]``.
        last: true at last tokens, ``[tokens]``.
        roles: what the labels mean.
    """
    types = tf.gather(tf.constant(roles.type_of, tf.int32), labels)
    before = tf.where(first, -1, tf.roll(types, 1, axis=0))
    starts = ~tf.gather(tf.constant(roles.continues), labels)
    begins = (types >= 0) & (starts | (types != before))
    following = tf.where(last, -1, tf.roll(types, -1, axis=0))
    ends = (types >= 0) & ((following != types) | tf.roll(begins, -1, axis=0))
    at = tf.cast(tf.where(begins)[:, 0], tf.int32)
    after = tf.cast(tf.where(ends)[:, 0], tf.int32) + 1
    return Mentions(tf.gather(types, at), at, after)


class MentionSums:
    """What `neuroner_tl.prediction.marginals.Marginals` computes with NumPy, as a graph.

    Args:
        lattice: ``[tokens, labels]`` each; the sums are computed in their precision.
        transitions: ``[labels, labels]``, divided by the temperature as the scores are.
        first: true at first tokens of sentences, ``[tokens]``.
        last: true at last tokens, ``[tokens]``.
        roles: what the labels mean.

    Example::

        sums = MentionSums(lattice, transitions, first, last, roles)
        sums.probabilities(mentions)
    """

    def __init__(
        self,
        lattice: Lattice,
        transitions: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
        roles: LabelRoles,
    ) -> None:
        self._lattice, self._transitions = lattice, transitions
        self._first, self._last = first, last
        self._type_of = tf.constant(roles.type_of, tf.int32)
        self._continues = tf.constant(roles.continues)
        self._labels = tf.constant(roles.labels, tf.int32)
        self._none = tf.constant(-np.inf, transitions.dtype)

    def probabilities(self, mentions: Mentions) -> tf.Tensor:
        """Return the probability of each mention with its type, ``[mentions]``."""
        types, first, after = mentions
        number, tokens = tf.reduce_max(after - first), tf.shape(self._first)[0]

        def longer(length: tf.Tensor, values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            extended = self._extend(values, tf.minimum(first + length, tokens - 1), types)
            return length + 1, tf.where((after - first > length)[:, None], extended, values)

        _, values = tf.while_loop(
            lambda length, _: length < number, longer, (tf.constant(1), self._begin(first, types))
        )
        sums = tf.reduce_sum(tf.exp(values + self._end(after - 1, types)), axis=1)
        return tf.minimum(sums, tf.ones_like(sums))

    def _begin(self, at: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        labels = tf.gather(self._labels, types)
        previous = tf.gather(self._lattice.alpha, tf.maximum(at - 1, 0))
        before = tf.where(self._type_of == types[:, None], self._none, previous)
        arrivals = tf.transpose(tf.gather(self._transitions, labels, axis=1), [1, 0, 2])
        afresh = tf.gather(tf.gather(self._lattice.inside, at), labels, batch_dims=1)
        afresh += tf.reduce_logsumexp(before[:, :, None] + arrivals, axis=1)
        inner = ~tf.gather(self._first, at)[:, None]
        values = tf.gather(tf.gather(self._lattice.alpha, at), labels, batch_dims=1)
        return tf.where(tf.gather(self._continues, labels) & inner, afresh, values)

    def _extend(self, values: tf.Tensor, at: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        labels = tf.gather(self._labels, types)
        pairs = tf.gather(tf.gather(self._transitions, labels), labels, axis=2, batch_dims=1)
        longer = tf.gather(tf.gather(self._lattice.inside, at), labels, batch_dims=1)
        longer += tf.reduce_logsumexp(values[:, :, None] + pairs, axis=1)
        return tf.where(tf.gather(self._continues, labels), longer, self._none)

    def _end(self, at: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        labels = tf.gather(self._labels, types)
        after = tf.minimum(at + 1, tf.shape(self._first)[0] - 1)
        following = tf.gather(self._lattice.inside + self._lattice.beta, after)
        continued = (self._type_of == types[:, None]) & self._continues
        following = tf.where(continued, self._none, following)
        departures = tf.gather(self._transitions, labels) + following[:, None, :]
        values = tf.reduce_logsumexp(departures, axis=2)
        return tf.where(tf.gather(self._last, at)[:, None], tf.zeros_like(values), values)
