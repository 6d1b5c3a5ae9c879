"""The training loop: an iterator of events that saving, logging and display listen to."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Union

import numpy as np

from neuroner_tl.dataset.batches import (
    RareTokens,
    Shapes,
    number_of_batches,
    training_batches,
)
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.dataset.supervision import Supervision
from neuroner_tl.training.events import EpochDone, Event, StepsDone, Stopped
from neuroner_tl.training.progress import LoopSettings, Progress
from neuroner_tl.training.steps.step import TrainingStep


@dataclass
class TrainingLoop:
    """An iterator of training events, until patience or epochs run out or the user interrupts.

    Attributes:
        step: makes a step.
        dataset: parts ``train`` and what validation needs.
        shapes: how batch sizes are rounded.
        settings: how long to train.
        validate: returns the validation score of the current network, and details for
            listeners.
        stop_requested: asked between steps; true ends the run.
        progress: where to start.
        supervision: labels and weights of the sentences of train; None for those of the part.

    Example::

        for event in TrainingLoop(step, dataset, Shapes(), LoopSettings(), validate):
            for listener in listeners:
                listener(event)
    """

    step: TrainingStep
    dataset: Dataset
    shapes: Shapes
    settings: LoopSettings
    validate: Callable[[], tuple[float, Any]]
    stop_requested: Callable[[], bool] = lambda: False
    progress: Progress = field(default_factory=Progress)
    supervision: Optional[Supervision] = None

    def __iter__(self) -> Iterator[Event]:
        progress = self.progress
        while True:
            reason = progress.reason_to_end(self.settings)
            if reason:
                yield Stopped("finished", reason)
                return
            if self.stop_requested():
                yield Stopped("interrupted", f"interrupted before epoch {progress.epoch}")
                return
            sentences, seconds = 0, 0.0
            started = time.perf_counter()
            for done in self._train_epoch():
                if isinstance(done, float):
                    yield self._diverged(f"the loss is {done} after batch {progress.batch + 1}")
                    return
                sentences += done.sentences
                seconds = time.perf_counter() - started
                # Before the event, since what is saved on it must be complete.
                trouble = progress.watch.add(done.loss, done.sentences) or self._check()
                yield done
                if trouble:
                    yield Stopped("failed", f"epoch {progress.epoch}: {trouble}")
                    return
                if self.stop_requested():
                    yield Stopped("interrupted", f"interrupted in epoch {progress.epoch}")
                    return
            if progress.epoch and not self.step.is_finite():
                # The last step went wrong, which no loss has shown.
                yield self._diverged("weights are not finite after the last batch")
                return
            event = self._end_epoch(sentences, seconds)
            yield event
            trouble = progress.learns_nothing(event.score, self.settings)
            if trouble:
                yield Stopped("failed", f"epoch {event.epoch}: {trouble}")
                return

    def _diverged(self, what: str) -> Stopped:
        remedy = "lower learning_rate, or clip the gradients (gradient_clipping_value)"
        reason = f"epoch {self.progress.epoch}: {what}; {remedy}"
        return Stopped("failed", reason, sound=False)

    def _end_epoch(self, sentences: int, seconds: float) -> EpochDone:
        """Validate, and prepare for the next epoch."""
        progress = self.progress
        if progress.epoch:
            self.step.end_epoch(progress.epoch)
        started = time.perf_counter()
        share = None
        if progress.epoch and not self.settings.schedule.is_constant:
            share = self._rate_share(progress.batch - 1, progress.batch)
        score, details = self.validate()
        best = progress.take_score(score, self.settings.schedule)
        event = EpochDone(
            progress.epoch,
            progress.epoch_loss / progress.epoch_sentences if progress.epoch else None,
            score,
            best,
            seconds,
            time.perf_counter() - started,
            sentences,
            details,
            share,
        )
        progress.epoch += 1
        progress.batch = 0
        progress.epoch_loss, progress.epoch_sentences = 0.0, 0
        return event

    def _train_epoch(self) -> Iterator[Union[StepsDone, float]]:
        """Yield the steps of the epoch; a loss that is not a finite number is the last thing."""
        progress, settings, table = self.progress, self.settings, self.dataset.word_table
        if not progress.epoch:
            return
        part = self.dataset.parts["train"]
        rare = RareTokens(self.dataset.rare_token_ids, self.dataset.rare_character_ids)
        size, tokens = settings.batch_size, settings.batch_tokens
        batches = number_of_batches(part.lengths, size, tokens)
        order = training_batches(
            table,
            part,
            size,
            self.shapes,
            rare,
            settings.seed,
            progress.epoch,
            len(self.dataset.vocabulary.characters),
            skip=progress.batch,
            supervision=self.supervision,
            batch_tokens=tokens,
            unknown_dropout=settings.unknown_dropout.probabilities(table),
        )
        for together in self.step.calls(order):
            if not settings.schedule.is_constant:
                self.step.schedule(self._rate_share(progress.batch, batches))
            counts = [int(np.count_nonzero(batch.sentence_weights)) for batch in together]
            total = 0.0
            for loss, sentences in zip(self.step.make(together), counts):
                if not math.isfinite(loss):
                    yield float(loss)
                    return
                mean = float(loss)
                if self.step.settings.batch_loss == "sum":
                    mean /= sentences
                progress.batch += 1
                total += mean * sentences
            progress.sentences += sum(counts)
            progress.epoch_loss += total
            progress.epoch_sentences += sum(counts)
            yield StepsDone(
                progress.epoch,
                progress.batch,
                batches,
                len(together),
                sum(counts),
                progress.epoch_sentences,
                total / sum(counts),
            )

    def _rate_share(self, batch: int, batches: int) -> float:
        progress = self.progress
        return self.settings.schedule.share(
            progress.epoch, batch, batches, progress.rate_reductions
        )

    def _check(self) -> str:
        """Validate once in the middle of a long epoch, if the limit is reached without a score."""
        limit, progress = self.settings.give_up_after, self.progress
        if not 0 < limit <= progress.sentences or progress.best_score > 0 or progress.checked:
            return ""
        progress.checked = True
        return progress.learns_nothing(self.validate()[0], self.settings)
