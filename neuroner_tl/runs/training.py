"""A training run, from its parameters to scores on every part."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Optional

import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Shapes
from neuroner_tl.errors import CheckpointError, CorpusError, NeuroNERError, TrainingError
from neuroner_tl.evaluation.scoring import named_measures
from neuroner_tl.model.entity_lstm import (
    create_network,
)
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.model_vectors import describe_word_vectors
from neuroner_tl.prediction.tagger import Tagger
from neuroner_tl.runs.data import RunData, load_data
from neuroner_tl.runs.data_report import check_data
from neuroner_tl.runs.first_weights import first_weights
from neuroner_tl.runs.folder import RunFolder, RunResult, check_writable, create_run_folder
from neuroner_tl.runs.leaks import warn_of_leaks
from neuroner_tl.runs.listeners import EpochLog, Listener, ProgressBar, TensorBoard
from neuroner_tl.runs.resume import (
    Resumption,
    read_resumption,
    resume_command,
)
from neuroner_tl.runs.saving import RunSaver
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.runs.settings import (
    architecture_of,
    checkpoint_interval,
    is_compiled,
    loop_settings,
    step_settings,
)
from neuroner_tl.system.interruption import Interrupted, at_once, interrupted_as, interruptible
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.system.temporary import disk_full_error
from neuroner_tl.system.threads import set_threads
from neuroner_tl.training.checkpoint import (
    PARAMETERS,
    VOCABULARY,
    SavedModel,
    load_model,
    versions,
)
from neuroner_tl.training.loop import EpochDone, Progress, Stopped, TrainingLoop
from neuroner_tl.training.step import TrainingStep
from neuroner_tl.training.transfer_report import TransferReport

logger = logging.getLogger(__name__)

NOTHING_TRAINED = "interrupted before the first step; nothing was trained and there is no model"


def train_run(parameters: Parameters) -> RunResult:
    """Train a model and score it.

    Args:
        parameters: the run's parameters, with ``train_model`` on.

    Raises:
        NeuroNERError: something that the parameters name cannot be used; no folder is made.
        TrainingError: the run learns nothing, or the disk is full; its folder says so.
        Interrupted: a signal came before the first step; no folder is left.
    """
    with interruptible():
        with interrupted_as(NOTHING_TRAINED), at_once():
            set_threads(parameters.number_of_cpu_threads)
            check_writable(parameters.output_folder)
            source = _pretrained_model(parameters)
            data = load_data(parameters, source)
            check_data(data)
            warn_of_leaks(data.corpus, None if source is None else source.folder)
            run = _Run(parameters, data, source)
        folder = create_run_folder(parameters.output_folder, parameters.experiment_name)
        with folder.locked():
            return run.train(folder)


def resume_run(path: Path, overrides: Mapping[str, Any]) -> RunResult:
    """Go on with an interrupted run, as if it had not been interrupted.

    Args:
        path: the run's folder.
        overrides: parameters to change, only such as do not change the result.

    Raises:
        NeuroNERError: the run is finished or cannot be resumed, its corpus has changed, or another
            process is training it.
        Interrupted: a signal came before the first step; the run is what it was.
    """
    folder = RunFolder(path)
    if not path.is_dir():
        raise CheckpointError(f"{path}: no such folder; give the folder of a run")
    with interruptible(), folder.locked():
        what = f"interrupted before the first step; resume with: {resume_command(path)}"
        with interrupted_as(what), at_once():
            run = _resumed(folder, overrides)
        return run.train(folder)


def _resumed(folder: RunFolder, overrides: Mapping[str, Any]) -> _Run:
    """Return the run of a folder, ready to be resumed."""
    resumption = read_resumption(folder, overrides)
    parameters, state = resumption.parameters, resumption.state
    set_threads(parameters.number_of_cpu_threads)
    if state is None:
        source = _pretrained_model(parameters)
        data = load_data(parameters, source)
    else:
        # A transfer's own vocabulary has every row that the source's gave it.
        source = None
        data = load_data(parameters, state.model if parameters.use_pretrained_model else None)
        if data.digest != state.data:
            raise CorpusError(
                f"{parameters.dataset_text_folder}: the corpus or the word vectors have "
                f"changed since the run {folder.path} was started; restore them, or start a new run"
            )
    return _Run(parameters, data, source, resumption)


def _pretrained_model(parameters: Parameters) -> Optional[SavedModel]:
    if not parameters.use_pretrained_model:
        return None
    assert parameters.pretrained_model_folder is not None
    return load_model(parameters.pretrained_model_folder)


class _Run:
    """What the steps of a run share."""

    def __init__(
        self,
        parameters: Parameters,
        data: RunData,
        source: Optional[SavedModel],
        resumption: Optional[Resumption] = None,
    ) -> None:
        self.resumption = resumption
        # Whether the folder holds something to resume from.
        self.saved = resumption is not None
        self.state = state = resumption.state if resumption else None
        self.parameters = parameters
        self.data = data
        dataset = data.dataset
        self.architecture = architecture_of(parameters, len(dataset.vocabulary.labels))
        sentences = dataset.parts["train"].number_of_sentences
        self.jit_compile = state.compiled if state else is_compiled(parameters, sentences)
        self.logged_shapes = 0
        self.transfer_report: Optional[TransferReport] = None
        if state:
            weights = state.model.weights
        else:
            weights, self.transfer_report = first_weights(
                parameters, self.architecture, dataset, source
            )
        self.network = create_network(self.architecture, weights)
        self.scorer = Scorer(data, Tagger(self.network, parameters.prediction_batch_size))

    def make_step(self) -> TrainingStep:
        """Make the training step that the parameters describe, on this run's network."""
        p = self.parameters
        settings = step_settings(p, self.jit_compile)
        return TrainingStep(self.network, settings, p.learning_rate, p.seed)

    def train(self, folder: RunFolder) -> RunResult:
        """Train, then score the best epoch's model.

        Raises:
            TrainingError: the run learns nothing or diverges, or the disk is full.
            Interrupted: a second signal came, or one before anything was saved.
        """
        self.folder = folder
        try:
            return self._train()
        except (OSError, NeuroNERError) as error:
            full = disk_full_error(error)
            if full is None:
                raise
            then, command = "resume with: ", resume_command(folder.path)
            if not self.saved:
                shutil.rmtree(folder.path, ignore_errors=True)
                then, command = "run the command again", ""
            raise TrainingError(
                f"{full.filename}: {full.strerror}; free some space, then {then}", command
            ) from error
        except KeyboardInterrupt:
            raise Interrupted(self._remains()) from None

    def _remains(self) -> str:
        """Say what is left of a run that could not save; remove a folder without a state."""
        if not self.saved:
            shutil.rmtree(self.folder.path, ignore_errors=True)
            return NOTHING_TRAINED
        return (
            "interrupted at once; steps since the last saved state are lost and "
            f"{self.folder.model_sentence()}; resume with: {resume_command(self.folder.path)}"
        )

    def _train(self) -> RunResult:
        started = time.perf_counter()
        p, state = self.parameters, self.state
        # A pretrained model is scored before the first step, as NeuroNER does.
        progress = state.progress if state else Progress(epoch=0 if p.use_pretrained_model else 1)
        with at_once():
            step = self.make_step()
            if state is not None:
                step.restore(state.slots, state.iteration)
            saver = RunSaver(
                self.folder,
                step,
                progress,
                self.data.text,
                self.data.dataset.vocabulary.labels,
                self.data.digest,
                self.jit_compile,
                checkpoint_interval(p),
                describe_word_vectors(p.token_pretrained_embedding_filepath),
            )
            if state is None:
                self._write_what_is_known()
                saver.save_state()
            else:
                saver.complete()
        self.saved = True
        if self.resumption is not None:
            self._go_back_to(progress, self.resumption)
        with interruptible() as stop_requested:
            loop = TrainingLoop(
                step,
                self.data.dataset,
                Shapes() if self.jit_compile else EXACT,
                loop_settings(p),
                lambda: self.scorer.validate(p.main_evaluation_mode),
                stop_requested,
                progress,
            )
            stopped = self._listen(loop, saver)
        results = self._results(loop, stopped, time.perf_counter() - started)
        if stopped.status == "finished":
            try:
                with at_once():
                    self._score(results)
            except Interrupted:
                results.update(status="interrupted", reason="interrupted while scoring")
        self.folder.write_json("results.json", results)
        if results["status"] == "corpus changed":
            raise CorpusError(f"{self.folder.path}: {results['reason']}")
        if results["status"] == "failed":
            raise TrainingError(
                f"{self.folder.path}: {stopped.reason}; {self.folder.model_sentence()}"
            )
        return RunResult(self.folder, results["status"], results)

    def _score(self, results: dict[str, Any]) -> None:
        """Score the best epoch's model on every part, into the results."""
        self._restore_best()
        scored = self.scorer.score_all(self.folder.predictions)
        results.update(measures=named_measures(), scores=scored.scores)
        self.folder.write_json("document_counts.json", scored.document_counts)
        changed = self.data.changed()
        if changed is not None:
            results["status"] = "corpus changed"
            results["reason"] = (
                f"{self.parameters.dataset_text_folder}: changed since it was read: {changed}; "
                "model, scores and predictions refer to the corpus as it was read and cannot be "
                "reproduced: restore the corpus, or train again"
            )

    def _write_what_is_known(self) -> None:
        """Write everything about the run that is known before it starts."""
        folder, vocabulary = self.folder, self.data.dataset.vocabulary
        write_parameters(self.parameters, folder.path / PARAMETERS)
        reports = {name: report.to_json() for name, report in self.data.reports.items()}
        folder.write_json("import_report.json", reports)
        if self.data.corpus.split is not None:
            folder.write_json("split.json", self.data.corpus.split.to_json())
        if self.transfer_report is not None:
            folder.write_json("transfer_report.json", self.transfer_report.to_json())
        for target in (folder.model, folder.last):
            target.mkdir(exist_ok=True)
            vocabulary.save(target / VOCABULARY)
            write_parameters(self.parameters, target / PARAMETERS)
        logger.info("run folder: %s", folder.path)
        if self.jit_compile:
            logger.info("the training step is compiled: the first steps take a few seconds each")

    def _go_back_to(self, progress: Progress, resumption: Resumption) -> None:
        """Roll the log back to what was saved, and record the resumption."""
        folder = self.folder
        folder.keep_epochs(progress.epoch)
        folder.add_resumption(
            {
                "time": datetime.now().isoformat(timespec="seconds"),
                "epoch": progress.epoch,
                "batch": progress.batch,
                "changed": resumption.changes,
                "versions": versions(),
            }
        )
        write_parameters(self.parameters, folder.path / PARAMETERS)
        # It is outdated, and a run marked as finished would not be resumed.
        (folder.path / "results.json").unlink(missing_ok=True)
        logger.info(
            "resuming %s in epoch %d after %d batches",
            folder.path,
            progress.epoch,
            progress.batch,
        )

    def _listen(self, loop: TrainingLoop, saver: RunSaver) -> Stopped:
        """Go through the loop's events."""
        score_name = f"valid F1 ({self.parameters.main_evaluation_mode})"
        sentences = self.data.dataset.parts["train"].number_of_sentences
        listeners: list[Listener] = [
            ProgressBar(sentences, score_name),
            EpochLog(self.folder, score_name),
        ]
        if self.parameters.tensorboard:
            listeners.append(TensorBoard(self.folder.tensorboard))
        # Last: what is saved says that an epoch is done, so its record must be written.
        listeners.append(saver)
        stopped = Stopped("interrupted", "interrupted")
        try:
            for event in loop:
                for listener in listeners:
                    listener(event)
                if isinstance(event, EpochDone):
                    self._log_compilation(loop.step)
                elif isinstance(event, Stopped):
                    stopped = event
        finally:
            for listener in listeners:
                listener.close()
        return stopped

    def _log_compilation(self, step: TrainingStep) -> None:
        """Say what was compiled in this epoch, nearly always the first."""
        if step.compiled_shapes > self.logged_shapes:
            self.logged_shapes = step.compiled_shapes
            logger.info(
                "compiled the step for %d batch shapes in %.1f s, once for this process",
                step.compiled_shapes,
                step.compilation_seconds,
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
            "epochs": max(0, progress.epoch - 1),
            "seconds": round(seconds, 3),
            "compiled": self.jit_compile,
            "resumed": self.folder.resumptions,
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
