"""Bursts: steps of one sentence each that one call of a compiled program makes one after the other.

A step of one sentence takes a few milliseconds, a third of which goes into calling the program and
taking its results. In a burst this is done once for all its sentences. The steps are the same as
one by one, in the same order.

The program has a branch for each padded length of sentences (see `Shapes`). What a branch computes
does not depend on the rest of the burst, so results do not depend on how steps are divided into
bursts.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import tensorflow as tf

from neuroner_tl.dataset.batches import Batch
from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.training.steps.burst_shape import SIZE, BurstShape
from neuroner_tl.training.steps.optimisers import OPTIMISERS
from neuroner_tl.training.steps.program import (
    Program,
    dropout_mask,
    loss_and_gradients,
    without_tables,
)
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.update import (
    Nested,
    Values,
    assign_all,
    clipped,
    norm_factor,
    scaled,
    squared_norm,
    trained_weights,
    updated_weights,
)

# Rows of the table of characters are padded to a multiple: one compilation serves most alphabets.
_ALPHABET = 128


def allows_bursts(settings: StepSettings, architecture: Architecture) -> bool:
    """Tell whether a step can be part of a burst.

    What needs to know which tokens of a sentence are the same is left to single steps.
    """
    return (
        settings.jit_compile
        and architecture.use_character_lstm
        and TokenEmbedding.name in settings.frozen
        and not (settings.variational.is_on or settings.soft or settings.averaging_decay)
    )


class Bursts:
    """The outer level of a burst: looks up rows of the tables, and puts back that of characters.

    Args:
        network: the network, trained in place.
        settings: the settings of its steps.
        slots: the optimiser's slots.
        learning_rate: size of a step.
        seed: seed of the dropout masks.
        shape: sizes of what is computed.

    Attributes:
        shape: likewise.
        program: the inner level.
        sizes: those for which it is compiled, besides what the program knows.

    Example::

        bursts = Bursts(network, settings, slots, rate, seed, BurstShape.of((16, 24)))
        losses = bursts(batches, iteration=1).numpy()
    """

    def __init__(
        self,
        network: EntityLSTM,
        settings: StepSettings,
        slots: Nested,
        learning_rate: tf.Variable,
        seed: int,
        shape: BurstShape,
    ) -> None:
        self.shape = shape
        same_program = settings.of_program()
        self.program = burst_program(network.architecture, same_program, shape)
        inner_weights, inner_slots = without_tables(network.weights), without_tables(slots)
        table = network.weights[CharacterEmbedding.name]["embedding"]
        alphabet = table.shape[0]
        padding = -alphabet % _ALPHABET
        self.sizes = (SIZE, alphabet + padding)
        train_characters = CharacterEmbedding.name not in settings.frozen
        table_slots = []
        if train_characters:
            own = slots.get(CharacterEmbedding.name, {})
            names = OPTIMISERS[settings.optimiser].slots
            table_slots = [own[f"embedding.{name}"] for name in names]

        def padded(variable: tf.Variable) -> tf.Tensor:
            return tf.pad(variable, [[0, padding], [0, 0]])

        def outer(flat: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
            batch = shape.unflatten(flat)
            arrays = {**batch, "token_rows": network.token_embedding(batch["token_ids"])}
            if settings.dropout:
                size = [*shape.arrays["token_ids"], network.architecture.input_size]
                arrays["dropout_mask"] = tf.stack(
                    [
                        dropout_mask(size, seed, number, settings.dropout, table.dtype)
                        for number in tf.unstack(batch["iteration"])
                    ]
                )
            # Looked up here, from the table; the rows of characters depend on the step before.
            del arrays["token_ids"]
            losses, rows, row_slots = self.program.function(
                inner_weights,
                inner_slots,
                padded(table),
                [padded(slot) for slot in table_slots],
                arrays,
                steps,
                learning_rate,
            )
            if train_characters:
                for variable, value in zip((table, *table_slots), (rows, *row_slots)):
                    variable.assign(value[:alphabet])
            return losses

        signature = [tf.TensorSpec([SIZE, None], tf.int32), tf.TensorSpec([], tf.int32)]
        outer_function = tf.function(outer, input_signature=signature, autograph=False)
        self._outer = outer_function.get_concrete_function()

    def __call__(self, batches: Sequence[Batch], iteration: int) -> tf.Tensor:
        """Make the steps of some batches, each of which has a branch.

        Args:
            batches: at most ``SIZE``.
            iteration: number of the first one's step, from 1.

        Returns:
            Their losses, and 0 for those that a full burst has more: ``[SIZE]``.
        """
        flat = self.shape.flatten(batches, iteration)
        return self._outer(tf.constant(flat), tf.constant(len(batches)))


@functools.cache
def burst_program(architecture: Architecture, settings: StepSettings, shape: BurstShape) -> Program:
    """Return the inner level of a burst, made once for an architecture and its settings.

    Its function updates weights and slots in place and returns the losses ``[SIZE]``, the table of
    characters and its slots.
    """
    optimiser = OPTIMISERS[settings.optimiser]
    train_characters = CharacterEmbedding.name not in settings.frozen

    def branch(
        number: int,
        weights: Nested,
        table: tf.Tensor,
        token_rows: tf.Tensor,
        batch: Mapping[str, tf.Tensor],
        dropout_mask: Optional[tf.Tensor],
    ) -> tuple[tf.Tensor, dict[str, Any]]:
        length = shape.lengths[number]
        batch = shape.cut(batch, number)
        characters = batch["characters"]
        loss, gradients = loss_and_gradients(
            architecture,
            settings,
            weights,
            token_rows[:, :length],
            tf.gather(table, characters),
            batch,
            None if dropout_mask is None else dropout_mask[:, :length],
        )
        if train_characters:
            gradients["character_rows"] = tf.math.unsorted_segment_sum(
                gradients["character_rows"], characters, tf.shape(table)[0]
            )
        return loss, gradients

    def step(
        frozen: Nested,
        learning_rate: tf.Tensor,
        arrays: Mapping[str, tf.Tensor],
        done: tf.Tensor,
        losses: tf.Tensor,
        weights: Values,
        slots: Values,
        table: tf.Tensor,
        table_slots: list[tf.Tensor],
    ) -> tuple[tf.Tensor, tf.Tensor, Values, Values, tf.Tensor, list[tf.Tensor]]:
        """Make the burst's step number ``done``."""
        # Taken out of the burst before the branches, into which all of it would be copied.
        batch = {name: tf.gather(values, done) for name, values in arrays.items()}
        rows, mask = batch.pop("token_rows"), batch.pop("dropout_mask", None)
        iteration = tf.cast(batch["iteration"], rows.dtype)
        branches = [
            functools.partial(branch, number, {**frozen, **weights}, table, rows, batch, mask)
            for number in range(len(shape.lengths))
        ]
        loss, gradients = tf.switch_case(batch["branch"], branches)
        if settings.clip_norm:
            factor = norm_factor(squared_norm(gradients), settings.clip_norm)
            gradients = scaled(gradients, factor)
        weights, slots = updated_weights(
            settings, weights, slots, gradients, learning_rate, iteration
        )
        if train_characters:
            gradient = clipped(gradients["character_rows"], settings.clip)
            table, table_slots = optimiser.updated(
                table, gradient, table_slots, learning_rate, iteration
            )
        losses = tf.tensor_scatter_nd_update(losses, [[done]], [loss])
        return done + 1, losses, weights, slots, table, table_slots

    # Autograph would double the time of tracing.
    @tf.function(jit_compile=True, reduce_retracing=True, autograph=False)
    def program(
        weights: Nested,
        slots: Nested,
        table: tf.Tensor,
        table_slots: list[tf.Tensor],
        arrays: Mapping[str, tf.Tensor],
        steps: tf.Tensor,
        learning_rate: tf.Tensor,
    ) -> tuple[tf.Tensor, tf.Tensor, list[tf.Tensor]]:
        # The loop is given values: a function that assigns to variables inside a loop keeps those
        # that it was traced with.
        trained = _values(trained_weights(weights, settings.frozen))
        frozen = _values({layer: weights[layer] for layer in weights if layer not in trained})
        # Without slots, a layer may be absent from these.
        own_slots = _values({layer: slots.get(layer, {}) for layer in trained})
        state = (trained, own_slots, table, table_slots)
        _, losses, new_weights, new_slots, table, table_slots = tf.while_loop(
            lambda done, *_: done < steps,
            functools.partial(step, frozen, tf.convert_to_tensor(learning_rate), arrays),
            (tf.constant(0), tf.zeros([SIZE], table.dtype), *state),
        )
        assign_all(weights, new_weights)
        assign_all(slots, new_slots)
        return losses, table, table_slots

    return Program(program)


def _values(variables: Nested) -> Values:
    return {
        layer: {name: tf.convert_to_tensor(variable) for name, variable in named.items()}
        for layer, named in variables.items()
    }
