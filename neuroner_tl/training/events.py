"""The events of a training loop, to which saving, logging and display listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Union


@dataclass(frozen=True)
class StepsDone:
    """One or several steps were made.

    Attributes:
        epoch: the current epoch.
        batch: batches of it that are done.
        batches: batches that it has.
        steps: batches that these steps were made on.
        sentences: sentences of these batches.
        done: sentences of the epoch that are done.
        loss: mean loss of these sentences.

    Example::

        if isinstance(event, StepsDone):
            print(f"{event.batch} of {event.batches}: loss {event.loss:.3f}")
    """

    epoch: int
    batch: int
    batches: int
    steps: int
    sentences: int
    done: int
    loss: float


@dataclass(frozen=True)
class EpochDone:
    """An epoch was trained and validated.

    Attributes:
        epoch: number of the epoch, from 1; 0 for the initial network.
        loss: mean loss of its sentences, as trained (with dropout); None for epoch 0.
        score: what validation returned.
        best: whether it is the best epoch so far.
        seconds: time of training.
        validation_seconds: time of validation.
        sentences: sentences of the epoch that were trained on in this process.
        details: what validation returned besides.
        rate_share: share of the learning rate with which its last step was made; None without a
            schedule.

    Example::

        if isinstance(event, EpochDone) and event.best:
            print(f"epoch {event.epoch}: {100 * event.score:.2f}")
    """

    epoch: int
    loss: Optional[float]
    score: float
    best: bool
    seconds: float
    validation_seconds: float
    sentences: int
    details: Any = None
    rate_share: Optional[float] = None


@dataclass(frozen=True)
class Stopped:
    """Training is over.

    Attributes:
        status: ``finished``, ``interrupted`` or ``failed``.
        reason: why, in words.
        sound: whether the network is worth saving: its weights are finite.

    Example::

        if isinstance(event, Stopped):
            print(event.status, event.reason)
    """

    status: str
    reason: str
    sound: bool = True


Event = Union[StepsDone, EpochDone, Stopped]
