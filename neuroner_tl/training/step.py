"""One training step: forward pass, gradients, clipping and update.

A step has two levels. The outer one looks up rows of the two tables and applies their
gradients, which costs little and depends on the vocabulary. The inner one, the program, is given
the rows and does everything else; it depends only on the architecture and on the batch's shape and
is compiled by XLA on request. The program takes the weights as arguments, so one compilation
serves every model of that architecture in the process.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Batch, Shapes
from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.system.compiler_notice import compile_quietly_once
from neuroner_tl.training.flat_batch import HEADER, LAYOUT, flatten
from neuroner_tl.training.optimisers import OPTIMISERS, Optimiser

TABLES = (TokenEmbedding.name, CharacterEmbedding.name)
Nested = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class StepSettings:
    """The settings of a step besides the network.

    Attributes:
        optimiser: ``sgd``, ``adam`` or ``adadelta``.
        clip: gradients are clipped to ``[-clip, clip]``; 0 turns clipping off.
        dropout: share of the token LSTM's input that is set to zero.
        batch_loss: ``mean`` or ``sum`` over the batch's sentences; each loss times the sentence's
            weight, the mean over their number.
        frozen: layers that are not trained.
        jit_compile: compile the program with XLA.
        partial: whether batches have tokens that may have any label.

    Example::

        settings = StepSettings(optimiser="adam", batch_loss="sum", frozen=("token_embeddings",))
    """

    optimiser: str = "sgd"
    clip: float = 5.0
    dropout: float = 0.5
    batch_loss: str = "mean"
    frozen: tuple[str, ...] = ()
    jit_compile: bool = False
    partial: bool = False


def batch_loss(
    network: EntityLSTM,
    token_rows: tf.Tensor,
    character_rows: Optional[tf.Tensor],
    batch: Mapping[str, tf.Tensor],
    dropout_mask: Optional[tf.Tensor],
    reduction: str,
    partial: bool = False,
) -> tf.Tensor:
    """Compute the loss of a batch from the rows of the tables.

    A mean is over the number of sentences, not over the sum of their weights, which would undo
    the weight of a sentence that is a batch of its own.
    """
    word_vectors = None
    if character_rows is not None:
        packed = (batch[name] for name in ("starts", "used", "first", "last"))
        word_vectors = network.encode_words(character_rows, *packed)
    scores = network.scores(token_rows, word_vectors, batch["lengths"], dropout_mask)
    losses = network.loss(scores, batch["labels"], batch["lengths"], partial)
    total = tf.reduce_sum(losses * batch["sentence_weights"])
    if reduction != "mean":
        return total
    return total / tf.reduce_sum(tf.sign(batch["sentence_weights"]))


def unflatten(flat: tf.Tensor, dtype: tf.DType) -> dict[str, tf.Tensor]:
    """Split what `neuroner_tl.training.flat_batch.flatten` put together, by name."""
    header = dict(zip(HEADER, tf.unstack(flat[: len(HEADER)], num=len(HEADER))))
    sizes = {**header, "two": tf.constant(2)}
    shapes = [tf.stack([sizes[name] for name in names]) for names in LAYOUT.values()]
    counts = tf.stack([tf.reduce_prod(shape) for shape in shapes])
    arrays = tf.split(flat[len(HEADER) :], counts, num=len(LAYOUT))
    batch = {name: tf.reshape(values, shape) for name, values, shape in zip(LAYOUT, arrays, shapes)}
    weights = tf.bitcast(batch["sentence_weights"], tf.float32)
    return {
        **batch,
        "sentence_weights": tf.cast(weights, dtype),
        "used": header["used"],
        "iteration": header["iteration"],
    }


def clipped(gradient: tf.Tensor, clip: float) -> tf.Tensor:
    """Clip by value, as NeuroNER does."""
    return tf.clip_by_value(gradient, -clip, clip) if clip else gradient


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


@functools.cache
def training_program(architecture: Architecture, settings: StepSettings) -> Program:
    """Return the inner level, made once for an architecture and its settings.

    Its function is called with the weights and slots of layers 3 to 6, the rows of both tables, the
    batch, the dropout mask, the learning rate and the iteration; it updates the weights and
    slots in place and returns the loss and the gradients of both tables' rows (or None).
    """
    optimiser = OPTIMISERS[settings.optimiser]
    train_tokens = TokenEmbedding.name not in settings.frozen
    train_characters = CharacterEmbedding.name not in settings.frozen

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
    ) -> tuple[tf.Tensor, Optional[tf.Tensor], Optional[tf.Tensor]]:
        network = EntityLSTM(architecture, weights, closed_form=settings.jit_compile)
        trained = {
            layer: dict(named) for layer, named in weights.items() if layer not in settings.frozen
        }
        sources: dict[str, Any] = dict(trained)
        if train_tokens:
            sources["token_rows"] = token_rows
        if train_characters and character_rows is not None:
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
            )
        gradients = tape.gradient(loss, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for layer, named in trained.items():
            for name, variable in named.items():
                optimiser.update(
                    variable,
                    clipped(gradients[layer][name], settings.clip),
                    [slots[layer][f"{name}.{slot}"] for slot in optimiser.slots],
                    learning_rate,
                    iteration,
                )
        return loss, gradients.get("token_rows"), gradients.get("character_rows")

    return Program(program)


class TrainingStep:
    """A training step: each call trains the network on one batch.

    Args:
        network: the network, trained in place.
        settings: the settings of the step.
        learning_rate: size of a step.
        seed: seed of the dropout masks; with the iteration it decides each of them.

    Attributes:
        compiled_shapes: sizes of batches for which this step had to compile its program.
        compilation_seconds: time that this took.

    Example::

        step = TrainingStep(network, StepSettings(), learning_rate=0.005, seed=0)
        loss = float(step(batch))
    """

    def __init__(
        self, network: EntityLSTM, settings: StepSettings, learning_rate: float, seed: int
    ) -> None:
        self.network = network
        self.settings = settings
        self.seed = seed
        self.optimiser: Optimiser = OPTIMISERS[settings.optimiser]
        self.weights = network.weights
        self.slots = self._make_slots()
        self.iteration = 0
        self._dtype = network.label_prediction.weights["kernel"].dtype
        self._learning_rate = tf.constant(learning_rate, self._dtype)
        self._shapes = Shapes() if settings.jit_compile else EXACT
        # The program is given a dropout mask or none; how it is drawn is not its concern.
        same_program = replace(settings, dropout=float(settings.dropout > 0))
        self._program = training_program(network.architecture, same_program)
        self.compiled_shapes, self.compilation_seconds = 0, 0.0
        self._outer = self._make_outer()

    def _make_slots(self) -> dict[str, dict[str, tf.Variable]]:
        return {
            layer: {
                f"{name}.{slot}": tf.Variable(tf.zeros_like(variable), trainable=False)
                for name, variable in named.items()
                for slot in self.optimiser.slots
            }
            for layer, named in self.weights.items()
            if layer not in self.settings.frozen
        }

    def restore(self, slots: Mapping[str, Mapping[str, np.ndarray]], iteration: int) -> None:
        """Restore an earlier state: the optimiser's slots, and the number of steps done."""
        for layer, named in self.slots.items():
            for name, variable in named.items():
                variable.assign(slots[layer][name])
        self.iteration = iteration

    def is_finite(self) -> bool:
        """Tell whether all weights and slots are finite numbers."""
        both = (*self.weights.values(), *self.slots.values())
        variables = [variable for named in both for variable in named.values()]
        return all(bool(tf.reduce_all(tf.math.is_finite(variable))) for variable in variables)

    def __call__(self, batch: Batch) -> tf.Tensor:
        """Do one step and return the batch's loss, a scalar tensor."""
        self.iteration += 1
        flat = flatten(batch, self._shapes, self.iteration)
        shape = tuple(flat[: HEADER.index("used")].tolist())
        if not self.settings.jit_compile or shape in self._program.shapes:
            return self._outer(tf.constant(flat))
        compile_quietly_once()
        started = time.perf_counter()
        loss = self._outer(tf.constant(flat))
        self._program.shapes.add(shape)
        self.compiled_shapes += 1
        self.compilation_seconds += time.perf_counter() - started
        return loss

    def _make_outer(self) -> Callable[..., tf.Tensor]:
        network, settings, architecture = self.network, self.settings, self.network.architecture
        program = self._program.function
        inner_weights = {name: w for name, w in self.weights.items() if name not in TABLES}
        inner_slots = {name: s for name, s in self.slots.items() if name not in TABLES}

        def outer(flat: tf.Tensor) -> tf.Tensor:
            batch = unflatten(flat, self._dtype)
            token_ids, characters = batch.pop("token_ids"), batch.pop("characters")
            number = batch.pop("iteration")
            iteration = tf.cast(number, self._dtype)
            mask = None
            if settings.dropout:
                kept = 1.0 - settings.dropout
                shape = tf.concat([tf.shape(token_ids), [architecture.input_size]], axis=0)
                uniform = tf.random.stateless_uniform(shape, [self.seed, number])
                mask = tf.cast(uniform < kept, self._dtype) / kept
            character_rows = (
                network.character_embedding(characters) if architecture.use_character_lstm else None
            )
            loss, d_tokens, d_characters = program(
                inner_weights,
                inner_slots,
                network.token_embedding(token_ids),
                character_rows,
                batch,
                mask,
                self._learning_rate,
                iteration,
            )
            if d_tokens is not None:
                inside = tf.sequence_mask(batch["lengths"], tf.shape(token_ids)[1])
                self._update_tokens(
                    tf.boolean_mask(token_ids, inside),
                    tf.boolean_mask(d_tokens, inside),
                    iteration,
                )
            if d_characters is not None:
                self._update_alphabet(characters, d_characters, iteration)
            return loss

        # One trace for all shapes: the first one must not decide how results are computed.
        signature = [tf.TensorSpec([None], tf.int32)]
        function = tf.function(outer, input_signature=signature, autograph=False)
        if tf.config.functions_run_eagerly():
            return function
        return function.get_concrete_function()

    def _update_alphabet(self, ids: tf.Tensor, gradient: tf.Tensor, iteration: tf.Tensor) -> None:
        """Update the whole, small table of characters; padding's gradient is zero."""
        layer = CharacterEmbedding.name
        table = self.weights[layer]["embedding"]
        summed = tf.math.unsorted_segment_sum(gradient, ids, table.shape[0])
        self.optimiser.update(
            table,
            clipped(summed, self.settings.clip),
            [self.slots[layer][f"embedding.{slot}"] for slot in self.optimiser.slots],
            self._learning_rate,
            iteration,
        )

    def _update_tokens(self, ids: tf.Tensor, gradient: tf.Tensor, iteration: tf.Tensor) -> None:
        """Add up the gradients of equal tokens, clip the sums and update those rows."""
        layer = TokenEmbedding.name
        rows, index = tf.unique(ids)
        summed = tf.math.unsorted_segment_sum(gradient, index, tf.size(rows))
        self.optimiser.update_rows(
            self.weights[layer]["embedding"],
            rows,
            clipped(summed, self.settings.clip),
            [self.slots[layer][f"embedding.{slot}"] for slot in self.optimiser.slots],
            self._learning_rate,
            iteration,
        )
