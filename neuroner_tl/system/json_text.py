"""JSON from untrusted files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Union


def parse_json(content: Union[str, bytes]) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is not JSON (nor are NaN and Infinity), not UTF-8, has a number too large
            for a float, or is nested so deeply that reading it fails.
    """
    try:
        return json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large a number")
    return value


def read_object(path: Path) -> dict[str, Any]:
    """Read the object in a file; an empty one if there is none."""
    try:
        return dict(parse_json(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
