"""Execution of the missing runs of a study, with workers of this machine or of a cluster."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.dataset.word_vectors.concatenated_vectors import missing_file
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.runs.folder import check_writable
from neuroner_tl.runs.systems.spacy_recogniser import require_spacy
from neuroner_tl.studies.definition.arms import SPACY
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import RECIPES, SYNTHETIC, StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.records.folder import StudyFolder, corpus_folders
from neuroner_tl.studies.records.matching import digest_of
from neuroner_tl.studies.records.record_form import part_counts
from neuroner_tl.studies.records.store import FAILED, FINISHED
from neuroner_tl.studies.running.informed import check_informed
from neuroner_tl.studies.running.jobs import InThisProcess, Job, Outcome, Pool
from neuroner_tl.studies.running.local_workers import local_workers
from neuroner_tl.studies.running.record import failure
from neuroner_tl.studies.running.scheduler import Scheduler
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible
from neuroner_tl.system.packaged_files import existing_file
from neuroner_tl.system.paths import expanded_path

logger = logging.getLogger(__name__)

RESUMES = "the same command resumes the study"


@dataclass(frozen=True)
class Execution:
    """How the runs of a study are executed.

    Attributes:
        workers: processes on this machine; 1 is this process itself. On a cluster, how many
            runs at a time; 0 for as many as it has processors.
        address: address of a Ray cluster, ``auto`` for the one of this machine; None without.
        retry_failed: whether to repeat failed runs.

    Example::

        run_missing(definition, Execution(workers=2, retry_failed=True))
    """

    workers: int = 1
    address: Optional[str] = None
    retry_failed: bool = False


@dataclass(frozen=True)
class Progress:
    """The outcome of a call of `run_missing`.

    Attributes:
        counts: how many runs became what, by status.
        left: how many runs of the study are not finished.
        interrupted: whether the study was interrupted.

    Example::

        progress = run_missing(definition)
        print(progress.counts["finished"], progress.left)
    """

    counts: Counter[str]
    left: int
    interrupted: bool


def run_missing(
    definition: StudyDefinition, execution: Optional[Execution] = None, seed: Optional[int] = None
) -> Progress:
    """Execute the missing runs of a study, and record each run in the study's store.

    Of a search these are the runs of its source models: its trials depend on each other.

    Args:
        definition: the study.
        execution: how.
        seed: the seed of all runs, instead of the definition's.

    Raises:
        NeuroNERError: something that the definition names cannot be used; nothing is trained.
    """
    execution = execution or Execution()
    study = StudyFolder(definition.folder)
    with interruptible():
        with interrupted_as(f"interrupted before the first run; {RESUMES}"), at_once():
            runs, done, jobs = _prepare(definition, execution, study, seed)
        lost = "interrupted at once; steps since the last saved states are lost"
        with interrupted_as(f"{lost}; {RESUMES}"):
            # By the test part no recipe may be chosen, not even by a look at the log.
            shown = "valid" if definition.kind == RECIPES else "test"
            made = (Counter[str](), False)
            if jobs:
                made = execute_jobs(jobs, done, execution, study, shown=shown)
    counts, interrupted = made
    return Progress(counts, sum(run.id not in done for run in runs), interrupted)


def _prepare(
    definition: StudyDefinition,
    execution: Execution,
    study: StudyFolder,
    seed: Optional[int],
) -> tuple[list[StudyRun], set[str], list[Job]]:
    """Check what the runs need and write what can be written.

    Returns:
        All runs of the study, the names of those that are done, and the jobs that are left.

    Raises:
        NeuroNERError: something that the definition names cannot be used.
    """
    check_definition(definition, plan_runs(definition, seed))
    check_writable(study.path)
    planned = plan_runs(definition, seed, Contents.remembered(definition.output_folder))
    runs = planned if definition.search is None else planned[:-1]
    corpora = corpus_folders(definition, study)
    for corpus in {run.corpus for run in planned}:
        write_synthetic(definition, corpus, corpora[corpus])
    definition.report_folder.mkdir(parents=True, exist_ok=True)
    write_atomically(
        definition.report_folder / "study.ini", existing_file(definition.path).read_bytes()
    )
    records = study.store.records()
    finished = {name for name, record in records.items() if record.get("status") == FINISHED}
    # By the hash: a run that is finished under a name of other words is not made again.
    digests = {digest_of(name) for name in finished}
    done = finished | {run.id for run in runs if digest_of(run.id) in digests}
    teachers = {run.teacher for run in runs}
    jobs = [
        Job(
            run,
            corpora[run.corpus],
            study,
            definition.keep_models or run.id in teachers,
            execution.retry_failed,
        )
        for run in runs
        if run.id not in done
        and (execution.retry_failed or records.get(run.id, {}).get("status") != FAILED)
    ]
    if definition.search is None:
        logger.info(
            "%s: %s, %d of them finished, %d to run; %s",
            definition.name,
            counted(len(runs), "run"),
            sum(run.id in done for run in runs),
            len(jobs),
            study.path,
        )
    return runs, done, jobs


def execute_jobs(
    jobs: Sequence[Job],
    done: set[str],
    execution: Execution,
    study: StudyFolder,
    *,
    ask: Callable[[], Optional[Job]] = lambda: None,
    take: Callable[[Outcome], None] = lambda outcome: None,
    total: Optional[int] = None,
    shown: str = "test",
) -> tuple[Counter[str], bool]:
    """Execute jobs with the workers that were asked for.

    Args:
        jobs: the jobs, in order of priority.
        done: identifiers of the runs that are finished; newly finished ones are added.
        execution: how.
        study: the study's folder.
        ask: returns a further job whenever a worker is idle; None if there are no more.
        take: is told of each outcome before the next job is asked for.
        total: how many jobs there will be; None for those given.
        shown: the part whose scores the log shows, of runs that are scored on it.

    Returns:
        How many runs became what, by status, and whether the study was interrupted.
    """
    total = len(jobs) if total is None else total
    counts: Counter[str] = Counter()
    in_this_process = execution.workers == 1 and execution.address is None
    with _pool(execution, study) as pool, interruptible() as stop_requested:
        scheduler = Scheduler(jobs, done, stop_requested, _give_up, ask)
        bar = progress_bar(
            total=total, desc="runs", unit=" runs", disable=True if in_this_process else None
        )
        with bar:
            for outcome in scheduler.run(pool):
                counts[outcome.status] += 1
                take(outcome)
                bar.update()
                _log_outcome(outcome, sum(counts.values()), total, shown)
    return counts, scheduler.interrupted


@contextmanager
def _pool(execution: Execution, study: StudyFolder) -> Iterator[Pool]:
    context: AbstractContextManager[Pool]
    if execution.address is not None:
        from neuroner_tl.studies.running.cluster_workers import cluster_workers

        context = cluster_workers(execution.address, execution.workers, study)
    elif execution.workers > 1:
        context = local_workers(execution.workers, study)
    else:
        from neuroner_tl.studies.running.execution import execute

        yield InThisProcess(execute)
        return
    with context as pool:
        yield pool


def _give_up(job: Job, message: str) -> None:
    job.study.store.append(failure(job.run, message))


def _log_outcome(outcome: Outcome, number: int, of: int, shown: str) -> None:
    record = outcome.job.study.store.records().get(outcome.job.run.id, {})
    words = f": {outcome.note}" if outcome.note else ""
    if outcome.status == FINISHED:
        # A source has no score on test, and a run that learned nothing none on valid: it has 0.
        part = "valid" if outcome.job.run.is_source else shown
        f1 = 100 * part_counts(record, part).f1 if part in record["scores"] else 0.0
        words = f", {part} F1 {f1:.2f}, {record['seconds']:.0f} s{words}"
    logger.info("%d/%d %s %s%s", number, of, outcome.job.run.id, outcome.status, words)


def check_definition(definition: StudyDefinition, runs: Sequence[StudyRun]) -> None:
    """Refuse, before hours of training, what would make them useless."""
    seen = set()
    for run in runs:
        _check_system(run)
        p = run.parameters
        vectors = p.token_pretrained_embedding_filepath
        missing = None if vectors is None else missing_file(vectors)
        if missing is not None:
            raise ParameterError(
                f"token_pretrained_embedding_filepath = {missing}: no such file; set it in "
                f"{definition.path} or {definition.parameters_filepath}, or leave it empty for "
                "random vectors"
            )
        key = (run.corpus, p.split_percentages, p.split_seed)
        if key in seen:
            continue
        seen.add(key)
        text = definition.corpus_text(run.corpus)
        several_splits = len(definition.split_seeds) > 1 and not run.is_source
        if text.startswith(SYNTHETIC):
            if several_splits:
                _refuse_own_split(run)
            continue
        not_scored = run.is_source or definition.search is not None
        corpus = read_corpus(
            expanded_path(text),
            split_percentages=p.split_percentages,
            split_seed=p.split_seed,
            required=("train", "valid") if not_scored else ("train", "valid", "test"),
        )
        if several_splits and corpus.split is None:
            _refuse_own_split(run)
    check_informed(definition, runs)


def _refuse_own_split(run: StudyRun) -> None:
    """Refuse several splits of a corpus that has one of its own: its runs would be equal."""
    if run.train_size is None:
        raise ParameterError(
            f"split_seeds: found several, and {run.corpus}, which has a split of its own, so that "
            "each of its runs would be trained and counted several times; take it out of this "
            "study, or give train_sizes in [study]"
        )


def _check_system(run: StudyRun) -> None:
    if run.system is None:
        return
    if run.system.name == SPACY:
        require_spacy(f"system = spacy of the arm {run.arm}")
    elif not run.system.folder(run.corpus).is_dir():
        raise ParameterError(
            f"{run.system.folder(run.corpus)}: no such folder, expected the predictions of "
            f"{run.arm} for the test part of {run.corpus}; correct `predictions` in [arm {run.arm}]"
        )


def write_synthetic(definition: StudyDefinition, corpus: str, folder: Path) -> None:
    """Write a corpus if it is a synthetic one."""
    text = definition.corpus_text(corpus)
    if text.startswith(SYNTHETIC):
        definition.synthetic[text[len(SYNTHETIC) :]].write(folder)
