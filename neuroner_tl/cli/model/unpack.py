"""`neuroner-tl model unpack`: unpack and verify a model that was packed."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("archive", type=Path, metavar="FILE.tar.gz", help="the archive")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder to make")


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.runs.models.model_archive import unpack_model

    folder = unpack_model(arguments.archive, arguments.folder)
    return Outcome(f"intact, unpacked into {folder}", {"folder": folder})
