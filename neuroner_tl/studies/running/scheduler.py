"""The order of a study's runs: each starts once the runs are done whose models it needs."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable, Optional

from neuroner_tl.errors import TrainingError
from neuroner_tl.studies.records.store import FAILED, FINISHED
from neuroner_tl.studies.running.jobs import (
    ELSEWHERE,
    INTERRUPTED,
    LOST,
    NO_SPACE,
    Job,
    Outcome,
    Pool,
)

logger = logging.getLogger(__name__)

# How often a run is restarted after its worker was lost.
ATTEMPTS = 3
# Seconds after which a run that another process is executing is checked again.
ELSEWHERE_SECONDS = 5.0
_POLL_SECONDS = 0.5


@dataclass
class Scheduler:
    """A scheduler that gives jobs to workers until all are done or the study is interrupted.

    Attributes:
        jobs: the jobs, in order of priority.
        done: identifiers of the runs that are finished already; newly finished ones are added.
        stop_requested: checked between jobs; true ends the work once current ones are saved.
        give_up: records a run whose worker was lost too often.
        ask: returns a further job whenever a worker is idle and no job is waiting; None if there
            are no more.

    Example::

        scheduler = Scheduler(jobs, done=set(), stop_requested=lambda: False, give_up=give_up)
        outcomes = list(scheduler.run(pool))
    """

    jobs: Sequence[Job]
    done: set[str]
    stop_requested: Callable[[], bool]
    give_up: Callable[[Job, str], None]
    ask: Callable[[], Optional[Job]] = lambda: None
    interrupted: bool = field(default=False, init=False)
    _lost: Counter[str] = field(default_factory=Counter, init=False)
    # Runs that another process is executing, and when to check them again.
    _later: dict[str, float] = field(default_factory=dict, init=False)

    def run(self, pool: Pool) -> Iterator[Outcome]:
        """Yield the outcome of each job; jobs that wait for a failed one are left out.

        Raises:
            TrainingError: the disk is full.
        """
        waiting, under_way = list(self.jobs), 0
        asked = False
        while True:
            if self.stop_requested() and not asked:
                self.interrupted = asked = True
                pool.interrupt()
            if not self.interrupted:
                waiting += self._further(len(waiting), pool.idle, under_way)
            able = [] if self.interrupted else [job for job in waiting if self._is_ready(job)]
            ready = [job for job in able if self._later.get(job.run.id, 0) <= time.monotonic()]
            for job in ready[: pool.idle]:
                waiting.remove(job)
                pool.start(job)
                under_way += 1
            if not under_way and not able:
                # The rest waits for a run that failed, or there is nothing more to do because
                # of an interruption.
                return
            if not under_way and not ready:
                time.sleep(_POLL_SECONDS)
                continue
            for outcome in pool.wait(_POLL_SECONDS):
                under_way -= 1
                if outcome.status == LOST and self.interrupted:
                    # It was stopped before it started.
                    outcome = Outcome(outcome.job, INTERRUPTED, outcome.note)
                if outcome.status == NO_SPACE:
                    raise TrainingError(outcome.note)
                again = self._is_retried(outcome)
                if again:
                    waiting.insert(0, outcome.job)
                else:
                    yield self._take(outcome)

    def _further(self, waiting: int, idle: int, under_way: int) -> Iterator[Job]:
        """Ask for a job for each idle worker; workers that start later are asked for then."""
        wanted = max(idle, 0 if under_way else 1)
        for _ in range(wanted - waiting):
            job = self.ask()
            if job is None:
                return
            yield job

    def _is_retried(self, outcome: Outcome) -> bool:
        if self.interrupted:
            return False
        name = outcome.job.run.id
        if outcome.status == ELSEWHERE:
            if name not in self._later:
                logger.info("%s: %s; waiting for it", name, outcome.note)
            self._later[name] = time.monotonic() + ELSEWHERE_SECONDS
            return True
        if outcome.status != LOST:
            return False
        self._lost[name] += 1
        if self._lost[name] < ATTEMPTS:
            logger.warning("%s: %s; resuming it", name, outcome.note)
            return True
        return False

    def _is_ready(self, job: Job) -> bool:
        return self.done.issuperset(job.run.needs)

    def _take(self, outcome: Outcome) -> Outcome:
        if outcome.status == FINISHED:
            self.done.add(outcome.job.run.id)
        elif outcome.status == INTERRUPTED:
            self.interrupted = True
        elif outcome.status == LOST:
            note = f"{outcome.note}, {ATTEMPTS} times"
            self.give_up(outcome.job, note)
            return Outcome(outcome.job, FAILED, note)
        return outcome
