"""`neuroner-tl vectors info`: say what a file of word vectors holds."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("file", type=Path, metavar="FILE", help="word vectors of any format")


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return its exit status."""
    from neuroner_tl.vectors.looking import describe_vectors

    facts = describe_vectors(arguments.file)
    words = max(1, facts.file.words)
    print(f"format:            {facts.file.format}, {facts.size:,} bytes")
    print(f"dimension:         {facts.file.dimension} (token_embedding_dimension)")
    print(f"words:             {facts.file.words:,}")
    print(f"with capitals:     {facts.capitals:,} ({facts.capitals / words:.1%})")
    print(f"with digits 1-9:   {facts.digits:,} ({facts.digits / words:.1%})")
    print(f"length of vectors: {facts.mean_norm:.3f} on average, {facts.zeros:,} are zero")
    print(f"first words:       {' '.join(facts.first)}")
    return 0
