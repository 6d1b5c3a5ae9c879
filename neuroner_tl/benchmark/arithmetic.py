"""The arithmetic that the network needs, and how much of it this machine does per second.

Counted are the matrix products, one multiplication and one addition as two operations; what
they leave out (gates, dropout, CRF, updates, look-ups) is a few percent of them.
"""

from __future__ import annotations

import statistics
import time

import tensorflow as tf

from neuroner_tl.model.entity_lstm import Architecture

MATRIX_SIZE = 1024


def cell_operations(input_size: int, size: int, peepholes: str) -> int:
    """Count operations of a step of one direction's cell: input, recurrent, peephole products."""
    of_peepholes = {"full": 2 * 2 * size * size, "diagonal": 2 * 2 * size, "none": 0}
    return 2 * input_size * 3 * size + 2 * size * 3 * size + of_peepholes[peepholes]


def forward_operations(architecture: Architecture, characters_per_token: float) -> float:
    """Count operations per token of the network in prediction.

    Args:
        architecture: the network's form.
        characters_per_token: characters that the character LSTM reads, per token of the text;
            words that a batch has twice are read once.
    """
    a = architecture
    linear = 2 * a.token_dimension * a.token_linear
    tokens = 2 * cell_operations(a.input_size, a.token_hidden, a.peepholes)
    projection = 2 * (2 * a.token_hidden) * a.token_hidden
    labels = 2 * a.token_hidden * a.labels
    characters = 0.0
    if a.use_character_lstm:
        cell = cell_operations(a.character_dimension, a.character_hidden, a.peepholes)
        characters = 2 * cell * characters_per_token
    return linear + tokens + projection + labels + characters


def training_operations(
    architecture: Architecture, characters_per_token: float, frozen_tokens: bool
) -> float:
    """Count operations per token of a training step.

    Each product of the forward pass has two in the backward pass, one for the gradient of its
    weights and one for that of its input. Frozen token embeddings need no gradient of theirs.

    Args:
        architecture: the network's form.
        characters_per_token: as for `forward_operations`.
        frozen_tokens: whether the token embeddings are frozen.
    """
    a = architecture
    first = a.token_linear or 2 * 3 * a.token_hidden  # what reads a token's vector
    saved = 2 * a.token_dimension * first if frozen_tokens else 0
    return 3 * forward_operations(a, characters_per_token) - saved


class MatrixProduct:
    """A probe of this machine's rate of large float32 matrix products in TensorFlow.

    Example::

        print(f"{MatrixProduct().rate() / 1e9:.0f} GFLOP/s")
    """

    def __init__(self) -> None:
        self._matrix = tf.random.stateless_uniform([MATRIX_SIZE, MATRIX_SIZE], [0, 0])
        self.rate()

    def rate(self) -> float:
        """Measure operations per second, the median of three products."""
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            tf.matmul(self._matrix, self._matrix).numpy()
            seconds.append(time.perf_counter() - started)
        return 2.0 * MATRIX_SIZE**3 / statistics.median(seconds)
