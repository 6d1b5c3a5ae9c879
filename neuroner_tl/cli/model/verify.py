"""`neuroner-tl model verify`: compare the files of a model with their checksums."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.messages.numbers import counted


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a model, or its run's folder")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.runs.models.model_description import describe_model

    found = describe_model(arguments.folder)
    text = f"{found.folder}: intact, {counted(len(found.files), 'file')} with {found.size} bytes"
    if found.others:
        text += f"\nnot verified, since they do not belong to the model: {', '.join(found.others)}"
    return Outcome(
        text, {"folder": found.folder, "files": found.files, "not_verified": found.others}
    )
