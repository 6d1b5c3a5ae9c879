"""Schedules: the share of each step, in the loop, and in a run that is resumed."""

import math

import pytest
from interrupted_runs import fit, interrupt_after
from made_up_steps import FakeStep, run
from pydantic import ValidationError
from same_runs import assert_same_run, epochs_of

from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.settings import schedule_of
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.progress import Progress
from neuroner_tl.training.schedule import Schedule


class ScheduledStep(FakeStep):
    """Notes the share with which each epoch's last step was made."""

    def __init__(self):
        super().__init__()
        self.shares = []

    def schedule(self, share):
        self.shares.append(share)


def shares(schedule, scores, **settings):
    """The share of each epoch's first step."""
    step = ScheduledStep()
    loop, _ = run(*scores, step=step, schedule=schedule, **settings)
    batches = len(step.shares) // (loop.progress.epoch - 1)
    return step.shares[::batches]


def test_a_constant_rate_is_never_set():
    assert Schedule().is_constant and Schedule().share(7, 3, 10) == 1
    step = ScheduledStep()
    run(0.5, step=step, patience=2)
    assert not step.shares


def test_inverse():
    schedule = Schedule("inverse", decay=0.5, floor=0.35)
    found = shares(schedule, [0.5], patience=4)
    assert found == pytest.approx([1, 1 / 1.5, 1 / 2, 1 / 2.5, 0.35])
    # Within an epoch it stays.
    assert schedule.share(2, 0, 10) == schedule.share(2, 9, 10)


def test_cosine():
    schedule = Schedule("cosine", epochs=4, floor=0.1)
    assert schedule.share(1, 0, 10) == 1
    assert schedule.share(3, 0, 10) == pytest.approx(0.1 + 0.9 / 2)
    middle = 0.1 + 0.9 * (1 + math.cos(math.pi * 1.5 / 4)) / 2
    assert schedule.share(2, 5, 10) == pytest.approx(middle)
    assert schedule.share(5, 0, 10) == schedule.share(9, 3, 10) == pytest.approx(0.1)


def test_warm_up_rises_to_the_share_that_the_schedule_gives():
    schedule = Schedule(warmup=2)
    assert not schedule.is_constant
    found = [schedule.share(1 + n // 4, n % 4, 4) for n in range(10)]
    assert found == pytest.approx([*[n / 8 for n in range(1, 9)], 1, 1])
    both = Schedule("inverse", decay=1, warmup=2)
    assert both.share(2, 0, 4) == pytest.approx(5 / 8 / 2)


def test_plateau():
    schedule = Schedule("plateau", factor=0.1, patience=2, floor=0.02)
    scores = [0.5, 0.4, 0.4, 0.4, 0.6, 0.1, 0.1, 0.1, 0.1, 0.1]
    found = shares(schedule, scores, patience=5)
    assert found == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.02, 0.02, 0.02])


def test_epochs_that_score_0_before_any_other_are_no_plateau():
    assert shares(Schedule("plateau", patience=1), [0, 0, 0, 0.5], maximum_epochs=4) == [1] * 4


def test_a_plateau_continues_where_it_was():
    step = ScheduledStep()
    progress = Progress(epoch=5, best_score=0.9, best_epoch=3, plateau=1, rate_reductions=1)
    schedule = Schedule("plateau", patience=2)
    run(0.1, step=step, schedule=schedule, progress=progress, patience=9, maximum_epochs=6)
    assert (step.shares[0], step.shares[-1]) == (0.5, 0.25)
    assert (progress.plateau, progress.rate_reductions) == (1, 2)


def test_settings():
    parameters = Parameters(
        learning_rate_schedule="plateau",
        learning_rate_decay=0.2,
        learning_rate_epochs=7,
        learning_rate_factor=0.3,
        learning_rate_patience=4,
        learning_rate_floor=0.1,
        learning_rate_warmup=1.5,
    )
    assert schedule_of(parameters) == Schedule("plateau", 0.2, 7, 0.3, 4, 0.1, 1.5)
    assert schedule_of(Parameters()).is_constant


def test_a_plateau_after_the_end_is_refused():
    with pytest.raises(ValidationError, match="learning_rate_patience is 3 and patience 3"):
        Parameters(learning_rate_schedule="plateau", patience=3)
    assert Parameters(patience=3)


@pytest.mark.slow
def test_a_resumed_run_has_the_same_rates(corpora, tiny, tmp_path, monkeypatch):
    settings = {
        **tiny,
        "dataset_text_folder": corpora.gold,
        "maximum_number_of_epochs": 2,
        "optimizer": "adam",
        "learning_rate_schedule": "cosine",
        "learning_rate_epochs": 3,
        "learning_rate_warmup": 1.5,
        "weight_decay": 0.01,
        "gradient_clipping_norm": 1,
    }
    whole = fit(settings, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, whole.results["sentences"]["train"] + 5)
        stopped = fit(settings, tmp_path / "stopped")
    resume_run(stopped.folder.path, {})
    assert_same_run(stopped.folder.path, whole.folder.path)
    assert all(0 < record["rate_share"] < 1 for record in epochs_of(whole.folder.path))
