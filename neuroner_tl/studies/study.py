"""A study by the file that defines it: executing its runs, its status and its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition.definition import (
    IN_THE_WILD,
    UNSEEN_MENTIONS,
    StudyDefinition,
)
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.running.elsewhere import score_elsewhere
from neuroner_tl.studies.running.runner import Execution, run_missing
from neuroner_tl.studies.running.search import run_search
from neuroner_tl.studies.running.shown_forms import count_shown_forms
from neuroner_tl.studies.running.status import StudyStatus, status_of
from neuroner_tl.studies.running.verification import Verification, verify_runs
from neuroner_tl.system.paths import StrPath

if TYPE_CHECKING:
    from neuroner_tl.studies.pages.page import Page
    from neuroner_tl.studies.pages.table import Table


@dataclass(frozen=True)
class StudyReport:
    """The report of a study.

    Attributes:
        folder: its folder.
        written: the files written there.
        page: its content.

    Example::

        report = study_report("experiments/quickstart.ini")
        print(report.folder, list(report.tables))
    """

    folder: Path
    written: tuple[str, ...]
    page: Page

    @property
    def tables(self) -> dict[str, Table]:
        """The report's tables by name."""
        return {table.name: table for section in self.page.sections for table in section.tables}

    def to_json(self) -> dict[str, Any]:
        """Return its tables, and where it is, as a JSON object."""
        return {
            "title": self.page.title,
            "lead": self.page.lead,
            "tables": {name: table.to_json() for name, table in self.tables.items()},
            "folder": str(self.folder),
            "written": list(self.written),
        }


@dataclass(frozen=True)
class StudyOutcome:
    """The outcome of a call of `run_study`.

    Attributes:
        counts: how many runs became what, by status.
        left: how many runs of the study are not finished.
        interrupted: whether the study was interrupted.
        report: its report; None after an interruption.

    Example::

        outcome = run_study("experiments/quickstart.ini", workers=2)
        print(outcome.counts, outcome.left)
    """

    counts: Mapping[str, int]
    left: int
    interrupted: bool
    report: Optional[StudyReport]


def run_study(
    definition: StrPath,
    *,
    workers: Optional[int] = None,
    address: Optional[str] = None,
    retry_failed: bool = False,
    seed: Optional[int] = None,
    arms: Sequence[str] = (),
    corpora: Sequence[str] = (),
    output_folder: Optional[StrPath] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> StudyOutcome:
    """Execute the missing runs of a study, then make its tables and figures.

    Example::

        outcome = run_study("experiments/quickstart.ini")
        print(outcome.report.folder, outcome.report.tables["by_class"].to_text())

    Args:
        definition: the study file.
        workers: processes of this machine, one thread each; None for one, this process itself.
            With an address, how many runs at a time; None for the processors of the cluster.
        address: of a Ray cluster; ``auto`` for the one that this machine belongs to.
        retry_failed: whether to repeat failed runs.
        seed: the seed of all runs; None for those of the study file.
        arms: the arms to be content with, with the sources that they need; none for all.
        corpora: the target corpora to be content with, with the sources of their classes; none
            for all.
        output_folder: None for that of the study file.
        variables: what ``${NAME}`` in the study file stands for.

    Raises:
        NeuroNERError: something that the study file names cannot be used; nothing is trained.
    """
    study = read_definition(
        definition, variables, arms=arms, corpora=corpora, output_folder=output_folder
    )
    if workers is not None and workers < 1:
        raise ParameterError(f"workers: found {workers}, expected 1 or more")
    counts: Mapping[str, int] = {}
    left = 0
    if study.targets:
        execution = Execution(workers or (0 if address else 1), address, retry_failed)
        run = run_missing if study.search is None else run_search
        progress = run(study, execution, seed)
        counts, left = progress.counts, progress.left
        if progress.interrupted:
            return StudyOutcome(counts, left, True, None)
        if study.kind == IN_THE_WILD:
            score_elsewhere(study, seed)
        if study.kind == UNSEEN_MENTIONS:
            count_shown_forms(study, seed)
    return StudyOutcome(counts, left, False, _report(study, _options(seed, arms, corpora), seed))


def study_status(
    definition: StrPath,
    *,
    seed: Optional[int] = None,
    arms: Sequence[str] = (),
    corpora: Sequence[str] = (),
    output_folder: Optional[StrPath] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> StudyStatus:
    """Say which runs of a study are done, running, failed and missing, and the time left.

    Args:
        definition: the study file.
        seed: the seed of all runs; None for those of the study file.
        arms: the arms to be content with, with the sources that they need; none for all.
        corpora: the target corpora to be content with, with the sources of their classes; none
            for all.
        output_folder: None for that of the study file.
        variables: what ``${NAME}`` in the study file stands for.

    Raises:
        NeuroNERError: the definition is wrong, or the store is damaged.
    """
    study = read_definition(
        definition,
        variables,
        arms=arms,
        corpora=corpora,
        output_folder=output_folder,
        needs_corpora=False,
    )
    return status_of(study, seed)


def verify_study(
    definition: StrPath,
    *,
    runs: Sequence[str] = (),
    sample: int = 1,
    sample_seed: int = 0,
    records: Optional[StrPath] = None,
    workers: int = 1,
    seed: Optional[int] = None,
    arms: Sequence[str] = (),
    corpora: Sequence[str] = (),
    output_folder: Optional[StrPath] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> Verification:
    """Train recorded runs of a study again, and compare the results with the records.

    Example::

        found = verify_study("experiments/quickstart.ini", sample=2)
        print(found.is_equal, found.to_text())

    Args:
        definition: the study file; its corpora and word vectors must be there.
        runs: identifiers of the runs; none for a random sample.
        sample: how many runs to draw.
        sample_seed: the seed of the drawing.
        records: the records to compare with, a file; None for those of the study's folder.
        workers: processes of this machine, one thread each; 1 is this process itself.
        seed: the seed of all runs; None for those of the study file.
        arms: the arms to draw from; none for all.
        corpora: the target corpora to draw from; none for all.
        output_folder: None for that of the study file.
        variables: what ``${NAME}`` in the study file stands for.

    Raises:
        ParameterError: a run is unknown, or there is none to draw; or the study is a search.
        NeuroNERError: something that the study file names cannot be used.
    """
    study = read_definition(
        definition, variables, arms=arms, corpora=corpora, output_folder=output_folder
    )
    if workers < 1:
        raise ParameterError(f"workers: found {workers}, expected 1 or more")
    return verify_runs(
        study,
        names=runs,
        sample=sample,
        sample_seed=sample_seed,
        records=None if records is None else Path(records),
        execution=Execution(workers),
        seed=seed,
    )


def study_report(
    definition: StrPath,
    *,
    to: Optional[StrPath] = None,
    records: Optional[StrPath] = None,
    seed: Optional[int] = None,
    arms: Sequence[str] = (),
    corpora: Sequence[str] = (),
    output_folder: Optional[StrPath] = None,
    variables: Optional[Mapping[str, str]] = None,
) -> StudyReport:
    """Make tables and figures from the runs of a study that are done.

    Args:
        definition: the study file.
        to: write the report here, with the records beside it; None for the study's own folder.
        records: take the records from this file, not from the study's folder.
        seed: the seed of all runs; None for those of the study file.
        arms: the arms to be content with, with the sources that they need; none for all.
        corpora: the target corpora to be content with, with the sources of their classes; none
            for all.
        output_folder: None for that of the study file.
        variables: what ``${NAME}`` in the study file stands for.

    Raises:
        NeuroNERError: the definition is wrong, there are no records, or the folder cannot be
            written.
    """
    study = read_definition(
        definition,
        variables,
        arms=arms,
        corpora=corpora,
        output_folder=output_folder,
        needs_corpora=False,
    )
    return _report(
        study,
        _options(seed, arms, corpora),
        seed,
        None if to is None else Path(to),
        None if records is None else Path(records),
    )


def _options(seed: Optional[int], arms: Sequence[str], corpora: Sequence[str]) -> list[str]:
    """Return what a command that makes the report of the same runs needs beside the file."""
    options = [] if seed is None else ["--seed", str(seed)]
    for option, names in (("--arms", arms), ("--corpora", corpora)):
        options += [option, ",".join(dict.fromkeys(names))] if names else []
    return options


def _report(
    definition: StudyDefinition,
    options: Sequence[str],
    seed: Optional[int],
    to: Optional[Path] = None,
    records: Optional[Path] = None,
) -> StudyReport:
    # Only a report needs matplotlib, which takes a second to load.
    from neuroner_tl.studies.report import load_results, make_page, write_report

    results = load_results(definition, seed, records)
    page = make_page(results, options)
    written = write_report(page, results, to)
    return StudyReport(definition.report_folder if to is None else to, tuple(written), page)
