"""`neuroner-tl parameters`: the documentation of all parameters, and the packaged files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Optional

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.documentation import parameters_json, parameters_markdown
from neuroner_tl.parameters.files import write_text
from neuroner_tl.system.packaged_files import copy_packaged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--markdown",
        nargs="?",
        type=Path,
        const=Path("docs/parameters.md"),
        metavar="FILE",
        help="write the documentation to FILE (default docs/parameters.md) instead of printing it",
    )
    what.add_argument(
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
    if arguments.to is not None:
        raise ParameterError(
            "--to: found it without --write, expected both; name the files with --write, or give "
            "the path to --markdown"
        )
    text = document_parameters(arguments.markdown)
    return Outcome(text if arguments.markdown is None else "", parameters_json())
