"""`neuroner-tl parameters`: the documentation of all parameters, and the packaged files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.parameters.documentation import parameters_json, parameters_markdown
from neuroner_tl.parameters.files import write_text
from neuroner_tl.system.packaged_files import copy_packaged


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
    parser.add_argument(
        "--write",
        nargs="+",
        metavar="NAME",
        help="write packaged files instead: parameter files, such as baseline, or definitions of "
        "studies and silver corpora, such as experiments/quickstart",
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="where --write writes to (default: parameters or experiments, where commands look "
        "for them first)",
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
    if arguments.write:
        written = [copy_packaged(name, arguments.to) for name in arguments.write]
        return Outcome(
            "\n".join(f"written: {path}" for path in written),
            {"written": [str(path) for path in written]},
        )
    text = document_parameters(arguments.markdown)
    return Outcome(text if arguments.markdown is None else "", parameters_json())
