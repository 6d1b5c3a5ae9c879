"""The network: six layers in a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Optional, cast

import numpy as np
import tensorflow as tf

from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.character_lstm import CharacterLSTM
from neuroner_tl.model.dropout import NO_DROPOUT, DropoutMasks
from neuroner_tl.model.forward_backward import Lattice
from neuroner_tl.model.label_prediction import LabelPrediction
from neuroner_tl.model.layer import InitialWeights, Layer, Weights
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.model.token_lstm import TokenLSTM

# From the lowest layer to the highest: the order of the layer ablation.
LAYER_NAMES = (
    TokenEmbedding.name,
    CharacterEmbedding.name,
    CharacterLSTM.name,
    TokenLSTM.name,
    LabelPrediction.name,
    LabelSequenceOptimisation.name,
)


@dataclass(frozen=True)
class Architecture:
    """The architecture of a network; vocabulary and alphabet only decide the tables' length.

    Attributes:
        labels: number of labels.
        token_dimension: size of a token's vector in the table.
        token_hidden: size of the token LSTM's state, one direction.
        character_dimension: size of a character's vector.
        character_hidden: size of the character LSTM's state, one direction.
        use_character_lstm: without it, layers 2 and 3 are absent.
        use_crf: without it, labels of a sentence are independent.
        peepholes: ``full``, ``diagonal`` or ``none``.
        token_linear: size of a token's vector after the linear layer above the table; 0 without.

    Example::

        small = Architecture(labels=5, token_dimension=50, token_hidden=40, use_crf=False)
        small.input_size  # 100: two character states of 25 and the token's vector
    """

    labels: int
    token_dimension: int = 200
    token_hidden: int = 200
    character_dimension: int = 25
    character_hidden: int = 25
    use_character_lstm: bool = True
    use_crf: bool = True
    peepholes: str = "full"
    token_linear: int = 0

    @property
    def input_size(self) -> int:
        """Size of what the token LSTM reads: [characters; token]."""
        characters = 2 * self.character_hidden if self.use_character_lstm else 0
        return characters + (self.token_linear or self.token_dimension)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


class EntityLSTM:
    """The six layers and what they compute together.

    Args:
        architecture: the network's architecture.
        weights: variables by layer and name; tables of layers 1 and 2 may be absent where a
            program is given their rows.
        closed_form: how layer 6 computes, see `LabelSequenceOptimisation`.

    Example::

        architecture = Architecture(labels=5)
        network = create_network(architecture, initial_weights(architecture, 1000, 90, seed=0))
        losses = network.loss(network.scores(token_rows, word_vectors, lengths), labels, lengths)
    """

    def __init__(
        self,
        architecture: Architecture,
        weights: Mapping[str, Weights],
        closed_form: bool = True,
    ) -> None:
        self.architecture = architecture
        self.token_embedding = TokenEmbedding(weights.get(TokenEmbedding.name, {}))
        self.character_embedding = CharacterEmbedding(weights.get(CharacterEmbedding.name, {}))
        self.character_lstm = CharacterLSTM(weights.get(CharacterLSTM.name, {}))
        self.token_lstm = TokenLSTM(weights.get(TokenLSTM.name, {}))
        self.label_prediction = LabelPrediction(weights.get(LabelPrediction.name, {}))
        self.sequence_optimisation = LabelSequenceOptimisation(
            weights.get(LabelSequenceOptimisation.name, {}), closed_form
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The six layers, from the lowest to the highest."""
        return (
            self.token_embedding,
            self.character_embedding,
            self.character_lstm,
            self.token_lstm,
            self.label_prediction,
            self.sequence_optimisation,
        )

    @property
    def weights(self) -> dict[str, dict[str, tf.Variable]]:
        """The variables by layer and name; layers that are switched off have none."""
        return {layer.name: dict(layer.weights) for layer in self.layers if layer.weights}

    def encode_words(
        self,
        characters: tf.Tensor,
        starts: tf.Tensor,
        used: tf.Tensor,
        first: tf.Tensor,
        last: tf.Tensor,
        masks: DropoutMasks = NO_DROPOUT,
    ) -> tf.Tensor:
        """Apply layer 3 to packed words ``[steps, rows, d]``; return ``[..., 2 * hidden]``."""
        return self.character_lstm(characters, starts, used, first, last, masks)

    def scores(
        self,
        token_rows: tf.Tensor,
        word_vectors: Optional[tf.Tensor],
        lengths: tf.Tensor,
        dropout_mask: Optional[tf.Tensor] = None,
        masks: DropoutMasks = NO_DROPOUT,
    ) -> tf.Tensor:
        """Apply layers 4 and 5, and the linear part of layer 1: score the labels of each token.

        Args:
            token_rows: ``[batch, time, token_dimension]``, from the table of layer 1.
            word_vectors: ``[batch, time, 2 * character_hidden]``, from layer 3, or None.
            lengths: ``[batch]``.
            dropout_mask: ``[batch, time, input_size]`` in training.
            masks: of variational dropout, in training.

        Returns:
            ``[batch, time, labels]``.
        """
        token_rows = self.token_embedding.map_rows(token_rows)
        if masks.words is not None:
            token_rows *= masks.words
        parts = [token_rows] if word_vectors is None else [word_vectors, token_rows]
        return self.label_prediction(self.token_lstm(parts, lengths, dropout_mask, masks))

    def loss(
        self,
        scores: tf.Tensor,
        labels: tf.Tensor,
        lengths: tf.Tensor,
        partial: bool = False,
        smoothing: float = 0.0,
    ) -> tf.Tensor:
        """Apply layer 6 in training; return ``[batch]`` losses.

        With ``partial``, a token of label -1 may have any; ``smoothing`` is that of labels.
        """
        return self.sequence_optimisation.loss(scores, labels, lengths, partial, smoothing)

    def soft_loss(
        self, scores: tf.Tensor, labels: tf.Tensor, transitions: tf.Tensor, lengths: tf.Tensor
    ) -> tf.Tensor:
        """Apply layer 6 in training on a teacher's distribution; return ``[batch]`` losses."""
        return self.sequence_optimisation.soft_loss(scores, labels, transitions, lengths)

    def project(
        self, token_rows: tf.Tensor, word_vectors: Optional[tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Apply layer 4 to distinct words, for prediction: ``[words, 3 n]`` for each direction.

        Args:
            token_rows: ``[words, token_dimension]``, from the table of layer 1.
            word_vectors: ``[words, 2 * character_hidden]``, from layer 3, or None.
        """
        token_rows = self.token_embedding.map_rows(token_rows)
        return self.token_lstm.project(
            [token_rows] if word_vectors is None else [word_vectors, token_rows]
        )

    def label(
        self, projected: tuple[tf.Tensor, tf.Tensor], starts: tf.Tensor, steps: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Apply layers 4 to 6 in prediction.

        Args:
            projected: each direction's ``[time, batch, 3 n]``, from `project`, of sentences that
                are laid out as in `neuroner_tl.dataset.packed_sequences`.
            starts: ``[2, time, batch]`` int32, not 0 where each direction begins.
            steps: number of steps in use, a scalar.

        Returns:
            The best labels, ``[time, batch]``, and the scores of all, ``[time, batch, labels]``.
        """
        begins = tf.not_equal(starts, 0)
        scores = self.label_prediction(self.token_lstm.read(projected, steps, begins))
        return self.sequence_optimisation.decode(scores, begins, steps), scores

    def decode(self, scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
        """Apply layer 6 in prediction to scores like those from `label`: the best labels alone.

        Args:
            scores: ``[time, batch, labels]``.
            starts: ``[2, time, batch]`` int32, as in `label`.
            steps: number of steps in use, a scalar.
        """
        return self.sequence_optimisation.decode(scores, tf.not_equal(starts, 0), steps)

    def lattice(
        self, scores: tf.Tensor, starts: tf.Tensor, steps: tf.Tensor, temperature: tf.Tensor
    ) -> Lattice:
        """Apply layer 6 in prediction to the scores from `label`, see `Lattice`.

        Args:
            scores: ``[time, batch, labels]``.
            starts: ``[2, time, batch]`` int32, as in `label`.
            steps: number of steps in use, a scalar.
            temperature: divisor of all scores, a scalar.
        """
        begins = tf.not_equal(starts, 0)
        return self.sequence_optimisation.lattice(scores, begins, steps, temperature)


def initial_weights(
    architecture: Architecture,
    vocabulary: int,
    alphabet: int,
    seed: int,
    vectors: Optional[np.ndarray] = None,
    found: Optional[np.ndarray] = None,
) -> dict[str, InitialWeights]:
    """Draw the weights of a new network, each layer from a generator of its own.

    Args:
        architecture: the network's architecture.
        vocabulary: number of tokens.
        alphabet: number of characters.
        seed: seed of all layers' generators.
        vectors: ``[vocabulary, token_dimension]``, word vectors.
        found: ``[vocabulary]``, true where ``vectors`` has one.
    """
    rngs = dict(zip(LAYER_NAMES, (np.random.default_rng([seed, index]) for index in range(6))))
    return _draw(architecture, rngs, vocabulary, alphabet, vectors, found)


def weight_shapes(
    architecture: Architecture, vocabulary: int, alphabet: int
) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the shapes of a network's weights by layer and name; nothing is drawn."""
    rngs = dict.fromkeys(LAYER_NAMES, cast(np.random.Generator, _NoNumbers()))
    shapes = {
        layer: {name: value.shape for name, value in named.items()}
        for layer, named in _draw(architecture, rngs, 1, 1).items()
    }
    for layer, rows in ((TokenEmbedding.name, vocabulary), (CharacterEmbedding.name, alphabet)):
        if layer in shapes:
            shapes[layer]["embedding"] = (rows, *shapes[layer]["embedding"][1:])
    return shapes


class _NoNumbers:
    """A stand-in for a random generator where only shapes matter: its arrays take no memory."""

    def uniform(self, low: float, high: float, size: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(np.float64(0), size)


def _draw(
    a: Architecture,
    rngs: Mapping[str, np.random.Generator],
    vocabulary: int,
    alphabet: int,
    vectors: Optional[np.ndarray] = None,
    found: Optional[np.ndarray] = None,
) -> dict[str, InitialWeights]:
    weights = {
        TokenEmbedding.name: TokenEmbedding.initial(
            rngs[TokenEmbedding.name],
            vocabulary,
            a.token_dimension,
            vectors,
            found,
            a.token_linear,
        )
    }
    if a.use_character_lstm:
        weights[CharacterEmbedding.name] = CharacterEmbedding.initial(
            rngs[CharacterEmbedding.name], alphabet, a.character_dimension
        )
        weights[CharacterLSTM.name] = CharacterLSTM.initial(
            rngs[CharacterLSTM.name], a.character_dimension, a.character_hidden, a.peepholes
        )
    weights[TokenLSTM.name] = TokenLSTM.initial(
        rngs[TokenLSTM.name], a.input_size, a.token_hidden, a.peepholes
    )
    weights[LabelPrediction.name] = LabelPrediction.initial(
        rngs[LabelPrediction.name], a.token_hidden, a.labels
    )
    if a.use_crf:
        weights[LabelSequenceOptimisation.name] = LabelSequenceOptimisation.initial(
            rngs[LabelSequenceOptimisation.name], a.labels
        )
    return weights


def create_network(
    architecture: Architecture,
    weights: Mapping[str, Mapping[str, np.ndarray]],
    dtype: tf.DType = tf.float32,
    closed_form: bool = True,
) -> EntityLSTM:
    """Make a network whose variables hold the given values.

    Args:
        architecture: the network's architecture.
        weights: values by layer and name, from `initial_weights` or a checkpoint.
        dtype: ``tf.float32``, or ``tf.float64`` to check numbers.
        closed_form: how layer 6 computes.
    """
    variables = {
        layer: {
            name: tf.Variable(value, dtype=dtype, name=f"{layer}/{name}")
            for name, value in named.items()
        }
        for layer, named in weights.items()
    }
    return EntityLSTM(architecture, variables, closed_form)
