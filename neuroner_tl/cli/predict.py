"""`neuroner-tl predict`: find entities in text files with a trained model, as brat files."""

from __future__ import annotations

import argparse
from pathlib import Path


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
        help="word-vector file for words that the model has not met (default: the file that the "
        "model was trained with, if it is still there; none for none)",
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=64,
        help="sentences read side by side, at most 128 (default 64)",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads, 0 for all (default 1)")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neuroner_tl.errors import ParameterError
    from neuroner_tl.prediction.model_vectors import word_vectors_or_warning
    from neuroner_tl.prediction.predictor import Predictor
    from neuroner_tl.runs.prediction import predict_files
    from neuroner_tl.system.threads import set_threads
    from neuroner_tl.training.checkpoint import load_model

    for option, found, least in (
        ("--batch-size", arguments.batch_size, 1),
        ("--threads", arguments.threads, 0),
    ):
        if found < least:
            raise ParameterError(f"{option}: found {found}, expected at least {least}")
    set_threads(arguments.threads)
    model = load_model(arguments.model)
    vectors = arguments.word_vectors
    if vectors is None:
        vectors = word_vectors_or_warning(model)
    elif vectors == Path("none"):
        vectors = None
    predictor = Predictor(model, vectors, arguments.batch_size)
    documents, entities = predict_files(predictor, arguments.input, arguments.output)
    print(f"{documents} documents, {entities} entities; written to {arguments.output}")
    return 0
