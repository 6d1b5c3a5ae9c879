"""`neuroner-tl quickstart`: train on two small synthetic corpora, with and without transfer."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli import study
from neuroner_tl.cli.outcome import Outcome

DEFINITION = Path("experiments/quickstart.ini")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="where runs and report are written (default: output)",
    )
    parser.add_argument(
        "--seed", type=study.seed, metavar="N", help="seed of all runs (default: 0)"
    )
    parser.set_defaults(
        action="run",
        definition=DEFINITION,
        arms=(),
        corpora=(),
        variables=[],
        workers=None,
        address=None,
        retry_failed=False,
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the study of the quickstart."""
    return study.run(arguments)
