"""`neuroner-tl study`: run a study that compares many training runs, and report on it."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Optional

from neuroner_tl.cli.variables import add_variables, read_variables
from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.files import read_definition


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, description in (
        ("run", "make the runs that are missing, then tables and figures"),
        ("status", "say which runs are done, running, failed and missing, and the time left"),
        ("report", "make tables and figures from the runs that are done"),
    ):
        action = actions.add_parser(name, help=description, description=description)
        action.add_argument("definition", type=Path, metavar="FILE", help="the study file (.ini)")
        action.add_argument(
            "--output", type=Path, metavar="DIR", help="wins over output_folder of the study file"
        )
        action.add_argument(
            "--seed", type=_seed, metavar="N", help="the seed of all runs, wins over the study file"
        )
        add_variables(action, "the study file")
        _ADD_OWN[name](action)


def _add_run(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes of this machine, one thread each (default 1); with --address, runs at a "
        "time (default: the processors of the cluster)",
    )
    action.add_argument(
        "--address",
        metavar="ADDRESS",
        help="use the Ray cluster of this address; auto is the one that this machine belongs to",
    )
    action.add_argument(
        "--retry-failed", action="store_true", help="make runs that failed once more"
    )


def _add_report(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--to", type=Path, metavar="DIR", help="write the report here, with the records beside it"
    )
    action.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="take the records from this file, not from the study's folder",
    )


_ADD_OWN = {"run": _add_run, "status": lambda action: None, "report": _add_report}


def _seed(text: str) -> int:
    if not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number below 2**32")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    action = {"run": _run, "status": _status, "report": _report}[arguments.action]
    return action(arguments)


def _definition(arguments: argparse.Namespace) -> StudyDefinition:
    variables = read_variables(arguments.variables)
    definition = read_definition(
        arguments.definition, variables, needs_corpora=arguments.action == "run"
    )
    if arguments.output is not None:
        definition = dataclasses.replace(definition, output_folder=arguments.output)
    return definition


def _run(arguments: argparse.Namespace) -> int:
    definition = _definition(arguments)
    if arguments.workers is not None and arguments.workers < 1:
        raise ParameterError(f"--workers: found {arguments.workers}, expected 1 or more")
    from neuroner_tl.studies.running.runner import Execution, run_study

    if definition.targets:
        execution = Execution(
            arguments.workers or (0 if arguments.address else 1),
            arguments.address,
            arguments.retry_failed,
        )
        progress = run_study(definition, execution, arguments.seed)
        if progress.interrupted:
            print(f"interrupted, {progress.left} runs are left; the same command resumes the study")
            return 130
    return _write(definition, arguments, None, None)


def _status(arguments: argparse.Namespace) -> int:
    from neuroner_tl.studies.running.status import study_status

    print(study_status(_definition(arguments), arguments.seed).to_text())
    return 0


def _report(arguments: argparse.Namespace) -> int:
    return _write(_definition(arguments), arguments, arguments.to, arguments.records)


def _write(
    definition: StudyDefinition,
    arguments: argparse.Namespace,
    to: Optional[Path],
    records: Optional[Path],
) -> int:
    """Write the report and print its tables."""
    from neuroner_tl.studies.report import load_results, make_page, shown, write_report

    results = load_results(definition, arguments.seed, records)
    seed = [] if arguments.seed is None else ["--seed", str(arguments.seed)]
    page = make_page(results, seed)
    written = write_report(page, results, to)
    folder = definition.report_folder if to is None else to
    print(f"\n{page.title}: {page.lead}\n\n{page.to_text()}\n")
    print(f"written to {shown(folder)}: {', '.join(written)}")
    return 0
