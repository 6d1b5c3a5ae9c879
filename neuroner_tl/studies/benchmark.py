"""The benchmark: how fast training and prediction are, in one interleaved run.

The contenders take turns, so that whatever else the machine does meets all of them. A turn is a
number of whole passes over a sample of batches; a round is one turn of each. Speeds are medians
over rounds, and ratios are taken within each round before their median is. Beside the time on the
clock stands the processor's time that the process used, which other processes disturb less.
"""

from __future__ import annotations

import logging
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from tqdm import tqdm

from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import Architecture, EntityLSTM, create_network, initial_weights
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.parameters import Parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.interruption import interruptible
from neuroner_tl.runs.threads import set_threads
from neuroner_tl.studies.arithmetic import (
    MatrixProduct,
    forward_operations,
    training_operations,
)
from neuroner_tl.studies.benchmark_contenders import (
    COMPILED,
    MODES,
    PLAIN,
    PREDICTION,
    REFERENCE,
    TRAINING,
    Contender,
    reference_prediction,
    representative,
    tagger_prediction,
    training_contender,
)
from neuroner_tl.training.step import StepSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BenchmarkSettings:
    """What is measured, and for how long.

    Args:
        batch_sizes: sentences a batch in training.
        repetitions: rounds.
        seconds: least time of a turn.
        sentences: size of the sample that a training pass goes over; batches of one sentence
            are fewer, so that the slowest contender's pass takes seconds.
        single_sentences: size of the sample where sentences are computed one by one.
    """

    batch_sizes: tuple[int, ...] = (1, 8, 32)
    repetitions: int = 5
    seconds: float = 1.0
    sentences: int = 256
    single_sentences: int = 48

    def __post_init__(self) -> None:
        if not self.batch_sizes or min(self.batch_sizes) < 1:
            raise ParameterError(
                f"batch sizes are {list(self.batch_sizes)}, expected whole numbers of at least 1, "
                "such as 1,8,32"
            )
        if self.repetitions < 1 or not 0 <= self.seconds < 3600:
            raise ParameterError(
                f"repetitions are {self.repetitions} and seconds {self.seconds}, expected at "
                "least 1 and from 0 to 3600"
            )


@dataclass(frozen=True, eq=False)
class Measurement:
    """A contender's figures.

    Args:
        contender: what was timed.
        preparation_seconds: what tracing and compiling took, all shapes together.
        preparation_cpu_seconds: the same in processor time.
        limit: sentences a second that the arithmetic alone allows.
        rates: sentences a second in each round.
        cpu_rates: sentences a second of processor time in each round.
    """

    contender: Contender
    preparation_seconds: float
    preparation_cpu_seconds: float
    limit: float
    rates: list[float] = field(default_factory=list)
    cpu_rates: list[float] = field(default_factory=list)

    @property
    def sentences_per_second(self) -> Optional[float]:
        """Median over the rounds; None before the first."""
        return statistics.median(self.rates) if self.rates else None

    @property
    def tokens_per_second(self) -> Optional[float]:
        """Median over the rounds, padding not counted."""
        rate = self.sentences_per_second
        return None if rate is None else rate * self.tokens_per_sentence

    @property
    def tokens_per_sentence(self) -> float:
        """Mean over the sample."""
        return self.contender.tokens / self.contender.sentences


@dataclass(frozen=True)
class Ratio:
    """How many times as many tokens a second one contender does than another.

    Args:
        name: the two, in words.
        rounds: the ratio in each round that both finished.
        cpu_rounds: the same in processor time.
    """

    name: str
    rounds: tuple[float, ...]
    cpu_rounds: tuple[float, ...]

    @property
    def median(self) -> Optional[float]:
        """Median over the rounds."""
        return statistics.median(self.rounds) if self.rounds else None

    @property
    def cpu_median(self) -> Optional[float]:
        """Median over the rounds, in processor time."""
        return statistics.median(self.cpu_rounds) if self.cpu_rounds else None


@dataclass(frozen=True, eq=False)
class BenchmarkResult:
    """All figures of a benchmark.

    Args:
        measurements: one for each contender.
        ratios: those that the project has goals for, and others.
        matrix_rate: floating-point operations a second in large matrix products.
        peak_memory: most resident memory of the process, in MB.
        corpus: name and size of the corpus.
        architecture: the network's form.
        threads: threads of TensorFlow.
        settings: what was asked for.
        interrupted: the run was ended early; figures are of the rounds that were done.
    """

    measurements: list[Measurement]
    ratios: list[Ratio]
    matrix_rate: float
    peak_memory: float
    corpus: Mapping[str, Any]
    architecture: Architecture
    threads: int
    settings: BenchmarkSettings
    interrupted: bool


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
    architecture = _architecture(parameters, dataset)
    matrix = MatrixProduct()
    matrix_rates = [matrix.rate()]
    measurements: list[Measurement] = []
    with interruptible() as stop_requested:
        contenders = _contenders(parameters, settings, dataset, architecture)
        for contender in _until(stop_requested, contenders, len(settings.batch_sizes) * 3 + 3):
            measurements.append(Measurement(contender, *_preparation_seconds(contender), 0.0))
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
        _ratios(limited),
        matrix_rate,
        _peak_memory(),
        _describe(parameters, dataset),
        architecture,
        parameters.number_of_cpu_threads,
        settings,
        interrupted,
    )


def _architecture(parameters: Parameters, dataset: Dataset) -> Architecture:
    return Architecture(
        labels=len(dataset.vocabulary.labels),
        token_dimension=parameters.token_embedding_dimension,
        token_hidden=parameters.token_lstm_hidden_state_dimension,
        character_dimension=parameters.character_embedding_dimension,
        character_hidden=parameters.character_lstm_hidden_state_dimension,
        use_character_lstm=parameters.use_character_lstm,
        use_crf=parameters.use_crf,
        peepholes=parameters.lstm_peepholes,
    )


def _contenders(
    parameters: Parameters,
    settings: BenchmarkSettings,
    dataset: Dataset,
    architecture: Architecture,
) -> Iterator[Contender]:
    weights = initial_weights(
        architecture,
        len(dataset.vocabulary.tokens),
        len(dataset.vocabulary.characters),
        parameters.seed,
        dataset.token_vectors,
        dataset.token_vector_found,
    )

    def make_network() -> EntityLSTM:
        return create_network(architecture, weights)

    frozen = (TokenEmbedding.name,) if parameters.freeze_token_embeddings else ()
    for batch_size in settings.batch_sizes:
        batches = max(1, settings.sentences // batch_size)
        if batch_size == 1:
            batches = settings.single_sentences
        sample = representative(dataset.parts["train"], batch_size, parameters.seed, batches)
        for mode in MODES:
            step_settings = StepSettings(
                "sgd",
                parameters.gradient_clipping_value,
                parameters.dropout_rate,
                "mean",
                frozen,
                mode == COMPILED,
            )
            yield training_contender(
                mode,
                make_network,
                dataset,
                sample,
                batch_size,
                step_settings,
                parameters.learning_rate,
                parameters.seed,
            )
    network, table = make_network(), dataset.word_table
    part = dataset.parts[_prediction_part(dataset)]
    yield reference_prediction(network, table, part, settings.single_sentences)
    for mode in (PLAIN, COMPILED):
        yield tagger_prediction(mode, network, table, part, parameters.prediction_batch_size)


def _prediction_part(dataset: Dataset) -> str:
    return "test" if "test" in dataset.parts else "valid"


def _until(stop_requested: Callable[[], bool], items: Iterator[Any], total: int) -> Iterator[Any]:
    """The items, with a progress bar, until somebody wants to stop."""
    with tqdm(total=total, desc="benchmark", unit=" turns", delay=2, disable=None) as bar:
        while not stop_requested():
            try:
                yield next(items)
            except StopIteration:
                return
            bar.update()


def _preparation_seconds(contender: Contender) -> tuple[float, float]:
    """What the first passes take longer than a later one, on the clock and in processor time.

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
    """Seconds on the clock, and of the processor."""
    started, cpu_started = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - started, time.process_time() - cpu_started


def _turn(contender: Contender, least_seconds: float) -> tuple[float, float]:
    """Sentences a second over whole passes that take at least so long together; and of CPU."""
    passes, seconds, cpu_seconds = 0, 0.0, 0.0
    while passes == 0 or seconds < least_seconds:
        wall, cpu = _seconds(contender.run)
        passes, seconds, cpu_seconds = passes + 1, seconds + wall, cpu_seconds + cpu
    sentences = passes * contender.sentences
    return sentences / seconds, sentences / max(cpu_seconds, 1e-6)


def _with_limit(
    measurement: Measurement, rate: float, architecture: Architecture, parameters: Parameters
) -> Measurement:
    contender = measurement.contender
    characters = contender.characters / contender.tokens
    operations = forward_operations(architecture, characters)
    if contender.task == TRAINING:
        frozen = parameters.freeze_token_embeddings
        operations = training_operations(architecture, characters, frozen)
    limit = rate / operations / measurement.tokens_per_sentence
    return replace(measurement, limit=limit)


def _ratios(measurements: list[Measurement]) -> list[Ratio]:
    """Ratios of tokens a second; within a task and batch size these are of sentences, too."""
    found = {(m.contender.task, m.contender.batch_size, m.contender.mode): m for m in measurements}
    sizes = sorted({size for task, size, _ in found if task == TRAINING})
    pairs = [
        (
            f"training, batch {size}: {mode} / {other}",
            (TRAINING, size, mode),
            (TRAINING, size, other),
        )
        for size in sizes
        for mode, other in ((COMPILED, REFERENCE), (COMPILED, PLAIN))
    ]
    pairs += [
        (
            f"training, compiled: batch {size} / batch {sizes[0]}",
            (TRAINING, size, COMPILED),
            (TRAINING, sizes[0], COMPILED),
        )
        for size in sizes[1:]
    ]
    prediction = [key for key in found if key[0] == PREDICTION]
    one = next((key for key in prediction if key[2] == REFERENCE), None)
    pairs += [
        (f"prediction: {key[2]}, batch {key[1]} / reference, sentence by sentence", key, one)
        for key in prediction
        if one is not None and key != one
    ]
    return [
        Ratio(name, *_divide(found[key], found[other]))
        for name, key, other in pairs
        if key in found and other in found
    ]


def _divide(one: Measurement, other: Measurement) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Ratios of tokens a second in each round, and of tokens a second of processor time."""
    per_sentence = one.tokens_per_sentence / other.tokens_per_sentence
    pairs = ((one.rates, other.rates), (one.cpu_rates, other.cpu_rates))
    wall, cpu = (tuple(a / b * per_sentence for a, b in zip(*rates)) for rates in pairs)
    return wall, cpu


def _peak_memory() -> float:
    """Most resident memory so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def _describe(parameters: Parameters, dataset: Dataset) -> dict[str, Any]:
    folder, part = parameters.dataset_text_folder, dataset.parts["train"]
    return {
        "name": "" if folder is None else folder.name,
        "train_sentences": part.number_of_sentences,
        "train_tokens": part.number_of_tokens,
        "prediction_part": _prediction_part(dataset),
        "vocabulary": len(dataset.vocabulary.tokens),
    }
