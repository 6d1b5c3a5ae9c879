"""The LSTM cell with coupled input and forget gates, and its gradient in closed form.

Giorgi and Bader (2018), section 2.1, after Lample et al. (2016)::

    i_t = sigmoid(W_xi x_t + W_hi h_{t-1} + W_ci c_{t-1} + b_i)
    c_t = (1 - i_t) * c_{t-1} + i_t * tanh(W_xc x_t + W_hc h_{t-1} + b_c)
    o_t = sigmoid(W_xo x_t + W_ho h_{t-1} + W_co c_t + b_o)
    h_t = o_t * tanh(c_t)

The three gates stand side by side in one matrix, in the order i, c, o: ``input`` is
``[W_xi W_xc W_xo]`` and ``recurrent`` is ``[W_hi W_hc W_ho]``. The peepholes ``W_ci`` and
``W_co`` are full matrices, diagonals (vectors) or absent.
"""

from __future__ import annotations

from typing import NamedTuple, Optional

import tensorflow as tf


class CellWeights(NamedTuple):
    """The weights of one direction; ``d`` is the size of the input, ``n`` that of the state.

    Attributes:
        input: ``[d, 3 * n]``.
        recurrent: ``[n, 3 * n]``.
        bias: ``[3 * n]``.
        initial_h: ``[n]``, the learned state before the first step.
        initial_c: ``[n]``, likewise.
        peephole_i: ``[n, n]`` (full), ``[n]`` (diagonal) or None.
        peephole_o: the same shape as ``peephole_i``.

    Example::

        w = initial_bilstm(np.random.default_rng(0), 50, 200, "full")
        weights = cell_weights({name: tf.Variable(value) for name, value in w.items()}, "forward")
    """

    input: tf.Tensor
    recurrent: tf.Tensor
    bias: tf.Tensor
    initial_h: tf.Tensor
    initial_c: tf.Tensor
    peephole_i: Optional[tf.Tensor] = None
    peephole_o: Optional[tf.Tensor] = None


class Step(NamedTuple):
    """The values of one step of the cell, each ``[batch, n]``.

    Example::

        step = cell_step(z, h, c, weights.recurrent, (weights.peephole_i, weights.peephole_o))
        h, c = step.h, step.c
    """

    i: tf.Tensor
    g: tf.Tensor
    o: tf.Tensor
    c: tf.Tensor
    h: tf.Tensor


def _peep(c: tf.Tensor, weight: tf.Tensor, transpose: bool = False) -> tf.Tensor:
    """Return ``c W`` for a full matrix, ``c * w`` for a diagonal; with ``W`` transposed on request.

    A diagonal is its own transpose.
    """
    if weight.shape.rank == 2:
        return tf.matmul(c, weight, transpose_b=transpose)
    return c * weight


def cell_step(
    z: tf.Tensor,
    h_prev: tf.Tensor,
    c_prev: tf.Tensor,
    recurrent: tf.Tensor,
    peepholes: tuple[tf.Tensor, ...],
) -> Step:
    """Compute one step of the cell.

    Args:
        z: ``[batch, 3 * n]``, ``W_x x_t + b`` of the three gates.
        h_prev: ``[batch, n]``.
        c_prev: ``[batch, n]``.
        recurrent: ``[n, 3 * n]``.
        peepholes: ``(W_ci, W_co)`` or empty.
    """
    z_i, z_c, z_o = tf.split(z + h_prev @ recurrent, 3, axis=-1)
    if peepholes:
        z_i += _peep(c_prev, peepholes[0])
    i = tf.sigmoid(z_i)
    g = tf.tanh(z_c)
    c = (1 - i) * c_prev + i * g
    if peepholes:
        z_o += _peep(c, peepholes[1])
    o = tf.sigmoid(z_o)
    h = o * tf.tanh(c)
    return Step(i, g, o, c, h)


def cell_step_gradient(
    step: Step,
    c_prev: tf.Tensor,
    dh: tf.Tensor,
    dc: tf.Tensor,
    recurrent: tf.Tensor,
    peepholes: tuple[tf.Tensor, ...],
    transposed: bool = False,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Apply the chain rule to one step, from the last equation to the first.

    Args:
        step: what the forward step computed.
        c_prev: ``[batch, n]``.
        dh: gradient of the loss with respect to ``h_t``.
        dc: likewise with respect to ``c_t``, from the next step only.
        recurrent: ``[n, 3 * n]``.
        peepholes: ``(W_ci, W_co)`` or empty.
        transposed: whether the last two are given transposed.

    Returns:
        The gradients with respect to ``z`` ``[batch, 3 * n]``, ``h_{t-1}`` and ``c_{t-1}``.
    """
    tanh_c = tf.tanh(step.c)
    dz_o = dh * tanh_c * step.o * (1 - step.o)
    dc += dh * step.o * (1 - tanh_c * tanh_c)
    if peepholes:
        dc += _peep(dz_o, peepholes[1], not transposed)
    dz_c = dc * step.i * (1 - step.g * step.g)
    dz_i = dc * (step.g - c_prev) * step.i * (1 - step.i)
    dc_prev = dc * (1 - step.i)
    if peepholes:
        dc_prev += _peep(dz_i, peepholes[0], not transposed)
    dz = tf.concat([dz_i, dz_c, dz_o], axis=-1)
    return dz, tf.matmul(dz, recurrent, transpose_b=not transposed), dc_prev
