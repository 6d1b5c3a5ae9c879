"""`neuroner-tl corpus stats`: count sentences, tokens and annotations of corpora."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="the corpora")
    parser.add_argument(
        "--parts", action="store_true", help="a row for each part (train, valid ...) as well"
    )
    parser.add_argument(
        "--format", choices=("text", "csv", "latex"), default="text", help="form of the table"
    )
    parser.add_argument(
        "--tokenizer", choices=("alnum", "spacy"), default="alnum", help="what counts as a token"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.corpora.statistics import FORMATS, folder_statistics
    from neuroner_tl.corpora.text.tokenizers import get_tokenizer

    tokenizer = get_tokenizer(arguments.tokenizer)
    rows = []
    for folder in arguments.folders:
        rows += folder_statistics(folder, tokenizer, arguments.parts)
    print(FORMATS[arguments.format](rows), end="")
    return 0
