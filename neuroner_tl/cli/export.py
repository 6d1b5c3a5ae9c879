"""`neuroner-tl export`: write a trained model as a TensorFlow SavedModel."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--model", type=Path, required=True, help="model folder of a run, or the run's folder"
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder to write; TensorFlow Serving expects a number as its name",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        metavar="FILE",
        help="word-vector file whose vectors are exported too, for words that the model was not "
        "trained on (default: these are unknown)",
    )
    parser.add_argument(
        "--replace", action="store_true", help="replace the model that an earlier export wrote"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    from neuroner_tl.serving.export import export_model

    result = export_model(
        arguments.model, arguments.output, arguments.word_vectors, replace=arguments.replace
    )
    return Outcome(result.summary(), dataclasses.asdict(result))
