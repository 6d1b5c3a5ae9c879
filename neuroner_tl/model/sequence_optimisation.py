"""Layer 6, label sequence optimisation: the best sequence of labels for a sentence."""

from __future__ import annotations

import warnings
from importlib import metadata
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.model import crf
from neuroner_tl.model.forward_backward import Lattice, lattice
from neuroner_tl.model.layer import InitialWeights, Layer, Weights, glorot

# tensorflow-addons' functions for texts; None where it is not installed.
tfa_text: Optional[Any] = None
with warnings.catch_warnings():
    # tensorflow-addons announces its end of life at every import; users cannot help it.
    warnings.filterwarnings("ignore", message="(?s).*TensorFlow Addons")
    try:
        from tensorflow_addons import text as _addons_text

        tfa_text = _addons_text
    except ImportError:
        pass  # It has no version for this Python, processor or TensorFlow.


def crf_implementation(closed_form: bool) -> str:
    """Name the implementation of the CRF's loss, for the log and the record of a run.

    Args:
        closed_form: as in `LabelSequenceOptimisation`; true for whatever is compiled.
    """
    if closed_form or tfa_text is None:
        return "closed form"
    return f"tensorflow-addons {metadata.version('tensorflow-addons')}"


class LabelSequenceOptimisation(Layer):
    """A linear-chain CRF with learned scores of the first and the last label.

    Without weights (``use_crf = False``) the labels of a sentence are independent: the loss is
    the mean cross-entropy of its tokens and the best label of each token is taken, as in
    NeuroNER.

    In sentences that are labelled in part, the loss is the negative log-probability of all that
    agrees with the known labels.

    Weights: ``transitions [labels, labels]``, from the row's label to the column's; ``start``
    and ``end``, ``[labels]``.

    Args:
        weights: the variables, or none.
        closed_form: compute the loss with `neuroner_tl.model.crf` (which XLA can compile), else
            with the functions of tensorflow-addons where it is installed. The results are the
            same.

    Example::

        layer = LabelSequenceOptimisation(weights)
        loss = tf.reduce_mean(layer.loss(scores, labels, lengths))
    """

    name = "crf"

    def __init__(self, weights: Weights, closed_form: bool = True) -> None:
        super().__init__(weights)
        self.closed_form = closed_form or tfa_text is None

    @staticmethod
    def initial(rng: np.random.Generator, labels: int) -> InitialWeights:
        """Draw the weights, as parts of NeuroNER's one matrix with start and end labels."""
        fans = 2 * (labels + 2)
        return {
            "transitions": glorot(rng, (labels, labels), fans),
            "start": glorot(rng, (labels,), fans),
            "end": glorot(rng, (labels,), fans),
        }

    def loss(
        self,
        scores: tf.Tensor,
        labels: tf.Tensor,
        lengths: tf.Tensor,
        partial: bool = False,
        smoothing: float = 0.0,
    ) -> tf.Tensor:
        """Compute the negative log-likelihood of the gold labels.

        Args:
            scores: ``[batch, time, labels]``.
            labels: ``[batch, time]`` int32.
            lengths: ``[batch]`` int32, at least 1.
            partial: whether labels may be -1: such a token may have any label.
            smoothing: share of each label that is spread over all labels: the loss is its mean
                over gold labels that are replaced by random ones with this probability.

        Returns:
            ``[batch]``, one loss per sentence; 0 if none of its labels is known.
        """
        if not self.weights:
            return self._entropy(scores, labels, lengths, partial, smoothing)
        scores = self._with_ends(scores, lengths)
        transitions = tf.convert_to_tensor(self.weights["transitions"])
        if self.closed_form or tfa_text is None:
            if partial:
                return crf.partial_loss(scores, labels, lengths, transitions, smoothing)
            gold = crf.sequence_score(scores, labels, lengths, transitions, smoothing)
            return crf.log_partition(scores, lengths, transitions) - gold
        if partial:
            agreeing = crf.agreeing_scores(scores, labels)
            every, known = (
                tfa_text.crf_log_norm(some, lengths, transitions) for some in (scores, agreeing)
            )
            if smoothing:
                known = crf.smoothed_where_known(
                    scores, labels, lengths, transitions, smoothing, known
                )
            return every - known
        if smoothing:
            gold = crf.sequence_score(scores, labels, lengths, transitions, smoothing)
            return tfa_text.crf_log_norm(scores, lengths, transitions) - gold
        return -tfa_text.crf_log_likelihood(scores, labels, lengths, transitions)[0]

    def soft_loss(
        self, scores: tf.Tensor, labels: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor
    ) -> tf.Tensor:
        """Compute the expected negative log-likelihood under a distribution over taggings.

        The score of a tagging is linear in what is used, so its expectation is that of the
        distribution's marginals; the gradient is the network's marginals minus these.

        Args:
            scores: ``[batch, time, labels]``.
            labels: probability of each label, ``[batch, time, labels]``, 0 past the end.
            transitions: expected number of each transition, ``[batch, labels, labels]``.
            lengths: ``[batch]`` int32, at least 1.

        Returns:
            ``[batch]``, the cross-entropy of the distribution and the network's; without a CRF the
            mean over a sentence's tokens.
        """
        if not self.weights:
            entropy = -tf.reduce_sum(labels * tf.nn.log_softmax(scores), axis=[1, 2])
            return entropy / tf.cast(lengths, scores.dtype)
        scores = self._with_ends(scores, lengths)
        own = tf.convert_to_tensor(self.weights["transitions"])
        expected = tf.reduce_sum(labels * scores, axis=[1, 2])
        expected += tf.reduce_sum(transitions * own, axis=[1, 2])
        if self.closed_form or tfa_text is None:
            return crf.log_partition(scores, lengths, own) - expected
        return tfa_text.crf_log_norm(scores, lengths, own) - expected

    def _entropy(
        self,
        scores: tf.Tensor,
        labels: tf.Tensor,
        lengths: tf.Tensor,
        partial: bool,
        smoothing: float,
    ) -> tf.Tensor:
        """Compute the mean cross-entropy of the tokens of each sentence whose label is known."""
        inside = tf.sequence_mask(lengths, tf.shape(scores)[1], dtype=scores.dtype)
        number = tf.cast(lengths, scores.dtype)
        if partial:
            inside *= tf.cast(labels >= 0, scores.dtype)
            number = tf.maximum(tf.reduce_sum(inside, axis=1), 1)
            labels = tf.maximum(labels, 0)
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores)
        if smoothing:
            of_all = -tf.reduce_mean(tf.nn.log_softmax(scores), axis=-1)
            entropy = (1 - smoothing) * entropy + smoothing * of_all
        return tf.reduce_sum(entropy * inside, axis=1) / number

    def decode(self, scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        """Find the best labels of sentences laid out as in `neuroner_tl.dataset.packed_sequences`.

        Args:
            scores: ``[time, batch, labels]``.
            starts: ``[2, time, batch]`` bool, true at first and at last tokens.
            steps: number of steps in use, a scalar.

        Returns:
            ``[time, batch]`` int32, any label in the padding.
        """
        if not self.weights:
            return tf.argmax(scores, axis=-1, output_type=tf.int32)
        transitions = tf.convert_to_tensor(self.weights["transitions"])
        return crf.viterbi(self._with_packed_ends(scores, starts), starts[0], steps, transitions)

    def lattice(
        self, scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor, temperature: tf.Tensor
    ) -> Lattice:
        """Compute what the probabilities of mentions are made of; arguments as in `decode`.

        Args:
            scores: ``[time, batch, labels]``.
            starts: ``[2, time, batch]`` bool, true at first and at last tokens.
            steps: number of steps in use, a scalar.
            temperature: a scalar that divides all scores, transitions included; above 1 it makes
                probabilities less extreme. The best labels stay the same.
        """
        if not self.weights:
            logarithms = tf.nn.log_softmax(scores / temperature)
            return Lattice(logarithms, tf.zeros_like(logarithms), logarithms)
        scores = self._with_packed_ends(scores, starts) / temperature
        transitions = tf.convert_to_tensor(self.weights["transitions"]) / temperature
        return lattice(scores, starts, steps, transitions)

    def _with_packed_ends(self, scores: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
        """Add the scores of first and last labels to those of sentences in packed layout."""
        for way, name in enumerate(("start", "end")):
            end = tf.convert_to_tensor(self.weights[name])
            scores += tf.where(starts[way][:, :, None], end, tf.zeros_like(end))
        return scores

    def _with_ends(self, scores: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Add the scores of first and last labels where they apply.

        The rest is a chain with transitions only.
        """
        time = tf.shape(scores)[1]
        first = tf.one_hot(tf.zeros_like(lengths), time, dtype=scores.dtype)[:, :, None]
        last = tf.one_hot(lengths - 1, time, dtype=scores.dtype)[:, :, None]
        return scores + first * self.weights["start"] + last * self.weights["end"]
