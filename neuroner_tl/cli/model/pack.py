"""`neuroner-tl model pack`: pack a model into an archive that can be shared."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("folder", type=Path, metavar="DIR", help="a model, or its run's folder")
    parser.add_argument(
        "archive", type=Path, metavar="FILE.tar.gz", help="the archive to make; it is replaced"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.runs.models.model_archive import pack_model

    path = pack_model(arguments.folder, arguments.archive)
    size = path.stat().st_size
    return Outcome(f"written to {path}, {size / 2**20:.1f} MB", {"archive": path, "size": size})
