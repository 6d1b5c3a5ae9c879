"""`neuroner-tl corpus`: convert, check, count, split and fetch corpora, and look for leaks."""

from __future__ import annotations

import argparse

from neuroner_tl.cli import (
    corpus_check,
    corpus_convert,
    corpus_fetch,
    corpus_leaks,
    corpus_split,
    corpus_stats,
)

ACTIONS = {
    "convert": corpus_convert,
    "check": corpus_check,
    "stats": corpus_stats,
    "split": corpus_split,
    "fetch": corpus_fetch,
    "leaks": corpus_leaks,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, module in ACTIONS.items():
        description = (module.__doc__ or "").split(": ", 1)[-1].strip()
        module.add_arguments(actions.add_parser(name, help=description, description=description))


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return ACTIONS[arguments.action].run(arguments)
