"""`neuroner-tl corpus leaks`: fail if a test document of one corpus occurs in another."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.messages.numbers import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument(
        "--source", type=Path, required=True, metavar="DIR", help="the corpus to pre-train on"
    )
    parser.add_argument(
        "--target", type=Path, required=True, metavar="DIR", help="the corpus to test on"
    )
    parser.add_argument(
        "--parts",
        default="test",
        metavar="NAMES",
        help="parts of the target that must not be in the source, comma-separated (default test)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action; its status is 1 if there is a leak, else 0."""
    from neuroner_tl.corpora.leaks import find_leaks

    parts = [part.strip() for part in arguments.parts.split(",") if part.strip()]
    shared = find_leaks(arguments.source, arguments.target, parts)
    lines = [
        f"{found.source}\t{found.target}\t{found.reason}\t{found.share:.3f}" for found in shared
    ]
    lines.append(
        f"{counted(len(shared), 'document')} of {arguments.source} "
        f"{'is' if len(shared) == 1 else 'are'} in {', '.join(parts)} of {arguments.target}"
    )
    content = {"shared": [vars(found) for found in shared], "parts": parts}
    return Outcome("\n".join(lines), content, status=1 if shared else 0)
