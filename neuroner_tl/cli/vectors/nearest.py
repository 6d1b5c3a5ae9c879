"""`neuroner-tl vectors nearest`: list the words with the nearest vectors to that of a word."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("word", metavar="WORD", help="looked up in the same way as in training")
    parser.add_argument(
        "--vectors", type=Path, required=True, metavar="FILE", help="word vectors in any format"
    )
    parser.add_argument("--number", type=int, default=10, help="how many to list (default 10)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.vectors.looking import nearest_words

    nearest = nearest_words(arguments.vectors, arguments.word, arguments.number)
    return Outcome(nearest.summary(arguments.word), dataclasses.asdict(nearest))
