"""What a file is, told by its size and sha256."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, BinaryIO


def file_digest(file: BinaryIO) -> bytes:
    """Return the sha256 of what is left of an open file."""
    digest = hashlib.sha256()
    for block in iter(lambda: file.read(1 << 20), b""):
        digest.update(block)
    return digest.digest()


def fingerprint(path: Path) -> dict[str, Any]:
    """Return a file's size and sha256 as a manifest has them."""
    with open(path, "rb") as file:
        return {"size": path.stat().st_size, "sha256": file_digest(file).hex()}
