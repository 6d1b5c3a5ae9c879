"""Workers that are processes of this machine, one thread each, for as long as the study lasts.

A worker compiles its programs once and executes run after run with them. Programs stay in memory
until it ends, half a gigabyte for each kind of parameters; so one that has grown large is replaced
before its next run. It ends with the process that started it, however that one ends, and is in a
session of its own, so that Ctrl-C reaches the study alone, which then asks its workers to save.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Any, Optional

from tqdm import tqdm

from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.running.jobs import LOST, Job, Outcome
from neuroner_tl.system.interruption import SIGNALS, interruptible
from neuroner_tl.system.memory import resident_memory_of, total_memory
from neuroner_tl.system.ray_cluster import ONE_THREAD

# In MB: more than a worker with the programs of one kind of parameters takes.
LEAST_MEMORY = 3072


class LocalWorkers:
    """A pool of processes.

    Args:
        number: how many.
        study: the study's folder, for the workers' logs.

    Example::

        with local_workers(2, study) as pool:
            for outcome in scheduler.run(pool):
                print(outcome.job.run.id, outcome.status)
    """

    def __init__(self, number: int, study: StudyFolder) -> None:
        self._study = study
        self._most_memory = max(LEAST_MEMORY, total_memory() / (2 * number))
        self._workers = [_Worker(index, study) for index in range(number)]

    @property
    def idle(self) -> int:
        """How many workers are idle."""
        return sum(worker.job is None for worker in self._workers)

    def start(self, job: Job) -> None:
        """Give a job to the first worker that is idle; one that has grown large is replaced."""
        index = next(i for i, worker in enumerate(self._workers) if worker.job is None)
        if self._workers[index].memory > self._most_memory:
            self._workers[index].close()
            self._workers[index] = _Worker(index, self._study)
        self._workers[index].start(job)

    def wait(self, seconds: float) -> Sequence[Outcome]:
        """Return the received outcomes; replace workers that ended."""
        busy = [worker for worker in self._workers if worker.job is not None]
        ready = set(wait([w.connection for w in busy] + [w.sentinel for w in busy], seconds))
        outcomes = []
        for index, worker in enumerate(self._workers):
            if worker.job is None or not {worker.connection, worker.sentinel} & ready:
                continue
            outcome = worker.receive()
            if outcome is None:
                outcome = Outcome(worker.job, LOST, f"its worker ended ({worker.ending()})")
                worker.close()
                self._workers[index] = _Worker(index, self._study)
            else:
                worker.job = None
            outcomes.append(outcome)
        return outcomes

    def interrupt(self) -> None:
        """Ask all workers to stop after this step and to save."""
        for worker in self._workers:
            if worker.job is not None:
                worker.process.terminate()

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.close()


@contextmanager
def local_workers(number: int, study: StudyFolder) -> Iterator[LocalWorkers]:
    """Start workers that end with the block."""
    pool = LocalWorkers(number, study)
    try:
        yield pool
    finally:
        pool.close()


class _Worker:
    """A process and the connection to it."""

    def __init__(self, index: int, study: StudyFolder) -> None:
        context = multiprocessing.get_context("spawn")
        self.job: Optional[Job] = None
        self.connection, theirs = context.Pipe()
        self.process = context.Process(
            target=work, args=(theirs, index, study), name=f"worker-{index}", daemon=True
        )
        former = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(ONE_THREAD)
        try:
            with _signals_held_back():
                self.process.start()
        finally:
            for name, value in former.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()

    @property
    def sentinel(self) -> Any:
        """The handle that is ready when the process has ended."""
        return self.process.sentinel

    @property
    def memory(self) -> float:
        """Its resident memory, in MB."""
        return resident_memory_of(self.process.pid or 0)

    def start(self, job: Job) -> None:
        self.job = job
        try:
            self.connection.send(job)
        except OSError:
            pass  # It ended while it was idle; `wait` finds out.

    def receive(self) -> Optional[Outcome]:
        """Receive an outcome; None if the worker is gone."""
        try:
            return self.connection.recv() if self.connection.poll() else None
        except (EOFError, OSError):
            return None

    def ending(self) -> str:
        self.process.join(5)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"killed by signal {-code}"
        return f"exit status {code}"

    def close(self) -> None:
        self.connection.close()
        if self.process.is_alive():
            self.process.join(0 if self.job is not None else 2)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Start a worker with SIGINT and SIGTERM blocked, where the system can block signals.

    The worker inherits the mask: a signal that comes while it starts waits until it can be handled,
    neither killing it nor being lost.
    """
    if os.name != "posix":
        yield
        return
    # Starting the tracker unblocks signals, so it must run already.
    resource_tracker.ensure_running()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def work(connection: Connection, index: int, study: StudyFolder) -> None:
    """Do job after job, until the connection is closed."""
    if os.name == "posix":
        os.setsid()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    log_to(study, f"worker-{index}")
    # The semaphore that tqdm would share with other processes outlives a worker that is killed.
    tqdm.set_lock(threading.RLock())

    try:
        _work(connection)
    except KeyboardInterrupt:
        pass  # A second signal; all that is needed was saved.


def _work(connection: Connection) -> None:
    with interruptible():
        # A Ctrl-C that came while this process was still in the terminal's session is the study's.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if os.name == "posix":
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        from neuroner_tl.studies.running.execution import execute

        while True:
            try:
                job = connection.recv()
            except (EOFError, OSError):
                return
            connection.send(execute(job))


def log_to(study: StudyFolder, name: str) -> None:
    """Write everything that is logged in this process to a file of the study."""
    study.logs.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        filename=study.logs / f"{name}.log",
        format="%(asctime)s %(message)s",
        level=logging.INFO,
        encoding="utf-8",
        force=True,
    )
    # A log on a full disk must not cover the terminal with tracebacks.
    logging.raiseExceptions = False
    for noisy in ("tensorflow", "h5py", "matplotlib", "absl"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def _end_with(parent: Any) -> None:
    """End this process when the one that started it has ended, even if it was killed."""
    parent.join()
    os._exit(1)
