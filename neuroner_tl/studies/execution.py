"""Making one run of a study: from scratch or where it was, and its record into the store."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import time
import traceback
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.parameters import Parameters
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.training import resume_run, train_run
from neuroner_tl.studies.jobs import ELSEWHERE, INTERRUPTED, NO_SPACE, Job, Outcome
from neuroner_tl.studies.plan import StudyRun, deciding_parameters
from neuroner_tl.studies.store import FAILED, FINISHED, Record
from neuroner_tl.temporary import is_disk_full
from neuroner_tl.training.checkpoint import MANIFEST

logger = logging.getLogger(__name__)

PARTS = ("valid", "test")
RESULTS = "results.json"


def execute(job: Job) -> Outcome:
    """Make a run, unless it is made or being made, and record what it led to.

    Whatever goes wrong in a run is recorded as its error, so that the others go on; a full disk is
    not the run's fault and not recorded.
    """
    try:
        return _execute(job)
    except (OSError, NeuroNERError) as error:
        if not is_disk_full(error):
            raise
        where = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        return Outcome(job, NO_SPACE, f"{where}; free some space, then run the study again")


def _execute(job: Job) -> Outcome:
    run, study = job.run, job.study
    with study.claims.claim(run.id) as mine:
        if not mine:
            return Outcome(job, ELSEWHERE, "another process is making this run")
        record = study.store.records().get(run.id)
        if record is not None and (record["status"] == FINISHED or not job.retry):
            return Outcome(job, record["status"], record.get("error", ""))
        try:
            folder, results = _train(job)
        except Exception as error:
            if is_disk_full(error):
                raise
            message = " ".join(str(error).splitlines()) or type(error).__name__
            if not isinstance(error, NeuroNERError):
                message = f"{type(error).__name__}: {message}"
                logger.error("%s", traceback.format_exc())
            study.store.append(failure(run, message))
            return Outcome(job, FAILED, message)
        if results["status"] != FINISHED:
            return Outcome(job, INTERRUPTED, str(results["reason"]))
        record = _record(run, folder, results, study.path)
        study.store.append(record)
        _tidy(folder, run.is_source or job.keep_model)
        return Outcome(job, FINISHED)


def failure(run: StudyRun, message: str) -> Record:
    """The record of a run that failed."""
    return {**_about(run), "status": FAILED, "error": message, **_circumstances()}


def _train(job: Job) -> tuple[RunFolder, dict[str, Any]]:
    """Train, go on with training, or find that it is done."""
    for path in _attempts(job):
        results = _finished_results(path)
        if results is not None:
            return RunFolder(path), results
        if (path / "last" / MANIFEST).is_file() and not _failed(path):
            try:
                result = resume_run(path, {})
                return result.folder, result.results
            except NeuroNERError as error:
                logger.warning("%s: begun anew, since it cannot go on: %s", job.run.id, error)
        shutil.rmtree(path)
    result = train_run(_parameters(job))
    return result.folder, result.results


def _attempts(job: Job) -> list[Path]:
    """The folders of this run, the newest first."""
    return sorted(job.study.runs.glob(f"{job.run.id}_*"), reverse=True)


def _finished_results(path: Path) -> Optional[dict[str, Any]]:
    """What a run led to that was scored but not recorded before its process ended."""
    results = _results(path)
    return results if results.get("status") == FINISHED and "scores" in results else None


def _failed(path: Path) -> bool:
    return bool(_results(path).get("status") == FAILED)


def _results(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((path / RESULTS).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _parameters(job: Job) -> Parameters:
    """The run's parameters with the folders of this machine."""
    run = job.run
    changes: dict[str, Any] = {
        "train_model": True,
        "use_pretrained_model": run.source is not None,
        "dataset_text_folder": job.corpus,
        "output_folder": job.study.runs,
        "experiment_name": run.id,
    }
    if run.source is not None:
        changes["pretrained_model_folder"] = _source_model(job)
    if run.documents is not None:
        changes["train_size"] = _percent(job)
    return Parameters(**{**run.parameters.model_dump(), **changes})


def _source_model(job: Job) -> Path:
    record = job.study.store.records().get(str(job.run.source), {})
    if record.get("status") != FINISHED:
        raise ParameterError(
            f"{job.run.id}: its source model {job.run.source} is not in {job.study.store.path}, "
            "expected it to be trained first; run the study, which does so"
        )
    return job.study.path / record["folder"] / "model"


def _percent(job: Job) -> float:
    """The documents asked for, in per cent of the corpus as `train_size` counts them."""
    p, wanted = job.run.parameters, job.run.documents
    assert wanted is not None
    corpus = read_corpus(job.corpus, split_percentages=p.split_percentages, split_seed=p.split_seed)
    have = len(corpus.parts["train"])
    if wanted > have:
        raise ParameterError(
            f"source_documents: found {wanted}, but the train part of {job.corpus} has {have} "
            "documents; ask for fewer"
        )
    total = sum(len(corpus.parts[part]) for part in ("train", *PARTS) if part in corpus.parts)
    return 100 * wanted / total


def _record(run: StudyRun, folder: RunFolder, results: dict[str, Any], study: Path) -> Record:
    relative = folder.path.relative_to(study)
    return {
        **_about(run),
        "status": FINISHED,
        "best_epoch": results["best_epoch"],
        "epochs": results["epochs"],
        "valid_f1": results["best_score"],
        "sentences": results["sentences"],
        "annotations": _annotations(folder),
        "scores": {
            part: {
                "tags": _counts(results["scores"][part]["conll"]),
                "documents": _counts(results["scores"][part]["documents"]),
            }
            for part in PARTS
            if part in results["scores"]
        },
        "seconds": _seconds(folder, results),
        **_circumstances(),
        "versions": results["versions"],
        "run_with": {"threads": results["threads"], "compiled": results["compiled"]},
        "folder": relative.as_posix(),
        "predictions": (relative / folder.predictions.name / "test").as_posix(),
    }


def _about(run: StudyRun) -> Record:
    """What a run is, without what this machine calls its folders."""
    return {
        "id": run.id,
        "corpus": run.corpus,
        "class": run.entity_class,
        "arm": run.arm,
        "layers": list(run.layers),
        "train_size": run.train_size,
        "documents": run.documents,
        "source": run.source,
        "seed": run.parameters.seed,
        "split_seed": run.parameters.split_seed,
        "parameters": deciding_parameters(run.parameters),
    }


def _counts(scores: dict[str, Any]) -> dict[str, dict[str, int]]:
    """TP, FP and FN of each type."""
    return {
        kind: {name: counts[name] for name in ("tp", "fp", "fn")}
        for kind, counts in scores["per_type"].items()
    }


def _annotations(folder: RunFolder) -> dict[str, int]:
    """How many annotations each part has, those included that tags cannot express."""
    report = json.loads((folder.path / "import_report.json").read_text("utf-8"))
    return {part: report[part]["annotations_read"] for part in ("train", *PARTS) if part in report}


def _seconds(folder: RunFolder, results: dict[str, Any]) -> float:
    """Seconds of all epochs, those included that were made before an interruption."""
    try:
        lines = (folder.path / "epochs.jsonl").read_text("utf-8").splitlines()
        epochs = [json.loads(line) for line in lines if line]
        return round(sum(e["seconds"] + e["validation_seconds"] for e in epochs), 1)
    except (OSError, ValueError, KeyError):
        return float(results["seconds"])


def _circumstances() -> Record:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"finished_at": now, "host": socket.gethostname()}


def _tidy(folder: RunFolder, keep_model: bool) -> None:
    """Nothing goes on from a run that is recorded; its newest state is as large as its model."""
    shutil.rmtree(folder.last, ignore_errors=True)
    if not keep_model:
        shutil.rmtree(folder.model, ignore_errors=True)
