"""What the two LSTM layers share: two directions, and their named weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.model.coupled_cell import CellWeights
from neuroner_tl.model.coupled_lstm import coupled_lstm, project, read
from neuroner_tl.model.layer import InitialWeights, Weights, glorot

DIRECTIONS = ("forward", "backward")


def initial_bilstm(
    rng: np.random.Generator, input_size: int, size: int, peepholes: str
) -> InitialWeights:
    """Draw the weights of both directions.

    As in NeuroNER, the matrices over input and state are drawn as one ``[d + n, 3 n]`` matrix,
    and its forget bias of 1 (``i = 1 - sigmoid(f + 1)``) is the starting point ``b_i = -1``.

    Args:
        rng: source of randomness.
        input_size: ``d``.
        size: ``n``, of one direction.
        peepholes: ``full``, ``diagonal`` or ``none``.
    """
    weights: InitialWeights = {}
    fans = input_size + size + 3 * size
    for direction in DIRECTIONS:
        bias = np.zeros(3 * size)
        bias[:size] = -1.0
        weights[f"{direction}_input"] = glorot(rng, (input_size, 3 * size), fans)
        weights[f"{direction}_recurrent"] = glorot(rng, (size, 3 * size), fans)
        weights[f"{direction}_bias"] = bias
        weights[f"{direction}_initial_h"] = glorot(rng, (size,), 1 + size)
        weights[f"{direction}_initial_c"] = glorot(rng, (size,), 1 + size)
        if peepholes != "none":
            shape = (size, size) if peepholes == "full" else (size,)
            weights[f"{direction}_peephole_i"] = glorot(rng, shape)
            weights[f"{direction}_peephole_o"] = glorot(rng, shape)
    return weights


def cell_weights(weights: Weights, direction: str) -> CellWeights:
    """Select one direction's weights from a layer's."""
    return CellWeights(*(weights.get(f"{direction}_{field}") for field in CellWeights._fields))


def both_directions(
    weights: Weights,
    parts: Sequence[tf.Tensor],
    steps: tf.Tensor,
    starts: tuple[tf.Tensor, tf.Tensor],
    masks: Optional[tuple[tf.Tensor, tf.Tensor]] = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read sequences from left to right and from right to left.

    Args:
        weights: a layer's.
        parts: the input in parts that are concatenated, each ``[time, batch, d_k]``.
        steps: number of steps in use, a scalar.
        starts: where each direction begins, ``[time, batch]`` bool.
        masks: for each direction, factors of the state that it feeds back, see `coupled_lstm`.

    Returns:
        The states of both directions, each ``[time, batch, n]``, in the order of the input.
    """
    forward, backward = (
        coupled_lstm(
            parts,
            steps,
            starts[way],
            cell_weights(weights, name),
            name == "backward",
            None if masks is None else masks[way],
        )
        for way, name in enumerate(DIRECTIONS)
    )
    return forward, backward


def project_both(weights: Weights, parts: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Compute what both directions' gates get from the input alone.

    Args:
        weights: a layer's.
        parts: the input in parts that are concatenated, each ``[rows, d_k]``.

    Returns:
        For each direction ``[rows, 3 * n]``.
    """
    forward, backward = (project(parts, cell_weights(weights, name)) for name in DIRECTIONS)
    return forward, backward


def read_both(
    weights: Weights,
    projected: tuple[tf.Tensor, tf.Tensor],
    steps: tf.Tensor,
    starts: tuple[tf.Tensor, tf.Tensor],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Read like `both_directions`, from projected input, ``[time, batch, 3 * n]`` each."""
    forward, backward = (
        read(projected[way], steps, starts[way], cell_weights(weights, name), name == "backward")
        for way, name in enumerate(DIRECTIONS)
    )
    return forward, backward
