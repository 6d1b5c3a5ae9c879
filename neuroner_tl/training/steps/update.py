"""The update of a training step: from the gradients to the next weights, slots and averages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional

import tensorflow as tf

from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.training.steps.averaging import add_to_mean
from neuroner_tl.training.steps.optimisers import OPTIMISERS
from neuroner_tl.training.steps.step_settings import StepSettings

Nested = Mapping[str, Mapping[str, Any]]
Values = dict[str, dict[str, tf.Tensor]]


def trained_weights(weights: Nested, frozen: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return the weights that are trained, by layer and name.

    They are all but those of frozen layers; of frozen token embeddings, the linear layer above
    the table is trained.
    """
    trained = {
        layer: {
            name: value
            for name, value in named.items()
            if layer not in frozen or (layer == TokenEmbedding.name and name != "embedding")
        }
        for layer, named in weights.items()
    }
    return {layer: named for layer, named in trained.items() if named}


def clipped(gradient: tf.Tensor, clip: float) -> tf.Tensor:
    """Clip by value, as NeuroNER does."""
    return tf.clip_by_value(gradient, -clip, clip) if clip else gradient


def decays(layer: str, variable: tf.Variable) -> bool:
    """Tell whether weight decay applies: to matrices, but not to those of layer 1."""
    return bool(variable.shape.rank == 2) and layer != TokenEmbedding.name


def squared_norm(
    gradients: Mapping[str, Any], indices: Optional[Mapping[str, tf.Tensor]] = None
) -> tf.Tensor:
    """Return the sum of the squares of all components of gradients, a scalar.

    Args:
        gradients: those of layers by name, and those of the tables' rows, ``[..., d]``.
        indices: for each of the latter, which row of the table it is, ``[...]``, as the index of
            a distinct one: the gradients of a row that occurs several times are added up first.
    """
    squares = []
    for name, gradient in gradients.items():
        if indices and name in indices:
            rows = tf.reshape(gradient, [-1, gradient.shape[-1]])
            index = tf.reshape(indices[name], [-1])
            gradient = tf.math.unsorted_segment_sum(rows, index, tf.shape(rows)[0])
        squares += [tf.reduce_sum(values * values) for values in tf.nest.flatten(gradient)]
    return tf.add_n(squares)


def norm_factor(squares: tf.Tensor, limit: float) -> tf.Tensor:
    """Return the factor that scales gradients to a norm of at most the limit, which is above 0.

    Args:
        squares: the sum of their squares.
        limit: the largest norm.
    """
    return limit / tf.maximum(tf.sqrt(squares), limit)


def scaled(gradients: Mapping[str, Any], factor: tf.Tensor) -> dict[str, Any]:
    """Return gradients times a factor."""
    return {
        name: tf.nest.map_structure(lambda values: values * factor, gradient)
        for name, gradient in gradients.items()
    }


def updated_weights(
    settings: StepSettings,
    weights: Nested,
    slots: Nested,
    gradients: Mapping[str, Any],
    learning_rate: tf.Tensor,
    iteration: tf.Tensor,
) -> tuple[Values, Values]:
    """Return the trained weights but those of the tables after a step, and their slots."""
    optimiser = OPTIMISERS[settings.optimiser]
    new_weights: Values = {}
    new_slots: Values = {}
    for layer, named in trained_weights(weights, settings.frozen).items():
        new_weights[layer], new_slots[layer] = {}, {}
        for name, weight in named.items():
            names = [f"{name}.{slot}" for slot in optimiser.slots]
            value, values = optimiser.updated(
                weight,
                clipped(gradients[layer][name], settings.clip),
                [slots[layer][slot] for slot in names],
                learning_rate,
                iteration,
                settings.weight_decay if decays(layer, weight) else 0.0,
            )
            new_weights[layer][name] = value
            new_slots[layer].update(zip(names, values))
    return new_weights, new_slots


def assign_all(variables: Nested, values: Nested) -> None:
    """Give variables the values of the same layer and name."""
    for layer, named in values.items():
        for name, value in named.items():
            variables[layer][name].assign(value)


def update_in_place(
    settings: StepSettings,
    weights: Nested,
    slots: Nested,
    gradients: Mapping[str, Any],
    learning_rate: tf.Tensor,
    iteration: tf.Tensor,
    averages: Optional[Nested],
) -> None:
    """Update the trained weights but those of the tables, their slots and exponential averages."""
    new_weights, new_slots = updated_weights(
        settings, weights, slots, gradients, learning_rate, iteration
    )
    assign_all(weights, new_weights)
    assign_all(slots, new_slots)
    if averages is not None:
        for layer, named in new_weights.items():
            for name in named:
                add_to_mean(averages[layer][name], weights[layer][name], settings.averaging_decay)
