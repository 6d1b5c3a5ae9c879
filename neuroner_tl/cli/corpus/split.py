"""`neuroner-tl corpus split`: split a corpus at random into train, valid and test."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a flat folder of brat files")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to create"
    )
    parser.add_argument(
        "--percentages",
        default="60,10,30",
        metavar="A,B,C",
        help="documents for train, valid and test, in percent (default 60,10,30)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the split (default 0)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.corpora.split_folder import split_corpus

    try:
        percentages = [float(part) for part in arguments.percentages.split(",")]
    except ValueError:
        raise ParameterError(
            f"--percentages: found {arguments.percentages!r}, expected three numbers separated by "
            "commas"
        ) from None
    corpus = split_corpus(arguments.folder, arguments.output, percentages, arguments.seed)
    documents = {name: len(part) for name, part in corpus.items()}
    sizes = ", ".join(f"{name} {number}" for name, number in documents.items())
    return Outcome(
        f"{sizes} documents; written to {arguments.output}",
        {"documents": documents, "output": arguments.output},
    )
