"""`neuroner-tl vectors nearest`: list the words whose vectors are nearest to that of a word."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("word", metavar="WORD", help="looked up as training looks words up")
    parser.add_argument(
        "--vectors", type=Path, required=True, metavar="FILE", help="word vectors of any format"
    )
    parser.add_argument("--number", type=int, default=10, help="how many to list (default 10)")


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.vectors.looking import nearest_words

    nearest = nearest_words(arguments.vectors, arguments.word, arguments.number)
    if nearest.form is None:
        print(f"{arguments.word} is not in the file: a vector from its characters")
    elif nearest.form != arguments.word:
        print(f"{arguments.word} is not in the file as written: found as {nearest.form}")
    for word, cosine in nearest.words:
        print(f"{cosine:6.3f}  {word}")
    return 0
