"""How much memory this process uses and may use."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

import psutil

_STATUS = Path("/proc/self/status")
_CONTAINER = Path("/sys/fs/cgroup/memory.max")
_MB = 1 << 20
# The maximum that this module has seen, for systems that do not record it.
_most_seen = 0.0


def resident_memory_of(process: int) -> float:
    """Return the current resident memory of a process, in MB; 0 if it has ended.

    Args:
        process: its number.
    """
    try:
        return float(psutil.Process(process).memory_info().rss / _MB)
    except psutil.Error:
        return 0.0


def resident_memory() -> float:
    """Return the current resident memory, in MB."""
    global _most_seen
    resident = psutil.Process().memory_info().rss / _MB
    _most_seen = max(_most_seen, resident)
    return resident


def peak_memory() -> float:
    """Return the peak resident memory so far, in MB.

    Linux and Windows record it. Elsewhere it is the maximum over calls of this module's functions,
    which a run makes in every epoch.
    """
    kept = getattr(psutil.Process().memory_info(), "peak_wset", None)  # Windows
    if kept is None:
        kept = _high_water_mark()
    return max(resident_memory(), _most_seen) if kept is None else kept / _MB


def _high_water_mark() -> Optional[int]:
    """Return the peak that Linux records, in bytes; psutil does not read it."""
    try:
        fields = dict(line.split(":", 1) for line in _STATUS.read_text("utf-8").splitlines())
        return int(fields["VmHWM"].split()[0]) << 10
    except (OSError, KeyError, ValueError, IndexError):
        return None


def total_memory() -> float:
    """Return the memory that this process may use at most, in MB."""
    limits = [psutil.virtual_memory().total]
    try:
        limits.append(int(_CONTAINER.read_text("utf-8")))
    except (OSError, ValueError):
        pass  # No container, or one without a limit.
    return min(limits) / _MB
