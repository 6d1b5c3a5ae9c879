"""`neuroner-tl corpus split`: write a corpus split at random into train, valid and test."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.errors import ParameterError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a flat folder of brat files")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="DIR", help="the folder to make"
    )
    parser.add_argument(
        "--percentages",
        default="60,10,30",
        metavar="A,B,C",
        help="documents for train, valid and test, in per cent (default 60,10,30)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the split (default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
    from neuroner_tl.corpora.reader import read_corpus
    from neuroner_tl.errors import CorpusError

    try:
        percentages = [float(part) for part in arguments.percentages.split(",")]
    except ValueError:
        raise ParameterError(
            f"--percentages: found {arguments.percentages!r}, expected three numbers with commas"
        ) from None
    corpus = read_corpus(
        arguments.folder, split_percentages=percentages, split_seed=arguments.seed, required=()
    )
    if corpus.split is None:
        raise CorpusError(
            f"{arguments.folder}: has parts already ({', '.join(corpus.parts)}); expected a flat "
            "folder of brat files"
        )
    write_brat_parts(arguments.output, corpus.parts)
    sizes = ", ".join(f"{name} {len(part)}" for name, part in corpus.parts.items())
    print(f"{sizes} documents; written to {arguments.output}")
    return 0
