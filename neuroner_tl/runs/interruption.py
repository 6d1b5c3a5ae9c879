"""Ctrl-C as a wish that the training loop fulfils at the end of a step."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Callable, Optional

logger = logging.getLogger(__name__)


@contextmanager
def interruptible() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether SIGINT or SIGTERM has come.

    A second one interrupts at once, as without this. Outside the main thread, where signals do
    not arrive, the answer is always no.
    """
    requested = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield requested.is_set
        return

    def handle(number: int, frame: Optional[FrameType]) -> None:
        if requested.is_set():
            raise KeyboardInterrupt
        requested.set()
        logger.warning("stopping after this step and saving; once more to stop at once")

    former = {name: signal.signal(name, handle) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield requested.is_set
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)
