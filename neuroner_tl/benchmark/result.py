"""Settings and results of the benchmark: speeds, and ratios of them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional

from neuroner_tl.benchmark.contenders import (
    COMPILED,
    PLAIN,
    PREDICTION,
    REFERENCE,
    TRAINING,
    Contender,
)
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.runs.systems.spacy_recogniser import SPACY


@dataclass(frozen=True)
class BenchmarkSettings:
    """What is measured, and for how long.

    Attributes:
        batch_sizes: sentences per batch in training.
        repetitions: rounds.
        seconds: least time of a turn.
        sentences: size of the sample that a training pass goes over; batches of one sentence
            are fewer, so that the slowest contender's pass takes seconds.
        single_sentences: size of the sample where sentences are computed one by one.
        whole_epochs: the layers train over a whole epoch in each pass; the reference does not.

    Example::

        settings = BenchmarkSettings(batch_sizes=(1, 32), repetitions=3)
    """

    batch_sizes: tuple[int, ...] = (1, 8, 32)
    repetitions: int = 5
    seconds: float = 1.0
    sentences: int = 256
    single_sentences: int = 48
    whole_epochs: bool = False

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

    Attributes:
        contender: what was timed.
        preparation_seconds: what tracing and compiling took, all shapes together.
        preparation_cpu_seconds: the same in processor time.
        limit: sentences per second that the arithmetic alone allows; None where it is not counted.
        rates: sentences per second in each round.
        cpu_rates: sentences per second of processor time in each round.

    Example::

        print(measurement.contender.mode, measurement.sentences_per_second)
    """

    contender: Contender
    preparation_seconds: float
    preparation_cpu_seconds: float
    limit: Optional[float] = None
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
    """The ratio of the tokens per second of two contenders.

    Attributes:
        name: the two, in words.
        rounds: the ratio in each round that both finished.
        cpu_rounds: the same in processor time.

    Example::

        Ratio("compiled / reference", (4.0, 4.2, 4.1), (4.0, 4.1, 4.1)).median  # 4.1
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

    Attributes:
        measurements: one for each contender.
        ratios: those that the project has goals for, and others.
        matrix_rate: floating-point operations a second in large matrix products.
        peak_memory: most resident memory of the process, in MB.
        corpus: name and size of the corpus.
        architecture: the network's architecture.
        threads: threads of TensorFlow.
        settings: what was asked for.
        interrupted: the run was ended early; figures are of the rounds that were done.

    Example::

        for ratio in result.ratios:
            print(ratio.name, ratio.median)
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


def ratios_of(measurements: list[Measurement]) -> list[Ratio]:
    """Return ratios of tokens per second; within a task and batch size, those of sentences too."""
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
        if one is not None and key != one and key[2] != SPACY
    ]
    pairs += [
        (f"prediction: compiled, batch {key[1]} / spaCy's ner", key, other)
        for key in prediction
        for other in prediction
        if key[2] == COMPILED and other[2] == SPACY
    ]
    return [
        Ratio(name, *_divide(found[key], found[other]))
        for name, key, other in pairs
        if key in found and other in found
    ]


def _divide(one: Measurement, other: Measurement) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return ratios of tokens per second in each round, in wall and in processor time."""
    per_sentence = one.tokens_per_sentence / other.tokens_per_sentence
    pairs = ((one.rates, other.rates), (one.cpu_rates, other.cpu_rates))
    wall, cpu = (tuple(a / b * per_sentence for a, b in zip(*rates)) for rates in pairs)
    return wall, cpu
