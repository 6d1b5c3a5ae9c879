"""`neuroner-tl vectors info`: describe a file of word vectors."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("file", type=Path, metavar="FILE", help="word vectors in any format")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.vectors.looking import describe_vectors

    facts = describe_vectors(arguments.file)
    return Outcome(facts.summary(), dataclasses.asdict(facts))
