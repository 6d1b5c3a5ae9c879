"""The network as it is usually written in Keras, 2 or 3, and tensorflow-addons.

Where tensorflow-addons is not installed, three functions here stand in for its own. The network
has automatic differentiation throughout and shares no computation with the layers of this
package: it is the oracle of the tests and the yardstick of the benchmark, and nothing else uses
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.model.sequence_optimisation import tfa_text


class CoupledCell(tf.keras.layers.Layer):
    """The cell of the paper's section 2.1 for one direction, as a Keras cell.

    Args:
        weights: the cell's variables by name: ``input``, ``recurrent``, ``bias`` and, where
            there are peepholes, ``peephole_i`` and ``peephole_o``.

    Example::

        reader = tf.keras.layers.RNN(CoupledCell(weights), return_sequences=True)
        states = reader(tf.zeros([2, 7, 50]))
    """

    def __init__(self, weights: Mapping[str, tf.Variable], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell_weights = dict(weights)
        self.units = weights["recurrent"].shape[0]

    @property
    def state_size(self) -> list[int]:
        """Sizes of h and c."""
        return [self.units, self.units]

    @property
    def output_size(self) -> int:
        """Size of h."""
        return int(self.units)

    def call(self, x: tf.Tensor, states: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Compute one step."""
        w, (h, c) = self.cell_weights, states
        peephole = w.get("peephole_i")
        z = tf.matmul(x, w["input"]) + tf.matmul(h, w["recurrent"]) + w["bias"]
        to_input, to_cell, to_output = tf.split(z, 3, axis=1)
        if peephole is not None:
            to_input += tf.linalg.matmul(c, self._matrix(peephole))
        gate = tf.keras.activations.sigmoid(to_input)
        c = (1.0 - gate) * c + gate * tf.keras.activations.tanh(to_cell)
        if peephole is not None:
            to_output += tf.linalg.matmul(c, self._matrix(w["peephole_o"]))
        h = tf.keras.activations.sigmoid(to_output) * tf.keras.activations.tanh(c)
        return h, [h, c]

    @staticmethod
    def _matrix(weight: tf.Variable) -> tf.Tensor:
        return weight if weight.shape.rank == 2 else tf.linalg.diag(weight)


class ReferenceModel:
    """The network's scores, losses and best labels of a batch.

    Args:
        architecture: the network's form.
        weights: variables by layer and name, as in `EntityLSTM.weights`.

    Example::

        model = ReferenceModel(architecture, network.weights)
        scores = model.scores(*batch[:5])
        labels = model.decode(scores, batch.lengths)
    """

    def __init__(
        self, architecture: Architecture, weights: Mapping[str, Mapping[str, tf.Variable]]
    ) -> None:
        self.architecture = architecture
        self.weights = weights
        self._rnns = {
            (layer, direction): self._rnn(weights[layer], direction)
            for layer in ("character_lstm", "token_lstm")
            if layer in weights
            for direction in ("forward", "backward")
        }

    @staticmethod
    def _rnn(weights: Mapping[str, tf.Variable], direction: str) -> tf.keras.layers.RNN:
        prefix = direction + "_"
        cell = {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}
        return tf.keras.layers.RNN(
            CoupledCell(cell, dtype=cell["bias"].dtype.name),
            return_sequences=True,
            go_backwards=direction == "backward",
            dtype=cell["bias"].dtype.name,
        )

    def _run(self, layer: str, x: tf.Tensor, lengths: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Run both directions, each in the order of the text; padding repeats the last state."""
        mask = tf.sequence_mask(lengths, tf.shape(x)[1])
        outputs = []
        for direction in ("forward", "backward"):
            h0 = self.weights[layer][f"{direction}_initial_h"]
            c0 = self.weights[layer][f"{direction}_initial_c"]
            batch = tf.shape(x)[0]
            states = [tf.tile(h0[None], [batch, 1]), tf.tile(c0[None], [batch, 1])]
            outputs.append(self._rnns[layer, direction](x, mask=mask, initial_state=states))
        return outputs[0], tf.reverse(outputs[1], axis=[1])

    def scores(
        self,
        token_ids: tf.Tensor,
        word_index: tf.Tensor,
        characters: tf.Tensor,
        character_lengths: tf.Tensor,
        lengths: tf.Tensor,
        dropout: float = 0.0,
    ) -> tf.Tensor:
        """Score labels, ``[batch, time, labels]``, with start and end; arguments as in `Batch`."""
        w = self.weights["token_embeddings"]
        x = tf.nn.embedding_lookup(w["embedding"], token_ids)
        if self.architecture.token_linear:
            x = tf.tensordot(x, w["linear_kernel"], 1) + w["linear_bias"]
        if self.architecture.use_character_lstm:
            rows = tf.nn.embedding_lookup(
                self.weights["character_embeddings"]["embedding"], characters
            )
            forward, backward = self._run("character_lstm", rows, character_lengths)
            words = tf.concat([forward[:, -1], backward[:, 0]], axis=1)
            x = tf.concat([tf.gather(words, word_index), x], axis=2)
        if dropout:
            x = tf.nn.dropout(x, dropout)
        states = tf.concat(self._run("token_lstm", x, lengths), axis=2)
        w = self.weights["token_lstm"]
        projected = tf.tanh(tf.tensordot(states, w["projection"], 1) + w["projection_bias"])
        w = self.weights["feedforward"]
        scores = tf.tensordot(projected, w["kernel"], 1) + w["bias"]
        if not self.architecture.use_crf:
            return scores
        batch, time = tf.shape(scores)[0], tf.shape(scores)[1]
        first = tf.stack([tf.range(batch), tf.zeros([batch], tf.int32)], axis=1)
        last = tf.stack([tf.range(batch), lengths - 1], axis=1)
        crf = self.weights["crf"]
        labels = self.architecture.labels
        for places, name in ((first, "start"), (last, "end")):
            scores += tf.scatter_nd(
                places, tf.tile(crf[name][None], [batch, 1]), tf.stack([batch, time, labels])
            )
        return scores

    def losses(self, scores: tf.Tensor, labels: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Return the losses, ``[batch]``."""
        if self.architecture.use_crf:
            transitions = self.weights["crf"]["transitions"]
            if tfa_text is None:
                norm = _crf_log_norm(scores, lengths, transitions)
                return norm - _crf_sequence_score(scores, labels, lengths, transitions)
            return -tfa_text.crf_log_likelihood(scores, labels, lengths, transitions)[0]
        mask = tf.sequence_mask(lengths, tf.shape(scores)[1], dtype=scores.dtype)
        loss = tf.keras.losses.sparse_categorical_crossentropy(labels, scores, from_logits=True)
        return tf.reduce_sum(loss * mask, 1) / tf.reduce_sum(mask, 1)

    def decode(self, scores: tf.Tensor, lengths: tf.Tensor) -> tf.Tensor:
        """Return the best labels, ``[batch, time]``."""
        if not self.architecture.use_crf:
            return tf.argmax(scores, axis=-1, output_type=tf.int32)
        crf_decode = _crf_decode if tfa_text is None else tfa_text.crf_decode
        return crf_decode(scores, self.weights["crf"]["transitions"], lengths)[0]


def _crf_sequence_score(
    scores: tf.Tensor, labels: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor
) -> tf.Tensor:
    """Score the given labels, as the function of this name in tensorflow-addons."""
    mask = tf.sequence_mask(lengths, tf.shape(scores)[1], dtype=scores.dtype)
    own = tf.gather(scores, labels, axis=2, batch_dims=2)
    pairs = tf.gather_nd(transitions, tf.stack([labels[:, :-1], labels[:, 1:]], axis=2))
    return tf.reduce_sum(own * mask, 1) + tf.reduce_sum(pairs * mask[:, 1:], 1)


def _crf_log_norm(scores: tf.Tensor, lengths: tf.Tensor, transitions: tf.Tensor) -> tf.Tensor:
    """Compute the logarithm of the partition function by the forward recursion."""
    by_time = tf.transpose(scores, [1, 0, 2])
    alphas = tf.scan(
        lambda alpha, own: own + tf.reduce_logsumexp(alpha[:, :, None] + transitions, axis=1),
        by_time[1:],
        initializer=by_time[0],
    )
    alphas = tf.transpose(tf.concat([by_time[:1], alphas], axis=0), [1, 0, 2])
    return tf.reduce_logsumexp(tf.gather(alphas, lengths - 1, axis=1, batch_dims=1), axis=1)


def _crf_decode(
    scores: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Find the best labels, ``[batch, time]``, 0 in the padding, and their scores."""
    batch, labels = tf.shape(scores)[0], tf.shape(scores)[2]
    by_time = tf.transpose(scores, [1, 0, 2])
    inside = tf.transpose(tf.sequence_mask(lengths, tf.shape(scores)[1]))
    unmoved = tf.tile(tf.range(labels)[None], [batch, 1])

    def forward(state: tuple, step: tuple) -> tuple:
        (best, _), (own, is_inside) = state, step
        ways = best[:, :, None] + transitions
        origin = tf.argmax(ways, axis=1, output_type=tf.int32)
        return (
            tf.where(is_inside[:, None], own + tf.reduce_max(ways, axis=1), best),
            tf.where(is_inside[:, None], origin, unmoved),
        )

    best, origins = tf.scan(forward, (by_time[1:], inside[1:]), initializer=(by_time[0], unmoved))
    final = tf.concat([by_time[:1], best], axis=0)[-1]
    last = tf.argmax(final, axis=1, output_type=tf.int32)
    earlier = tf.scan(
        lambda label, origin: tf.gather(origin, label, axis=1, batch_dims=1),
        origins,
        initializer=last,
        reverse=True,
    )
    found = tf.transpose(tf.concat([earlier, last[None]], axis=0))
    return found * tf.cast(tf.transpose(inside), tf.int32), tf.reduce_max(final, axis=1)
