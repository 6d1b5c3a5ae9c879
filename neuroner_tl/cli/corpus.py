"""`neuroner-tl corpus`: convert, check, describe, split and fetch corpora, and look for leaks."""

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
from neuroner_tl.cli.actions import add_actions
from neuroner_tl.cli.outcome import Outcome

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
    add_actions(parser, ACTIONS)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    outcome: Outcome = ACTIONS[arguments.action].run(arguments)
    return outcome
