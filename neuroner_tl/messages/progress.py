"""Progress on the screen: bars, and the lines of the package's log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from neuroner_tl.messages.screen import fitted, terminal_width
from neuroner_tl.messages.shown_text import escaped

PACKAGE = "neuroner_tl"
_hidden = False


def progress_bar(*arguments: Any, **options: Any) -> Any:
    """Return a tqdm bar, silent if the output is not a terminal or bars are hidden.

    Args:
        arguments: tqdm's.
        options: tqdm's.
    """
    if _hidden:
        options["disable"] = True
    return tqdm(*arguments, **{"disable": None, **options})


@contextmanager
def hidden_bars(hide: bool = True) -> Iterator[None]:
    """Hide all bars that are created inside the block."""
    global _hidden
    before, _hidden = _hidden, _hidden or hide
    try:
        yield
    finally:
        _hidden = before


class LogFormatter(logging.Formatter):
    """A formatter of log lines that fit the terminal, without control characters.

    Example::

        handler = logging.StreamHandler()
        handler.setFormatter(LogFormatter())
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text."""
        text = escaped(super().format(record))
        return fitted(text, terminal_width(sys.__stderr__))


def log_handler() -> logging.Handler:
    """Return a handler that writes messages, and nothing else, to the standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter("%(message)s"))
    return handler


@contextmanager
def detailed_log(show: bool) -> Iterator[None]:
    """Let the package's log have its details inside the block, where it shows its progress."""
    log = logging.getLogger(PACKAGE)
    level = log.level
    if show and log.isEnabledFor(logging.INFO):
        log.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def shown_progress(show: bool = True) -> Iterator[None]:
    """Show the package's log lines inside the block, unless the caller's program already does.

    Args:
        show: False shows neither log lines (warnings excepted) nor bars.
    """
    log = logging.getLogger(PACKAGE)
    with hidden_bars(not show):
        if _hidden or (log.hasHandlers() and log.isEnabledFor(logging.INFO)):
            yield
            return
        handler = None if log.hasHandlers() else log_handler()
        level = log.level
        log.setLevel(logging.INFO)
        if handler is not None:
            log.addHandler(handler)
        try:
            yield
        finally:
            log.setLevel(level)
            if handler is not None:
                log.removeHandler(handler)
