"""The code that made a result: the package's version and, in a checkout, the commit."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import neuroner_tl

_PACKAGE = Path(neuroner_tl.__file__).resolve().parent


@lru_cache(maxsize=1)
def code_version() -> dict[str, Any]:
    """Return the version; in a checkout also ``commit`` and whether it is ``changed`` since."""
    found: dict[str, Any] = {"version": neuroner_tl.__version__}
    commit = _git("rev-parse", "HEAD") if (_PACKAGE.parent / ".git").exists() else None
    if commit:
        found["commit"] = commit
        found["changed"] = bool(_git("status", "--porcelain", "--", str(_PACKAGE)))
    return found


def describe_code(code: dict[str, Any]) -> str:
    """Describe the code, such as ``0.1.0, commit 1a2b3c4d5e6f, changed since``."""
    words = [str(code.get("version", "unknown version"))]
    if code.get("commit"):
        words.append(f"commit {code['commit'][:12]}")
        words += ["changed since"] if code.get("changed") else []
    return ", ".join(words)


def _git(*arguments: str) -> Optional[str]:
    """Return the output of git; None if there is no git or it fails."""
    try:
        done = subprocess.run(
            ["git", "-C", str(_PACKAGE.parent), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
