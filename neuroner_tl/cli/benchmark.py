"""`neuroner-tl benchmark`: measure the speed of the network, of prediction and of a service."""

from __future__ import annotations

import argparse

from neuroner_tl.cli import benchmark_network, benchmark_prediction, benchmark_service
from neuroner_tl.cli.actions import add_actions
from neuroner_tl.cli.outcome import Outcome

ACTIONS = {
    "network": benchmark_network,
    "prediction": benchmark_prediction,
    "service": benchmark_service,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    add_actions(parser, ACTIONS)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    outcome: Outcome = ACTIONS[arguments.action].run(arguments)
    return outcome
