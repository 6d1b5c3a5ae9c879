"""The benchmark: how fast training and prediction are, in one interleaved run.

The contenders take turns, so that other load of the machine affects all of them. A turn is a
number of whole passes over a sample of batches; a round is one turn of each. Speeds are medians
over rounds, and ratios are taken within each round before their median is. Beside the time on the
clock stands the processor's time that the process used, which other processes disturb less.
"""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Optional

from neuroner_tl.benchmark.arithmetic import (
    MatrixProduct,
    forward_operations,
    training_operations,
)
from neuroner_tl.benchmark.contenders import (
    COMPILED,
    MODES,
    REFERENCE,
    TRAINING,
    Contender,
    reference_prediction,
    representative,
    tagger_prediction,
    training_contender,
)
from neuroner_tl.benchmark.result import (
    BenchmarkResult,
    BenchmarkSettings,
    Measurement,
    ratios_of,
)
from neuroner_tl.benchmark.spacy_network import spacy_prediction
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM, create_network
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.first_weights import random_weights
from neuroner_tl.runs.settings import architecture_of, step_settings
from neuroner_tl.runs.systems.spacy_recogniser import SPACY, has_spacy
from neuroner_tl.system.interruption import interruptible
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.system.threads import set_threads

logger = logging.getLogger(__name__)


def run_benchmark(
    parameters: Parameters, settings: Optional[BenchmarkSettings] = None
) -> BenchmarkResult:
    """Measure training and prediction on a corpus.

    Args:
        parameters: corpus, word vectors, sizes, dropout, clipping, frozen embeddings, threads,
            prediction batch size and seed; the optimiser is always SGD.
        settings: what is measured, and for how long.

    Raises:
        NeuroNERError: the corpus or the word vectors cannot be used.
    """
    settings = settings or BenchmarkSettings()
    set_threads(parameters.number_of_cpu_threads)
    dataset = load_data(parameters).dataset
    architecture = architecture_of(parameters, len(dataset.vocabulary.labels))
    matrix = MatrixProduct()
    matrix_rates = [matrix.rate()]
    measurements: list[Measurement] = []
    with interruptible() as stop_requested:
        contenders = _contenders(parameters, settings, dataset, architecture)
        for contender in _until(stop_requested, contenders, len(settings.batch_sizes) * 3 + 3):
            measurements.append(Measurement(contender, *_preparation_seconds(contender)))
        turns = [m for _ in range(settings.repetitions) for m in measurements]
        for measurement in _until(stop_requested, iter(turns), len(turns)):
            if measurement is measurements[0]:
                matrix_rates.append(matrix.rate())
            rate, cpu_rate = _turn(measurement.contender, settings.seconds)
            measurement.rates.append(rate)
            measurement.cpu_rates.append(cpu_rate)
        interrupted = stop_requested()
    matrix_rate = statistics.median(matrix_rates)
    limited = [_with_limit(m, matrix_rate, architecture, parameters) for m in measurements]
    return BenchmarkResult(
        limited,
        ratios_of(limited),
        matrix_rate,
        peak_memory(),
        _describe(parameters, dataset),
        architecture,
        parameters.number_of_cpu_threads,
        settings,
        interrupted,
    )


def _contenders(
    parameters: Parameters,
    settings: BenchmarkSettings,
    dataset: Dataset,
    architecture: Architecture,
) -> Iterator[Contender]:
    weights = random_weights(parameters, architecture, dataset)

    def make_network() -> EntityLSTM:
        return create_network(architecture, weights)

    frozen = (TokenEmbedding.name,) if parameters.freeze_token_embeddings else ()
    for batch_size in settings.batch_sizes:
        batches = max(1, settings.sentences // batch_size)
        if batch_size == 1:
            batches = settings.single_sentences
        for mode in MODES:
            whole = settings.whole_epochs and mode != REFERENCE
            sample = representative(
                dataset.parts["train"],
                batch_size,
                parameters.seed,
                dataset.parts["train"].number_of_sentences if whole else batches,
            )
            settings_of_step = replace(
                step_settings(parameters, mode == COMPILED),
                optimiser="sgd",
                batch_loss="mean",
                frozen=frozen,
            )
            yield training_contender(
                mode,
                make_network,
                dataset,
                sample,
                batch_size,
                settings_of_step,
                parameters.learning_rate,
                parameters.seed,
            )
    network, table = make_network(), dataset.word_table
    part = dataset.parts[_prediction_part(dataset)]
    yield reference_prediction(network, table, part, settings.single_sentences)
    yield tagger_prediction(network, table, part, parameters.prediction_batch_size)
    if has_spacy():
        yield spacy_prediction(table, part, LabelRoles.of(dataset.vocabulary.labels).types)


def _prediction_part(dataset: Dataset) -> str:
    return "test" if "test" in dataset.parts else "valid"


def _until(stop_requested: Callable[[], bool], items: Iterator[Any], total: int) -> Iterator[Any]:
    """Yield the items, with a progress bar, until the benchmark is interrupted."""
    with progress_bar(total=total, desc="benchmark", unit=" turns", delay=2) as bar:
        while not stop_requested():
            try:
                yield next(items)
            except StopIteration:
                return
            bar.update()


def _preparation_seconds(contender: Contender) -> tuple[float, float]:
    """Return how much longer the first passes take than later ones: wall and processor time.

    The second one has its share: a program that has met one shape only is traced again, for any
    shape, when it meets the next.
    """
    first, second, later = (_seconds(contender.prepare) for _ in range(3))
    wall, cpu = (max(0.0, a + b - 2 * c) for a, b, c in zip(first, second, later))
    logger.info(
        "%s, batch %d, %s: ready after %.1f s",
        contender.task,
        contender.batch_size,
        contender.mode,
        wall,
    )
    return wall, cpu


def _seconds(function: Callable[[], None]) -> tuple[float, float]:
    """Return seconds of wall time and of processor time."""
    started, cpu_started = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - started, time.process_time() - cpu_started


def _turn(contender: Contender, min_seconds: float) -> tuple[float, float]:
    """Measure sentences per second, of wall and CPU time, over passes of a minimum total time."""
    passes, seconds, cpu_seconds = 0, 0.0, 0.0
    while passes == 0 or seconds < min_seconds:
        wall, cpu = _seconds(contender.run)
        passes, seconds, cpu_seconds = passes + 1, seconds + wall, cpu_seconds + cpu
    sentences = passes * contender.sentences
    return sentences / seconds, sentences / max(cpu_seconds, 1e-6)


def _with_limit(
    measurement: Measurement, rate: float, architecture: Architecture, parameters: Parameters
) -> Measurement:
    contender = measurement.contender
    if contender.mode == SPACY:
        return measurement  # Another network, whose operations are not counted.
    characters = contender.characters / contender.tokens
    operations = forward_operations(architecture, characters)
    if contender.task == TRAINING:
        frozen = parameters.freeze_token_embeddings
        operations = training_operations(architecture, characters, frozen)
    limit = rate / operations / measurement.tokens_per_sentence
    return replace(measurement, limit=limit)


def _describe(parameters: Parameters, dataset: Dataset) -> dict[str, Any]:
    folder, part = parameters.dataset_text_folder, dataset.parts["train"]
    return {
        "name": "" if folder is None else folder.name,
        "train_sentences": part.number_of_sentences,
        "train_tokens": part.number_of_tokens,
        "prediction_part": _prediction_part(dataset),
        "vocabulary": len(dataset.vocabulary.tokens),
    }
