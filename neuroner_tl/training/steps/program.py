"""The inner level of a training step: forward pass, gradients, clipping and update.

The program is given the rows of the two tables and does everything else; it depends only on the
architecture and on the batch's shape and is compiled by XLA on request. It takes the weights as
arguments, so one compilation serves every model of that architecture in the process.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union

import tensorflow as tf

from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.dropout import NO_DROPOUT, DropoutMasks
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.training.steps.flat_batch import FLOATS, HEADER, LAYOUT, SOFT
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.update import (
    Nested,
    norm_factor,
    scaled,
    squared_norm,
    trained_weights,
    update_in_place,
)
from neuroner_tl.training.steps.variational import Draw, draw_masks

TABLES = (TokenEmbedding.name, CharacterEmbedding.name)
# The gradients of the tables, by the names that the step gives them.
ROWS = ("token_rows", "character_rows")


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
    """Split what `neuroner_tl.training.steps.flat_batch.flatten` put together, by name.

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
        batch: the rest of the batch, by name, see `neuroner_tl.training.steps.flat_batch`.
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


@functools.cache
def training_program(architecture: Architecture, settings: StepSettings) -> Program:
    """Return the inner level, made once for an architecture and its settings.

    Its function is called with all weights and slots but the two tables', the rows of both, the
    batch, the dropout mask, the learning rate and the iteration; it updates the weights and
    slots in place and returns the loss and the gradients of both tables' rows (or None). With
    exponential averages, it is given those of the weights too, and updates them; with clipping by
    norm, it is given which rows of the tables are the same; with variational dropout, what decides
    the masks, which it draws itself.

    An update of many operations for each weight is compiled apart, once: with the rest, it would
    be compiled again for each size of batches, and take half of that time.
    """

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        # No statement depends on a tensor's value; autograph would double the time of tracing.
        jit = settings.jit_compile or None
        return tf.function(function, jit_compile=jit, reduce_retracing=True, autograph=False)

    def gradients_of(
        weights: Nested,
        token_rows: tf.Tensor,
        character_rows: Optional[tf.Tensor],
        batch: Mapping[str, tf.Tensor],
        dropout_mask: Optional[tf.Tensor],
        row_indices: Optional[Mapping[str, tf.Tensor]],
        draw: Optional[Draw],
    ) -> tuple[tf.Tensor, dict[str, Any], dict[str, tf.Tensor], tf.Tensor]:
        """Return the loss, the gradients of layers and of rows, and the squared norm of these."""
        masks = NO_DROPOUT
        if draw is not None:
            masks = draw_masks(settings.variational, architecture, batch, draw)
        rows = (token_rows, character_rows)
        loss, gradients = loss_and_gradients(
            architecture, settings, weights, *rows, batch, dropout_mask, masks
        )
        of_rows = {name: gradients.pop(name) for name in ROWS if name in gradients}
        squares = tf.zeros_like(loss)
        if settings.clip_norm and of_rows:
            squares = squared_norm(of_rows, row_indices)
        return loss, gradients, of_rows, squares

    def update(
        weights: Nested,
        slots: Nested,
        gradients: Mapping[str, Any],
        squares: tf.Tensor,
        learning_rate: tf.Tensor,
        iteration: tf.Tensor,
        averages: Optional[Nested],
    ) -> tf.Tensor:
        """Update what belongs to layers; return the factor of clipping by norm."""
        factor = tf.ones_like(squares)
        if settings.clip_norm:
            if gradients:  # None where only tables are trained.
                squares += squared_norm(gradients)
            factor = norm_factor(squares, settings.clip_norm)
            gradients = scaled(gradients, factor)
        update_in_place(settings, weights, slots, gradients, learning_rate, iteration, averages)
        return factor

    if settings.updates_apart:
        gradients_of, update = compiled(gradients_of), compiled(update)

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
        rows = (token_rows, character_rows)
        loss, gradients, of_rows, squares = gradients_of(
            weights, *rows, batch, dropout_mask, row_indices, draw
        )
        factor = update(weights, slots, gradients, squares, learning_rate, iteration, averages)
        if settings.clip_norm:
            of_rows = scaled(of_rows, factor)
        return loss, of_rows.get("token_rows"), of_rows.get("character_rows")

    return Program(program if settings.updates_apart else compiled(program))
