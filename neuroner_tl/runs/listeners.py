"""What listens to a training loop: the progress bar, the log, TensorBoard."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any, Protocol

import tensorflow as tf

from neuroner_tl.messages.numbers import fixed
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.system.memory import resident_memory
from neuroner_tl.training.events import EpochDone, Event, StepsDone, Stopped
from neuroner_tl.training.steps.step import TrainingStep

logger = logging.getLogger(__name__)


class Listener(Protocol):
    """An object that is called with every event of a training loop.

    Example::

        class Printer:
            def __call__(self, event):
                print(event)

            def close(self):
                pass
    """

    def __call__(self, event: Event) -> None:
        """Handle an event."""

    def close(self) -> None:
        """Release open resources at the end of the loop."""


class ProgressBar:
    """A bar for each epoch: loss, sentences per second, time left and the last scores.

    It is silent where the output is not a terminal.

    Args:
        sentences: sentences of an epoch.
        name: what the score measures.

    Example::

        bar = ProgressBar(sentences=5000, name="F1")
        for event in loop:
            bar(event)
        bar.close()
    """

    def __init__(self, sentences: int, name: str) -> None:
        self._sentences = sentences
        self._name = name
        self._scores = ""
        self._loss = 0.0
        self._seen = 0
        self._bar: Any = None

    def __call__(self, event: Event) -> None:
        """Update the bar."""
        if isinstance(event, StepsDone):
            if self._bar is None:
                self._bar = progress_bar(
                    total=self._sentences,
                    initial=event.done - event.sentences,
                    desc=f"epoch {event.epoch}{self._scores}",
                    unit=" sentences",
                    mininterval=0.5,
                    leave=False,
                )
                self._loss, self._seen = 0.0, 0
            self._loss += event.loss * event.sentences
            self._seen += event.sentences
            self._bar.set_postfix_str(f"loss {fixed(self._loss / self._seen, 3)}", refresh=False)
            self._bar.update(event.sentences)
        elif isinstance(event, EpochDone):
            self._scores = f", {self._name} {100 * event.score:.2f}"
            self.close()

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class EpochLog:
    """A log line per epoch, and a record per epoch in ``epochs.jsonl``.

    Args:
        folder: the run's folder.
        name: what the score measures.

    Example::

        log = EpochLog(folder, name="F1")
        for event in loop:
            log(event)
    """

    def __init__(self, folder: RunFolder, name: str) -> None:
        self._folder = folder
        self._name = name
        self._started = time.perf_counter()
        self._cpu = time.process_time()

    def __call__(self, event: Event) -> None:
        """Log an epoch or the end."""
        if isinstance(event, EpochDone):
            before, self._cpu = self._cpu, time.process_time()
            speed = event.sentences / max(event.seconds, 1e-9)
            score = f"{self._name} {100 * event.score:.2f}{' (best)' if event.best else ''}"
            if event.loss is None:
                logger.info("before the first step: %s", score)
            else:
                share = "" if event.rate_share is None else f", rate times {event.rate_share:.3g}"
                logger.info(
                    "epoch %d: loss %s, %s%s, %.0f sentences/s, %.0f s",
                    event.epoch,
                    fixed(event.loss, 3),
                    score,
                    share,
                    speed,
                    event.seconds + event.validation_seconds,
                )
            scheduled = {} if event.rate_share is None else {"rate_share": event.rate_share}
            self._folder.append_epoch(
                {
                    "epoch": event.epoch,
                    "loss": event.loss,
                    "score": event.score,
                    "best": event.best,
                    **scheduled,
                    "seconds": round(event.seconds, 3),
                    "validation_seconds": round(event.validation_seconds, 3),
                    # Of all threads, and in the first epoch for tracing and compiling, too.
                    "cpu_seconds": round(self._cpu - before, 3),
                    "sentences_per_second": round(speed, 2),
                    "memory_mb": round(resident_memory()),
                    "since_start": round(time.perf_counter() - self._started, 3),
                    "valid": event.details,
                }
            )
        elif isinstance(event, Stopped):
            logger.debug("%s: %s", event.status, event.reason)

    def close(self) -> None:
        """Do nothing: nothing is left open."""


class CompilationLog:
    """Says what was compiled in an epoch, nearly always the first.

    Args:
        step: what is trained.

    Example::

        listeners = [CompilationLog(step)]
    """

    def __init__(self, step: TrainingStep) -> None:
        self._step = step
        self._logged = 0

    def __call__(self, event: Event) -> None:
        """Log what is new at the end of an epoch."""
        shapes = self._step.compiled_shapes
        if isinstance(event, EpochDone) and shapes > self._logged:
            self._logged = shapes
            logger.info(
                "compiled the step for %d batch shapes in %.1f s, once for this process",
                shapes,
                self._step.compilation_seconds,
            )

    def close(self) -> None:
        """Do nothing: nothing is left open."""


class TensorBoard:
    """Loss, scores and speed of each epoch as TensorBoard scalars.

    Curves that cannot be written, for example on a full disk, do not end a run.

    Args:
        path: folder of the event files.

    Example::

        curves = TensorBoard(Path("output/my_run/tensorboard"))
        for event in loop:
            curves(event)
        curves.close()
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None
        try:
            self._writer = tf.summary.create_file_writer(str(path))
        except tf.errors.OpError as error:
            self._give_up(error)

    def __call__(self, event: Event) -> None:
        """Write an epoch's scalars."""
        if not isinstance(event, EpochDone) or self._writer is None:
            return
        micro = event.details["micro"]
        scalars = {
            "valid/score": event.score,
            **{f"valid/{name}": micro[name] for name in ("precision", "recall", "f1")},
        }
        if event.loss is not None:
            scalars["train/loss"] = event.loss
            scalars["train/sentences_per_second"] = event.sentences / max(event.seconds, 1e-9)
        try:
            with self._writer.as_default(step=event.epoch):
                for name, value in scalars.items():
                    tf.summary.scalar(name, value)
            self._writer.flush()
        except tf.errors.OpError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the event file."""
        try:
            if self._writer is not None:
                self._writer.close()
        except tf.errors.OpError as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self._writer = None
        full = isinstance(error, tf.errors.ResourceExhaustedError)
        reason = "no space left on device" if full else type(error).__name__
        logger.warning("%s: cannot be written (%s); the curves end here", self._path, reason)
