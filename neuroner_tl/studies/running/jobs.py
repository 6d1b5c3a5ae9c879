"""The jobs of workers and their outcomes; nothing here needs TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Protocol

from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.running.search_database import SearchDatabase

# Outcomes of a job other than finished, pruned or failed, which are recorded.
INTERRUPTED, ELSEWHERE, LOST = "interrupted", "elsewhere", "lost"
# The disk is full: no run is at fault, and none can be executed.
NO_SPACE = "no space"


@dataclass(frozen=True)
class Job:
    """A run, and where its corpus and the study are.

    Attributes:
        run: the run.
        corpus: folder of its corpus.
        study: the study's folder.
        keep_model: whether the model is kept once it is scored.
        retry: whether to repeat a failed run.
        search: where the search is kept, of a trial; None of others.

    Example::

        outcome = execute(Job(run, Path("gold/NCBI_DISO"), StudyFolder(Path("output/my_study"))))
    """

    run: StudyRun
    corpus: Path
    study: StudyFolder
    keep_model: bool = True
    retry: bool = False
    search: Optional[SearchDatabase] = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of a job.

    Attributes:
        job: the job.
        status: ``finished``, ``failed``, ``pruned`` (these are recorded), ``interrupted``,
            ``elsewhere`` (another process is executing the run), ``lost`` (the worker is gone) or
            ``no space``.
        note: a message about it.

    Example::

        if outcome.status == "failed":
            print(outcome.job.run.id, outcome.note)
    """

    job: Job
    status: str
    note: str = ""


class Pool(Protocol):
    """Workers that execute one run at a time each.

    Example::

        while pool.idle and jobs:
            pool.start(jobs.pop(0))
        outcomes = pool.wait(seconds=1.0)
    """

    @property
    def idle(self) -> int:
        """How many workers are idle."""

    def start(self, job: Job) -> None:
        """Give a job to a worker that is idle."""

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Return the received outcomes, after at most this many seconds."""

    def interrupt(self) -> None:
        """Ask all workers to stop after this step and to save."""


@dataclass
class InThisProcess:
    """A pool of one: this process executes the runs itself.

    Attributes:
        execute: executes a run and records it.

    Example::

        pool = InThisProcess(execute)
        pool.start(job)
        (outcome,) = pool.wait(0)
    """

    execute: Callable[[Job], Outcome]
    _job: Optional[Job] = field(default=None, init=False)

    @property
    def idle(self) -> int:
        """1 or 0."""
        return int(self._job is None)

    def start(self, job: Job) -> None:
        """Take the job; `wait` executes it."""
        self._job = job

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Execute the job and wait until it is done."""
        job, self._job = self._job, None
        return [] if job is None else [self.execute(job)]

    def interrupt(self) -> None:
        """Do nothing: the current run has received the signal itself."""
