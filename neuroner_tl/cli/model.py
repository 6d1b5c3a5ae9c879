"""`neuroner-tl model`: describe, verify, pack and unpack a trained model."""

from __future__ import annotations

import argparse

from neuroner_tl.cli import model_info, model_pack, model_unpack, model_verify
from neuroner_tl.cli.actions import add_actions
from neuroner_tl.cli.outcome import Outcome

ACTIONS = {
    "info": model_info,
    "verify": model_verify,
    "pack": model_pack,
    "unpack": model_unpack,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    add_actions(parser, ACTIONS)


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    outcome: Outcome = ACTIONS[arguments.action].run(arguments)
    return outcome
