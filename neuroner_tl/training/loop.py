"""The training loop: an iterator of events that saving, logging and display listen to."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Callable, Optional, Union

import numpy as np
from pydantic import TypeAdapter

from neuroner_tl.dataset.batches import (
    RareTokens,
    Shapes,
    number_of_batches,
    training_batches,
)
from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.dataset.supervision import Supervision
from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.messages.numbers import counted
from neuroner_tl.training.events import EpochDone, Event, StepsDone, Stopped
from neuroner_tl.training.schedule import Schedule
from neuroner_tl.training.step import TrainingStep

# The loss is watched as its mean over this many sentences.
WINDOW = 1000
# A mean this many times as high as the lowest one, and above the first, has diverged.
DIVERGED = 10.0


@dataclass(frozen=True)
class LoopSettings:
    """How long to train, and when to give up.

    Attributes:
        batch_size: sentences per step.
        patience: consecutive epochs without improvement after which training stops, counted
            from the first epoch with a score above 0.
        minimum_epochs: epochs before training may stop early.
        maximum_epochs: epochs after which training stops.
        give_up_after: sentences after which a validation score that has always been 0 ends the
            run; 0 for never.
        seed: decides order and replaced rare tokens.
        schedule: gives each step its share of the learning rate.
        batch_tokens: tokens per step, padding included, in place of ``batch_size``; 0 for none.
        unknown_dropout: which tokens are replaced by the unknown one.

    Example::

        settings = LoopSettings(batch_size=8, patience=5, maximum_epochs=30)
    """

    batch_size: int = 1
    patience: int = 10
    minimum_epochs: int = 0
    maximum_epochs: int = 100
    give_up_after: int = 20000
    seed: int = 0
    schedule: Schedule = Schedule()
    batch_tokens: int = 0
    unknown_dropout: UnknownDropout = UnknownDropout()


@dataclass
class LossWatch:
    """A watch for a loss that diverges.

    Attributes:
        first: mean loss of the first window, None before its end.
        lowest: lowest mean of a window so far.
        total: sum of the losses of the current window.
        count: sentences of the current window.

    Example::

        watch = LossWatch()
        complaint = watch.add(loss=0.7, sentences=8)  # empty while the loss is sound
    """

    first: Optional[float] = None
    lowest: Optional[float] = None
    total: float = 0.0
    count: int = 0

    def add(self, loss: float, sentences: int) -> str:
        """Take a step's mean loss; return what is wrong, or an empty text."""
        self.total += loss * sentences
        self.count += sentences
        if self.count < WINDOW:
            return ""
        mean = self.total / self.count
        self.total, self.count = 0.0, 0
        if self.first is None or self.lowest is None:
            self.first = self.lowest = mean
        self.lowest = min(self.lowest, mean)
        if mean > DIVERGED * self.lowest and mean > self.first:
            return (
                f"the loss diverges ({mean:.3g} after {self.lowest:.3g}); lower "
                "learning_rate, or set batch_loss = mean"
            )
        return ""


@dataclass
class Progress:
    """Training progress: with the weights, all that is needed to resume.

    Attributes:
        epoch: the current epoch, from 1; from 0 if the initial network is to be scored.
        batch: batches of it that are done.
        sentences: sentences trained on so far, repetitions counted.
        best_score: highest validation score so far.
        best_epoch: the epoch that reached it, None before the first.
        without_gain: consecutive epochs since then; 0 while every score is 0.
        epoch_loss: sum of the losses of the current epoch.
        epoch_sentences: sentences of the current epoch that are done.
        rate_reductions: plateaus after which the learning rate was reduced.
        plateau: consecutive epochs without improvement since the last of them.
        checked: whether it was checked, in the middle of an epoch, that the run learns at all.
        watch: record of the loss.

    Example::

        progress = Progress(epoch=3, best_score=0.81, best_epoch=2)
        assert Progress.from_json(progress.to_json()) == progress
    """

    epoch: int = 1
    batch: int = 0
    sentences: int = 0
    best_score: float = -1.0
    best_epoch: Optional[int] = None
    without_gain: int = 0
    epoch_loss: float = 0.0
    epoch_sentences: int = 0
    rate_reductions: int = 0
    plateau: int = 0
    checked: bool = False
    watch: LossWatch = field(default_factory=LossWatch)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def reason_to_end(self, settings: LoopSettings) -> str:
        """Return why no further epoch is to be trained; empty if one is."""
        if self.without_gain >= settings.patience and self.epoch > settings.minimum_epochs:
            return f"no improvement in {counted(settings.patience, 'epoch')}"
        if self.epoch > settings.maximum_epochs:
            return f"{counted(settings.maximum_epochs, 'epoch is', 'epochs are')} done"
        return ""

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Progress:
        """Read what `to_json` gave.

        Raises:
            ValueError: a member is of another type.
            KeyError: a member is missing.
        """
        # States from before there were schedules lack what only these need.
        content = {"rate_reductions": 0, "plateau": 0, **content}
        missing = {field.name for field in fields(cls)} - set(content)
        if missing:
            raise KeyError(min(missing))
        return TypeAdapter(cls).validate_python(content)


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
            trouble = self._learns_nothing(event.score)
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
        best = self._take_score(score)
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

    def _take_score(self, score: float) -> bool:
        """Note a validation score; return whether it is the best so far.

        An epoch that scores 0 before any other score means that learning has yet to start, not
        that it has ended: unlike in NeuroNER, such epochs do not use up patience.
        """
        progress = self.progress
        if score > progress.best_score:
            progress.best_score, progress.best_epoch = score, progress.epoch
            progress.without_gain = progress.plateau = 0
            return True
        if progress.best_score > 0:
            progress.without_gain += 1
            self._watch_plateau()
        return False

    def _watch_plateau(self) -> None:
        """Take an epoch without improvement; reduce the rate after as many as are a plateau."""
        schedule, progress = self.settings.schedule, self.progress
        if schedule.kind == "plateau":
            progress.plateau += 1
            if progress.plateau >= schedule.patience:
                progress.rate_reductions += 1
                progress.plateau = 0

    def _check(self) -> str:
        """Validate once in the middle of a long epoch, if the limit is reached without a score."""
        limit, progress = self.settings.give_up_after, self.progress
        if not 0 < limit <= progress.sentences or progress.best_score > 0 or progress.checked:
            return ""
        progress.checked = True
        return self._learns_nothing(self.validate()[0])

    def _learns_nothing(self, score: float) -> str:
        limit, progress = self.settings.give_up_after, self.progress
        if not limit or progress.sentences < limit or max(score, progress.best_score) > 0:
            return ""
        return (
            f"the validation score is still 0 after {counted(progress.sentences, 'sentence')}: "
            "the run learns nothing; change learning_rate, check the annotations of train and "
            "valid, or raise give_up_after_sentences"
        )
