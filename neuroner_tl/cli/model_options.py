"""The option ``--model`` of commands that take one model or several."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the option, whose value is a list of paths."""
    parser.add_argument(
        "--model",
        type=Path,
        action="append",
        required=True,
        help="model folder of a run, or the run's folder; may be given several times",
    )
