"""XLA's notice of its first compilation, kept off the standard error."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

import tensorflow as tf

_NOTICES = (b"All log messages before absl::InitializeLog()", b"Compiled cluster using XLA!")
_done = False


def compile_quietly_once() -> None:
    """Let XLA compile something small, so that its once-per-process message is not seen.

    The two lines ignore ``TF_CPP_MIN_LOG_LEVEL``. They are shown if that variable is 0.
    """
    global _done
    if _done or os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") == "0":
        return
    _done = True
    with _without_notices():
        tf.function(lambda x: x + 1.0, jit_compile=True)(tf.zeros([]))


@contextlib.contextmanager
def _without_notices() -> Iterator[None]:
    """Hold back what is written to the standard error meanwhile, and write all but the notices."""
    try:
        sys.stderr.flush()
        kept = os.dup(2)
    except (OSError, AttributeError, ValueError):  # There is no standard error.
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not any(notice in line for notice in _NOTICES):
                    os.write(2, line)
