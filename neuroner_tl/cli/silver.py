"""`neuroner-tl silver`: build a silver-standard corpus from texts and annotators."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    description = "annotate, harmonise and clean as a definition says, and report every step"
    build = actions.add_parser("build", help=description, description=description)
    build.add_argument("definition", type=Path, metavar="FILE", help="the definition (.ini)")
    build.add_argument(
        "--data", type=Path, metavar="DIR", help="wins over data_folder of the definition"
    )
    build.add_argument(
        "--output", type=Path, metavar="DIR", help="wins over output_folder of the definition"
    )
    build.add_argument(
        "--replace", action="store_true", help="replace the corpus that an earlier run built"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    from neuroner_tl.corpora.silver.definition import read_silver_definition
    from neuroner_tl.runs.silver_build import build_silver

    definition = read_silver_definition(arguments.definition, arguments.data, arguments.output)
    result = build_silver(definition, arguments.replace)
    print(result.report, end="")
    print(f"written to {result.folder}")
    return 0
