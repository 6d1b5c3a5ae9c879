"""Workers that are actors of a Ray cluster, one processor each, for as long as the study lasts.

The folders of the study and of the corpora must be the same on all machines of the cluster, on a
shared disk; a worker that does not see the study's folder says so. When a worker or its machine is
lost, the scheduler gives its run to another one, which resumes from the last checkpoint.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.running.jobs import LOST, Job, Outcome
from neuroner_tl.studies.running.local_workers import log_to
from neuroner_tl.system.ray_cluster import connected, worker_environment

# How long to wait for a first worker before reporting that the cluster has no free processor.
_START_SECONDS = 120


class ClusterWorkers:
    """A pool of actors.

    A job is given only to a worker that has started: on a cluster that has lost a machine, a new
    worker may wait for a free processor until the study is over, and a job must not wait with it.

    Args:
        ray: the module, connected to the cluster.
        number: how many; 0 for as many as the cluster has processors.
        study: the study's folder, for the workers' logs.

    Example::

        with cluster_workers("auto", 8, study) as pool:
            for outcome in scheduler.run(pool):
                print(outcome.job.run.id, outcome.status)
    """

    def __init__(self, ray: Any, number: int, study: StudyFolder) -> None:
        self._ray = ray
        self._study = study
        self._kind = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Worker)
        self._starting: dict[Any, Any] = {}
        self._idle: list[Any] = []
        self._under_way: dict[Any, tuple[Any, Job]] = {}
        self._stopping = False
        self._without_worker_since = time.monotonic()
        for _ in range(number or max(1, int(ray.cluster_resources().get("CPU", 1)))):
            self._add_worker()

    @property
    def idle(self) -> int:
        """How many workers are idle."""
        return len(self._idle)

    def start(self, job: Job) -> None:
        """Give a job to a worker that is idle."""
        worker = self._idle.pop()
        self._under_way[worker.make.remote(job)] = (worker, job)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Return the received outcomes; replace lost workers.

        Raises:
            ParameterError: the cluster has no room for a worker.
            NeuroNERError: a machine of the cluster does not see the study's folder.
        """
        references = [*self._under_way, *self._starting]
        ready, _ = self._ray.wait(references, num_returns=1, timeout=seconds)
        outcomes = [self._outcome(reference) for reference in ready if reference in self._under_way]
        for reference in ready:
            if reference in self._starting:
                self._take_started(reference)
        self._check_room()
        return outcomes

    def interrupt(self) -> None:
        """End the workers; their runs can be resumed from where they last saved."""
        self._stopping = True
        for worker, _ in self._under_way.values():
            self._ray.kill(worker)

    def close(self) -> None:
        """End all workers."""
        busy = [worker for worker, _ in self._under_way.values()]
        for worker in [*busy, *self._idle, *self._starting.values()]:
            self._ray.kill(worker)

    def _outcome(self, reference: Any) -> Outcome:
        worker, job = self._under_way.pop(reference)
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            # Errors of a run are recorded by `execute`; this is an error of the worker itself.
            raise NeuroNERError(str(error.cause)) from None
        except self._ray.exceptions.RayError as error:
            if not self._stopping:
                self._add_worker()
            return Outcome(job, LOST, f"its worker is lost ({type(error).__name__})")
        self._idle.append(worker)
        return outcome

    def _add_worker(self) -> None:
        options = {"runtime_env": {"env_vars": worker_environment()}}
        worker = self._kind.options(**options).remote(self._study, Path.cwd())
        self._starting[worker.check_folder_visible.remote()] = worker

    def _take_started(self, reference: Any) -> None:
        worker = self._starting.pop(reference)
        try:
            self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise NeuroNERError(str(error.cause)) from None
        except self._ray.exceptions.RayError:
            self._add_worker()
        else:
            self._idle.append(worker)

    def _check_room(self) -> None:
        now = time.monotonic()
        if self._idle or self._under_way or self._stopping:
            self._without_worker_since = now
        elif now - self._without_worker_since > _START_SECONDS:
            raise ParameterError(
                f"the Ray cluster has had no free processor for {_START_SECONDS} s, expected one "
                "for a worker; end other jobs, or add machines, and run the study again"
            )


@contextmanager
def cluster_workers(address: str, number: int, study: StudyFolder) -> Iterator[ClusterWorkers]:
    """Start workers that end with the block.

    Args:
        address: of the cluster, ``auto`` for the one that this machine belongs to.
        number: how many; 0 for as many as the cluster has processors.
        study: the study's folder.

    Raises:
        ParameterError: Ray is not installed, or there is no cluster at this address.
    """
    with connected(address) as ray:
        pool = ClusterWorkers(ray, number, study)
        try:
            yield pool
        finally:
            pool.close()


class _Worker:
    """The actor: executes run after run in one process, which compiles its programs once."""

    def __init__(self, study: StudyFolder, current: Path) -> None:
        self._study = study
        self._current = current

    def check_folder_visible(self) -> None:
        """Make sure that this machine sees the study's folder, with the same relative paths."""
        if self._current.is_dir():
            os.chdir(self._current)
        if not self._study.path.is_dir():
            raise NeuroNERError(
                f"{self._study.path}: a machine of the cluster, {platform.node()}, does not "
                "see the study's folder, expected a disk that all machines share; set "
                "output_folder to one"
            )
        log_to(self._study, f"ray-{platform.node()}-{os.getpid()}")

    def make(self, job: Job) -> Outcome:
        """Execute a run and record it."""
        from neuroner_tl.studies.running.execution import execute

        return execute(job)
