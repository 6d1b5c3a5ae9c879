"""`neuroner-tl benchmark network`: measure the speed of training and prediction on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.screen import terminal_width
from neuroner_tl.parameters.files import write_text

# Parameters whose option has another name here.
OPTIONS = {
    "dataset_text_folder": "--corpus",
    "token_pretrained_embedding_filepath": "--word-vectors",
    "number_of_cpu_threads": "--threads",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="corpus to measure on (default: a synthetic one)"
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        metavar="FILE",
        help="word vectors (default: random ones, which are as fast)",
    )
    parser.add_argument(
        "--parameters_filepath",
        type=Path,
        metavar="FILE",
        help="parameter file (.ini) for sizes, dropout, clipping etc.; its corpus and "
        "word vectors are ignored (default: the paper's sizes)",
    )
    parser.add_argument(
        "--batch-sizes",
        default="1,8,32",
        metavar="N,N",
        help="training batch sizes (default: 1,8,32)",
    )
    parser.add_argument(
        "--repetitions",
        default="5",
        metavar="N",
        help="rounds over all implementations (default: 5)",
    )
    parser.add_argument(
        "--seconds",
        default="1",
        metavar="N",
        help="minimum time of each implementation per round (default: 1)",
    )
    parser.add_argument(
        "--whole-epochs",
        action="store_true",
        help="train on whole epochs instead of a sample of batches (except for the reference)",
    )
    parser.add_argument(
        "--threads", metavar="N", help="threads of TensorFlow (default: 1, or the file's)"
    )
    parser.add_argument("--json-file", type=Path, metavar="FILE", help="write all figures to FILE")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    # TensorFlow takes seconds to load; wrong options are refused before that.
    settings = {
        "batch_sizes": tuple(_number(n, int) for n in arguments.batch_sizes.split(",")),
        "repetitions": _number(arguments.repetitions, int),
        "seconds": _number(arguments.seconds, float),
        "whole_epochs": arguments.whole_epochs,
    }
    target = arguments.json_file
    if target is not None and not target.resolve().parent.is_dir():
        raise ParameterError(
            f"{target}: cannot be written (no such folder), expected a folder that exists; choose "
            "another one"
        )

    from neuroner_tl.benchmark.report import benchmark_json, benchmark_text
    from neuroner_tl.benchmark.result import BenchmarkSettings
    from neuroner_tl.benchmark.speed import measure_speed

    result = measure_speed(
        arguments.corpus,
        arguments.word_vectors,
        arguments.parameters_filepath,
        threads=arguments.threads,
        settings=BenchmarkSettings(**settings),
        place=lambda name: OPTIONS.get(name, f"--{name}"),
    )
    content = benchmark_json(result)
    if target is not None:
        write_text(target, json.dumps(content, indent=1) + "\n")
    return Outcome(
        benchmark_text(result, terminal_width()), content, status=130 if result.interrupted else 0
    )


def _number(text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise ParameterError(
            f"found {text!r}, expected a number; correct the option of the benchmark"
        ) from None
