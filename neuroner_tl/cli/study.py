"""`neuroner-tl study`: run a study that compares many training runs, and report its results."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.cli.variable_options import add_variables, read_variables
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.screen import terminal_width

if TYPE_CHECKING:
    from neuroner_tl.studies.study import StudyReport


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, description in (
        ("run", "train the missing runs, then write tables and figures"),
        ("status", "show which runs are finished, running, failed and missing, and the time left"),
        ("report", "write tables and figures of the finished runs"),
        ("verify", "train recorded runs again, and compare them with their records"),
    ):
        action = actions.add_parser(name, help=description, description=description)
        action.add_argument("definition", type=Path, metavar="FILE", help="the study file (.ini)")
        action.add_argument(
            "--output", type=Path, metavar="DIR", help="overrides output_folder of the study file"
        )
        action.add_argument(
            "--seed", type=seed, metavar="N", help="seed of all runs; overrides the study file"
        )
        action.add_argument(
            "--arms",
            type=_names,
            action="extend",
            default=[],
            metavar="NAMES",
            help="only these arms, with commas, and the sources that they need (default: all)",
        )
        action.add_argument(
            "--corpora",
            type=_names,
            action="extend",
            default=[],
            metavar="NAMES",
            help="only these target corpora, with commas, and the sources of their classes "
            "(default: all)",
        )
        add_variables(action, "the study file")
        _ADD_OWN[name](action)


def _add_run(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="local processes, one thread each (default 1); with --address, concurrent runs "
        "(default: the processors of the cluster)",
    )
    action.add_argument(
        "--address",
        metavar="ADDRESS",
        help="use the Ray cluster at this address; auto for the one that this machine belongs to",
    )
    action.add_argument("--retry-failed", action="store_true", help="run failed runs again")


def _add_report(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--to", type=Path, metavar="DIR", help="write the report to DIR, with a copy of the records"
    )
    action.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="read the records from FILE instead of the study's folder",
    )


def _add_verify(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="ID",
        help="a run to train again; may be given several times (default: a random sample)",
    )
    action.add_argument(
        "--sample", type=int, default=1, metavar="N", help="runs to draw (default 1)"
    )
    action.add_argument(
        "--sample-seed", type=seed, default=0, metavar="N", help="seed of the drawing (default 0)"
    )
    action.add_argument(
        "--records",
        type=Path,
        metavar="FILE",
        help="compare with the records in FILE instead of those in the study's folder",
    )
    action.add_argument(
        "--workers", type=int, default=1, metavar="N", help="local processes, one thread each"
    )


_ADD_OWN = {
    "run": _add_run,
    "status": lambda action: None,
    "report": _add_report,
    "verify": _add_verify,
}


def seed(text: str) -> int:
    """Return the seed that an argument names."""
    if not text.isdigit() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number below 2**32")
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    """Return the names that an argument lists."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise argparse.ArgumentTypeError(
            f"found {text!r}, expected names with commas; leave the option out for all"
        )
    return names


def run(arguments: argparse.Namespace) -> Outcome:
    """Run the command."""
    actions = {"run": _run, "status": _status, "report": _report, "verify": _verify}
    return actions[arguments.action](arguments)


def _common(arguments: argparse.Namespace) -> dict[str, Any]:
    return {
        "seed": arguments.seed,
        "arms": arguments.arms,
        "corpora": arguments.corpora,
        "output_folder": arguments.output,
        "variables": read_variables(arguments.variables),
    }


def _run(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.studies.study import run_study

    outcome = run_study(
        arguments.definition,
        workers=arguments.workers,
        address=arguments.address,
        retry_failed=arguments.retry_failed,
        **_common(arguments),
    )
    content = {"interrupted": outcome.interrupted, "left": outcome.left, **outcome.counts}
    if outcome.report is None:
        return Outcome(
            f"interrupted, {counted(outcome.left, 'run')} left; the same command resumes the study",
            content,
            status=130,
        )
    return Outcome(_shown(outcome.report), {**content, **outcome.report.to_json()})


def _status(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.studies.study import study_status

    status = study_status(arguments.definition, **_common(arguments))
    return Outcome(status.to_text(), status.to_json())


def _report(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.studies.study import study_report

    report = study_report(
        arguments.definition,
        to=arguments.to,
        records=arguments.records,
        **_common(arguments),
    )
    return Outcome(_shown(report), report.to_json())


def _verify(arguments: argparse.Namespace) -> Outcome:
    from neuroner_tl.studies.study import verify_study

    found = verify_study(
        arguments.definition,
        runs=arguments.run,
        sample=arguments.sample,
        sample_seed=arguments.sample_seed,
        records=arguments.records,
        workers=arguments.workers,
        **_common(arguments),
    )
    if found.interrupted:
        return Outcome(
            f"interrupted, {counted(found.left, 'run')} left; the same command resumes the "
            "verification",
            found.to_json(),
            status=130,
        )
    return Outcome(found.to_text(), found.to_json(), status=0 if found.is_equal else 1)


def _shown(report: StudyReport) -> str:
    """Return the tables of a report, and where the rest is."""
    from neuroner_tl.studies.provenance import shown

    return (
        f"\n{report.page.to_text(terminal_width())}\n\n"
        f"written to {shown(report.folder)}: {', '.join(report.written)}"
    )
