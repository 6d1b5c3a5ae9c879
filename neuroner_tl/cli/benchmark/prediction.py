"""`neuroner-tl benchmark prediction`: time each stage from files of texts to files of entities."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.model_options import add_models
from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.messages.screen import terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_models(parser)
    parser.add_argument(
        "--input", type=Path, required=True, help="a file or a folder of files, as for predict"
    )
    parser.add_argument(
        "--documents",
        type=int,
        default=2000,
        metavar="N",
        help="documents to measure on, at most (default 2000)",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        help="word-vector file for words that the model was not trained on, as for predict",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads, 0 for all (default 1)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    from neuroner_tl.benchmark.prediction_stages import measure_prediction

    stages = measure_prediction(
        arguments.model,
        arguments.input,
        documents=arguments.documents,
        word_vectors=arguments.word_vectors,
        threads=arguments.threads,
    )
    return Outcome(stages.text(terminal_width()), stages.content())
