"""A training run, from its parameters to scores on every part."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Shapes
from neuroner_tl.errors import CorpusError, TrainingError
from neuroner_tl.memory import peak_memory
from neuroner_tl.model.entity_lstm import (
    LAYER_NAMES,
    create_network,
    initial_weights,
)
from neuroner_tl.model.tagger import Tagger
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.parameter_file import write_parameters
from neuroner_tl.parameters import Parameters
from neuroner_tl.runs.architecture import architecture_of
from neuroner_tl.runs.data import RunData, load_data
from neuroner_tl.runs.folder import check_writable, create_run_folder
from neuroner_tl.runs.interruption import interruptible
from neuroner_tl.runs.listeners import EpochLog, Listener, ProgressBar, TensorBoard
from neuroner_tl.runs.result import RunResult
from neuroner_tl.runs.resume import SavedState, load_state
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.threads import set_threads
from neuroner_tl.training.checkpoint import (
    PARAMETERS,
    VOCABULARY,
    SavedModel,
    Values,
    load_model,
    save_model,
    versions,
)
from neuroner_tl.training.loop import (
    BatchDone,
    EpochDone,
    LoopSettings,
    Progress,
    Stopped,
    TrainingLoop,
)
from neuroner_tl.training.step import StepSettings, TrainingStep
from neuroner_tl.training.transfer import TransferReport, transfer

logger = logging.getLogger(__name__)

# Below so many sentences, repetitions counted, compiling takes longer than it saves.
COMPILE_FROM_SENTENCES = 5000


def train_run(parameters: Parameters) -> RunResult:
    """Train a model and score it.

    Args:
        parameters: the run's parameters, with ``train_model`` on.

    Raises:
        NeuroNERError: something that the parameters name cannot be used; no folder is made.
        TrainingError: the run learns nothing; its folder says so.
    """
    set_threads(parameters.number_of_cpu_threads)
    check_writable(parameters.output_folder)
    source: Optional[SavedModel] = None
    if parameters.use_pretrained_model:
        assert parameters.pretrained_model_folder is not None
        source = load_model(parameters.pretrained_model_folder)
    return _Run(parameters, load_data(parameters, source), source).train()


def resume_run(folder: Path, overrides: Mapping[str, Any]) -> RunResult:
    """Go on with an interrupted run, as if it had not been interrupted.

    Args:
        folder: the run's folder.
        overrides: parameters to change, only such as do not change the result.

    Raises:
        NeuroNERError: the run is finished or cannot go on, or its corpus has changed.
    """
    parameters, state = load_state(folder, overrides)
    set_threads(parameters.number_of_cpu_threads)
    source: Optional[SavedModel] = None
    if parameters.use_pretrained_model:
        assert parameters.pretrained_model_folder is not None
        source = load_model(parameters.pretrained_model_folder)
    data = load_data(parameters, source)
    if data.dataset.vocabulary != state.model.vocabulary:
        raise CorpusError(
            f"{parameters.dataset_text_folder}: the corpus or the word vectors have changed since "
            f"the run {folder} was begun; restore them, or begin a new run"
        )
    return _Run(parameters, data, None, state).train()


class _Run:
    """What the steps of a run share."""

    def __init__(
        self,
        parameters: Parameters,
        data: RunData,
        source: Optional[SavedModel],
        state: Optional[SavedState] = None,
    ) -> None:
        self.state = state
        self.parameters = parameters
        self.data = data
        dataset = data.dataset
        self.architecture = architecture_of(parameters, len(dataset.vocabulary.labels))
        self.jit_compile = state.compiled if state else self._decide_compilation()
        self.logged_shapes = 0
        self.transfer_report: Optional[TransferReport] = None
        weights = state.model.weights if state else self._first_weights(source)
        self.network = create_network(self.architecture, weights)
        self.scorer = Scorer(data, Tagger(self.network, parameters.prediction_batch_size))
        if state:
            self.folder = state.folder
        else:
            self.folder = create_run_folder(parameters.output_folder, parameters.experiment_name)

    def _first_weights(self, source: Optional[SavedModel]) -> Values:
        """Initial weights, with the layers of the source in their place."""
        parameters, dataset = self.parameters, self.data.dataset
        weights = initial_weights(
            self.architecture,
            len(dataset.vocabulary.tokens),
            len(dataset.vocabulary.characters),
            parameters.seed,
            dataset.token_vectors,
            dataset.token_vector_found,
        )
        if source is not None:
            reload = {name: bool(getattr(parameters, f"reload_{name}")) for name in LAYER_NAMES}
            weights, self.transfer_report = transfer(
                source, self.architecture, dataset.vocabulary, weights, reload
            )
            logger.info("%s", self.transfer_report.table())
        return weights

    def _decide_compilation(self) -> bool:
        if self.parameters.jit_compile != "auto":
            return bool(self.parameters.jit_compile)
        p = self.parameters
        sentences = self.data.dataset.parts["train"].number_of_sentences
        epochs = min(p.maximum_number_of_epochs, max(p.minimum_number_of_epochs, p.patience))
        return sentences * epochs >= COMPILE_FROM_SENTENCES

    def train(self) -> RunResult:
        """Train, then score the best epoch's model."""
        if self.state is None:
            self._write_what_is_known()
        started = time.perf_counter()
        p = self.parameters
        frozen = (TokenEmbedding.name,) if p.freeze_token_embeddings else ()
        step = TrainingStep(
            self.network,
            StepSettings(
                p.optimizer,
                p.gradient_clipping_value,
                p.dropout_rate,
                p.batch_loss,
                frozen,
                self.jit_compile,
                single=p.batch_size == 1,
            ),
            p.learning_rate,
            p.seed,
        )
        progress = Progress()
        if self.state is not None:
            progress = self.state.progress
            step.restore(self.state.slots, self.state.iteration)
            self._go_back_to(progress)
        with interruptible() as stop_requested:
            loop = TrainingLoop(
                step,
                self.data.dataset,
                Shapes() if self.jit_compile else EXACT,
                LoopSettings(
                    p.batch_size,
                    p.patience,
                    p.minimum_number_of_epochs,
                    p.maximum_number_of_epochs,
                    p.give_up_after_sentences,
                    p.seed,
                ),
                lambda: self.scorer.validate(p.main_evaluation_mode),
                stop_requested,
                progress,
            )
            stopped = self._listen(loop)
        results = self._results(loop, stopped, time.perf_counter() - started)
        if stopped.status == "finished":
            self._restore_best()
            results["scores"] = self.scorer.score_all(self.folder.predictions)
        self.folder.write_json("results.json", results)
        if stopped.status == "failed":
            raise TrainingError(f"{self.folder.path}: {stopped.reason}")
        return RunResult(self.folder, stopped.status, results)

    def _write_what_is_known(self) -> None:
        """Everything about the run that is known before it begins."""
        folder, vocabulary = self.folder, self.data.dataset.vocabulary
        write_parameters(self.parameters, folder.path / PARAMETERS)
        reports = {name: report.to_json() for name, report in self.data.reports.items()}
        folder.write_json("import_report.json", reports)
        if self.data.corpus.split is not None:
            folder.write_json("split.json", self.data.corpus.split.to_json())
        if self.transfer_report is not None:
            folder.write_json("transfer_report.json", self.transfer_report.to_json())
        for target in (folder.model, folder.last):
            target.mkdir()
            vocabulary.save(target / VOCABULARY)
            write_parameters(self.parameters, target / PARAMETERS)
        logger.info(
            "run folder %s; %s mode",
            folder.path,
            "compiled (the first steps take some seconds each)" if self.jit_compile else "plain",
        )

    def _go_back_to(self, progress: Progress) -> None:
        """Take the log back to what was saved, and write down how the run goes on."""
        self.folder.keep_epochs(progress.epoch - 1)
        write_parameters(self.parameters, self.folder.path / PARAMETERS)
        logger.info(
            "going on with %s in epoch %d after %d batches",
            self.folder.path,
            progress.epoch,
            progress.batch,
        )

    def _listen(self, loop: TrainingLoop) -> Stopped:
        """Go through the loop's events."""
        score_name = f"valid F1 ({self.parameters.main_evaluation_mode})"
        sentences = self.data.dataset.parts["train"].number_of_sentences
        listeners: list[Listener] = [
            ProgressBar(sentences, score_name),
            EpochLog(self.folder, score_name),
        ]
        if self.parameters.tensorboard:
            listeners.append(TensorBoard(self.folder.tensorboard))
        stopped = Stopped("interrupted", "interrupted")
        interval = 60 * self.parameters.checkpoint_minutes
        saved = time.monotonic()
        try:
            for event in loop:
                for listener in listeners:
                    listener(event)
                if isinstance(event, EpochDone):
                    self._log_compilation(loop.step)
                    if event.best:
                        self._save_best(event)
                    self._save_last(loop)
                    saved = time.monotonic()
                elif isinstance(event, BatchDone):
                    if interval and time.monotonic() - saved > interval:
                        self._save_last(loop)
                        saved = time.monotonic()
                elif isinstance(event, Stopped):
                    stopped = event
                    self._save_last(loop)
        finally:
            for listener in listeners:
                listener.close()
        return stopped

    def _log_compilation(self, step: TrainingStep) -> None:
        """Say what was compiled in this epoch, nearly always the first."""
        if step.compiled_shapes > self.logged_shapes:
            self.logged_shapes = step.compiled_shapes
            logger.info(
                "compiled the step for %d sizes of batches in %.1f s, which this process need not "
                "do again",
                step.compiled_shapes,
                step.compilation_seconds,
            )

    def _save_best(self, event: EpochDone) -> None:
        save_model(
            self.folder.model,
            {"weights": self.network.weights},
            self.architecture,
            self.data.text,
            {"epoch": event.epoch, "score": event.score, "seed": self.parameters.seed},
            str(event.epoch),
        )

    def _save_last(self, loop: TrainingLoop) -> None:
        save_model(
            self.folder.last,
            {"weights": self.network.weights, "optimiser": loop.step.slots},
            self.architecture,
            self.data.text,
            {
                "progress": loop.progress.to_json(),
                "iteration": loop.step.iteration,
                "compiled": self.jit_compile,
            },
            f"{loop.progress.epoch}-{loop.progress.batch}",
        )

    def _restore_best(self) -> None:
        """Put the best epoch's weights, whole, back into the network."""
        manifest = load_model(self.folder.model)
        for layer, named in self.network.weights.items():
            for name, variable in named.items():
                variable.assign(manifest.weights[layer][name])

    def _results(self, loop: TrainingLoop, stopped: Stopped, seconds: float) -> dict[str, Any]:
        progress, dataset = loop.progress, self.data.dataset
        report = dataset.embedding_report
        return {
            "status": stopped.status,
            "reason": stopped.reason,
            "best_epoch": progress.best_epoch,
            "best_score": progress.best_score,
            "epochs": progress.epoch - 1,
            "seconds": round(seconds, 3),
            "compiled": self.jit_compile,
            "compilation": {
                "shapes": loop.step.compiled_shapes,
                "seconds": round(loop.step.compilation_seconds, 3),
            },
            "peak_memory_mb": round(peak_memory()),
            "versions": versions(),
            "threads": tf.config.threading.get_intra_op_parallelism_threads(),
            "architecture": self.architecture.to_dict(),
            "vocabulary": {
                "tokens": len(dataset.vocabulary.tokens),
                "characters": len(dataset.vocabulary.characters),
                "labels": list(dataset.vocabulary.labels),
                "unknown_words": dataset.number_of_unknown_words,
            },
            "sentences": {n: part.number_of_sentences for n, part in dataset.parts.items()},
            "word_vectors": None if report is None else report.to_json(),
            "parameters": self.parameters.to_dict(),
        }
