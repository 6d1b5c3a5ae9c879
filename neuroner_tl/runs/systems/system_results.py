"""What the results of a run of another system say besides its training and its scores."""

from __future__ import annotations

import platform
import time
from typing import Any

import numpy as np

import neuroner_tl
from neuroner_tl.parameters.schema import Parameters


def system_results(
    system: str, parameters: Parameters, started: float, **versions: str
) -> dict[str, Any]:
    """Return the members of ``results.json`` that all systems have.

    Args:
        system: its name.
        parameters: the run's parameters.
        started: `time.perf_counter` at its start.
        versions: those of its packages, besides this one, NumPy and Python.
    """
    return {
        "system": system,
        "seconds": round(time.perf_counter() - started, 3),
        "compiled": False,
        "versions": {
            "neuroner_tl": neuroner_tl.__version__,
            **versions,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
        # None of them has more, spaCy's products of matrices included.
        "threads": 1,
        "parameters": parameters.to_dict(),
    }
