"""A training run, from its parameters to scores on every part."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.dataset.batches import EXACT, Shapes
from neuroner_tl.errors import CheckpointError, CorpusError, NeuroNERError, TrainingError
from neuroner_tl.messages.progress import detailed_log
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.parameters.unused import without_effect
from neuroner_tl.prediction.model_vectors import WORD_VECTORS, describe_word_vectors
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.data_report import check_data
from neuroner_tl.runs.folder import RunFolder, RunResult, check_writable, create_run_folder
from neuroner_tl.runs.leaks import warn_of_leaks
from neuroner_tl.runs.listeners import CompilationLog, EpochLog, Listener, ProgressBar, TensorBoard
from neuroner_tl.runs.models.model_card import write_card
from neuroner_tl.runs.prepared import PreparedRun, prepare_run, pretrained_model
from neuroner_tl.runs.records import add_scores, results_of, write_resumption, write_start
from neuroner_tl.runs.resume import read_resumption, resume_command
from neuroner_tl.runs.saving import RunSaver
from neuroner_tl.runs.settings import checkpoint_interval, loop_settings
from neuroner_tl.runs.trial import PRUNED, TRIAL_PARTS, Judge, TrialListener
from neuroner_tl.system.interruption import Interrupted, at_once, interrupted_as, interruptible
from neuroner_tl.system.threads import set_threads
from neuroner_tl.system.write_errors import disk_full_error
from neuroner_tl.training.events import Stopped
from neuroner_tl.training.loop import TrainingLoop
from neuroner_tl.training.manifest import MANIFEST
from neuroner_tl.training.progress import Progress
from neuroner_tl.training.steps.step import TrainingStep

logger = logging.getLogger(__name__)

NOTHING_TRAINED = "interrupted before the first step; nothing was trained and there is no model"


def train_run(parameters: Parameters, judge: Optional[Judge] = None) -> RunResult:
    """Train a model and score it.

    Args:
        parameters: the run's parameters, with ``train_model`` on.
        judge: of a trial, which may end it after any epoch (status ``pruned``); a trial is scored
            on the valid part alone.

    Raises:
        NeuroNERError: something that the parameters name cannot be used; no folder is made.
        TrainingError: the run learns nothing, or the disk is full; its folder says so.
        Interrupted: a signal came before the first step; no folder is left.
    """
    with interruptible(), detailed_log(parameters.verbose):
        with interrupted_as(NOTHING_TRAINED), at_once():
            set_threads(parameters.number_of_cpu_threads)
            check_writable(parameters.output_folder)
            for clause in without_effect(parameters):
                logger.warning("%s", clause)
            source = pretrained_model(parameters)
            data = load_data(parameters, source)
            check_data(data)
            warn_of_leaks(data.corpus, None if source is None else source.folder)
            run = prepare_run(parameters, data, source)
        folder = create_run_folder(parameters.output_folder, parameters.experiment_name)
        with folder.locked():
            return _Training(run, folder, judge).carry_out()


def resume_run(
    path: Path, overrides: Mapping[str, Any], judge: Optional[Judge] = None
) -> RunResult:
    """Resume an interrupted run, as if it had not been interrupted.

    Args:
        path: the run's folder.
        overrides: parameters to change, only such as do not change the result.
        judge: of a trial, as for `train_run`.

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
        with detailed_log(run.parameters.verbose):
            return _Training(run, folder, judge).carry_out()


def _resumed(folder: RunFolder, overrides: Mapping[str, Any]) -> PreparedRun:
    """Return the run of a folder, ready to be resumed."""
    resumption = read_resumption(folder, overrides)
    parameters, state = resumption.parameters, resumption.state
    set_threads(parameters.number_of_cpu_threads)
    if state is None:
        source = pretrained_model(parameters)
        data = load_data(parameters, source)
    else:
        # A transfer's own vocabulary has every row that the source's gave it.
        source = None
        data = load_data(parameters, state.model if parameters.use_pretrained_model else None)
        vectors = describe_word_vectors(parameters.token_pretrained_embedding_filepath)
        others = state.word_vectors not in (None, vectors.get(WORD_VECTORS))
        if data.digest != state.data or others:
            raise CorpusError(
                f"{parameters.dataset_text_folder}: the corpus or the word vectors have "
                f"changed since the run {folder.path} was started; restore them, or start a new run"
            )
    return prepare_run(parameters, data, source, resumption)


class _Training:
    """The training of a prepared run, into its folder."""

    def __init__(self, run: PreparedRun, folder: RunFolder, judge: Optional[Judge] = None) -> None:
        self.run = run
        self.folder = folder
        self.judge = judge
        # Whether the folder holds something to resume from, and whether steps are done that it
        # does not hold.
        self.saved = run.resumption is not None
        self.stepping = False

    def carry_out(self) -> RunResult:
        """Train, then score the best epoch's model.

        Raises:
            TrainingError: the run learns nothing or diverges, or the disk is full.
            Interrupted: a second signal came, or one before anything was saved.
        """
        try:
            return self._train_and_score()
        except (OSError, NeuroNERError) as error:
            full = disk_full_error(error)
            if full is None:
                raise
            then, command = "resume with: ", resume_command(self.folder.path)
            if not self.saved:
                shutil.rmtree(self.folder.path, ignore_errors=True)
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
        lost = "steps since the last saved state are lost and " if self.stepping else ""
        return (
            f"interrupted at once; {lost}{self.folder.model_sentence()}; "
            f"resume with: {resume_command(self.folder.path)}"
        )

    def _train_and_score(self) -> RunResult:
        started = time.perf_counter()
        run, folder, progress = self.run, self.folder, self.run.make_progress()
        with at_once():
            step = run.make_step()
            saver = self._make_saver(step, progress)
            if run.state is None:
                write_start(run, folder)
                saver.save_state()
            else:
                saver.complete()
        self.saved = True
        if run.resumption is not None:
            write_resumption(run, folder, progress)
        stopped = self._train(step, progress, saver)
        results = results_of(run, folder, step, progress, stopped, time.perf_counter() - started)
        if stopped.status == "finished":
            try:
                with at_once():
                    add_scores(run, folder, results, None if self.judge is None else TRIAL_PARTS)
            except Interrupted:
                results.update(status="interrupted", reason="interrupted while scoring")
        if (folder.model / MANIFEST).is_file():
            write_card(folder, results)
        folder.write_json("results.json", results)
        if results["status"] == "corpus changed":
            raise CorpusError(f"{folder.path}: {results['reason']}")
        if results["status"] == "failed":
            raise TrainingError(f"{folder.path}: {stopped.reason}; {folder.model_sentence()}")
        return RunResult(folder, results["status"], results)

    def _make_saver(self, step: TrainingStep, progress: Progress) -> RunSaver:
        data, parameters = self.run.data, self.run.parameters
        return RunSaver(
            self.folder,
            step,
            progress,
            data.text,
            data.dataset.vocabulary.labels,
            data.digest,
            self.run.compiled,
            checkpoint_interval(parameters),
            describe_word_vectors(parameters.token_pretrained_embedding_filepath),
        )

    def _train(self, step: TrainingStep, progress: Progress, saver: RunSaver) -> Stopped:
        """Go through the events of the training loop, of which all listeners are told."""
        parameters, stopped = self.run.parameters, Stopped("interrupted", "interrupted")
        trial = None if self.judge is None else TrialListener(self.judge, self.folder.epochs)
        with interruptible() as stop_requested:
            loop = TrainingLoop(
                step,
                self.run.data.dataset,
                Shapes() if self.run.compiled else EXACT,
                loop_settings(parameters),
                partial(self._validate, step),
                lambda: stop_requested() or (trial is not None and trial.pruned),
                progress,
                self.run.supervision,
            )
            listeners = self._listeners(step, saver, trial)
            self.stepping = True
            try:
                for event in loop:
                    for listener in listeners:
                        listener(event)
                    if isinstance(event, Stopped):
                        stopped = event
            finally:
                for listener in listeners:
                    listener.close()
            self.stepping = False
            pruned = trial is not None and trial.pruned and stopped.status == "interrupted"
            if trial is not None and pruned and not stop_requested():
                stopped = Stopped(PRUNED, f"pruned after epoch {trial.epoch}")
        return stopped

    def _validate(self, step: TrainingStep) -> tuple[float, dict[str, Any]]:
        """Score what would be saved as the model: the averages of the weights, if there are any."""
        with step.averaged():
            return self.run.scorer.validate(self.run.parameters.main_evaluation_mode)

    def _listeners(
        self, step: TrainingStep, saver: RunSaver, trial: Optional[TrialListener]
    ) -> list[Listener]:
        parameters = self.run.parameters
        score_name = f"valid F1 ({parameters.main_evaluation_mode})"
        sentences = self.run.data.dataset.parts["train"].number_of_sentences
        listeners: list[Listener] = [
            ProgressBar(sentences, score_name),
            EpochLog(self.folder, score_name),
            CompilationLog(step),
        ]
        if parameters.tensorboard:
            listeners.append(TensorBoard(self.folder.tensorboard))
        if trial is not None:
            listeners.append(trial)
        # Last: what is saved says that an epoch is done, so its record must be written.
        return [*listeners, saver]
