"""Steps and validations that are made up, for tests of the loop."""

import math

from tiny_dataset import tiny_dataset

from neuroner_tl.dataset.batches import EXACT
from neuroner_tl.training.events import Stopped
from neuroner_tl.training.loop import TrainingLoop
from neuroner_tl.training.progress import LoopSettings, Progress
from neuroner_tl.training.steps.step_settings import StepSettings

DATASET = tiny_dataset()
SENTENCES = DATASET.parts["train"].number_of_sentences


class FakeStep:
    """Returns the given losses, then the last one for ever."""

    def __init__(self, *losses, batch_loss="mean"):
        self.settings = StepSettings(batch_loss=batch_loss)
        self.losses = list(losses) or [1.0]
        self.batches = []
        self.ended = []
        self.finite_for = math.inf

    def end_epoch(self, epoch):
        self.ended.append(epoch)

    def is_finite(self):
        return len(self.batches) < self.finite_for

    def calls(self, batches):
        return ([batch] for batch in batches)

    def make(self, batches):
        return [self(batch) for batch in batches]

    def __call__(self, batch):
        self.batches.append(batch)
        return self.losses.pop(0) if len(self.losses) > 1 else self.losses[0]


class Scores:
    """Validation that returns the given scores, then the last one for ever."""

    def __init__(self, *scores):
        self.scores = list(scores)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        score = self.scores.pop(0) if len(self.scores) > 1 else self.scores[0]
        return score, {"call": self.calls}


def run(*scores, step=None, stop=lambda: False, progress=None, **settings):
    loop = TrainingLoop(
        step or FakeStep(),
        DATASET,
        EXACT,
        LoopSettings(**settings),
        Scores(*scores),
        stop,
        progress or Progress(),
    )
    events = list(loop)
    assert isinstance(events[-1], Stopped)
    assert not any(isinstance(event, Stopped) for event in events[:-1])
    return loop, events
