"""Graceful shutdown on SIGINT and SIGTERM: one flag for the whole process.

Code inside `interruptible` checks the flag wherever it can stop and save. Setting up a run and
scoring it have nothing to save and may take minutes: inside `at_once` the first signal ends the
work immediately. A second signal always does.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Callable, Optional

logger = logging.getLogger(__name__)

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_requested = threading.Event()


class Interrupted(KeyboardInterrupt):
    """The work was interrupted; the message says what was kept and how to resume.

    Example::

        with interruptible(), at_once():
            prepare()  # a signal raises Interrupted here
    """


class _Depth:
    """How many blocks of each kind the main thread is in."""

    interruptible = 0
    at_once = 0


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether SIGINT or SIGTERM has arrived since the outermost block.

    Blocks may be nested and share one flag. A second signal interrupts at once, as
    without this. Outside the main thread, where signals do not arrive, the flag is only read.
    """
    if threading.current_thread() is not threading.main_thread() or _Depth.interruptible:
        yield _requested.is_set
        return
    former = {number: signal.signal(number, _handle) for number in SIGNALS}
    _Depth.interruptible += 1
    try:
        yield _requested.is_set
    finally:
        _Depth.interruptible -= 1
        _requested.clear()
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def at_once() -> Iterator[None]:
    """End the block with `Interrupted` as soon as the flag is set, or at its beginning if it is.

    Raises:
        Interrupted: a signal has arrived.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _raise_if_requested()
    _Depth.at_once += 1
    try:
        yield
    except Exception as error:
        # Compiled code may answer the handler's exception with an error of its own.
        if _requested.is_set():
            raise Interrupted("interrupted") from error
        raise
    finally:
        _Depth.at_once -= 1
    # A library may have swallowed an exception that was raised inside one of its callbacks.
    _raise_if_requested()


@contextmanager
def interrupted_as(remains: str) -> Iterator[None]:
    """Give an interruption of the block a message that says what is left of the work."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(remains) from None


def _raise_if_requested() -> None:
    if _requested.is_set():
        raise Interrupted("interrupted")


def _handle(number: int, frame: Optional[FrameType]) -> None:
    if _requested.is_set():
        raise KeyboardInterrupt
    _requested.set()
    if _Depth.at_once:
        raise Interrupted("interrupted")
    logger.warning("stopping after this step and saving; interrupt again to stop at once")
