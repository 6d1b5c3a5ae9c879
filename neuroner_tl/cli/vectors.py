"""`neuroner-tl vectors`: train word vectors on texts; inspect, prune and convert them."""

from __future__ import annotations

import argparse

from neuroner_tl.cli import (
    vectors_convert,
    vectors_info,
    vectors_nearest,
    vectors_prune,
    vectors_train,
)
from neuroner_tl.cli.actions import add_actions
from neuroner_tl.cli.outcome import Outcome

ACTIONS = {
    "train": vectors_train,
    "info": vectors_info,
    "nearest": vectors_nearest,
    "prune": vectors_prune,
    "convert": vectors_convert,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    add_actions(parser, ACTIONS)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    outcome: Outcome = ACTIONS[arguments.action].run(arguments)
    return outcome
