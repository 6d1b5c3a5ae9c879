"""Which process is executing which run: a lock per run, with a note on its holder.

A run is never left claimed by a process that was killed: its lock is free, whatever its note says.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import is_locked, lock

# Seconds to wait for processes that only check whether a run is claimed.
_LOOKERS_SECONDS = 0.2


class Claims:
    """The claims of a study.

    Args:
        folder: where the files are; created with the first one.

    Example::

        with Claims(folder).claim(run.id) as held:
            if held:
                make(run)
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def claim(self, name: str) -> Iterator[bool]:
        """Claim a run inside the block; false if another process has claimed it."""
        with lock(self._lock(name), wait=_LOOKERS_SECONDS) as mine:
            if not mine:
                yield False
                return
            note = self.folder / f"{name}.json"
            who = {"host": socket.gethostname(), "process": os.getpid(), "since": time.time()}
            write_json(note, who)
            try:
                yield True
            finally:
                note.unlink(missing_ok=True)

    def holders(self) -> dict[str, dict[str, Any]]:
        """Return for each running run: ``host``, ``process`` and ``since`` (seconds)."""
        found = {}
        for note in sorted(self.folder.glob("*.json")):
            if not is_locked(self._lock(note.stem)):
                continue
            try:
                holder = dict(parse_json(note.read_bytes()))
                holder["since"] = float(holder.get("since", 0.0))
                found[note.stem] = holder
            except FileNotFoundError:
                continue  # Released since.
            except (ValueError, TypeError):
                found[note.stem] = {}
        return found

    def _lock(self, name: str) -> Path:
        return self.folder / f"{name}.lock"
