"""Recorded runs that are trained again, and compared with their records."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.runs.folder import check_writable, create_dated_folder
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.records.folder import StudyFolder, corpus_folders
from neuroner_tl.studies.records.record_form import part_counts
from neuroner_tl.studies.records.store import FINISHED, Record, Store
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.runner import (
    Execution,
    check_definition,
    execute_jobs,
    write_synthetic,
)
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible
from neuroner_tl.system.paths import relative_path

FOLDER = "{}_verification"
"""The folder beside that of a study in which its runs are trained again."""
RESUMES = "the same command resumes the verification"
# What training decides; seconds, host and time are those of the moment.
_RESULTS = ("best_epoch", "epochs", "valid_f1", "scores", "test_documents")


@dataclass(frozen=True)
class VerifiedRun:
    """A recorded run beside the same run trained again.

    Attributes:
        recorded: its record.
        repeated: the record of the new run; None if it failed.
        error: why it failed.

    Example::

        for run in verify_study("experiments/quickstart.ini").runs:
            print(run.recorded["id"], run.is_equal)
    """

    recorded: Record
    repeated: Optional[Record]
    error: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether epochs, scores and the counts of each test document are the same."""
        return self.repeated is not None and all(
            self.recorded.get(name) == self.repeated.get(name) for name in _RESULTS
        )

    @property
    def other_documents(self) -> int:
        """The number of test documents with other counts."""
        before = self.recorded.get("test_documents", {})
        after = (self.repeated or {}).get("test_documents", {})
        return sum(before.get(name) != after.get(name) for name in {*before, *after})

    def circumstances(self) -> list[str]:
        """Say in which circumstances the two differ: versions, threads, code."""
        found = []
        for member in ("versions", "run_with"):
            before, after = (r.get(member, {}) for r in (self.recorded, self.repeated or {}))
            names = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
            found += [f"{name} {before.get(name)}, now {after.get(name)}" for name in names]
        return found


@dataclass(frozen=True)
class Verification:
    """The outcome of a verification.

    Attributes:
        runs: the runs that were trained again.
        left: how many were not trained, because of an interruption or since a model that they
            start from could not be trained.
        interrupted: whether it was interrupted.
        folder: where the new runs are kept; None if they are equal and were removed.

    Example::

        found = verify_study("experiments/quickstart.ini", sample=2)
        print(found.is_equal, found.to_text())
    """

    runs: tuple[VerifiedRun, ...]
    left: int
    interrupted: bool
    folder: Optional[Path]

    @property
    def is_equal(self) -> bool:
        """Whether all runs were trained again and are as recorded."""
        return not self.left and all(run.is_equal for run in self.runs)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        return {
            "equal": self.is_equal,
            "interrupted": self.interrupted,
            "left": self.left,
            "folder": None if self.folder is None else str(self.folder),
            "runs": [
                {
                    "id": run.recorded["id"],
                    "equal": run.is_equal,
                    "recorded": _figures(run.recorded),
                    "repeated": None if run.repeated is None else _figures(run.repeated),
                    "other_documents": run.other_documents,
                    "circumstances": run.circumstances() if run.repeated else [],
                    "error": run.error,
                }
                for run in self.runs
            ],
        }

    def to_text(self) -> str:
        """Return the comparison as text for the terminal."""
        lines = []
        for run in self.runs:
            lines.append(f"{run.recorded['id']}: {'equal' if run.is_equal else 'differs'}")
            if run.repeated is None:
                lines.append(f"  it failed: {run.error}")
                continue
            for label, record in (("recorded", run.recorded), ("repeated", run.repeated)):
                lines.append(f"  {label}  {_figures_text(record)}")
            if not run.is_equal:
                of = len(run.recorded.get("test_documents", {}))
                lines.append(f"  {run.other_documents} of {of} test documents have other counts")
                lines += [f"  {text}" for text in run.circumstances()]
        equal = sum(run.is_equal for run in self.runs)
        lines.append(f"{equal} of {counted(len(self.runs) + self.left, 'run')} as recorded")
        if self.left and not self.interrupted:
            number = counted(self.left, "run was", "runs were")
            lines.append(f"{number} not trained, since a model to start from could not be trained")
        if self.folder is not None:
            lines.append(f"the new runs are kept in {self.folder}")
        return "\n".join(lines)


def verify_runs(
    definition: StudyDefinition,
    *,
    names: Sequence[str] = (),
    sample: int = 1,
    sample_seed: int = 0,
    records: Optional[Path] = None,
    execution: Optional[Execution] = None,
    seed: Optional[int] = None,
) -> Verification:
    """Train recorded runs of a study again, and compare the results.

    Source models and teachers that the study has kept are used; those that it has not are trained
    again as well. The new runs have a folder of their own beside that of the study, which is
    removed if all is as recorded.

    Args:
        definition: the study; its corpora and word vectors must be there.
        names: identifiers of the runs; none for a random sample.
        sample: how many runs to draw.
        sample_seed: the seed of the drawing.
        records: the store to compare with; None for the study's own.
        execution: how the runs are executed.
        seed: the seed of all runs, instead of the definition's.

    Raises:
        ParameterError: a run is unknown, or there is none to draw; or the study is a search.
        NeuroNERError: something that the definition names cannot be used.
    """
    study = StudyFolder(definition.folder)
    folder = StudyFolder(study.path.with_name(FOLDER.format(study.path.name)))
    store = study.store if records is None else Store(records)
    with interruptible():
        with interrupted_as(f"interrupted before the first run; {RESUMES}"), at_once():
            if definition.search is not None:
                raise ParameterError(
                    f"{definition.path}: found a study of the kind tuning, expected one whose runs "
                    "are scored on test; train with the best.ini of its report instead"
                )
            check_definition(definition, plan_runs(definition, seed))
            contents = Contents.remembered(definition.output_folder)
            planned = {run.id: run for run in plan_runs(definition, seed, contents)}
            recorded = _recorded(planned, store)
            chosen = _choose(recorded, names, sample, sample_seed, store)
            check_writable(folder.path)
            jobs = _jobs(definition, [planned[name] for name in chosen], planned, study, folder)
        lost = "interrupted at once; steps since the last saved states are lost"
        with interrupted_as(f"{lost}; {RESUMES}"):
            done = {n for n, r in folder.store.records().items() if r["status"] == FINISHED}
            left = [job for job in jobs if job.run.id not in done]
            _, interrupted = execute_jobs(left, done, execution or Execution(), folder)
    found = folder.store.records()
    verified = []
    for name in chosen:
        record = found.get(name)
        if record is not None:
            ok = record["status"] == FINISHED
            error = "" if ok else str(record.get("error", record["status"]))
            verified.append(VerifiedRun(recorded[name], record if ok else None, error))
    if interrupted:
        return Verification(tuple(verified), len(chosen) - len(verified), True, folder.path)
    outcome = Verification(tuple(verified), len(chosen) - len(verified), False, None)
    if outcome.is_equal:
        shutil.rmtree(folder.path)
        return outcome
    kept = create_dated_folder(folder.path)
    kept.rmdir()  # Windows does not replace a folder, even an empty one.
    os.replace(folder.path, kept)
    return Verification(outcome.runs, outcome.left, False, kept)


def _recorded(planned: Mapping[str, StudyRun], store: Store) -> dict[str, Record]:
    """Return the records of the finished target runs, which have test scores."""
    return {
        name: record
        for name, record in store.records().items()
        if name in planned and not planned[name].is_source and record.get("status") == FINISHED
    }


def _choose(
    recorded: Mapping[str, Record], names: Sequence[str], sample: int, seed: int, store: Store
) -> list[str]:
    if not recorded:
        raise ParameterError(
            f"{store.path}: found no finished run of the study with the current corpora and word "
            "vectors, expected some; run the study first, or give --records"
        )
    for name in names:
        if name not in recorded:
            raise ParameterError(
                f"{store.path}: found no finished run {name} with the current corpora and word "
                f"vectors, expected {one_of(name, recorded)}"
            )
    if names:
        return list(dict.fromkeys(names))
    if not 1 <= sample <= len(recorded):
        raise ParameterError(f"sample: found {sample}, expected 1 to {len(recorded)} finished runs")
    return random.Random(seed).sample(sorted(recorded), sample)


def _jobs(
    definition: StudyDefinition,
    runs: Sequence[StudyRun],
    planned: Mapping[str, StudyRun],
    study: StudyFolder,
    folder: StudyFolder,
) -> list[Job]:
    """Return the jobs, after those of the models that they need and the study has not kept."""
    corpora = corpus_folders(definition, study)
    kept = study.store.records()
    there = folder.store.records()
    needed: dict[str, StudyRun] = {}
    models: set[str] = set()

    def add(run: StudyRun) -> None:
        for name in run.needs:
            models.add(name)
            record = kept.get(name, {})
            model = study.path / str(record.get("folder", "")) / "model"
            if record.get("status") != FINISHED or not model.is_dir():
                add(planned[name])
            elif name not in there:
                # Its model is found from the new folder.
                place = relative_path(study.path / record["folder"], folder.path)
                folder.store.append({**record, "folder": place})
        needed[run.id] = run

    for run in runs:
        add(run)
    for corpus in {run.corpus for run in needed.values()}:
        write_synthetic(definition, corpus, corpora[corpus])
    return [
        Job(run, corpora[run.corpus], folder, run.id in models, retry=True)
        for run in needed.values()
    ]


def _figures(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "test_f1": part_counts(record, "test").f1,
        "valid_f1": record.get("valid_f1"),
        "best_epoch": record.get("best_epoch"),
        "epochs": record.get("epochs"),
    }


def _figures_text(record: Mapping[str, Any]) -> str:
    figures = _figures(record)
    words = f"test F1 {100 * figures['test_f1']:.2f}"
    if figures["valid_f1"] is None:
        return words  # Of published predictions there is no more.
    return (
        f"{words}, valid F1 {100 * figures['valid_f1']:.2f}, "
        f"epoch {figures['best_epoch']} of {figures['epochs']}"
    )
