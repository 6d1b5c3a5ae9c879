"""`neuroner-tl vectors prune`: keep only the word vectors that corpora and texts need."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("file", type=Path, metavar="FILE", help="word vectors in any format")
    parser.add_argument(
        "--corpus", type=Path, nargs="+", default=[], metavar="DIR", help="corpora, all parts"
    )
    parser.add_argument(
        "--texts",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE|DIR",
        help="texts to predict, as for vectors train",
    )
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help=".bin, .txt, .vec or .glove, each optionally with .gz",
    )
    parser.add_argument(
        "--tokenizer", choices=("alnum", "spacy"), default="alnum", help="as for training"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.vectors.selection import prune_vectors

    result = prune_vectors(
        arguments.file,
        arguments.output,
        arguments.corpus,
        arguments.texts,
        arguments.tokenizer,
    )
    return Outcome(
        f"{result.report.summary()}\n"
        f"{result.words:,} words with a vector written to {arguments.output}",
        {
            "words": result.words,
            "report": result.report.to_json(),
            "output": arguments.output,
        },
    )
