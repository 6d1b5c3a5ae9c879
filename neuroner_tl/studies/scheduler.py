"""The order of a study's runs: source models first, what depends on them when they are there."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Callable

from neuroner_tl.studies.jobs import (
    ELSEWHERE,
    FAILED,
    FINISHED,
    INTERRUPTED,
    LOST,
    Job,
    Outcome,
    Pool,
)

logger = logging.getLogger(__name__)

# How often a run is begun again after its worker was lost.
ATTEMPTS = 3
_POLL_SECONDS = 0.5


@dataclass
class Scheduler:
    """Gives jobs to workers until all are done, or until somebody wants to stop.

    Args:
        jobs: what is to be made, in the order of its importance.
        done: identifiers of the runs that are finished already.
        stop_requested: asked between jobs; true ends the work after those under way were saved.
        give_up: records a run whose worker was lost too often.
    """

    jobs: Sequence[Job]
    done: set[str]
    stop_requested: Callable[[], bool]
    give_up: Callable[[Job, str], None]
    interrupted: bool = field(default=False, init=False)

    def run(self, pool: Pool) -> Iterator[Outcome]:
        """Yield what becomes of each job; a job that waits for a failed one is left out."""
        waiting, under_way = list(self.jobs), 0
        lost: Counter[str] = Counter()
        asked = False
        while waiting or under_way:
            if self.stop_requested() and not asked:
                self.interrupted = asked = True
                pool.interrupt()
            ready = [] if self.interrupted else [job for job in waiting if self._is_ready(job)]
            for job in ready[: pool.idle]:
                waiting.remove(job)
                pool.start(job)
                under_way += 1
            if not under_way and not ready:
                # What is left waits for a run that failed or is made by another process, or
                # there is nothing more to do because of an interruption.
                return
            for outcome in pool.wait(_POLL_SECONDS):
                under_way -= 1
                if outcome.status == LOST and not self.interrupted:
                    lost[outcome.job.run.id] += 1
                    if lost[outcome.job.run.id] < ATTEMPTS:
                        logger.warning("%s: %s; going on with it", outcome.job.run.id, outcome.note)
                        waiting.insert(0, outcome.job)
                        continue
                    note = f"{outcome.note} ({ATTEMPTS} times)"
                    self.give_up(outcome.job, note)
                    outcome = Outcome(outcome.job, FAILED, note)
                self._take(outcome)
                yield outcome

    def _is_ready(self, job: Job) -> bool:
        return job.run.source is None or job.run.source in self.done

    def _take(self, outcome: Outcome) -> None:
        if outcome.status == FINISHED:
            self.done.add(outcome.job.run.id)
        elif outcome.status == INTERRUPTED:
            self.interrupted = True
        elif outcome.status == ELSEWHERE:
            logger.info("%s: %s", outcome.job.run.id, outcome.note)
