"""The linear-chain conditional random field in closed form (Lafferty et al., 2001).

A sequence of labels ``y`` of length ``n`` has the score
``sum_t scores[t, y_t] + sum_t transitions[y_t, y_{t+1}]``; its probability is the exponential of
that over the sum of all sequences' exponentials, the partition function. The gradient of the
partition function's logarithm is the expected number of times that a label or a transition is
used, so it is computed by the forward and backward recursions instead of by
backpropagation through the forward one.

Everything is ``[time, batch, labels]`` inside and ``[batch, time, labels]`` outside. Past
a sequence's end, ``scores`` may hold anything finite.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

import tensorflow as tf

# Finite, as sums of two must be; its exponential is 0 even in float64.
RULED_OUT = -1e30


class Marginals(NamedTuple):
    """Probabilities of labels and of pairs of adjacent labels.

    Attributes:
        labels: ``[batch, time, labels]``, zero past a sequence's end.
        pairs: ``[batch, time - 1, labels, labels]``, zero past a sequence's end.

    Example::

        found = marginals(scores, lengths, transitions)
        tf.reduce_sum(found.labels, axis=-1)  # 1 at every token
    """

    labels: tf.Tensor
    pairs: tf.Tensor


def _normalised(values: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Normalise log-probabilities; return them and the normaliser, ``[batch]``."""
    norm = tf.reduce_logsumexp(values, axis=-1, keepdims=True)
    return values - norm, norm[:, 0]


def _forward(
    scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run the forward recursion: distributions of labels over prefixes, and the partition function.

    Each step is normalised, so that long sentences do not lose precision.

    Returns:
        Logarithms ``[time, batch, labels]``, meaningless past a sequence's end, and the
        logarithm of the partition function, ``[batch]``.
    """
    time = tf.shape(scores)[0]

    def body(t: tf.Tensor, alpha: tf.Tensor, log_z: tf.Tensor, array: tf.TensorArray) -> tuple:
        longer = tf.gather(scores, t) + tf.reduce_logsumexp(alpha[:, :, None] + transitions, axis=1)
        alpha, norm = _normalised(longer)
        log_z += tf.where(t < lengths, norm, tf.zeros_like(norm))
        return t + 1, alpha, log_z, array.write(t, alpha)

    alpha, log_z = _normalised(scores[0])
    array = tf.TensorArray(scores.dtype, size=time, element_shape=scores.shape[1:])
    array = array.write(0, alpha)
    _, _, log_z, array = tf.while_loop(
        lambda t, *_: t < time, body, (tf.constant(1), alpha, log_z, array)
    )
    return array.stack(), log_z


def _backward(scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor) -> tf.Tensor:
    """Return the log-sum over all suffixes that follow each label, up to a constant per position.

    It is 0 at a sequence's last position and past it.
    """
    time = tf.shape(scores)[0]

    def body(t: tf.Tensor, beta: tf.Tensor, array: tf.TensorArray) -> tuple:
        following = (tf.gather(scores, t + 1) + beta)[:, None, :]
        earlier, _ = _normalised(tf.reduce_logsumexp(transitions + following, axis=2))
        beta = tf.where((t + 1 < lengths)[:, None], earlier, tf.zeros_like(beta))
        return t - 1, beta, array.write(t, beta)

    zeros = tf.zeros_like(scores[0])
    array = tf.TensorArray(scores.dtype, size=time, element_shape=scores.shape[1:])
    array = array.write(time - 1, zeros)
    _, _, array = tf.while_loop(lambda t, *_: t >= 0, body, (time - 2, zeros, array))
    return array.stack()


def _marginals(
    scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor, alpha: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute time-major marginals of labels and pairs from the forward recursion."""
    beta = _backward(scores, lengths, transitions)
    positions = tf.range(tf.shape(scores)[0])[:, None]
    inside = tf.cast((positions < lengths)[:, :, None], scores.dtype)
    labels = tf.nn.softmax(alpha + beta) * inside
    following = (scores + beta)[1:, :, None, :]
    exponents = alpha[:-1, :, :, None] + transitions + following
    highest = tf.reduce_max(exponents, axis=[2, 3], keepdims=True)
    pairs = tf.exp(exponents - highest)
    pairs /= tf.reduce_sum(pairs, axis=[2, 3], keepdims=True)
    return labels, pairs * inside[1:, :, :, None]


@tf.custom_gradient
def log_partition(
    scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple]]:
    """Compute the logarithm of the partition function.

    Args:
        scores: ``[batch, time, labels]``.
        lengths: ``[batch]``, at least 1.
        transitions: ``[labels, labels]``, from the row's label to the column's.

    Returns:
        ``[batch]``.
    """
    time_major = tf.transpose(scores, [1, 0, 2])
    alpha, log_z = _forward(time_major, lengths, transitions)

    def gradient(upstream: tf.Tensor) -> tuple:
        labels, pairs = _marginals(time_major, lengths, transitions, alpha)
        d_scores = tf.transpose(labels, [1, 0, 2]) * upstream[:, None, None]
        d_transitions = tf.reduce_sum(pairs * upstream[None, :, None, None], axis=[0, 1])
        return d_scores, None, d_transitions

    return log_z, gradient


def sequence_score(
    scores: tf.Tensor,
    labels: tf.Tensor,
    lengths: tf.Tensor,
    transitions: tf.Tensor,
    smoothing: float = 0.0,
) -> tf.Tensor:
    """Score given sequences of labels.

    Args:
        scores: ``[batch, time, labels]``.
        labels: ``[batch, time]``, any label past the end.
        lengths: ``[batch]``.
        transitions: ``[labels, labels]``.
        smoothing: return the mean score of the sequences in which each label is replaced, with
            this probability, by one that is drawn from all labels.

    Returns:
        ``[batch]``.
    """
    batch, time, classes = tf.shape(scores)[0], tf.shape(scores)[1], scores.shape[2]
    inside = tf.sequence_mask(lengths, time, dtype=scores.dtype)
    chosen = tf.one_hot(labels, classes, dtype=scores.dtype)
    if smoothing:
        chosen = (1 - smoothing) * chosen + smoothing / classes
    chosen *= inside[:, :, None]
    unary = tf.reduce_sum(chosen * scores, axis=[1, 2])
    # chosen[t] A chosen[t+1]: products with zeros and ones need no gather and no scatter.
    flat = tf.reshape(chosen[:, :-1], [-1, classes]) @ transitions
    before = tf.reshape(flat, [batch, time - 1, classes])
    return unary + tf.reduce_sum(before * chosen[:, 1:], axis=[1, 2])


def agreeing_scores(scores: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Return scores that rule out the sequences of labels that do not agree with what is known.

    Args:
        scores: ``[batch, time, labels]``.
        labels: ``[batch, time]``, -1 at tokens that may have any label.

    Returns:
        The scores, with `RULED_OUT` for every other label of a token whose label is known.
    """
    known = tf.one_hot(labels, scores.shape[2], on_value=True, off_value=False)
    allowed = known | (labels < 0)[:, :, None]
    return tf.where(allowed, scores, tf.constant(RULED_OUT, scores.dtype))


def partial_loss(
    scores: tf.Tensor,
    labels: tf.Tensor,
    lengths: tf.Tensor,
    transitions: tf.Tensor,
    smoothing: float = 0.0,
) -> tf.Tensor:
    """Compute the negative log-probability of all sequences that agree with what is known.

    That is the logarithm of the partition function over all sequences minus that over those that
    have the known labels, so its gradient is the marginals minus those under what is known
    (Tsuboi et al., 2008). With every label known it is the loss of one sequence, with none
    it is 0.

    Args:
        scores: ``[batch, time, labels]``.
        labels: ``[batch, time]``, -1 at tokens that may have any label.
        lengths: ``[batch]``, at least 1.
        transitions: ``[labels, labels]``.
        smoothing: of sentences that have every label; see `sequence_score`.

    Returns:
        ``[batch]``.
    """
    # One recursion over both: twice as wide costs less than twice as many steps.
    both = tf.concat([scores, agreeing_scores(scores, labels)], axis=0)
    log_z = log_partition(both, tf.concat([lengths, lengths], axis=0), transitions)
    every, agreeing = tf.split(log_z, 2)
    if smoothing:
        agreeing = smoothed_where_known(scores, labels, lengths, transitions, smoothing, agreeing)
    return every - agreeing


def smoothed_where_known(
    scores: tf.Tensor,
    labels: tf.Tensor,
    lengths: tf.Tensor,
    transitions: tf.Tensor,
    smoothing: float,
    agreeing: tf.Tensor,
) -> tf.Tensor:
    """Return the mean score of smoothed labels, or ``agreeing`` of sentences that lack a label."""
    inside = tf.sequence_mask(lengths, tf.shape(scores)[1])
    known = tf.reduce_all((labels >= 0) | ~inside, axis=1)
    mean = sequence_score(scores, labels, lengths, transitions, smoothing)
    return tf.where(known, mean, agreeing)


def marginals(scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor) -> Marginals:
    """Compute exact marginal probabilities; arguments as in `log_partition`."""
    time_major = tf.transpose(scores, [1, 0, 2])
    alpha, _ = _forward(time_major, lengths, transitions)
    labels, pairs = _marginals(time_major, lengths, transitions, alpha)
    return Marginals(tf.transpose(labels, [1, 0, 2]), tf.transpose(pairs, [1, 0, 2, 3]))


def viterbi(
    scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor, transitions: tf.Tensor
) -> tf.Tensor:
    """Find the sequences of labels with the highest scores.

    A sequence may follow another in the same column: what precedes a start has no influence
    past it, not even by rounding.

    Args:
        scores: ``[time, batch, labels]``.
        starts: ``[time, batch]`` bool, true at first elements, and where padding begins.
        steps: number of steps in use, a scalar.
        transitions: ``[labels, labels]``.

    Returns:
        ``[time, batch]`` int32; any label in the padding. Of equal scores, the lower label wins.
    """
    time, classes = tf.shape(scores)[0], scores.shape[2]

    def forward(t: tf.Tensor, best: tf.Tensor, array: tf.TensorArray) -> tuple:
        start, here = tf.gather(starts, t)[:, None], tf.gather(scores, t)
        # At a start, the pointers lead to the best last label of the previous sequence.
        added = tf.where(start[:, :, None], tf.zeros_like(transitions), transitions)
        candidates = best[:, :, None] + added
        pointers = tf.argmax(candidates, axis=1, output_type=tf.int32)
        best = tf.where(start, here, here + tf.reduce_max(candidates, axis=1))
        return t + 1, best, array.write(t, pointers)

    array = tf.TensorArray(tf.int32, size=time, element_shape=scores.shape[1:])
    _, best, array = tf.while_loop(
        lambda t, *_: t < steps, forward, (tf.constant(0), tf.zeros_like(scores[0]), array)
    )
    pointers = array.stack()

    def backward(t: tf.Tensor, label: tf.Tensor, array: tf.TensorArray) -> tuple:
        array = array.write(t, label)
        chosen = tf.one_hot(label, classes, dtype=tf.int32)
        return t - 1, tf.reduce_sum(chosen * tf.gather(pointers, t), axis=-1), array

    last = tf.argmax(best, axis=-1, output_type=tf.int32)
    array = tf.TensorArray(tf.int32, size=time, element_shape=[scores.shape[1]])
    _, _, array = tf.while_loop(lambda t, *_: t >= 0, backward, (steps - 1, last, array))
    return array.stack()
