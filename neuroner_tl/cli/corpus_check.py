"""`neuroner-tl corpus check`: say what is wrong with a corpus before anyone trains on it."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="the corpus")
    parser.add_argument(
        "--tokenizer", choices=("alnum", "spacy"), default="alnum", help="as for training"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return 1 if training on the corpus would fail, else 0."""
    from neuroner_tl.corpora.check import check_corpus
    from neuroner_tl.corpora.text.tokenizers import get_tokenizer

    result = check_corpus(arguments.folder, get_tokenizer(arguments.tokenizer))
    print(result.summary(), end="")
    return 1 if result.errors else 0
