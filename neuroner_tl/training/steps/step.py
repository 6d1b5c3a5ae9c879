"""One training step: forward pass, gradients, clipping and update.

A step has two levels. The outer one looks up rows of the two tables and applies their
gradients, which costs little and depends on the vocabulary. The inner one, the program (see
`neuroner_tl.training.steps.program`), is given the rows and does everything else.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Callable, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Batch, Shapes
from neuroner_tl.model.character_embedding import CharacterEmbedding
from neuroner_tl.model.entity_lstm import EntityLSTM
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.system.compiler_notice import compile_quietly_once
from neuroner_tl.training.steps.averaging import (
    EpochAverages,
    ExponentialAverages,
    WeightAverages,
    add_to_mean,
)
from neuroner_tl.training.steps.burst import Bursts, allows_bursts
from neuroner_tl.training.steps.burst_shape import SIZE, BurstShape
from neuroner_tl.training.steps.flat_batch import HEADER, flatten
from neuroner_tl.training.steps.optimisers import OPTIMISERS, Optimiser
from neuroner_tl.training.steps.program import (
    ROWS,
    TABLES,
    Program,
    dropout_mask,
    training_program,
    unflatten,
    without_tables,
)
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.update import clipped, trained_weights
from neuroner_tl.training.steps.variational import make_draw


class TrainingStep:
    """A training step: each call trains the network on one batch.

    Args:
        network: the network, trained in place.
        settings: the settings of the step.
        learning_rate: size of a step; `schedule` can give steps a share of it.
        seed: seed of the dropout masks; with the iteration it decides each of them.
        burst_lengths: padded lengths of sentences whose steps are made in bursts where the settings
            allow it, see `neuroner_tl.training.steps.burst`; none for no bursts.

    Attributes:
        compiled_shapes: sizes of batches for which this step had to compile its program.
        compilation_seconds: time that this took.
        averages: the averages of the trained weights, None without averaging.

    Example::

        step = TrainingStep(network, StepSettings(), learning_rate=0.005, seed=0)
        loss = float(step(batch))
    """

    def __init__(
        self,
        network: EntityLSTM,
        settings: StepSettings,
        learning_rate: float,
        seed: int,
        burst_lengths: Sequence[int] = (),
    ) -> None:
        self.network = network
        self.settings = settings
        self.seed = seed
        self.optimiser: Optimiser = OPTIMISERS[settings.optimiser]
        self.weights = network.weights
        self.slots = self._make_slots()
        self.averages = self._make_averages()
        self.iteration = 0
        self._dtype = network.label_prediction.weights["kernel"].dtype
        self.learning_rate = learning_rate
        self._learning_rate = tf.Variable(learning_rate, trainable=False, dtype=self._dtype)
        self._shapes = Shapes() if settings.jit_compile else EXACT
        self._program = training_program(network.architecture, settings.of_program())
        self.compiled_shapes, self.compilation_seconds = 0, 0.0
        self._outer = self._make_outer()
        self._bursts = None
        if burst_lengths and allows_bursts(settings, network.architecture):
            shape = BurstShape.of(burst_lengths)
            self._bursts = Bursts(network, settings, self.slots, self._learning_rate, seed, shape)

    def _make_slots(self) -> dict[str, dict[str, tf.Variable]]:
        return {
            layer: {
                f"{name}.{slot}": tf.Variable(tf.zeros_like(variable), trainable=False)
                for name, variable in named.items()
                for slot in self.optimiser.slots
            }
            for layer, named in trained_weights(self.weights, self.settings.frozen).items()
        }

    def _make_averages(self) -> Optional[WeightAverages]:
        settings = self.settings
        trained = trained_weights(self.weights, settings.frozen)
        if settings.averaging_decay:
            return ExponentialAverages(trained, settings.averaging_decay)
        return (
            EpochAverages(trained, settings.averaged_epochs) if settings.averaged_epochs else None
        )

    def schedule(self, share: float) -> None:
        """Make the next steps with this share of the learning rate."""
        self._learning_rate.assign(share * self.learning_rate)

    def averaged(self) -> AbstractContextManager[None]:
        """Give the network the averages of its weights for a while, if there are any."""
        return nullcontext() if self.averages is None else self.averages.applied(self.iteration)

    def end_epoch(self, epoch: int) -> None:
        """Take note that an epoch, from 1, has been trained."""
        if self.averages is not None:
            self.averages.end_epoch(epoch)

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

    def calls(self, batches: Iterable[Batch]) -> Iterator[list[Batch]]:
        """Yield batches, in their order, in lists whose steps one call of `make` makes."""
        burst: list[Batch] = []
        for batch in batches:
            if self._bursts is None or self._bursts.shape.branch(batch) is None:
                if burst:
                    yield burst
                    burst = []
                yield [batch]
                continue
            burst.append(batch)
            if len(burst) == SIZE:
                yield burst
                burst = []
        if burst:
            yield burst

    def make(self, batches: Sequence[Batch]) -> np.ndarray:
        """Make the steps of some batches that `calls` has put together; return their losses."""
        bursts = self._bursts
        if bursts is None or bursts.shape.branch(batches[0]) is None:
            return np.array([float(self(batch)) for batch in batches])
        first = self.iteration + 1
        self.iteration += len(batches)
        losses = self._timed(
            partial(bursts, batches, first),
            bursts.program,
            bursts.sizes,
            len(bursts.shape.lengths),
        )
        return losses.numpy()[: len(batches)]

    def __call__(self, batch: Batch) -> tf.Tensor:
        """Do one step and return the batch's loss, a scalar tensor."""
        self.iteration += 1
        flat = flatten(batch, self._shapes, self.iteration)
        shape = tuple(flat[: HEADER.index("used")].tolist())
        return self._timed(lambda: self._outer(tf.constant(flat)), self._program, shape)

    def _timed(
        self,
        call: Callable[[], tf.Tensor],
        program: Program,
        shape: tuple[int, ...],
        compiles: int = 1,
    ) -> tf.Tensor:
        """Make a call, and take the time if it compiles the program for batches of this shape.

        Args:
            call: what to do.
            program: which program it calls.
            shape: sizes of the call's arrays.
            compiles: number of sizes of batches that the call compiles the program for.
        """
        if not self.settings.jit_compile or shape in program.shapes:
            return call()
        compile_quietly_once()
        started = time.perf_counter()
        result = call()
        program.shapes.add(shape)
        self.compiled_shapes += compiles
        self.compilation_seconds += time.perf_counter() - started
        return result

    def _make_outer(self) -> Callable[..., tf.Tensor]:
        network, settings, architecture = self.network, self.settings, self.network.architecture
        program = self._program.function
        inner_weights, inner_slots = without_tables(self.weights), without_tables(self.slots)
        more: dict[str, Any] = {}
        if isinstance(self.averages, ExponentialAverages):
            more["averages"] = without_tables(self.averages.variables)

        def outer(flat: tf.Tensor) -> tf.Tensor:
            batch = unflatten(flat, self._dtype, settings.soft)
            token_ids, characters = batch.pop("token_ids"), batch.pop("characters")
            number = batch.pop("iteration")
            iteration = tf.cast(number, self._dtype)
            mask = None
            if settings.dropout:
                shape = tf.concat([tf.shape(token_ids), [architecture.input_size]], axis=0)
                mask = dropout_mask(shape, self.seed, number, settings.dropout, self._dtype)
            drawn: dict[str, Any] = {}
            if settings.variational.is_on:
                drawn["draw"] = make_draw(
                    settings.variational, self.seed, number, token_ids, self._dtype
                )
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
                **more,
                **drawn,
                **self._row_indices(token_ids, characters),
            )
            if d_tokens is not None:
                # Not of sentences that only fill the batch: a row that no sentence has is not
                # updated, or its momentum would move it.
                counts = batch["sentence_weights"] > 0
                inside = tf.sequence_mask(batch["lengths"], tf.shape(token_ids)[1])
                inside = tf.logical_and(inside, counts[:, tf.newaxis])
                self._update_tokens(
                    tf.boolean_mask(token_ids, inside),
                    tf.boolean_mask(d_tokens, inside),
                    number,
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

    def _row_indices(self, token_ids: tf.Tensor, characters: tf.Tensor) -> dict[str, Any]:
        """Return which rows of the trained tables are the same, where the program needs it."""
        if not self.settings.clip_norm:
            return {}
        indices = {}
        for layer, name, ids in zip(TABLES, ROWS, (token_ids, characters)):
            if layer in self.slots and layer not in self.settings.frozen:
                indices[name] = tf.reshape(tf.unique(tf.reshape(ids, [-1]))[1], tf.shape(ids))
        return {"row_indices": indices}

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
        if isinstance(self.averages, ExponentialAverages):
            average = self.averages.variables[layer]["embedding"]
            add_to_mean(average, table, self.settings.averaging_decay)

    def _update_tokens(self, ids: tf.Tensor, gradient: tf.Tensor, number: tf.Tensor) -> None:
        """Add up the gradients of equal tokens, clip the sums and update those rows."""
        layer = TokenEmbedding.name
        rows, index = tf.unique(ids)
        summed = tf.math.unsorted_segment_sum(gradient, index, tf.size(rows))
        averages = self.averages if isinstance(self.averages, ExponentialAverages) else None
        if averages is not None:
            averages.catch_up(rows, number)
        self.optimiser.update_rows(
            self.weights[layer]["embedding"],
            rows,
            clipped(summed, self.settings.clip),
            [self.slots[layer][f"embedding.{slot}"] for slot in self.optimiser.slots],
            self._learning_rate * self.settings.token_rate,
            tf.cast(number, self._dtype),
        )
        if averages is not None:
            averages.update_rows(rows, number)
