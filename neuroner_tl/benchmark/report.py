"""The benchmark's figures as a table and as JSON."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.benchmark.contenders import COMPILED, PREDICTION, TRAINING
from neuroner_tl.benchmark.result import BenchmarkResult, Measurement
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.training.checkpoint import versions

_HEADER = (
    "task",
    "batch",
    "mode",
    "sentences/s",
    "tokens/s",
    "limit sentences/s",
    "shapes",
    "ready after s",
)


def benchmark_text(result: BenchmarkResult, width: Optional[int] = None) -> str:
    """Return the tables that the command prints.

    Args:
        result: the figures.
        width: columns of the screen; None for tables as wide as they are.
    """
    rows = [
        (
            m.contender.task,
            str(m.contender.batch_size),
            m.contender.mode,
            _number(m.sentences_per_second),
            _number(m.tokens_per_second, 0),
            _number(m.limit, 0),
            str(m.contender.shapes or "-"),
            _number(m.preparation_seconds),
        )
        for m in result.measurements
    ]
    corpus, a = result.corpus, result.architecture
    characters = (
        f", characters {a.character_dimension} -> {a.character_hidden}"
        if a.use_character_lstm
        else ""
    )
    lines = [
        f"corpus {corpus['name']}: {counted(corpus['train_sentences'], 'sentence')} and "
        f"{counted(corpus['train_tokens'], 'token')} in train, "
        f"prediction on {corpus['prediction_part']}",
        f"network: tokens {a.token_dimension} -> {a.token_hidden}{characters}, "
        f"peepholes {a.peepholes}, {counted(a.labels, 'label')}",
        f"machine: {processor_name()}, threads: {result.threads or 'as many as TensorFlow likes'}",
        "",
        *_table(_HEADER, rows, 3, width),
        "",
        *_table(
            ("ratio of tokens/s", "median", "in CPU time", "rounds"),
            [
                (
                    r.name,
                    _number(r.median, 2),
                    _number(r.cpu_median, 2),
                    " ".join(_number(v, 2) for v in r.rounds) or "-",
                )
                for r in result.ratios
            ],
            1,
            width,
        ),
        "",
        *_compilation(result.measurements),
        f"matrix products: {result.matrix_rate / 1e9:.1f} GFLOP/s; limit: the network's operations "
        "at that rate, without overhead",
        f"peak memory: {result.peak_memory:.0f} MB, of all implementations together",
    ]
    if result.interrupted:
        lines.append("interrupted: the figures cover what was completed")
    return "\n".join(lines)


def _compilation(measurements: Iterable[Measurement]) -> list[str]:
    """Describe what a run at each batch size compiles, including its predictions."""
    compiled = [m for m in measurements if m.contender.mode == COMPILED]
    tagger = [m for m in compiled if m.contender.task == PREDICTION]
    return [
        f"compilation of a run at batch {m.contender.batch_size}: {m.contender.shapes} shapes in "
        f"{_preparation(m)} for training"
        + "".join(f", {t.contender.shapes} in {_preparation(t)} for prediction" for t in tagger)
        for m in compiled
        if m.contender.task == TRAINING
    ]


def _preparation(measurement: Measurement) -> str:
    cpu = measurement.preparation_cpu_seconds
    return f"{measurement.preparation_seconds:.1f} s ({cpu:.1f} s CPU)"


def _number(value: Optional[float], digits: int = 1) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _table(
    header: Sequence[str], rows: Sequence[Sequence[str]], left: int, width: Optional[int]
) -> list[str]:
    """Format a table whose first ``left`` columns are text."""
    right = [number >= left for number in range(len(header))]
    return table_lines(header, rows, right, width=width, keys=left, rule=True)


def benchmark_json(result: BenchmarkResult) -> dict[str, Any]:
    """Return all figures, and what made them, as JSON has them."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": versions(),
        "processor": processor_name(),
        "system": platform.platform(),
        "threads": result.threads,
        "corpus": dict(result.corpus),
        "architecture": result.architecture.to_dict(),
        "settings": asdict(result.settings),
        "interrupted": result.interrupted,
        "matrix_product_flops_per_second": result.matrix_rate,
        "peak_memory_mb": round(result.peak_memory, 1),
        "measurements": [
            {
                "task": m.contender.task,
                "batch_size": m.contender.batch_size,
                "mode": m.contender.mode,
                "sentences_per_second": m.sentences_per_second,
                "tokens_per_second": m.tokens_per_second,
                "rounds_sentences_per_second": list(m.rates),
                "rounds_sentences_per_cpu_second": list(m.cpu_rates),
                "limit_sentences_per_second": m.limit,
                "sample_sentences": m.contender.sentences,
                "sample_tokens": m.contender.tokens,
                "compiled_shapes": m.contender.shapes,
                "preparation_seconds": m.preparation_seconds,
                "preparation_cpu_seconds": m.preparation_cpu_seconds,
            }
            for m in result.measurements
        ],
        "ratios": [
            {
                "name": r.name,
                "median": r.median,
                "rounds": list(r.rounds),
                "cpu_median": r.cpu_median,
                "cpu_rounds": list(r.cpu_rounds),
            }
            for r in result.ratios
        ],
    }


def processor_name() -> str:
    """Return the processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # Not Linux.
    return platform.processor() or platform.machine()
