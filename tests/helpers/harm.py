"""Harm that is done to a job while it runs: one of its workers or machines is killed."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest


@contextmanager
def harmed(harm, when, found, seconds=300):
    """Do harm to the job of the block as soon as it is time, in a thread that ends with the block.

    The test fails if the job ends before, or if what is found of it is the same for a number of
    seconds; an error of the harm is one of the block.
    """
    over = threading.Event()

    def watch():
        while not when():
            if over.wait(0.02):
                return False
        harm()
        return True

    with ThreadPoolExecutor(1) as threads:
        done = threads.submit(watch)
        try:
            with _moving(found, seconds):
                yield
        finally:
            over.set()
    assert done.result(), f"the job ended before harm was done to it: {found()}"


@contextmanager
def _moving(found, seconds):
    last = None

    def check(*_):
        nonlocal last
        if (now := found()) == last:
            # Not an Exception, which the code that waits could take for one of its own.
            pytest.fail(f"nothing has happened to the job for {seconds} s: {now}")
        last = now

    before = signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
