"""`neuroner-tl vectors convert`: convert word vectors to the format given by the file extension."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE",
        help="word2vec binary or text or GloVe text, each optionally with .gz, or a fastText model",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help=".bin (word2vec binary), .txt or .vec (word2vec text) or .glove, optionally with .gz",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.vectors.selection import convert_vectors

    facts = convert_vectors(arguments.file, arguments.output)
    return Outcome(
        f"{facts.words:,} words with vectors of dimension {facts.dimension}, read as "
        f"{facts.format}; "
        f"written to {arguments.output}",
        {**vars(facts), "output": arguments.output},
    )
