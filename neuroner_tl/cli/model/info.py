"""`neuroner-tl model info`: say what a model finds, what it was trained on, and how."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a model, or its run's folder")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.runs.models.model_description import describe_model

    found = describe_model(arguments.folder)
    return Outcome(found.text_lines(), found.to_json())
