"""The cell of `coupled_cell`, run over a batch of sequences, with the gradient in closed form.

Only ``h @ recurrent`` and the peepholes depend on the step before, so the products with the
input are one matrix product before the loop, and the gradients of all weights are matrix
products after the loop that goes backwards. The same code runs step by step, in a graph, and
inside a program compiled by XLA; there, the loop's length is a value and its arrays' a constant,
so that a padded batch costs no more steps than its longest sequence.

A sequence begins wherever ``starts`` is true: the state before that step is the learned initial
one. So padding needs no mask in either direction, and sequences may follow one another in the same
row.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Callable, NamedTuple, Optional

import tensorflow as tf

from neuroner_tl.model.coupled_cell import CellWeights, Step, cell_step, cell_step_gradient


def _peephole_gradient(c: tf.Tensor, dz: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """Return the gradient of `_peep` with respect to the weight, summed over ``[time, batch]``."""
    if weight.shape.rank == 2:
        return _outer_sum(c, dz)
    return tf.reduce_sum(c * dz, axis=[0, 1])


def _outer_sum(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Compute ``sum over t, b of a[t, b]^T b[t, b]`` as one matrix product."""
    flat_a = tf.reshape(a, [-1, a.shape[-1]])
    flat_b = tf.reshape(b, [-1, b.shape[-1]])
    return tf.matmul(flat_a, flat_b, transpose_a=True)


def _before(states: tf.Tensor, starts: tf.Tensor, initial: tf.Tensor, backwards: bool) -> tf.Tensor:
    """Return the state before each step: of the step read before it, or initial at a start."""
    shifted = (
        tf.concat([states[1:], initial[None]], axis=0)
        if backwards
        else tf.concat([initial[None], states[:-1]], axis=0)
    )
    return tf.where(starts[:, :, None], initial, shifted)


class _Sequences(NamedTuple):
    """The sequences of a batch, read in one direction: what all steps share.

    Attributes:
        backwards, steps, starts: as in `coupled_lstm`.
        h0, c0: the state before a sequence, ``[batch, n]``.
        recurrent: the recurrent weights, ``[n, 3 * n]``.
        peepholes: ``(W_ci, W_co)``, or empty.
        mask: factors of the state where the recurrent weights read it, as in `coupled_lstm`.
    """

    backwards: bool
    steps: tf.Tensor
    starts: tf.Tensor
    h0: tf.Tensor
    c0: tf.Tensor
    recurrent: tf.Tensor
    peepholes: tuple[tf.Tensor, ...]
    mask: Optional[tf.Tensor] = None

    def read(self, z: tf.Tensor) -> Step:
        """Compute all steps, each ``[time, batch, n]``, zero from ``steps`` on."""
        arrays = [_new_array(z, self.recurrent.shape[0]) for _ in Step._fields]
        _, _, _, *arrays = tf.while_loop(
            lambda number, *_: number < self.steps,
            partial(self._read_step, z),
            (tf.constant(0), self.h0, self.c0, *arrays),
        )
        return Step(*(array.stack() for array in arrays))

    def _read_step(
        self, z: tf.Tensor, number: tf.Tensor, h: tf.Tensor, c: tf.Tensor, *arrays: tf.TensorArray
    ) -> tuple:
        # gather, not [t], which XLA turns into a copy of the whole array.
        t = self._place(number)
        start = tf.gather(self.starts, t)[:, None]
        h, c = tf.where(start, self.h0, h), tf.where(start, self.c0, c)
        read = self._masked(h, t)
        step = cell_step(tf.gather(z, t), read, c, self.recurrent, self.peepholes)
        written = [array.write(t, value) for array, value in zip(arrays, step)]
        return (number + 1, step.h, step.c, *written)

    def gradient(self, done: Step, dh: tf.Tensor) -> tuple[Optional[tf.Tensor], ...]:
        """Apply the chain rule to all steps, which `read` has done.

        From the gradient of the loss with respect to ``h``, return those with respect to ``z``,
        steps and starts (None), ``h0``, ``c0``, the recurrent weights and the peepholes.
        """
        h_prev = _before(done.h, self.starts, self.h0, self.backwards)
        c_prev = _before(done.c, self.starts, self.c0, self.backwards)
        dz, dh0, dc0 = self._unroll(done, c_prev, dh)
        d_peepholes: list[tf.Tensor] = []
        if self.peepholes:
            dz_i, _, dz_o = tf.split(dz, 3, axis=-1)
            d_peepholes = [
                _peephole_gradient(c_prev, dz_i, self.peepholes[0]),
                _peephole_gradient(done.c, dz_o, self.peepholes[1]),
            ]
        read = h_prev if self.mask is None else h_prev * self.mask
        return (dz, None, None, dh0, dc0, _outer_sum(read, dz), *d_peepholes)

    def _unroll(
        self, done: Step, c_prev: tf.Tensor, dh: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Go back from the last step to the first: gradients with respect to ``z, h0, c0``."""
        # A product with many rows is faster by a matrix that has been transposed before the
        # loop; that with one row reads the matrix once, as it is.
        weights = (self.recurrent, self.peepholes, False)
        if dh.shape[1] != 1:
            weights = (*self._transposed(), True)
        zeros = tf.zeros_like(self.h0)
        _, _, _, dh0, dc0, array = tf.while_loop(
            lambda number, *_: number >= 0,
            partial(self._unroll_step, done, c_prev, dh, weights),
            (self.steps - 1, *[zeros] * 4, _new_array(dh, 3 * self.recurrent.shape[0])),
        )
        return array.stack(), dh0, dc0

    def _unroll_step(
        self,
        done: Step,
        c_prev: tf.Tensor,
        dh_all: tf.Tensor,
        weights: tuple[tf.Tensor, tuple[tf.Tensor, ...], bool],
        number: tf.Tensor,
        dh: tf.Tensor,
        dc: tf.Tensor,
        dh0: tf.Tensor,
        dc0: tf.Tensor,
        array: tf.TensorArray,
    ) -> tuple:
        t = self._place(number)
        dz, dh, dc = cell_step_gradient(
            Step(*(tf.gather(values, t) for values in done)),
            tf.gather(c_prev, t),
            dh + tf.gather(dh_all, t),
            dc,
            *weights,
        )
        dh = self._masked(dh, t)
        start = tf.gather(self.starts, t)[:, None]
        zeros = tf.zeros_like(dh)
        dh0 += tf.where(start, dh, zeros)
        dc0 += tf.where(start, dc, zeros)
        dh, dc = tf.where(start, zeros, dh), tf.where(start, zeros, dc)
        return number - 1, dh, dc, dh0, dc0, array.write(t, dz)

    def _masked(self, h: tf.Tensor, t: tf.Tensor) -> tf.Tensor:
        """Return the state that the recurrent weights read at a step; or its gradient."""
        if self.mask is None:
            return h
        return h * (self.mask if self.mask.shape.rank == 2 else tf.gather(self.mask, t))

    def _place(self, number: tf.Tensor) -> tf.Tensor:
        return self.steps - 1 - number if self.backwards else number

    def _transposed(self) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        # A vector (a diagonal) is its own transpose.
        return tf.transpose(self.recurrent), tuple(tf.transpose(w) for w in self.peepholes)


def _new_array(like: tf.Tensor, width: int) -> tf.TensorArray:
    """Return an array of ``[batch, width]`` for each step of ``[time, batch, ...]``."""
    return tf.TensorArray(like.dtype, size=tf.shape(like)[0], element_shape=[like.shape[1], width])


def _recurrence(backwards: bool, mask: Optional[tf.Tensor] = None) -> Callable[..., tf.Tensor]:
    """Return the function that reads a batch in one direction, with its gradient.

    It takes ``z [time, batch, 3 * n]``, the number of steps, the starts ``[time, batch]``, the
    initial states, the recurrent weights and the peepholes, and returns ``h [time, batch, n]``,
    zero from ``steps`` on.
    """

    @tf.custom_gradient
    def read_all(
        z: tf.Tensor,
        steps: tf.Tensor,
        starts: tf.Tensor,
        h0: tf.Tensor,
        c0: tf.Tensor,
        recurrent: tf.Tensor,
        *peepholes: tf.Tensor,
    ) -> tuple[tf.Tensor, Callable[..., tuple[Optional[tf.Tensor], ...]]]:
        sequences = _Sequences(backwards, steps, starts, h0, c0, recurrent, peepholes, mask)
        done = sequences.read(z)
        return done.h, partial(sequences.gradient, done)

    return read_all


@tf.custom_gradient
def _project(
    weight: tf.Tensor, bias: tf.Tensor, *parts: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
    """Compute ``[parts] W + b`` of rows ``[rows, d_k]``, with gradients as separate products.

    An unused gradient of a part (frozen token embeddings are most of the input) is then not part
    of a larger product, and is pruned from the program.
    """
    x = tf.concat(parts, axis=-1)

    def gradient(dz: tf.Tensor) -> tuple[tf.Tensor, ...]:
        rows = tf.split(weight, [part.shape[-1] for part in parts], axis=0)
        return (
            tf.matmul(x, dz, transpose_a=True),
            tf.reduce_sum(dz, axis=0),
            *(tf.matmul(dz, of_part, transpose_b=True) for of_part in rows),
        )

    return x @ weight + bias, gradient


def coupled_lstm(
    parts: Sequence[tf.Tensor],
    steps: tf.Tensor,
    starts: tf.Tensor,
    weights: CellWeights,
    backwards: bool = False,
    mask: Optional[tf.Tensor] = None,
) -> tf.Tensor:
    """Run the cell over a batch of sequences.

    Args:
        parts: the input ``x_t`` in parts that are concatenated, each ``[time, batch, d_k]``; the
            padding may hold anything finite, provided that the outputs there are not used.
        steps: how many steps to run (a scalar), at least the longest sequence's length and at
            most ``time``.
        starts: ``[time, batch]`` bool, where sequences begin: at their first element, or at their
            last if they are read backwards.
        weights: the cell's weights.
        backwards: run from ``steps - 1`` to 0.
        mask: factors of ``h_{t-1}`` where the recurrent weights read it, ``[batch, n]`` for all
            steps or ``[time, batch, n]``; constants, which have no gradient.

    Returns:
        ``h``, ``[time, batch, n]``; zero from ``steps`` on.
    """
    flat = [tf.reshape(part, [-1, part.shape[-1]]) for part in parts]
    z = project(flat, weights)
    z = tf.reshape(z, [-1, tf.shape(parts[0])[1], z.shape[-1]])
    return read(z, steps, starts, weights, backwards, mask)


def project(parts: Sequence[tf.Tensor], weights: CellWeights) -> tf.Tensor:
    """Compute what the gates get from the input alone, ``W_x x + b``.

    Args:
        parts: the input in parts that are concatenated, each ``[rows, d_k]``.
        weights: the cell's weights.

    Returns:
        ``[rows, 3 * n]``.
    """
    # custom_gradient takes tensors, not variables.
    return _project(*map(tf.convert_to_tensor, (weights.input, weights.bias)), *parts)


def read(
    z: tf.Tensor,
    steps: tf.Tensor,
    starts: tf.Tensor,
    weights: CellWeights,
    backwards: bool = False,
    mask: Optional[tf.Tensor] = None,
) -> tf.Tensor:
    """Run the cell over projected input.

    Args:
        z: ``[time, batch, 3 * n]``, from `project`.
        steps: as in `coupled_lstm`.
        starts: likewise.
        weights: likewise.
        backwards: likewise.
        mask: likewise.

    Returns:
        ``h``, ``[time, batch, n]``; zero from ``steps`` on.
    """
    batch = tf.shape(z)[1]
    weights = CellWeights(*(w if w is None else tf.convert_to_tensor(w) for w in weights))
    h0 = tf.tile(weights.initial_h[None], [batch, 1])
    c0 = tf.tile(weights.initial_c[None], [batch, 1])
    peepholes: tuple[tf.Tensor, ...] = ()
    if weights.peephole_i is not None and weights.peephole_o is not None:
        peepholes = (weights.peephole_i, weights.peephole_o)
    return _recurrence(backwards, mask)(z, steps, starts, h0, c0, weights.recurrent, *peepholes)
