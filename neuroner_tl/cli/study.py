"""`neuroner-tl study`: compare a baseline with transfer learning, as a study file defines it."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Optional


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    description = "train source, baseline and transfer, and print the table that compares them"
    run_parser = actions.add_parser("run", help=description, description=description)
    run_parser.add_argument("definition", type=Path, metavar="FILE", help="the study file (.ini)")
    run_parser.add_argument(
        "--output", type=Path, metavar="DIR", help="wins over output_folder of the study file"
    )
    run_parser.add_argument("--seed", metavar="N", help="wins over the seed of the parameters")


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    return run_file(arguments.definition, arguments.output, arguments.seed)


def run_file(path: Path, output: Optional[Path] = None, seed: Optional[str] = None) -> int:
    """Run the study of a file and print its table; return the exit status."""
    from neuroner_tl.studies.definition import read_definition

    definition = read_definition(path)
    if output is not None:
        definition = dataclasses.replace(definition, output_folder=output)
    overrides = {} if seed is None else {"seed": seed}
    definition.parameters("source", **overrides)

    # TensorFlow takes seconds to load; what is wrong in the files is refused before that.
    from neuroner_tl.studies.report import text_report, write_reports
    from neuroner_tl.studies.runner import run_study

    result = run_study(definition, overrides)
    if result.comparison is None:
        print(f"interrupted; what is done is in {result.folder.path}")
        return 130
    write_reports(result)
    print()
    print(text_report(result))
    return 0
