"""A silver corpus as a teacher completes it: the model of a target's run, on the study's disk."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.records.matching import recorded_name
from neuroner_tl.studies.records.record_form import member
from neuroner_tl.studies.records.store import FINISHED
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.record import PARTS
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
                train_size=train_size_of(job),
                split_seed=run.parameters.split_seed,
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
    records = job.study.store.records()
    record = records.get(recorded_name(name, records), {})
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


def train_size_of(job: Job) -> Optional[float]:
    """Return the documents of a source in percent of the corpus, as `train_size` counts them.

    None for the whole train part.

    Raises:
        ParameterError: the corpus has fewer.
    """
    p, wanted = job.run.parameters, job.run.documents
    if wanted is None:
        return None
    corpus = read_corpus(
        job.corpus,
        split_percentages=p.split_percentages,
        split_seed=p.split_seed,
        required=("train",),
    )
    have = len(corpus.parts["train"])
    if wanted > have:
        raise ParameterError(
            f"source_documents: found {wanted}, but the train part of {job.corpus} has {have} "
            "documents; ask for fewer"
        )
    total = sum(len(corpus.parts[part]) for part in ("train", *PARTS) if part in corpus.parts)
    return 100 * wanted / total


def _folder(job: Job, student: str) -> Path:
    return job.study.corpora / f"completed-{student}"
