"""A run of spaCy's entity recogniser, with the files and records of a run of the network."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import Any

from neuroner_tl.errors import CorpusError, TrainingError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.data import RunData, load_data
from neuroner_tl.runs.data_report import check_data
from neuroner_tl.runs.folder import RunFolder, RunResult, check_writable, create_run_folder
from neuroner_tl.runs.listeners import EpochLog
from neuroner_tl.runs.records import record_scores, write_data
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.settings import loop_settings
from neuroner_tl.runs.systems.spacy_recogniser import SPACY, SpacyRecogniser, require_spacy
from neuroner_tl.runs.systems.system_results import system_results
from neuroner_tl.system.interruption import Interrupted, at_once, interrupted_as, interruptible
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.training.events import EpochDone
from neuroner_tl.training.progress import Progress

NOTHING_KEPT = "interrupted; spaCy's training cannot be resumed, and nothing of it is kept"


def train_spacy(parameters: Parameters) -> RunResult:
    """Train spaCy's `ner` on the train part of a corpus, and score its best epoch.

    Sentences, tokens, the measure of the validation score, seed, epochs, patience and the sentences
    after which a score of 0 ends it are those of the parameters; everything else is spaCy's. Its
    model is not kept.

    Args:
        parameters: the run's parameters.

    Raises:
        NeuroNERError: spaCy is not installed, or the corpus cannot be used; no folder is made.
        CorpusError: the corpus has changed since it was read; the folder says so.
        TrainingError: the run learns nothing; its folder says so.
        Interrupted: a signal came; no folder is left.
    """
    with interruptible() as stop_requested, interrupted_as(NOTHING_KEPT), at_once():
        require_spacy("system = spacy")
        check_writable(parameters.output_folder)
        data = load_data(_without_vectors(parameters))
        check_data(data)
        folder = create_run_folder(parameters.output_folder, parameters.experiment_name)
        try:
            results = _train(parameters, data, folder, stop_requested)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise
    if results["status"] == "corpus changed":
        raise CorpusError(f"{folder.path}: {results['reason']}")
    if results["status"] == "failed":
        raise TrainingError(f"{folder.path}: {results['reason']}")
    return RunResult(folder, results["status"], results)


def _without_vectors(parameters: Parameters) -> Parameters:
    """Return the parameters without word vectors: to read millions of them would be for nothing."""
    none = {
        "token_pretrained_embedding_filepath": None,
        "load_only_pretrained_token_embeddings": False,
        "load_all_pretrained_token_embeddings": False,
    }
    return parameters.model_copy(update=none)


def _train(
    parameters: Parameters, data: RunData, folder: RunFolder, stop_requested: Callable[[], bool]
) -> dict[str, Any]:
    """Train, score and return the results; they are in the folder, too."""
    import spacy

    started = time.perf_counter()
    write_data(data, parameters, folder)
    settings, progress = loop_settings(parameters), Progress()
    mode = parameters.main_evaluation_mode
    log = EpochLog(folder, f"valid F1 ({mode})")
    recogniser = SpacyRecogniser(data.dataset, parameters.tagging_format, parameters.seed)
    scorer = Scorer(data, recogniser)
    sentences = {name: part.number_of_sentences for name, part in data.dataset.parts.items()}
    weights = recogniser.weights()
    hopeless, reason = "", progress.reason_to_end(settings)
    while not (hopeless or reason):
        epoch, began = progress.epoch, time.perf_counter()
        loss = recogniser.train_epoch(epoch)
        trained = time.perf_counter()
        # spaCy's compiled code may have swallowed what the handler raised.
        if stop_requested():
            raise Interrupted(NOTHING_KEPT)
        score, details = scorer.validate(mode)
        best = progress.take_score(score, settings.schedule)
        if best:
            weights = recogniser.weights()
        log(
            EpochDone(
                epoch,
                loss,
                score,
                best,
                trained - began,
                time.perf_counter() - trained,
                sentences["train"],
                details,
            )
        )
        progress.sentences += sentences["train"]
        progress.epoch += 1
        trouble = progress.learns_nothing(score, settings)
        hopeless = trouble and f"epoch {epoch}: {trouble}"
        reason = progress.reason_to_end(settings)
    recogniser.restore(weights)
    results: dict[str, Any] = {
        "status": "failed" if hopeless else "finished",
        "reason": hopeless or reason,
        **system_results(SPACY, parameters, started, spacy=spacy.__version__),
        "best_epoch": progress.best_epoch,
        "best_score": progress.best_score,
        "epochs": progress.epoch - 1,
        "peak_memory_mb": round(peak_memory()),
        "sentences": sentences,
    }
    if not hopeless:
        record_scores(scorer.score_all(folder.predictions), data, folder, results)
    folder.write_json("results.json", results)
    return results
