"""What the benchmark measures: training and prediction by the reference and in both modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Union

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Batch, Shapes, epoch_order, make_batch
from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.dataset.packed_sequences import lay_out
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.model.entity_lstm import EntityLSTM
from neuroner_tl.model.reference import ReferenceModel
from neuroner_tl.prediction.tagger import WORD_SIZES, Tagger, sentence_slices
from neuroner_tl.training.steps.burst_shape import burst_lengths
from neuroner_tl.training.steps.flat_batch import pack_batch
from neuroner_tl.training.steps.program import training_program
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings
from neuroner_tl.training.steps.update import clipped

REFERENCE, PLAIN, COMPILED = MODES = ("reference", "plain", "compiled")
TRAINING, PREDICTION = "training", "prediction"


@dataclass(frozen=True, eq=False)
class Contender:
    """An implementation to measure.

    Attributes:
        task: ``training`` or ``prediction``.
        batch_size: sentences per batch.
        mode: ``reference``, ``plain``, ``compiled`` or ``spacy``.
        sentences: sentences of one pass.
        tokens: tokens of one pass, padding not counted.
        characters: characters that the character LSTM has to read in one pass.
        shapes: different shapes of arrays in a whole epoch or part; each is compiled once.
        run: makes a pass.
        prepare: runs every shape once, so that everything is traced and compiled.

    Example::

        contender.prepare()
        contender.run()  # one pass over the sample, timed by the caller
    """

    task: str
    batch_size: int
    mode: str
    sentences: int
    tokens: int
    characters: int
    shapes: int
    run: Callable[[], None]
    prepare: Callable[[], None]


@dataclass(frozen=True)
class Sample:
    """Batches that represent a whole epoch.

    Attributes:
        batches: indices of each batch's sentences.
        all_batches: those of the whole epoch.

    Example::

        sample = representative(dataset.parts["train"], batch_size=8, seed=0, batches=32)
        print(len(sample.batches), "of", len(sample.all_batches))
    """

    batches: list[np.ndarray]
    all_batches: list[np.ndarray]


def representative(part: EncodedPart, batch_size: int, seed: int, batches: int) -> Sample:
    """Choose batches of an epoch, evenly over their numbers of tokens."""
    order = epoch_order(part.lengths, batch_size, np.random.default_rng([seed, 1]))
    sizes = [int(part.lengths[sentences].sum()) for sentences in order]
    ranked = np.argsort(sizes, kind="stable")
    chosen = min(batches, len(order))
    middle = ((np.arange(chosen) + 0.5) * len(order) / chosen).astype(int)
    # Not from short to long: consecutive batches of an epoch are unrelated.
    places = np.random.default_rng(seed).permutation(ranked[middle])
    return Sample([order[place] for place in places], order)


class ReferenceStep:
    """A training step as usually written: automatic differentiation, then plain SGD.

    Args:
        network: holds the weights, which are trained in place.
        settings: clipping, dropout and frozen layers.
        learning_rate: size of a step.

    Example::

        step = ReferenceStep(network, StepSettings(), learning_rate=0.005)
        loss = float(step(batch))
    """

    def __init__(self, network: EntityLSTM, settings: StepSettings, learning_rate: float) -> None:
        model = ReferenceModel(network.architecture, network.weights)
        variables = [
            variable
            for layer, named in network.weights.items()
            if layer not in settings.frozen
            for variable in named.values()
        ]

        def step(
            tokens: tf.Tensor,
            word_index: tf.Tensor,
            characters: tf.Tensor,
            character_lengths: tf.Tensor,
            lengths: tf.Tensor,
            labels: tf.Tensor,
        ) -> tf.Tensor:
            with tf.GradientTape() as tape:
                scores = model.scores(
                    tokens, word_index, characters, character_lengths, lengths, settings.dropout
                )
                loss = tf.reduce_mean(model.losses(scores, labels, lengths))
            for variable, gradient in zip(variables, tape.gradient(loss, variables)):
                gradient = clipped(gradient, settings.clip)
                if isinstance(gradient, tf.IndexedSlices):
                    delta = learning_rate * gradient.values
                    variable.scatter_sub(tf.IndexedSlices(delta, gradient.indices))
                else:
                    variable.assign_sub(learning_rate * gradient)
            return loss

        self._step = tf.function(step, input_signature=[*_SIGNATURE, _MATRIX])

    def __call__(self, batch: Batch) -> tf.Tensor:
        """Do one step and return the batch's mean loss."""
        return self._step(*_arguments(batch), tf.constant(batch.labels))


_MATRIX, _VECTOR = tf.TensorSpec([None, None], tf.int32), tf.TensorSpec([None], tf.int32)
_SIGNATURE = [_MATRIX, _MATRIX, _MATRIX, _VECTOR, _VECTOR]


def _arguments(batch: Batch) -> list[tf.Tensor]:
    """Return the arguments of `ReferenceModel.scores`."""
    values = (batch.token_ids, batch.word_index, batch.characters, batch.character_lengths)
    return [tf.constant(value) for value in (*values, batch.lengths)]


def training_contender(
    mode: str,
    make_network: Callable[[], EntityLSTM],
    dataset: Dataset,
    sample: Sample,
    batch_size: int,
    settings: StepSettings,
    learning_rate: float,
    seed: int,
) -> Contender:
    """Make a contender that trains on the sample's batches, which are made as in an epoch."""
    table, part = dataset.word_table, dataset.parts["train"]
    shapes = Shapes() if mode == COMPILED else EXACT
    step: Union[ReferenceStep, TrainingStep]
    if mode == REFERENCE:
        step = ReferenceStep(make_network(), settings, learning_rate)
    else:
        # A process may have compiled for another batch size, which a run has not.
        training_program.cache_clear()
        bursts = burst_lengths(part.lengths) if batch_size == 1 else ()
        step = TrainingStep(make_network(), settings, learning_rate, seed, bursts)

    def make(sentences: np.ndarray) -> Batch:
        rows = len(sentences) if mode == REFERENCE else batch_size
        return make_batch(table, part, sentences, rows, shapes)

    different = _different_shapes(make, sample.all_batches if mode == COMPILED else sample.batches)

    def run(batches: Sequence[np.ndarray]) -> None:
        made = map(make, batches)
        if isinstance(step, ReferenceStep):
            for batch in made:
                float(step(batch))
        else:
            for together in step.calls(made):
                step.make(together)

    first = list(different.values()) if mode == COMPILED else sample.batches[:3]
    return Contender(
        TRAINING,
        batch_size,
        mode,
        sentences=sum(map(len, sample.batches)),
        tokens=int(sum(part.lengths[sentences].sum() for sentences in sample.batches)),
        characters=sum(_characters(table, part, sentences) for sentences in sample.batches),
        shapes=len(different) if mode == COMPILED else 0,
        run=lambda: run(sample.batches),
        prepare=lambda: run(first),
    )


def _different_shapes(
    make: Callable[[np.ndarray], Batch], batches: Sequence[np.ndarray]
) -> dict[tuple, np.ndarray]:
    """Return for each shape of arrays the first batch that has it."""
    found: dict[tuple, np.ndarray] = {}
    for sentences in batches:
        batch = make(sentences)
        shape = (*batch.token_ids.shape, *pack_batch(batch, Shapes()).characters.shape)
        found.setdefault(shape, sentences)
    return found


def _characters(table: WordTable, part: EncodedPart, sentences: np.ndarray) -> int:
    """Count the characters of the distinct words of some sentences."""
    offsets = part.sentence_offsets
    words = [part.words[offsets[s] : offsets[s + 1]] for s in sentences]
    return int(table.character_counts[np.unique(np.concatenate(words))].sum())


def reference_prediction(
    network: EntityLSTM, table: WordTable, part: EncodedPart, sentences: int
) -> Contender:
    """Make a contender that predicts by the reference, sentence by sentence, of all lengths."""
    sample = representative(part, 1, 0, sentences)
    model = ReferenceModel(network.architecture, network.weights)

    def predict(*arguments: tf.Tensor) -> tf.Tensor:
        return model.decode(model.scores(*arguments), arguments[-1])

    program = tf.function(predict, input_signature=_SIGNATURE)

    def run(batches: Sequence[np.ndarray]) -> None:
        for chosen in batches:
            program(*_arguments(make_batch(table, part, chosen, 1, EXACT))).numpy()

    return Contender(
        PREDICTION,
        1,
        REFERENCE,
        sentences=len(sample.batches),
        tokens=int(sum(part.lengths[chosen].sum() for chosen in sample.batches)),
        characters=sum(_characters(table, part, chosen) for chosen in sample.batches),
        shapes=0,
        run=lambda: run(sample.batches),
        prepare=lambda: run(sample.batches[:3]),
    )


def tagger_prediction(
    network: EntityLSTM, table: WordTable, part: EncodedPart, batch_size: int
) -> Contender:
    """Make a contender that predicts a whole part by the `Tagger`."""
    tagger = Tagger(network, batch_size)

    def run() -> None:
        tagger.tag(table, part)

    return Contender(
        PREDICTION,
        batch_size,
        COMPILED,
        sentences=part.number_of_sentences,
        tokens=part.number_of_tokens,
        characters=int(table.character_counts[np.unique(part.words)].sum()),
        shapes=_tagger_shapes(tagger, table, part),
        run=run,
        prepare=run,
    )


def _tagger_shapes(tagger: Tagger, table: WordTable, part: EncodedPart) -> int:
    """Return the number of block sizes, of words and of sentences, in the tagger."""
    words = {
        block.starts.shape
        for block in lay_out(table.char_offsets, np.unique(part.words), WORD_SIZES)
        if tagger.network.architecture.use_character_lstm
    }
    sentences = {
        block.starts.shape
        for some in sentence_slices(part.sentence_offsets)
        for block in lay_out(part.sentence_offsets, some, tagger.sizes)
    }
    return len(words) + len(sentences)
