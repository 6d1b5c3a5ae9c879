"""`neuroner-tl corpus check`: report problems in a corpus before training on it."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the corpus")
    parser.add_argument(
        "--tokenizer", choices=("alnum", "spacy"), default="alnum", help="as for training"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action; its status is 1 if training on the corpus would fail, else 0."""
    from neuroner_tl.corpora.check import check_corpus

    result = check_corpus(arguments.folder, arguments.tokenizer)
    return Outcome(result.summary(), result.to_json(), status=1 if result.errors else 0)
