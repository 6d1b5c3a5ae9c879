"""What a worker is given to do and what it gives back; nothing here needs TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional, Protocol

from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.running.folder import StudyFolder

# What may become of a job besides being finished or failed, which is recorded.
INTERRUPTED, ELSEWHERE, LOST = "interrupted", "elsewhere", "lost"
# The disk is full: no run is to blame, and none can be made.
NO_SPACE = "no space"


@dataclass(frozen=True)
class Job:
    """A run, and where its corpus and the study are.

    Attributes:
        run: the run.
        corpus: folder of its corpus.
        study: the study's folder.
        keep_model: whether the model is kept once it is scored.
        retry: whether a run that failed is made again.
    """

    run: StudyRun
    corpus: Path
    study: StudyFolder
    keep_model: bool = True
    retry: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes:
        job: the job.
        status: ``finished``, ``failed`` (both recorded), ``interrupted``, ``elsewhere`` (another
            process is making the run), ``lost`` (the worker is gone) or ``no space``.
        note: what to say about it.
    """

    job: Job
    status: str
    note: str = ""


class Pool(Protocol):
    """Workers that make one run at a time each."""

    @property
    def idle(self) -> int:
        """How many workers have nothing to do."""

    def start(self, job: Job) -> None:
        """Give a job to a worker that is idle."""

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """The outcomes that came in, after so many seconds at most."""

    def interrupt(self) -> None:
        """Ask all workers to stop after this step and to save."""


@dataclass
class InThisProcess:
    """A pool of one: this process makes the runs itself.

    Attributes:
        execute: makes a run and records it.
    """

    execute: Callable[[Job], Outcome]
    _job: Optional[Job] = field(default=None, init=False)

    @property
    def idle(self) -> int:
        """1 or 0."""
        return int(self._job is None)

    def start(self, job: Job) -> None:
        """Take the job; `wait` does it."""
        self._job = job

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Make the run, however long it takes."""
        job, self._job = self._job, None
        return [] if job is None else [self.execute(job)]

    def interrupt(self) -> None:
        """The run under way has seen the signal itself."""
