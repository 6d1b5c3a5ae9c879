"""Workers whose compiled programs have filled the memory are replaced between two runs."""

import os
import subprocess
import sys

import pytest

from neuroner_tl.studies.running import local_workers
from neuroner_tl.studies.running.local_workers import LEAST_MEMORY, LocalWorkers
from neuroner_tl.system.memory import resident_memory, resident_memory_of


class Fake:
    """A worker that takes jobs and as much memory as it is told."""

    made = 0

    def __init__(self, index, study):
        Fake.made += 1
        self.number, self.index = Fake.made, index
        self.job, self.memory, self.closed = None, 0, False

    def start(self, job):
        self.job = job

    def close(self):
        self.closed = True


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(local_workers, "_Worker", Fake)
    monkeypatch.setattr(local_workers, "total_memory", lambda: 4 * 5000)
    return LocalWorkers(2, None)


def test_a_worker_that_has_grown_large_is_replaced_before_its_next_run(pool):
    first, second = pool._workers
    first.memory, second.memory = 5000, 5001
    pool.start("one")
    assert pool._workers == [first, second] and first.job == "one"
    pool.start("two")
    assert second.closed and second.job is None
    assert pool._workers[0] is first and not first.closed
    assert (pool._workers[1].job, pool._workers[1].index) == ("two", 1)


def test_a_worker_at_work_is_left_alone(pool):
    first, second = pool._workers
    pool.start("one")
    first.memory = 90000
    pool.start("two")
    assert pool._workers == [first, second] and not first.closed


def test_little_memory_does_not_replace_every_worker(monkeypatch):
    monkeypatch.setattr(local_workers, "_Worker", Fake)
    monkeypatch.setattr(local_workers, "total_memory", lambda: 1000)
    pool = LocalWorkers(1, None)
    (worker,) = pool._workers
    worker.memory = LEAST_MEMORY
    pool.start("one")
    assert pool._workers == [worker]


def test_memory_of_a_process():
    assert resident_memory_of(os.getpid()) == pytest.approx(resident_memory(), rel=0.5)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert resident_memory_of(ended.pid) == 0
