"""What a run writes about itself: before the first step, when it is resumed, and at its end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Optional

import tensorflow as tf

from neuroner_tl.evaluation.scoring import named_measures
from neuroner_tl.messages.numbers import counted
from neuroner_tl.model.sequence_optimisation import crf_implementation
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.temperature import fit_to_part, save_temperature
from neuroner_tl.runs.data import RunData
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.prepared import PreparedRun
from neuroner_tl.runs.scoring import RunScores
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.training.checkpoint import VOCABULARY, load_model, versions
from neuroner_tl.training.events import Stopped
from neuroner_tl.training.manifest import PARAMETERS
from neuroner_tl.training.progress import Progress
from neuroner_tl.training.steps.step import TrainingStep

logger = logging.getLogger(__name__)


def write_start(run: PreparedRun, folder: RunFolder) -> None:
    """Write what is known about a run before its first step."""
    vocabulary = run.data.dataset.vocabulary
    write_data(run.data, run.parameters, folder)
    if run.transfer_report is not None:
        folder.write_json("transfer_report.json", run.transfer_report.to_json())
    for target in (folder.model, folder.last):
        target.mkdir(exist_ok=True)
        vocabulary.save(target / VOCABULARY)
        write_parameters(run.parameters, target / PARAMETERS)
    logger.info("run folder: %s", folder.path)
    if run.compiled:
        logger.info("the training step is compiled: the first steps take a few seconds each")
    if run.network.architecture.use_crf:
        logger.info("CRF: %s; TensorFlow %s", crf_implementation(run.compiled), tf.__version__)


def write_data(data: RunData, parameters: Parameters, folder: RunFolder) -> None:
    """Write the parameters of a run, and what was read of its corpus."""
    write_parameters(parameters, folder.path / PARAMETERS)
    reports = {name: report.to_json() for name, report in data.reports.items()}
    folder.write_json("import_report.json", reports)
    if data.corpus.split is not None:
        folder.write_json("split.json", data.corpus.split.to_json())


def write_resumption(run: PreparedRun, folder: RunFolder, progress: Progress) -> None:
    """Write down the resumption, and cut the log of epochs back to what was saved."""
    assert run.resumption is not None
    folder.keep_epochs(progress.epoch)
    folder.add_resumption(
        {
            "time": datetime.now().isoformat(timespec="seconds"),
            "epoch": progress.epoch,
            "batch": progress.batch,
            "changed": run.resumption.changes,
            "versions": versions(run.compiled),
        }
    )
    write_parameters(run.parameters, folder.path / PARAMETERS)
    # It is outdated, and a run marked as finished would not be resumed.
    (folder.path / "results.json").unlink(missing_ok=True)
    logger.info(
        "resuming %s in epoch %d after %s",
        folder.path,
        progress.epoch,
        counted(progress.batch, "batch", "batches"),
    )


def results_of(
    run: PreparedRun,
    folder: RunFolder,
    step: TrainingStep,
    progress: Progress,
    stopped: Stopped,
    seconds: float,
) -> dict[str, Any]:
    """Return what ``results.json`` says of a run whose training has ended, without the scores."""
    dataset = run.data.dataset
    report = dataset.embedding_report
    return {
        "status": stopped.status,
        "reason": stopped.reason,
        "best_epoch": progress.best_epoch,
        "best_score": progress.best_score,
        "epochs": max(0, progress.epoch - 1),
        "seconds": round(seconds, 3),
        "compiled": run.compiled,
        "resumed": folder.resumptions,
        "compilation": {
            "shapes": step.compiled_shapes,
            "seconds": round(step.compilation_seconds, 3),
        },
        "peak_memory_mb": round(peak_memory()),
        "versions": versions(run.compiled),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "architecture": run.network.architecture.to_dict(),
        "vocabulary": {
            "tokens": len(dataset.vocabulary.tokens),
            "characters": len(dataset.vocabulary.characters),
            "labels": list(dataset.vocabulary.labels),
            "unknown_words": dataset.number_of_unknown_words,
        },
        "sentences": {n: part.number_of_sentences for n, part in dataset.parts.items()},
        "word_vectors": None if report is None else report.to_json(),
        "parameters": run.parameters.to_dict(),
    }


def add_scores(
    run: PreparedRun,
    folder: RunFolder,
    results: dict[str, Any],
    parts: Optional[Sequence[str]] = None,
) -> None:
    """Score the best epoch's model, into the results and files of its own.

    The temperature of its probabilities is fitted to the valid part and saved with the model.

    Args:
        run: the run.
        folder: its folder.
        results: what ``results.json`` will say, completed by the scores.
        parts: what it is scored on; None for every part.
    """
    run.restore(load_model(folder.model))
    scored = run.scorer.score_all(folder.predictions, parts)
    dataset = run.data.dataset
    temperature = fit_to_part(run.tagger, dataset.word_table, dataset.parts["valid"])
    if temperature is not None:
        save_temperature(folder.model, temperature)
    results["temperature"] = temperature
    record_scores(scored, run.data, folder, results)


def record_scores(
    scored: RunScores, data: RunData, folder: RunFolder, results: dict[str, Any]
) -> None:
    """Put scores into the results and files of a run; its status says if its corpus has changed."""
    results.update(measures=named_measures(), scores=scored.scores, intervals=scored.intervals)
    folder.write_json("document_counts.json", scored.document_counts)
    changed = data.changed()
    if changed is not None:
        results["status"] = "corpus changed"
        results["reason"] = (
            f"{data.parameters.dataset_text_folder}: changed since it was read: {changed}; "
            "model, scores and predictions refer to the corpus as it was read and cannot be "
            "reproduced: restore the corpus, or train again"
        )
