"""The start of the command `neuroner-tl`: Ctrl-C ends it in one line while it is loaded, too.

Loading the command's modules takes a second or several, in which an interruption would end in a
traceback of whatever was being imported.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Optional

_INTERRUPTED = 130  # exit status, as in `neuroner_tl.__main__`


def main() -> int:
    """Load the command line and run it; return its exit status."""
    former = signal.signal(signal.SIGINT, _end)
    from neuroner_tl.__main__ import main as run

    signal.signal(signal.SIGINT, former)
    return run()


def _end(number: int, frame: Optional[FrameType]) -> None:
    """End the process: nothing is written yet, and an exception may be lost in an import."""
    os.write(2, b"neuroner-tl: interrupted\n")
    os._exit(_INTERRUPTED)
