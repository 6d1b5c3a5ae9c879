"""What a run led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from neuroner_tl.runs.folder import RunFolder


@dataclass(frozen=True)
class RunResult:
    """What a run led to.

    Args:
        folder: the run's folder.
        status: ``finished`` or ``interrupted``.
        results: the content of ``results.json``.
    """

    folder: RunFolder
    status: str
    results: dict[str, Any]
