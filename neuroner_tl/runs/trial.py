"""A run that is a trial: after each epoch a judge of its validation scores may end it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from neuroner_tl.training.events import EpochDone, Event

PRUNED = "pruned"
"""The status of a run that its judge ended."""
TRIAL_PARTS = ("valid",)
"""The parts that a trial is scored on: a choice among trials must not depend on test."""

Judge = Callable[[int, float], bool]
"""Takes an epoch and its validation score, and returns whether the run is to end."""


class TrialListener:
    """A listener that asks a judge after each epoch.

    Args:
        judge: the judge.
        epochs: the records of earlier epochs, if the run is resumed: a judge that was not told of
            them, or whose verdict was lost, is asked about them first.

    Example::

        trial = TrialListener(judge, folder.epochs)
        listeners = [trial]
        stop_requested = lambda: trial.pruned
    """

    def __init__(self, judge: Judge, epochs: Iterable[dict[str, Any]] = ()) -> None:
        self._judge = judge
        self.pruned = False
        self.epoch = 0
        for record in epochs:
            self._ask(int(record["epoch"]), float(record["score"]))

    def __call__(self, event: Event) -> None:
        """Ask about an epoch."""
        if isinstance(event, EpochDone):
            self._ask(event.epoch, event.score)

    def close(self) -> None:
        """Do nothing: nothing is left open."""

    def _ask(self, epoch: int, score: float) -> None:
        # Only the verdict on the newest epoch counts.
        self.epoch, self.pruned = epoch, self._judge(epoch, score)
