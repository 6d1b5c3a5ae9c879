"""`neuroner-tl corpus leaks`: fail if a test document of one corpus occurs in another."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="DIR", help="the corpus to pre-train on"
    )
    parser.add_argument(
        "--target", type=Path, required=True, metavar="DIR", help="the corpus to be tested on"
    )
    parser.add_argument(
        "--parts",
        default="test",
        metavar="NAMES",
        help="parts of the target that must not be in the source, with commas (default test)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the action; return 1 if there is a leak, else 0."""
    from neuroner_tl.corpora.leaks import find_leaks

    parts = [part.strip() for part in arguments.parts.split(",") if part.strip()]
    shared = find_leaks(arguments.source, arguments.target, parts)
    for found in shared:
        print(f"{found.source}\t{found.target}\t{found.reason}\t{found.share:.3f}")
    print(
        f"{len(shared)} documents of {arguments.source} are in {', '.join(parts)} of "
        f"{arguments.target}"
    )
    return 1 if shared else 0
