"""The inner level of a training step: forward pass, gradients, clipping and update.

The program is given the rows of the two tables and does everything else; it depends only on the
architecture and on the batch's shape and is compiled by XLA on request. It takes the weights as
arguments, so one compilation serves every model of that architecture in the process.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union

import tensorflow as tf

from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.dropout import NO_DROPOUT, DropoutMasks
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.training.averaging import add_to_mean
from neuroner_tl.training.flat_batch import FLOATS, HEADER, LAYOUT, SOFT
from neuroner_tl.training.optimisers import OPTIMISERS
from neuroner_tl.training.step_settings import StepSettings
from neuroner_tl.training.variational import Draw, draw_masks

Nested = Mapping[str, Mapping[str, Any]]
Values = dict[str, dict[str, tf.Tensor]]

TABLES = (TokenEmbedding.name, CharacterEmbedding.name)


def without_tables(
    variables: Mapping[str, Mapping[str, tf.Variable]],
) -> dict[str, dict[str, tf.Variable]]:
    """Return variables without those of the tables: weights, their slots or their averages."""
    others = {
        layer: {
            name: variable
            for name, variable in named.items()
            if layer not in TABLES or name.startswith("linear_")
        }
        for layer, named in variables.items()
    }
    return {layer: named for layer, named in others.items() if named or layer not in TABLES}


def dropout_mask(
    shape: Union[Sequence[int], tf.Tensor],
    seed: int,
    number: tf.Tensor,
    rate: float,
    dtype: tf.DType,
) -> tf.Tensor:
    """Draw the mask of a step: 0, or what makes up for it.

    Each value depends on its place from the beginning alone, so a sentence that is padded further
    has the same mask.

    Args:
        shape: the mask's.
        seed: the run's seed.
        number: number of the step.
        rate: share that is 0.
        dtype: the mask's type.
    """
    kept = 1.0 - rate
    uniform = tf.random.stateless_uniform(shape, [seed, number])
    return tf.cast(uniform < kept, dtype) / kept


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


def batch_loss(
    network: EntityLSTM,
    token_rows: tf.Tensor,
    character_rows: Optional[tf.Tensor],
    batch: Mapping[str, tf.Tensor],
    dropout_mask: Optional[tf.Tensor],
    reduction: str,
    partial: bool = False,
    masks: DropoutMasks = NO_DROPOUT,
    smoothing: float = 0.0,
    soft: bool = False,
) -> tf.Tensor:
    """Compute the loss of a batch from the rows of the tables.

    A mean is over the number of sentences, not over the sum of their weights, which would undo
    the weight of a sentence that is a batch of its own.
    """
    word_vectors = None
    if character_rows is not None:
        packed = {name: batch[name] for name in ("starts", "used", "first", "last")}
        word_vectors = network.encode_words(character_rows, **packed, masks=masks)
    scores = network.scores(token_rows, word_vectors, batch["lengths"], dropout_mask, masks)
    if soft:
        targets = batch["soft_labels"], batch["soft_transitions"]
        losses = network.soft_loss(scores, *targets, batch["lengths"])
    else:
        losses = network.loss(scores, batch["labels"], batch["lengths"], partial, smoothing)
    total = tf.reduce_sum(losses * batch["sentence_weights"])
    if reduction != "mean":
        return total
    return total / tf.reduce_sum(tf.sign(batch["sentence_weights"]))


def unflatten(flat: tf.Tensor, dtype: tf.DType, soft: bool = False) -> dict[str, tf.Tensor]:
    """Split what `neuroner_tl.training.flat_batch.flatten` put together, by name.

    Args:
        flat: the batch.
        dtype: type of what is not an integer.
        soft: whether its labels are soft; without, it has no arrays of theirs.
    """
    layout = {name: sizes for name, sizes in LAYOUT.items() if soft or name not in SOFT}
    header = dict(zip(HEADER, tf.unstack(flat[: len(HEADER)], num=len(HEADER))))
    sizes = {**header, "two": tf.constant(2)}
    shapes = [tf.stack([sizes[name] for name in names]) for names in layout.values()]
    counts = tf.stack([tf.reduce_prod(shape) for shape in shapes])
    arrays = tf.split(flat[len(HEADER) :], counts, num=len(layout))
    batch = {name: tf.reshape(values, shape) for name, values, shape in zip(layout, arrays, shapes)}
    floats = {
        name: tf.cast(tf.bitcast(batch[name], tf.float32), dtype)
        for name in FLOATS
        if name in batch
    }
    return {
        **batch,
        **floats,
        "used": header["used"],
        "iteration": header["iteration"],
    }


def clipped(gradient: tf.Tensor, clip: float) -> tf.Tensor:
    """Clip by value, as NeuroNER does."""
    return tf.clip_by_value(gradient, -clip, clip) if clip else gradient


def decays(layer: str, variable: tf.Variable) -> bool:
    """Tell whether weight decay applies: to matrices, but not to those of layer 1."""
    return bool(variable.shape.rank == 2) and layer != TokenEmbedding.name


def scaled_to_norm(
    gradients: Mapping[str, Any], indices: Mapping[str, tf.Tensor], limit: float
) -> dict[str, Any]:
    """Scale all gradients by one factor, so that their norm is at most the limit.

    Args:
        gradients: those of layers by name, and those of the tables' rows, ``[..., d]``.
        indices: for each of the latter, which row of the table it is, ``[...]``, as the index of
            a distinct one: the gradients of a row that occurs several times are added up first.
        limit: above 0.
    """
    squares = []
    for name, gradient in gradients.items():
        if name in indices:
            rows = tf.reshape(gradient, [-1, gradient.shape[-1]])
            index = tf.reshape(indices[name], [-1])
            gradient = tf.math.unsorted_segment_sum(rows, index, tf.shape(rows)[0])
        squares += [tf.reduce_sum(values * values) for values in tf.nest.flatten(gradient)]
    factor = limit / tf.maximum(tf.sqrt(tf.add_n(squares)), limit)
    return {
        name: tf.nest.map_structure(lambda values: values * factor, gradient)
        for name, gradient in gradients.items()
    }


@dataclass(frozen=True, eq=False)
class Program:
    """The inner level of a step.

    Attributes:
        function: the function that computes.
        shapes: sizes of batches seen so far; if it is compiled, each was compiled once.

    Example::

        program = training_program(architecture, StepSettings(jit_compile=True))
        print(len(program.shapes))  # sizes of batches compiled so far
    """

    function: Callable[..., Any]
    shapes: set[tuple[int, ...]] = field(default_factory=set)


def loss_and_gradients(
    architecture: Architecture,
    settings: StepSettings,
    weights: Nested,
    token_rows: tf.Tensor,
    character_rows: Optional[tf.Tensor],
    batch: Mapping[str, tf.Tensor],
    dropout_mask: Optional[tf.Tensor],
    masks: DropoutMasks = NO_DROPOUT,
) -> tuple[tf.Tensor, dict[str, Any]]:
    """Compute a batch's loss, and its gradients.

    Args:
        architecture: the network's architecture.
        settings: the settings of the step.
        weights: all weights but the two tables, by layer and name.
        token_rows: ``[batch, time, token_dimension]``, from the table of layer 1.
        character_rows: ``[steps, rows, character_dimension]``, from the table of layer 2, or None.
        batch: the rest of the batch, by name, see `neuroner_tl.training.flat_batch`.
        dropout_mask: ``[batch, time, input_size]`` or None.
        masks: of variational dropout.

    Returns:
        The loss, and the gradients by layer and name; those of the tables' rows, where these are
        trained, as ``token_rows`` and ``character_rows``.
    """
    network = EntityLSTM(architecture, weights, closed_form=settings.jit_compile)
    sources: dict[str, Any] = dict(trained_weights(weights, settings.frozen))
    if TokenEmbedding.name not in settings.frozen:
        sources["token_rows"] = token_rows
    if CharacterEmbedding.name not in settings.frozen and character_rows is not None:
        sources["character_rows"] = character_rows
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(tf.nest.flatten(sources))
        loss = batch_loss(
            network,
            token_rows,
            character_rows,
            batch,
            dropout_mask,
            settings.batch_loss,
            settings.partial,
            masks,
            settings.label_smoothing,
            settings.soft,
        )
    unconnected = tf.UnconnectedGradients.ZERO
    return loss, tape.gradient(loss, sources, unconnected_gradients=unconnected)


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


@functools.cache
def training_program(architecture: Architecture, settings: StepSettings) -> Program:
    """Return the inner level, made once for an architecture and its settings.

    Its function is called with all weights and slots but the two tables', the rows of both, the
    batch, the dropout mask, the learning rate and the iteration; it updates the weights and
    slots in place and returns the loss and the gradients of both tables' rows (or None). With
    exponential averages, it is given those of the weights too, and updates them; with clipping by
    norm, it is given which rows of the tables are the same; with variational dropout, what decides
    the masks, which it draws itself.
    """

    # No statement here depends on a tensor's value, and autograph would double the time of tracing.
    @tf.function(jit_compile=settings.jit_compile or None, reduce_retracing=True, autograph=False)
    def program(
        weights: Nested,
        slots: Nested,
        token_rows: tf.Tensor,
        character_rows: Optional[tf.Tensor],
        batch: Mapping[str, tf.Tensor],
        dropout_mask: Optional[tf.Tensor],
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
        averages: Optional[Nested] = None,
        row_indices: Optional[Mapping[str, tf.Tensor]] = None,
        draw: Optional[Draw] = None,
    ) -> tuple[tf.Tensor, Optional[tf.Tensor], Optional[tf.Tensor]]:
        masks = NO_DROPOUT
        if draw is not None:
            masks = draw_masks(settings.variational, architecture, batch, draw)
        rows = (token_rows, character_rows)
        loss, gradients = loss_and_gradients(
            architecture, settings, weights, *rows, batch, dropout_mask, masks
        )
        if settings.clip_norm:
            gradients = scaled_to_norm(gradients, row_indices or {}, settings.clip_norm)
        new_weights, new_slots = updated_weights(
            settings, weights, slots, gradients, learning_rate, iteration
        )
        assign_all(weights, new_weights)
        assign_all(slots, new_slots)
        if averages is not None:
            for layer, named in new_weights.items():
                for name in named:
                    average = averages[layer][name]
                    add_to_mean(average, weights[layer][name], settings.averaging_decay)
        return loss, gradients.get("token_rows"), gradients.get("character_rows")

    return Program(program)
