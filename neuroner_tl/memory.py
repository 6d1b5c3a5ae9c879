"""How much memory this process has."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


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
