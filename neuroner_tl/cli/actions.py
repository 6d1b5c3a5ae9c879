"""Commands that consist of several actions, one module each."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import ModuleType


def add_actions(parser: argparse.ArgumentParser, actions: Mapping[str, ModuleType]) -> None:
    """Add a subparser for every action, with its module's docstring as description."""
    subparsers = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, module in actions.items():
        description = (module.__doc__ or "").split(": ", 1)[-1].strip()
        module.add_arguments(subparsers.add_parser(name, help=description, description=description))
