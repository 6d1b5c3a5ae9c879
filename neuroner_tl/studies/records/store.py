"""The results of a study: a JSON object per line, a line per run, safe for several writers.

A line is appended under a lock, with one write to a file opened for appending, and is on the disk
before the lock is released. The partial line that a killed writer leaves behind is cut off by the
next writer and ignored by readers. Of two records of one run the later counts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from neuroner_tl.errors import CorpusError
from neuroner_tl.studies.records.record_form import record_fault
from neuroner_tl.system.atomic_file import append_whole
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import lock
from neuroner_tl.system.write_errors import naming

FINISHED, FAILED = "finished", "failed"
# Of a trial that was ended early.
PRUNED = "pruned"
# The member of a finished run's record that says why its score is 0.
LEARNED_NOTHING = "learned_nothing"
Record = dict[str, Any]


class Store:
    """A file of records.

    Args:
        path: the file; it need not exist.

    Example::

        store = Store(Path("output/my_study/runs.jsonl"))
        store.append(record)
        store.records()[record["id"]]
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record, whole or not at all.

        Raises:
            OSError: it cannot be written, for example since the disk is full.
        """
        line = (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked() as file, naming(self.path):
            file.truncate(_end_of_whole_lines(file))
            append_whole(file, line)

    def records(self) -> dict[str, Record]:
        """Return the latest record of each run, by identifier, in the order of the first ones.

        Raises:
            CorpusError: a line other than the last is not a record.
        """
        found: dict[str, Record] = {}
        for number, line in enumerate(self._lines(), 1):
            try:
                record = parse_json(line)
                fault = record_fault(record)
            except ValueError as error:
                fault = f"not JSON, {error}"
            if fault:
                raise CorpusError(
                    f"{self.path}:{number}: found {line[:40]!r} ({fault}), expected one JSON "
                    "object with the record of a run; remove the line, and its run is repeated"
                )
            found[record["id"]] = record
        return found

    def _lines(self) -> list[bytes]:
        """Return the complete lines; an incomplete last line is left out."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return content.split(b"\n")[:-1]

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        """Yield the file, opened for appending, while no other process writes."""
        with lock(self.path.with_name(f".{self.path.name}.lock")):
            with FileIO(self.path, "a+") as file:
                yield file


def _end_of_whole_lines(file: FileIO) -> int:
    """Return the end of the last complete line."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        begin = max(0, position - 65536)
        file.seek(begin)
        found = file.read(position - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        position = begin
    return 0
