"""`neuroner-tl benchmark`: measure the speed of training and prediction on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.files import load_parameters, write_text
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.system.temporary import scratch_folder

# The paper's sizes and settings, as in parameters/baseline.ini.
PAPER: dict[str, Any] = {
    "token_embedding_dimension": 200,
    "token_lstm_hidden_state_dimension": 200,
    "character_embedding_dimension": 25,
    "character_lstm_hidden_state_dimension": 25,
    "lstm_peepholes": "full",
    "dropout_rate": 0.5,
    "learning_rate": 0.005,
    "gradient_clipping_value": 5.0,
    "freeze_token_embeddings": True,
}
# Parameters that have an option of another name here.
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
        help="parameter file (.ini) for sizes, dropout, clipping and the like; its corpus and "
        "word vectors are not used (default: the paper's sizes)",
    )
    parser.add_argument(
        "--batch-sizes",
        default="1,8,32",
        metavar="N,N",
        help="sentences a batch in training (default: 1,8,32)",
    )
    parser.add_argument(
        "--repetitions", default="5", metavar="N", help="rounds over all contenders (default: 5)"
    )
    parser.add_argument(
        "--seconds",
        default="1",
        metavar="N",
        help="least time of each contender in each round (default: 1)",
    )
    parser.add_argument(
        "--whole-epochs",
        action="store_true",
        help="train over whole epochs and not over a sample of batches (the reference excepted)",
    )
    parser.add_argument(
        "--threads", metavar="N", help="threads of TensorFlow (default: 1, or the file's)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    settings = {
        "batch_sizes": tuple(_number(n, int) for n in arguments.batch_sizes.split(",")),
        "repetitions": _number(arguments.repetitions, int),
        "seconds": _number(arguments.seconds, float),
        "whole_epochs": arguments.whole_epochs,
    }
    if arguments.json is not None and not arguments.json.resolve().parent.is_dir():
        raise ParameterError(
            f"{arguments.json}: cannot be written (no such folder), expected a folder that "
            "exists; choose another one"
        )
    parameters = _parameters(arguments, arguments.corpus)
    if parameters.dataset_text_folder is not None:
        return _measure(parameters, settings, arguments.json)

    from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora

    with scratch_folder("benchmark") as folder:
        corpora = write_synthetic_corpora(folder, gold_documents=(150, 20, 100))
        return _measure(_parameters(arguments, corpora.gold), settings, arguments.json)


def _parameters(arguments: argparse.Namespace, corpus: Optional[Path]) -> Parameters:
    overrides: dict[str, Any] = {
        **(PAPER if arguments.parameters_filepath is None else {}),
        "train_model": True,
        "use_pretrained_model": False,
        "dataset_text_folder": corpus or "",
        "token_pretrained_embedding_filepath": arguments.word_vectors or "",
        # The corpus may be gone afterwards.
        "cache_encoding": False,
    }
    if arguments.threads is not None:
        overrides["number_of_cpu_threads"] = arguments.threads
    return load_parameters(
        arguments.parameters_filepath,
        overrides,
        place=lambda name: OPTIONS.get(name, f"--{name}"),
    )


def _measure(parameters: Parameters, settings: dict[str, Any], target: Optional[Path]) -> int:
    """Measure, print the table and write the JSON file; return the exit status."""
    # TensorFlow takes seconds to load; wrong parameters are refused before that.
    from neuroner_tl.benchmark.measure import run_benchmark
    from neuroner_tl.benchmark.report import benchmark_json, benchmark_text
    from neuroner_tl.benchmark.result import BenchmarkSettings

    result = run_benchmark(parameters, BenchmarkSettings(**settings))
    print(benchmark_text(result))
    if target is not None:
        write_text(target, json.dumps(benchmark_json(result), indent=1) + "\n")
    return 130 if result.interrupted else 0


def _number(text: str, kind: type) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise ParameterError(
            f"found {text!r}, expected a number; correct the option of the benchmark"
        ) from None
