"""Execution of one run of a study: started or resumed, then recorded in the store."""

from __future__ import annotations

import logging
import shutil
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any, Optional

from neuroner_tl.errors import CorpusError, NeuroNERError, TrainingError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.attempts import attempts, finish_run, read_results
from neuroner_tl.runs.folder import RunFolder, RunResult
from neuroner_tl.runs.systems.published_run import score_published
from neuroner_tl.runs.systems.spacy_run import train_spacy
from neuroner_tl.studies.definition.arms import SPACY
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.records.code_version import code_version
from neuroner_tl.studies.records.store import FAILED, FINISHED, LEARNED_NOTHING, PRUNED
from neuroner_tl.studies.running.jobs import ELSEWHERE, INTERRUPTED, NO_SPACE, Job, Outcome
from neuroner_tl.studies.running.record import failure, make_record, pruned_record
from neuroner_tl.studies.running.repeated_run import repeated_record
from neuroner_tl.studies.running.teaching import (
    corpus_of,
    model_of,
    remove_completed,
    train_size_of,
)
from neuroner_tl.studies.running.trial_judge import judge_of
from neuroner_tl.system.interruption import Interrupted
from neuroner_tl.system.write_errors import disk_full_error, is_disk_full

logger = logging.getLogger(__name__)


def execute(job: Job) -> Outcome:
    """Execute a run, unless it is finished or running, and record its outcome.

    Any failure of a run is recorded as its error, so that the others continue; a full disk is not
    the run's fault and is not recorded.
    """
    try:
        return _execute(job)
    except (OSError, NeuroNERError) as error:
        full = disk_full_error(error)
        if full is None:
            raise
        note = f"{full.filename}: {full.strerror}; free some space, then run the study again"
        return Outcome(job, NO_SPACE, note)


def _execute(job: Job) -> Outcome:
    run, study = job.run, job.study
    code_version()  # As it is now: files may be changed during the run.
    with study.claims.claim(run.id) as mine:
        if not mine:
            return Outcome(job, ELSEWHERE, "another process is executing this run")
        record = study.store.records().get(run.id)
        known = record.get("status") if record is not None else None
        if record is not None and known and (known in (FINISHED, PRUNED) or not job.retry):
            return Outcome(job, str(known), record.get("error", ""))
        try:
            repeated = repeated_record(job)
            if repeated is not None:
                study.store.append(repeated)
                return Outcome(job, FINISHED, f"repeats {repeated['repeats']}")
            folder, results = _train(job)
            pruned = results["status"] == PRUNED
            if results["status"] != FINISHED and not pruned:
                return Outcome(job, INTERRUPTED, str(results["reason"]))
            _check_content(job)
            if pruned:
                record = pruned_record(run, folder, results)
            else:
                record = make_record(job, folder, results)
        except Exception as error:
            if is_disk_full(error):
                raise
            message = " ".join(str(error).splitlines()) or type(error).__name__
            if not isinstance(error, NeuroNERError):
                message = f"{type(error).__name__}: {message}"
                logger.error("%s", traceback.format_exc())
            study.store.append(failure(run, message))
            return Outcome(job, FAILED, message)
        except Interrupted as error:
            return Outcome(job, INTERRUPTED, str(error))
        study.store.append(record)
        _tidy(folder, run.is_source or job.keep_model)
        remove_completed(job)
        note = results["reason"] if pruned else record.get(LEARNED_NOTHING, "")
        return Outcome(job, str(record["status"]), str(note))


def _train(job: Job) -> tuple[RunFolder, dict[str, Any]]:
    """Train, resume training, or return the results of a finished run."""
    judge = None
    if job.run.trial is not None and job.search is not None:
        judge = judge_of(job.search, job.run.trial)
    try:
        other = _other_system(job.run)
        return finish_run(job.study.runs, job.run.id, lambda: _parameters(job), judge, other)
    except TrainingError as error:
        nothing = _nothing_learned(job)
        if nothing is None:
            raise
        logger.warning("%s", error)
        return nothing


def _other_system(run: StudyRun) -> Optional[Callable[[Parameters], RunResult]]:
    """Return what takes the place of the network in a run; None for the network."""
    if run.system is None:
        return None
    if run.system.name == SPACY:
        return train_spacy
    return partial(score_published, predictions=run.system.folder(run.corpus))


def _nothing_learned(job: Job) -> Optional[tuple[RunFolder, dict[str, Any]]]:
    """Return the results of a run that ended because its score stayed 0, which counts.

    None if it failed for another reason, or is a source: nothing can be transferred from it. A
    trial that diverges counts with 0, too: training with its parameters gives no model.
    """
    if job.run.is_source:
        return None
    for path in attempts(job.study.runs, job.run.id)[:1]:
        results = read_results(path)
        hopeless = job.run.trial is not None or (results.get("best_score") or 0) <= 0
        if results.get("status") == FAILED and hopeless:
            nothing = {"status": FINISHED, "best_epoch": None, "best_score": 0.0}
            return RunFolder(path), {**results, **nothing, LEARNED_NOTHING: results["reason"]}
    return None


def _parameters(job: Job) -> Parameters:
    """Return the run's parameters with the folders of this machine."""
    run, corpus = job.run, corpus_of(job)
    changes: dict[str, Any] = {
        "train_model": True,
        "use_pretrained_model": run.source is not None,
        "dataset_text_folder": corpus,
        "output_folder": job.study.runs,
        "experiment_name": run.id,
        "pretrained_model_folder": None
        if run.source is None
        else model_of(job, run.source, "source"),
    }
    # A teacher has completed no more documents than these.
    if run.documents is not None and run.teacher is None:
        changes["train_size"] = train_size_of(job)
    return Parameters(**{**run.parameters.model_dump(), **changes})


def _check_content(job: Job) -> None:
    """Refuse the result of a run that read other files than those that were planned."""
    run, folders = job.run, {"corpus": job.corpus}
    if run.system is not None and run.system.predictions:
        folders["predictions"] = run.system.folder(run.corpus)
    contents = Contents.remembered(job.study.path.parent)
    for name, folder in folders.items():
        planned = run.content.get(name)
        found = None if planned is None else contents.corpus(folder)
        if found != planned:
            raise CorpusError(
                f"{folder}: found other files (digest {found}) than when the study began, expected "
                f"the same ones ({planned}); restore them, or run the study again for the new ones"
            )


def _tidy(folder: RunFolder, keep_model: bool) -> None:
    """Remove the newest state: a recorded run is never resumed, and it is as large as a model."""
    shutil.rmtree(folder.last, ignore_errors=True)
    if not keep_model:
        shutil.rmtree(folder.model, ignore_errors=True)
