"""Forward and backward sums of a CRF over sentences in the layout of prediction.

As in `neuroner_tl.model.crf`, of which this is the counterpart where sentences follow one another
in a column, as in `neuroner_tl.dataset.packed_sequences`. Every step is normalised: the sums are
logarithms of probabilities, whatever the sentence's length.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Lattice(NamedTuple):
    """What the probability of any set of labels of adjacent tokens is computed from.

    With transitions ``T``, the logarithm of the probability that the tokens ``s`` to ``e`` have the
    labels ``y`` is
    ``alpha[s, y_s] + sum_t (T[y_t, y_{t+1}] + inside[t + 1, y_{t+1}]) + beta[e, y_e]``.

    Attributes:
        alpha: logarithm of the sum over all labels of the tokens before, divided by that of the
            sentence up to and with this token; ``exp(alpha)`` adds up to 1 over the labels.
        beta: logarithm of the sum over all labels of the tokens after, so divided that
            ``exp(alpha + beta)`` is the probability of the token's label; 0 at last tokens.
        inside: the token's score, less the logarithm of the same quotient.

    Example::

        found = lattice(scores, starts, steps, transitions)
        tf.exp(found.alpha + found.beta)  # the probability of each label of each token
    """

    alpha: tf.Tensor
    beta: tf.Tensor
    inside: tf.Tensor


def lattice(
    scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor, transitions: tf.Tensor
) -> Lattice:
    """Compute the forward and backward sums.

    Args:
        scores: ``[time, batch, labels]``, with the scores of first and last labels where they
            apply.
        starts: ``[2, time, batch]`` bool, true at first and at last tokens.
        steps: number of steps in use, a scalar.
        transitions: ``[labels, labels]``, from the row's label to the column's.

    Returns:
        Three times ``[time, batch, labels]``; anything in the padding.
    """
    time = tf.shape(scores)[0]

    def array() -> tf.TensorArray:
        return tf.TensorArray(scores.dtype, size=time, element_shape=scores.shape[1:])

    def forward(t: tf.Tensor, alpha: tf.Tensor, *arrays: tf.TensorArray) -> tuple:
        first, here = tf.gather(starts[0], t)[:, None], tf.gather(scores, t)
        before = tf.reduce_logsumexp(alpha[:, :, None] + transitions, axis=1)
        alpha = here + tf.where(first, tf.zeros_like(before), before)
        norm = tf.reduce_logsumexp(alpha, axis=-1, keepdims=True)
        alpha -= norm
        return t + 1, alpha, arrays[0].write(t, alpha), arrays[1].write(t, here - norm)

    zeros = tf.zeros_like(scores[0])
    _, _, alphas, insides = tf.while_loop(
        lambda t, *_: t < steps, forward, (tf.constant(0), zeros, array(), array())
    )
    inside = insides.stack()

    def backward(t: tf.Tensor, following: tf.Tensor, betas: tf.TensorArray) -> tuple:
        last = tf.gather(starts[1], t)[:, None]
        beta = tf.reduce_logsumexp(transitions + following[:, None, :], axis=2)
        beta = tf.where(last, tf.zeros_like(beta), beta)
        return t - 1, tf.gather(inside, t) + beta, betas.write(t, beta)

    _, _, betas = tf.while_loop(lambda t, *_: t >= 0, backward, (steps - 1, zeros, array()))
    return Lattice(alphas.stack(), betas.stack(), inside)
