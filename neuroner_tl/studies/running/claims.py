"""Who is making which run at the moment: a file a run, locked by the process that makes it.

The operating system gives a lock up when its process ends, however it ends, so a run is never
left claimed by a process that was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.temporary import naming


class Claims:
    """The claims of a study.

    Args:
        folder: where the files are; made with the first one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Claim a run while the block lasts; false if another process has it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if not _lock(file):
                yield False
                return
            who = {"host": socket.gethostname(), "process": os.getpid(), "since": time.time()}
            with naming(self.folder / name):
                os.ftruncate(file, 0)
                os.pwrite(file, json.dumps(who).encode("utf-8"), 0)
            yield True
            os.ftruncate(file, 0)
        finally:
            os.close(file)

    def holders(self) -> dict[str, dict[str, Any]]:
        """For each run that is being made: ``host``, ``process`` and ``since`` (seconds)."""
        found = {}
        for path in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            with open(path, "rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    try:
                        holder = dict(parse_json(file.read() or b"{}"))
                        holder["since"] = float(holder.get("since", 0.0))
                        found[path.name] = holder
                    except (ValueError, TypeError):
                        found[path.name] = {}
        return found


def _lock(file: int) -> bool:
    """Lock, unless somebody has; those who only look are gone in a moment."""
    for _ in range(10):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            time.sleep(0.02)
    return False
