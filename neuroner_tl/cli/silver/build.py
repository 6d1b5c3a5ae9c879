"""`neuroner-tl silver build`: annotate, harmonise and clean texts according to a definition, and
report every step."""

from __future__ import annotations

import argparse
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.cli.variable_options import add_variables, read_variables
from neuroner_tl.messages.screen import terminal_width


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this action."""
    parser.add_argument("definition", type=Path, metavar="FILE", help="the definition (.ini)")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="overrides data_folder of the definition"
    )
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="overrides output_folder of the definition"
    )
    add_variables(parser, "the definition")
    parser.add_argument(
        "--replace", action="store_true", help="replace the corpus that an earlier run built"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the action."""
    from neuroner_tl.silver.build import build_silver

    result = build_silver(
        arguments.definition,
        data_folder=arguments.data,
        output_folder=arguments.output,
        variables=read_variables(arguments.variables),
        replace=arguments.replace,
    )
    return Outcome(
        f"{result.to_text(terminal_width())}\nwritten to {result.folder}",
        {"folder": result.folder, **result.content},
    )
