"""What a run saves while it trains: its newest state, to resume from, and its best model."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Optional

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.errors import CheckpointError
from neuroner_tl.parameters.values import Interval
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.training.checkpoint import load_model, save_model
from neuroner_tl.training.events import EpochDone, Event, StepsDone, Stopped
from neuroner_tl.training.manifest import MANIFEST
from neuroner_tl.training.progress import Progress
from neuroner_tl.training.steps.step import TrainingStep


@dataclass
class RunSaver:
    """A listener that saves the training state, so that a run can be stopped at any moment.

    The newest state is saved before the best model: a run that dies between the two holds the
    best weights in its newest state, and `complete` writes the model when it is resumed.

    Attributes:
        folder: the run's folder.
        step: what is trained.
        progress: progress of the loop.
        text: how the training text was segmented.
        labels: the vocabulary's labels.
        data: digest of the data, by which a resumed run recognises them.
        compiled: whether the steps are compiled.
        interval: how often the state is saved within an epoch; None for never.
        word_vectors: what the model records of its word-vector file.

    Example::

        for event in loop:
            saver(event)
    """

    folder: RunFolder
    step: TrainingStep
    progress: Progress
    text: TextIdentity
    labels: tuple[str, ...]
    data: str
    compiled: bool
    interval: Optional[Interval]
    word_vectors: dict[str, Any] = field(default_factory=dict)
    _saved_at: float = field(default=0.0, init=False)
    _saved: str = field(default="", init=False)

    def __call__(self, event: Event) -> None:
        """Save the state or the best model, if the event calls for it."""
        if isinstance(event, EpochDone):
            self.save_state()
            if event.best:
                self._save_best()
        elif isinstance(event, Stopped):
            if event.sound and self.step.is_finite():
                self.save_state()
        elif isinstance(event, StepsDone) and self._is_due(event) and self.step.is_finite():
            # NaN weights would replace the last good state.
            self.save_state()

    def close(self) -> None:
        """Do nothing: nothing is left open."""

    def save_state(self) -> None:
        """Save the newest state, unless it is saved already."""
        where = self.progress.to_json()
        if repr(where) != self._saved:
            variables = {"weights": self.step.weights, "optimiser": self.step.slots}
            if self.step.averages is not None:
                variables["averages"] = self.step.averages.variables
            save_model(
                self.folder.last,
                variables,
                self.step.network.architecture,
                self.text,
                self.labels,
                {
                    "progress": where,
                    "iteration": self.step.iteration,
                    "compiled": self.compiled,
                    "data": self.data,
                    **self.word_vectors,
                },
                f"{self.progress.epoch}-{self.progress.batch}",
            )
        self._saved, self._saved_at = repr(where), time.monotonic()

    def complete(self) -> None:
        """Write the best model if the run died before it could.

        Raises:
            CheckpointError: the best model is another one, or damaged.
        """
        progress = self.progress
        if progress.best_epoch is None:
            return
        if (self.folder.model / MANIFEST).is_file():
            found = load_model(self.folder.model).training.get("epoch")
            if found == progress.best_epoch:
                return
        if progress.batch or progress.best_epoch != progress.epoch - 1:
            raise CheckpointError(
                f"{self.folder.model}: is not the model of epoch {progress.best_epoch}, the run's "
                "best; copy the run's folder again, or start a new run"
            )
        self._save_best()

    def _is_due(self, event: StepsDone) -> bool:
        if self.interval is None:
            return False
        if self.interval.unit == "batches":
            # True for the first steps at or after a multiple of the interval.
            return event.batch % int(self.interval.number) < event.steps
        return time.monotonic() - self._saved_at >= 60 * self.interval.number

    def _save_best(self) -> None:
        """Save the averages of the weights if there are any, else the weights."""
        with self.step.averaged():
            save_model(
                self.folder.model,
                {"weights": self.step.weights},
                self.step.network.architecture,
                self.text,
                self.labels,
                {
                    "epoch": self.progress.best_epoch,
                    "score": self.progress.best_score,
                    "seed": self.step.seed,
                    "compiled": self.compiled,
                    **self.word_vectors,
                },
                str(self.progress.best_epoch),
            )
