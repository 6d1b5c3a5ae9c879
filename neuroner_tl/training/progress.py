"""How far a training run is, and when it is to end: nothing here needs TensorFlow."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Optional

from pydantic import TypeAdapter

from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.messages.numbers import counted
from neuroner_tl.training.schedule import Schedule

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

    def learns_nothing(self, score: float, settings: LoopSettings) -> str:
        """Return why a run is hopeless whose scores are all 0; empty if it is not, or not yet.

        Args:
            score: the latest validation score.
            settings: say after how many sentences it is.
        """
        limit = settings.give_up_after
        if not limit or self.sentences < limit or max(score, self.best_score) > 0:
            return ""
        return (
            f"the validation score is still 0 after {counted(self.sentences, 'sentence')}: "
            "the run learns nothing; change learning_rate, check the annotations of train and "
            "valid, or raise give_up_after_sentences"
        )

    def take_score(self, score: float, schedule: Schedule) -> bool:
        """Note a validation score; return whether it is the best so far.

        An epoch that scores 0 before any other score means that learning has yet to start, not
        that it has ended: unlike in NeuroNER, such epochs do not use up patience.

        Args:
            score: of the current epoch.
            schedule: says after how many epochs without improvement the rate is reduced.
        """
        if score > self.best_score:
            self.best_score, self.best_epoch = score, self.epoch
            self.without_gain = self.plateau = 0
            return True
        if self.best_score > 0:
            self.without_gain += 1
            self._watch_plateau(schedule)
        return False

    def _watch_plateau(self, schedule: Schedule) -> None:
        """Take an epoch without improvement; reduce the rate after as many as are a plateau."""
        if schedule.kind == "plateau":
            self.plateau += 1
            if self.plateau >= schedule.patience:
                self.rate_reductions += 1
                self.plateau = 0

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
