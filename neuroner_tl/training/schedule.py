"""Schedules of the learning rate: what share of it a step is made with."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A rule that gives each step its share of the learning rate.

    Attributes:
        kind: ``constant``, ``inverse``, ``cosine`` or ``plateau``.
        decay: of an inverse schedule.
        epochs: length of a cosine schedule.
        factor: what a plateau multiplies the rate by.
        patience: epochs without improvement that are a plateau.
        floor: the smallest share, of 1 at most.
        warmup: epochs in which the share rises from near 0.

    Example::

        schedule = Schedule("inverse", decay=0.05)
        schedule.share(epoch=11, batch=0, batches=500)  # 1 / (1 + 0.05 * 10)
    """

    kind: str = "constant"
    decay: float = 0.05
    epochs: int = 50
    factor: float = 0.5
    patience: int = 3
    floor: float = 0.01
    warmup: float = 0.0

    @property
    def is_constant(self) -> bool:
        """Whether every step is made with the whole learning rate."""
        return self.kind == "constant" and not self.warmup

    def share(self, epoch: int, batch: int, batches: int, reductions: int = 0) -> float:
        """Return the share of the learning rate for a step.

        Args:
            epoch: the current epoch, from 1.
            batch: batches of it that are done.
            batches: batches that it has.
            reductions: plateaus so far.
        """
        done = epoch - 1 + batch / batches
        share = 1.0
        if self.kind == "inverse":
            share = max(self.floor, 1 / (1 + self.decay * (epoch - 1)))
        elif self.kind == "cosine":
            left = (1 + math.cos(math.pi * min(1.0, done / self.epochs))) / 2
            share = self.floor + (1 - self.floor) * left
        elif self.kind == "plateau":
            share = max(self.floor, self.factor**reductions)
        if self.warmup:
            share *= min(1.0, (done + 1 / batches) / self.warmup)
        return share
