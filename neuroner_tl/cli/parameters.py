"""`neuroner-tl parameters`: the documentation of all parameters, from the schema."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.parameters.documentation import parameters_json, parameters_markdown
from neuroner_tl.parameters.files import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--markdown",
        nargs="?",
        type=Path,
        const=Path("docs/parameters.md"),
        metavar="FILE",
        help="write the documentation to FILE (default docs/parameters.md) instead of printing it",
    )


def document_parameters(path: Optional[Path]) -> str:
    """Return the documentation of all parameters as Markdown; write it too if a path is given.

    Raises:
        ParameterError: the file cannot be written.
    """
    text = parameters_markdown()
    if path is not None:
        write_text(path, text)
    return text


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    text = document_parameters(arguments.markdown)
    return Outcome(text if arguments.markdown is None else "", parameters_json())
