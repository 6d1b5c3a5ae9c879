"""A silver corpus as a teacher completes it: the model of a target's run, on the study's disk."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.record_form import member
from neuroner_tl.studies.running.store import FINISHED
from neuroner_tl.system.interruption import at_once

logger = logging.getLogger(__name__)


def corpus_of(job: Job) -> Path:
    """Return the folder of the corpus that a run trains on; a teacher completes it first.

    Raises:
        ParameterError: the teacher has no model.
        CorpusError: the silver corpus cannot be read.
        Interrupted: a signal arrived while it was being completed.
    """
    run = job.run
    if run.teacher is None or run.teaching is None:
        return job.corpus
    target = _folder(job, run.id)
    if not target.is_dir():
        teacher = model_of(job, run.teacher, "teacher")
        # The predictor's libraries take seconds to load.
        from neuroner_tl.silver.completion import complete_silver

        logger.info("%s: %s completes %s", run.id, run.teacher, job.corpus)
        with at_once():
            complete_silver(
                job.corpus,
                teacher,
                target,
                sure=run.teaching.sure,
                doubtful=run.teaching.doubtful,
            )
    return target


def remove_completed(job: Job) -> None:
    """Remove the corpus of the student that a finished target run started from.

    Until then it is kept: the leak check of the target run reads it.
    """
    if job.run.source is not None and not job.run.is_source:
        shutil.rmtree(_folder(job, job.run.source), ignore_errors=True)


def model_of(job: Job, name: str, role: str) -> Path:
    """Return the model of a run that a job needs.

    Args:
        job: the job.
        name: identifier of that run.
        role: what it is to the job, ``source`` or ``teacher``, for errors.

    Raises:
        ParameterError: it is not finished, or its model was not kept.
    """
    record = job.study.store.records().get(name, {})
    if record.get("status") != FINISHED:
        raise ParameterError(
            f"{job.run.id}: its {role} model {name} is not in {job.study.store.path}, "
            "expected it to be trained first; run the study, which does so"
        )
    model = job.study.path / str(member(record, "folder")) / "model"
    if not model.is_dir():
        raise ParameterError(
            f"{job.run.id}: found no model of its {role} {name}, which learned nothing or was "
            f"made with keep_models = False; remove its line from {job.study.store.path}, and "
            "the run is made again"
        )
    return model


def _folder(job: Job, student: str) -> Path:
    return job.study.corpora / f"completed-{student}"
