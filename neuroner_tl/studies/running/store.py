"""The results of a study: one JSON object a line, a line a run, safe for several writers.

A line is appended under a lock, with one write to a file opened for appending, and is on the disk
before the lock is given up. What a writer that was killed left behind, the beginning of a line, is
cut off by the next one and passed over by readers. Of two records of one run the later counts.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

from neuroner_tl.errors import CorpusError
from neuroner_tl.studies.running.record_form import record_fault
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import lock
from neuroner_tl.system.temporary import naming

FINISHED, FAILED = "finished", "failed"
# The member of a finished run's record that says why its score is 0.
LEARNED_NOTHING = "learned_nothing"
Record = dict[str, Any]


class Store:
    """A file of records.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record; it is there whole or not at all.

        Raises:
            OSError: it cannot be written, because the disk is full, say.
        """
        line = (json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked() as file, naming(self.path):
            end = _end_of_whole_lines(file)
            file.truncate(end)
            try:
                if file.write(line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file.fileno())
            except BaseException:
                file.truncate(end)
                raise

    def records(self) -> dict[str, Record]:
        """The latest record of each run, by identifier, in the order of the first ones.

        Raises:
            CorpusError: a line that is not the last is no record.
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
                    "object with the record of a run; remove the line, and its run is made again"
                )
            found[record["id"]] = record
        return found

    def _lines(self) -> list[bytes]:
        """The whole lines; one that is being written, or was not written to its end, is none."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return []
        return content.split(b"\n")[:-1]

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        """The file, opened for appending, while nobody else writes."""
        with lock(self.path.with_name(f".{self.path.name}.lock")):
            with FileIO(self.path, "a+") as file:
                yield file


def _end_of_whole_lines(file: FileIO) -> int:
    """Where the last line that was written to its end ends."""
    position = file.seek(0, os.SEEK_END)
    while position > 0:
        begin = max(0, position - 65536)
        file.seek(begin)
        found = file.read(position - begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        position = begin
    return 0
