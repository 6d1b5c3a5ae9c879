"""`neuroner-tl predict`: find entities in text files with a trained model, write brat files."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--model", type=Path, required=True, help="model folder of a run, or the run's folder"
    )
    parser.add_argument(
        "--input", type=Path, required=True, help="a text file, or a folder of .txt files"
    )
    parser.add_argument(
        "--output", type=Path, required=True, help="folder for the .txt and .ann files"
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        help="word-vector file for words that the model was not trained on (default: the file "
        "that the model was trained with, if it is still there; none for none)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=64,
        help="sentences per batch, at most 128 (default 64)",
    )
    parser.add_argument(
        "--probabilities",
        action="store_true",
        help="write the probability of each entity, as a note of brat",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads, 0 for all (default 1)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    from neuroner_tl.runs.prediction import predict_files

    result = predict_files(
        arguments.model,
        arguments.input,
        arguments.output,
        word_vectors=arguments.word_vectors,
        batch_size=arguments.batch_size,
        threads=arguments.threads,
        probabilities=arguments.probabilities,
    )
    return Outcome(result.summary(), vars(result))
