from collections import deque
from pathlib import Path

import pytest

from neuroner_tl.errors import TrainingError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import FAILED, FINISHED
from neuroner_tl.studies.running import scheduler as module
from neuroner_tl.studies.running.jobs import ELSEWHERE, INTERRUPTED, LOST, NO_SPACE, Job, Outcome
from neuroner_tl.studies.running.scheduler import ATTEMPTS, Scheduler


def job(name, source=None, teacher=None):
    run = StudyRun(
        name,
        "corpus",
        "DISO",
        "transfer",
        (),
        None,
        None,
        source,
        None,
        None,
        Parameters(),
        teacher=teacher,
    )
    return Job(run, Path("corpus"), StudyFolder(Path("study")))


class Workers:
    """Workers that need no time; what becomes of a job is said by its name."""

    def __init__(self, number=2, fate=None):
        self.number, self.fate = number, fate or {}
        self.jobs, self.started, self.interruptions = deque(), [], 0

    @property
    def idle(self):
        return self.number - len(self.jobs)

    def start(self, one):
        assert self.idle
        self.jobs.append(one)
        self.started.append(one.run.id)

    def wait(self, seconds):
        one = self.jobs.popleft()
        fates = self.fate.get(one.run.id, [FINISHED])
        return [Outcome(one, fates.pop(0) if len(fates) > 1 else fates[0], "a note")]

    def interrupt(self):
        self.interruptions += 1


def schedule(jobs, workers, done=(), stop=lambda: False):
    given_up = []
    scheduler = Scheduler(jobs, set(done), stop, lambda job, note: given_up.append(note))
    outcomes = [(o.job.run.id, o.status) for o in scheduler.run(workers)]
    return scheduler, outcomes, given_up


def test_a_source_model_comes_before_what_needs_it():
    workers = Workers()
    jobs = [job("t1", "s"), job("t2", "s"), job("s"), job("b")]
    _, outcomes, _ = schedule(jobs, workers)
    assert workers.started == ["s", "b", "t1", "t2"]
    assert {status for _, status in outcomes} == {FINISHED}


def test_a_source_that_is_done_already_is_not_waited_for():
    workers = Workers(1)
    schedule([job("t1", "s"), job("b")], workers, done=["s"])
    assert workers.started == ["t1", "b"]


def test_runs_of_a_failed_source_are_skipped_and_the_others_continue():
    workers = Workers(fate={"s": [FAILED]})
    _, outcomes, _ = schedule([job("s"), job("t", "s"), job("b"), job("c")], workers)
    assert dict(outcomes) == {"s": FAILED, "b": FINISHED, "c": FINISHED}


def test_a_run_whose_worker_is_lost_is_restarted():
    workers = Workers(fate={"a": [LOST, LOST, FINISHED]})
    _, outcomes, given_up = schedule([job("a"), job("b")], workers)
    assert dict(outcomes) == {"a": FINISHED, "b": FINISHED} and not given_up
    assert workers.started.count("a") == 3


def test_a_run_that_ends_its_worker_every_time_is_recorded_as_failed():
    workers = Workers(fate={"a": [LOST]})
    _, outcomes, given_up = schedule([job("a"), job("b")], workers)
    assert dict(outcomes) == {"a": FAILED, "b": FINISHED}
    assert workers.started.count("a") == ATTEMPTS and "3 times" in given_up[0]


def test_a_run_that_another_process_makes_is_waited_for(monkeypatch):
    monkeypatch.setattr(module, "ELSEWHERE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_POLL_SECONDS", 0.01)
    workers = Workers(fate={"s": [ELSEWHERE, ELSEWHERE, FINISHED]})
    _, outcomes, _ = schedule([job("s"), job("t", "s")], workers)
    assert outcomes == [("s", FINISHED), ("t", FINISHED)]


@pytest.mark.parametrize("fate", [INTERRUPTED, LOST])
def test_an_interruption_ends_what_is_under_way_and_begins_nothing(fate):
    workers = Workers(fate={name: [fate] for name in "abcd"})
    calls = iter([False, False, True])
    scheduler, outcomes, given_up = schedule(
        [job("a"), job("b"), job("c"), job("d")], workers, stop=lambda: next(calls, True)
    )
    assert scheduler.interrupted and not given_up
    # A worker that was told to stop before it had begun is not a lost one.
    assert outcomes and {status for _, status in outcomes} <= {INTERRUPTED}
    assert len(workers.started) <= 4 and "d" not in dict(outcomes) or fate == LOST


def test_a_full_disk_ends_the_study():
    workers = Workers(fate={"a": [NO_SPACE]})
    with pytest.raises(TrainingError, match="a note"):
        schedule([job("a"), job("b"), job("c")], workers)
    assert workers.started == ["a", "b"]


def test_a_student_waits_for_its_source_and_its_teacher():
    jobs = [job("target", "student"), job("student", "source", "teacher")]
    jobs += [job("teacher"), job("source")]
    workers = Workers(2)
    _, outcomes, _ = schedule(jobs, workers)
    assert workers.started == ["teacher", "source", "student", "target"]
    assert len(outcomes) == 4
    # It is left out if one of them failed.
    workers = Workers(2, {"teacher": [FAILED]})
    schedule(jobs, workers)
    assert workers.started == ["teacher", "source"]
