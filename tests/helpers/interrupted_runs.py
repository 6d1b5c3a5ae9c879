"""Whole runs, and such as are interrupted after some steps."""

from contextlib import contextmanager

from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.runs import training


def fit(settings, output, **more):
    with NeuroNER(**{**settings, **more}, output_folder=output) as ner:
        return ner.fit()


def interrupt_after(monkeypatch, steps):
    """Simulate a Ctrl-C in the next run after a number of steps of its first epoch.

    The loop asks before each epoch and after each step.
    """

    @contextmanager
    def interruptible():
        left = [steps + 1]

        def requested():
            left[0] -= 1
            return left[0] == 0

        yield requested

    monkeypatch.setattr(training, "interruptible", interruptible)
