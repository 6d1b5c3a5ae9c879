"""How much memory this process has."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Optional

_STATUS = Path("/proc/self/status")
_CONTAINER = Path("/sys/fs/cgroup/memory.max")


def peak_memory() -> float:
    """Most resident memory so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def resident_memory() -> float:
    """Resident memory at this moment, in MB; where the system does not tell, the peak."""
    try:
        fields = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return float(fields["VmRSS"].split()[0]) / 1024
    except (OSError, KeyError, ValueError, IndexError):
        return peak_memory()


def total_memory() -> Optional[float]:
    """Memory that this process may use at most, in MB; None where the system does not tell."""
    limits = []
    try:
        limits.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        pass
    try:
        limits.append(int(_CONTAINER.read_text()))
    except (OSError, ValueError):
        pass  # No container, or one without a limit.
    return min(limits) / (1 << 20) if limits else None
