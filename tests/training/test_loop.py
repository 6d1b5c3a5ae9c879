"""The loop: when it stops and why, with steps and validations that are made up."""

import json
import math
import time
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_steps import DATASET, SENTENCES, FakeStep, Scores, run

from neuroner_tl.dataset.batches import EXACT
from neuroner_tl.dataset.unknown_dropout import UnknownDropout
from neuroner_tl.training.events import EpochDone, StepsDone, Stopped
from neuroner_tl.training.loop import TrainingLoop
from neuroner_tl.training.progress import DIVERGED, WINDOW, LoopSettings, LossWatch, Progress


def epochs(events):
    return [event for event in events if isinstance(event, EpochDone)]


def test_patience():
    loop, events = run(0.1, 0.5, 0.4, 0.5, 0.3, 0.9, patience=3)
    assert [e.best for e in epochs(events)] == [True, True, False, False, False]
    assert events[-1] == Stopped("finished", "no improvement in 3 epochs")
    assert events[-1].sound, "worth saving"
    assert (loop.progress.best_epoch, loop.progress.best_score) == (2, 0.5)


def test_a_better_score_renews_patience():
    _, events = run(0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 0.3, 0.9, patience=2)
    assert len(epochs(events)) == 7


def neuroners_last_epoch(scores, patience):
    """The epoch in which NeuroNER stops: every epoch without a gain over 0 counts."""
    best, bad = 0.0, 0
    for epoch, score in enumerate(scores):
        best, bad = (score, 0) if score > best else (best, bad + 1)
        if bad >= patience:
            return epoch
    return None


FLAT = (0.0,) * 6 + (0.3, 0.2, 0.2, 0.9)


def test_a_flat_zero_does_not_use_up_patience():
    loop, events = run(*FLAT, patience=2, maximum_epochs=20)
    assert [e.score for e in epochs(events)] == [*FLAT[:-1]]
    assert events[-1] == Stopped("finished", "no improvement in 2 epochs")
    assert loop.progress.best_epoch == 7


def test_a_flat_zero_uses_up_patience_in_neuroner():
    assert neuroners_last_epoch(FLAT, patience=2) == 1


@given(
    scores=st.lists(st.integers(0, 5).map(float), min_size=30, max_size=30),
    patience=st.integers(1, 4),
)
@settings(deadline=None, max_examples=30)
def test_patience_is_neuroners_from_the_first_score_on(scores, patience):
    """Scored before the first step, as NeuroNER does it, from a start that finds something."""
    scores = [max(scores[0], 1.0), *scores[1:]]
    expected = neuroners_last_epoch(scores, patience)
    _, events = run(*scores, patience=patience, maximum_epochs=29, progress=Progress(epoch=0))
    last = epochs(events)[-1].epoch
    assert last == (29 if expected is None else expected)


def test_minimum_epochs_come_before_patience():
    loop, events = run(0.5, 0.1, patience=2, minimum_epochs=6)
    assert len(epochs(events)) == 6
    assert loop.progress.best_epoch == 1


def test_maximum_epochs():
    _, events = run(*(i / 10 for i in range(1, 9)), maximum_epochs=4)
    assert len(epochs(events)) == 4
    assert events[-1] == Stopped("finished", "4 epochs are done")


def test_a_first_score_of_0_is_the_best_so_far():
    loop, events = run(0.0, 0.0, patience=5, maximum_epochs=2)
    assert [e.best for e in epochs(events)] == [True, False]
    assert loop.progress.best_epoch == 1


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_batches_of_an_epoch(batch_size):
    step = FakeStep()
    loop, events = run(0.5, step=step, batch_size=batch_size, maximum_epochs=1)
    done = [event for event in events if isinstance(event, StepsDone)]
    assert len(done) == len(step.batches) == -(-SENTENCES // batch_size)
    assert [e.batch for e in done] == list(range(1, len(done) + 1))
    assert {e.batches for e in done} == {len(done)}
    assert sum(e.sentences for e in done) == SENTENCES == loop.progress.sentences
    assert epochs(events)[0].sentences == SENTENCES


def test_batches_by_tokens():
    step = FakeStep()
    loop, events = run(0.5, step=step, batch_tokens=100, maximum_epochs=1)
    done = [event for event in events if isinstance(event, StepsDone)]
    assert {len(batch.lengths) for batch in step.batches} == {100 // 16}
    assert len(done) == len(step.batches) == {e.batches for e in done}.pop() < SENTENCES
    assert sum(e.sentences for e in done) == SENTENCES == loop.progress.sentences


def test_occurrences_are_replaced_by_the_unknown_token():
    counts = []
    for dropout in (UnknownDropout(), UnknownDropout("constant", 0.9)):
        step = FakeStep()
        run(0.5, step=step, maximum_epochs=1, unknown_dropout=dropout)
        counts.append(sum(np.count_nonzero(batch.token_ids) for batch in step.batches))
    assert counts[1] < counts[0] / 4


@pytest.mark.parametrize(("batch_loss", "expected"), [("mean", 6.0), ("sum", None)])
def test_loss_of_an_epoch_is_per_sentence(batch_loss, expected):
    step = FakeStep(6.0, batch_loss=batch_loss)
    _, events = run(0.5, step=step, batch_size=5, maximum_epochs=1)
    batches = -(-SENTENCES // 5)
    expected = expected or 6.0 * batches / SENTENCES
    assert epochs(events)[0].loss == pytest.approx(expected)


def test_each_epoch_is_counted_by_itself():
    step = FakeStep(*([2.0] * SENTENCES), 1.0)
    loop, events = run(0.1, 0.2, 0.3, step=step, maximum_epochs=3)
    assert [event.loss for event in epochs(events)] == [2.0, 1.0, 1.0]
    done = [event for event in events if isinstance(event, StepsDone)]
    assert [event.done for event in done] == [*range(1, SENTENCES + 1)] * 3
    assert [event.batch for event in done] == [*range(1, SENTENCES + 1)] * 3
    assert [event.epoch for event in done] == [n for n in (1, 2, 3) for _ in range(SENTENCES)]
    progress = loop.progress
    assert (progress.epoch, progress.batch, progress.sentences) == (4, 0, 3 * SENTENCES)
    assert (progress.epoch_loss, progress.epoch_sentences) == (0.0, 0)


def test_epoch_0_is_scored_and_not_trained():
    step = FakeStep()
    loop, events = run(0.1, 0.2, step=step, progress=Progress(epoch=0), maximum_epochs=1)
    assert isinstance(events[0], EpochDone)
    assert (events[0].epoch, events[0].loss, events[0].sentences) == (0, None, 0)
    assert events[0].seconds == 0
    assert len(step.batches) == SENTENCES == loop.progress.sentences


def test_times_are_those_of_training_and_of_validation():
    started = time.perf_counter()
    _, events = run(0.1, 0.2, maximum_epochs=2)
    passed = time.perf_counter() - started
    for event in epochs(events):
        assert 0 <= event.seconds <= passed and 0 <= event.validation_seconds <= passed


def test_nothing_wrong_is_said_with_no_word():
    watch = LossWatch()
    assert watch.add(1.0, WINDOW - 1) == "" and watch.add(1.0, 1) == ""
    assert Progress().reason_to_end(LoopSettings()) == ""


def test_progress_is_read_back():
    progress = Progress(epoch=3, batch=4, best_score=0.5, watch=LossWatch(1.0, 0.5, 2.0, 7))
    assert Progress.from_json(progress.to_json()) == progress


# States from before there were schedules lack these.
SINCE_SCHEDULES = {"rate_reductions", "plateau"}


def test_progress_from_before_schedules():
    content = Progress(epoch=3).to_json()
    assert all(not content.pop(name) for name in SINCE_SCHEDULES)
    assert Progress.from_json(content) == Progress(epoch=3)


@pytest.mark.parametrize(
    "name", [f.name for f in fields(Progress) if f.name not in SINCE_SCHEDULES]
)
def test_progress_that_lacks_a_member(name):
    content = Progress().to_json()
    del content[name]
    with pytest.raises(KeyError, match=name):
        Progress.from_json(content)


def test_the_windows_mean_decides():
    watch = LossWatch()
    assert watch.add(4.0, WINDOW // 2) == watch.add(2.0, WINDOW // 2) == ""
    assert (watch.first, watch.lowest, watch.total, watch.count) == (3.0, 3.0, 0.0, 0)
    watch.add(1.0, WINDOW)
    assert (watch.first, watch.lowest) == (3.0, 1.0)
    assert watch.add(DIVERGED, WINDOW) == "", "only above ten times the lowest"
    assert "the loss diverges" in watch.add(DIVERGED + 0.01, WINDOW)
    assert DIVERGED == 10.0 and WINDOW == 1000


def test_details_of_validation_are_passed_on():
    _, events = run(0.1, 0.2, maximum_epochs=2)
    assert [e.details for e in epochs(events)] == [{"call": 1}, {"call": 2}]


class TestGivingUp:
    def test_between_epochs(self):
        limit = 2 * SENTENCES
        _, events = run(0.0, give_up_after=limit)
        assert events[-1].status == "failed"
        assert "still 0" in events[-1].reason and "give_up_after_sentences" in events[-1].reason
        assert len(epochs(events)) <= 2

    def test_in_the_middle_of_a_long_epoch(self):
        limit = SENTENCES // 2
        loop, events = run(0.0, give_up_after=limit)
        assert events[-1].status == "failed"
        assert loop.progress.sentences == limit
        assert not epochs(events)

    @pytest.mark.parametrize("batch_size", [3, 5])
    def test_batches_that_step_over_the_limit(self, batch_size):
        limit = batch_size + 1
        loop, events = run(0.0, give_up_after=limit, batch_size=batch_size)
        assert events[-1].status == "failed"
        assert limit <= loop.progress.sentences < limit + batch_size

    def test_a_score_in_the_middle_lets_the_run_continue(self):
        _, events = run(0.01, 0.0, give_up_after=SENTENCES // 2, maximum_epochs=2)
        assert events[-1].status == "failed" or len(epochs(events)) == 2

    def test_it_is_checked_once_in_the_middle_of_an_epoch(self):
        loop, events = run(0.01, 0.0, give_up_after=3, maximum_epochs=1)
        assert loop.validate.calls == 2 and loop.progress.checked
        assert [event.score for event in epochs(events)] == [0.0]

    def test_not_after_a_score(self):
        _, events = run(0.2, 0.0, give_up_after=2 * SENTENCES, patience=4)
        assert events[-1].status == "finished"

    def test_0_is_never(self):
        _, events = run(0.0, give_up_after=0, patience=3, maximum_epochs=7)
        assert events[-1] == Stopped("finished", "7 epochs are done")

    def test_patience_does_not_come_first(self):
        loop, events = run(0.0, give_up_after=4 * SENTENCES, patience=2)
        assert events[-1].status == "failed" and "still 0" in events[-1].reason
        assert loop.progress.sentences == 4 * SENTENCES


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_nan_loss_is_not_counted(loss):
    loop, events = run(0.5, step=FakeStep(1.0, 1.0, loss))
    assert events[-1].status == "failed" and not events[-1].sound
    assert f"the loss is {loss} after batch 3" in events[-1].reason
    assert "learning_rate" in events[-1].reason
    assert sum(isinstance(event, StepsDone) for event in events) == loop.progress.batch == 2
    json.dumps(loop.progress.to_json(), allow_nan=False)


def test_nan_weights_are_not_validated():
    step, scores = FakeStep(), Scores(0.5)
    step.finite_for = SENTENCES + 1
    loop = TrainingLoop(step, DATASET, EXACT, LoopSettings(), scores)
    events = list(loop)
    assert events[-1].status == "failed" and not events[-1].sound
    assert "weights are not finite" in events[-1].reason and "epoch 2" in events[-1].reason
    assert scores.calls == len(epochs(events)) == 1


def test_interruption_while_the_network_is_validated():
    step, scores = FakeStep(), Scores(0.5)
    _, events = run(0.5, step=step, stop=lambda: len(step.batches) == 0)
    assert events == [Stopped("interrupted", "interrupted before epoch 1")]
    loop = TrainingLoop(step, DATASET, EXACT, LoopSettings(), scores, lambda: scores.calls == 1)
    events = list(loop)
    assert events[-1] == Stopped("interrupted", "interrupted before epoch 2")
    assert len(epochs(events)) == 1 and len(step.batches) == SENTENCES


def test_a_diverging_loss():
    losses = [1.0] * WINDOW + [0.5] * WINDOW + [30.0]
    loop, events = run(0.5, step=FakeStep(*losses), patience=10**6, maximum_epochs=10**6)
    assert events[-1].status == "failed" and "the loss diverges" in events[-1].reason
    assert loop.progress.sentences == 3 * WINDOW


def test_a_fluctuating_loss():
    losses = ([1.0] * WINDOW + [0.2] * WINDOW + [0.9] * WINDOW) * 2
    limit = len(losses) // SENTENCES
    _, events = run(0.5, step=FakeStep(*losses), patience=10**6, maximum_epochs=limit)
    assert events[-1].status == "finished"


def test_interruption_ends_after_the_step():
    step = FakeStep()
    loop, events = run(0.5, step=step, stop=lambda: len(step.batches) == SENTENCES + 2)
    assert events[-1] == Stopped("interrupted", "interrupted in epoch 2")
    assert events[-1].sound, "worth saving"
    assert (loop.progress.epoch, loop.progress.batch) == (2, 2)
    assert len(epochs(events)) == 1


def test_resuming_gives_the_same_batches():
    whole, first, second = FakeStep(), FakeStep(), FakeStep()
    run(0.5, step=whole, maximum_epochs=2, seed=4)
    loop, _ = run(0.5, step=first, stop=lambda: len(first.batches) == 5, seed=4)
    run(0.5, step=second, progress=loop.progress, maximum_epochs=2, seed=4)
    assert len(first.batches) + len(second.batches) == len(whole.batches)
    for found, expected in zip([*first.batches, *second.batches], whole.batches):
        assert all((a == b).all() for a, b in zip(found, expected))
