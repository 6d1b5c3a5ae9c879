"""The record of a run for the store, and the files beside it."""

from __future__ import annotations

import logging
import socket
import time
from collections import Counter
from dataclasses import replace
from typing import Any, Optional

from neuroner_tl.corpora.formats.brat import read_annotations
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import Corpus, read_corpus
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.error_sets import AnnotatedPart
from neuroner_tl.evaluation.scoring import HEADLINE
from neuroner_tl.evaluation.unknown import scored_prediction
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.studies.definition.plan import StudyRun, deciding_parameters
from neuroner_tl.studies.records.code_version import code_version
from neuroner_tl.studies.records.store import (
    FAILED,
    FINISHED,
    LEARNED_NOTHING,
    PRUNED,
    Record,
)
from neuroner_tl.studies.running.informed import known_labels
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.system.json_text import parse_json, read_object

logger = logging.getLogger(__name__)

PARTS = ("valid", "test")
# Names of a record's counts, and those of results.json: the headline, and what tags can represent.
MEASURES = {"documents": HEADLINE, "tags": "conll"}


def make_record(job: Job, folder: RunFolder, results: dict[str, Any]) -> Record:
    """Make the record of a finished run; write its mentions beside the store.

    Args:
        job: the run.
        folder: its folder.
        results: the content of its ``results.json``; with `LEARNED_NOTHING`, if it gave up with a
            score of 0: then nothing was found in its test part.

    Raises:
        CorpusError: the corpus no longer exists.
    """
    run, relative = job.run, folder.path.relative_to(job.study.path)
    nothing = {name: results[name] for name in (LEARNED_NOTHING,) if name in results}
    part = "test" if run.trial is None else "valid"
    scores: Record
    documents: dict[str, list[int]]
    if nothing and run.trial is not None:
        scores, documents = {"valid": {}}, {}
    elif nothing:
        scores, documents = _empty_scores(gold_part(job, "test"))
    else:
        scores = _scores(results)
        documents = read_object(folder.path / "document_counts.json").get("test", {})
    told: Record = {}
    if run.is_source:
        known = known_labels(job.corpus)
        told["learned_from"] = known and {name: labels.number for name, labels in known.items()}
    elif run.trial is None:
        _keep_mentions(job, folder, bool(nothing))
        told.update(_curve(folder))
    else:
        told["epoch_scores"] = _epoch_scores(folder)
    return {
        **about(run),
        "status": FINISHED,
        **nothing,
        **told,
        "best_epoch": results["best_epoch"],
        "epochs": results["epochs"],
        "valid_f1": results["best_score"],
        "sentences": results["sentences"],
        "annotations": _annotations(folder),
        "scores": scores,
        "test_documents": documents,
        "seconds": _seconds(folder, results),
        **_cpu_seconds(folder, results["best_epoch"]),
        **_circumstances(),
        "versions": results["versions"],
        "run_with": {"threads": results["threads"], "compiled": results["compiled"]},
        "folder": relative.as_posix(),
        "predictions": (relative / folder.predictions.name / part).as_posix(),
    }


def pruned_record(run: StudyRun, folder: RunFolder, results: dict[str, Any]) -> Record:
    """Make the record of a trial that was ended early."""
    return {
        **about(run),
        "status": PRUNED,
        "best_epoch": results["best_epoch"],
        "epochs": results["epochs"],
        "valid_f1": results["best_score"],
        "epoch_scores": _epoch_scores(folder),
        "seconds": _seconds(folder, results),
        **_circumstances(),
        "versions": results["versions"],
    }


def repetition(record: Record, changes: Record) -> Record:
    """Make the record of a run that repeats a recorded one: nothing is trained, its time is 0.

    Args:
        record: of the run that it repeats.
        changes: what is different, such as the identifier.
    """
    time_taken = {"seconds": 0.0} if "seconds" in record else {}
    return {**record, **changes, "repeats": record["id"], **time_taken}


def failure(run: StudyRun, message: str) -> Record:
    """Make the record of a run that failed."""
    return {**about(run), "status": FAILED, "error": message, **_circumstances()}


def _scores(results: dict[str, Any]) -> Record:
    return {
        part: {
            name: _counts(results["scores"][part][measure]) for name, measure in MEASURES.items()
        }
        for part in PARTS
        if part in results["scores"]
    }


def _empty_scores(gold: AnnotatedPart) -> tuple[Record, dict[str, list[int]]]:
    """Return scores and document counts of a test part in which nothing was found."""
    types = Counter(mention.type for mention in gold.all)
    counts = {kind: {"tp": 0, "fp": 0, "fn": number} for kind, number in sorted(types.items())}
    return {"test": {"documents": counts}}, {
        document: [0, 0, len(found)] for document, found in gold.mentions.items()
    }


def _keep_mentions(job: Job, folder: RunFolder, found_nothing: bool) -> None:
    """Keep what the run found and missed, so that comparisons need neither corpus nor run."""
    gold = gold_part(job, "test")
    if found_nothing:
        predicted = AnnotatedPart({document: {} for document in gold.mentions})
    else:
        report = ImportReport()
        try:
            predicted = AnnotatedPart.of(
                scored_prediction(
                    document,
                    replace(document, entities=read_annotations(path, document.text, report)),
                )
                for document in corpus_with(job, "test").parts["test"].documents()
                for path in [folder.predictions / "test" / f"{document.id}.ann"]
            )
        except CorpusError as error:
            logger.warning("%s: its mentions are not kept: %s", job.run.id, error)
            return
    job.study.mentions.write(job.run.id, gold, predicted, gold_part(job, "train").keys)


def gold_part(job: Job, part: str) -> AnnotatedPart:
    """Read the gold annotations of a part of a run's corpus, of train those that it has."""
    return AnnotatedPart.of(corpus_with(job, part).parts[part].documents())


def corpus_with(job: Job, part: str) -> Corpus:
    """Read the corpus of a run, of whose parts this one must exist."""
    p, system = job.run.parameters, job.run.system
    # On how much of it published predictions were trained is not known.
    is_sampled = part == "train" and not (system and system.is_published)
    return read_corpus(
        job.corpus,
        split_percentages=p.split_percentages,
        split_seed=p.split_seed,
        train_size=p.train_size if is_sampled else None,
        required=(part,),
    )


def about(run: StudyRun) -> Record:
    """Return what a record says of its run, without the folders of this machine."""
    return {
        "id": run.id,
        "key": run.key,
        "content": dict(run.content),
        "corpus": run.corpus,
        "class": run.entity_class,
        "arm": run.arm,
        "layers": list(run.layers),
        "train_size": run.train_size,
        "documents": run.documents,
        "source": run.source,
        **({} if run.teacher is None else {"teacher": run.teacher}),
        "seed": run.parameters.seed,
        "split_seed": run.parameters.split_seed,
        "parameters": deciding_parameters(run.parameters),
        **({} if run.trial is None else {"trial": run.trial.to_json()}),
        **({} if run.system is None else {"system": run.system.name}),
    }


def _counts(scores: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return TP, FP and FN of each type."""
    return {
        kind: {name: counts[name] for name in ("tp", "fp", "fn")}
        for kind, counts in scores["per_type"].items()
    }


def _annotations(folder: RunFolder) -> dict[str, int]:
    """Count the annotations of each part, including those that tags cannot represent."""
    path = folder.path / "import_report.json"
    try:
        report = parse_json(path.read_text("utf-8"))
        return {
            part: int(report[part]["annotations_read"])
            for part in ("train", *PARTS)
            if part in report
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CorpusError(
            f"{path}: found a damaged report ({error}), expected the counts of the run's parts; "
            "remove the run's folder, and the run is repeated"
        ) from None


def _seconds(folder: RunFolder, results: dict[str, Any]) -> float:
    """Return the seconds of all epochs, including those before an interruption."""
    try:
        lines = (folder.path / "epochs.jsonl").read_text("utf-8").splitlines()
        epochs = [parse_json(line) for line in lines if line]
        return round(sum(e["seconds"] + e["validation_seconds"] for e in epochs), 1)
    except (OSError, ValueError, KeyError, TypeError):
        return float(results["seconds"])


def _cpu_seconds(folder: RunFolder, best_epoch: Optional[int]) -> Record:
    """Return the CPU time of all epochs, and of those up to the best; none where it is unknown."""
    epochs = _epoch_times(folder)
    if not epochs:
        return {}
    to_best = [seconds for epoch, seconds in epochs if best_epoch is None or epoch <= best_epoch]
    return {
        "cpu_seconds": round(sum(seconds for _, seconds in epochs), 1),
        "cpu_seconds_to_best": round(sum(to_best), 1),
    }


def _curve(folder: RunFolder) -> Record:
    """Return scores and CPU times of the epochs; none where an epoch lacks its time."""
    times = [round(seconds, 1) for _, seconds in _epoch_times(folder)]
    return {"epoch_scores": _epoch_scores(folder), "epoch_cpu_seconds": times} if times else {}


def _epoch_times(folder: RunFolder) -> list[tuple[int, float]]:
    """Return each epoch with its CPU time; none if nothing was trained, or a time is unknown."""
    try:
        return [(record["epoch"], float(record["cpu_seconds"])) for record in folder.epochs]
    except KeyError:
        return []


def _epoch_scores(folder: RunFolder) -> list[list[float]]:
    """Return each epoch with its validation score."""
    return [[record["epoch"], record["score"]] for record in folder.epochs]


def _circumstances() -> Record:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"finished_at": now, "host": socket.gethostname(), "code": code_version()}
