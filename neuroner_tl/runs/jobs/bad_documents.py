"""Documents that cannot be used: reported in a file of their own, while the others are tagged."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.corpora.sources import Source
from neuroner_tl.errors import CorpusError, NeuroNERError

logger = logging.getLogger(__name__)

# Later ones stand in the file alone.
_LOGGED = 10
_LONGEST_LINE = 1 << 20


class BadDocuments:
    """The documents of a job that cannot be used.

    Args:
        path: the file, JSON lines with ``source`` and ``error``; None for none.

    Attributes:
        number: how many there are.
        first: the first error.
        lines: the lines of the file.

    Example::

        bad = BadDocuments(Path("found.errors.jsonl"))
        report = ImportReport(bad=functools.partial(bad.add, source))
    """

    def __init__(self, path: Optional[Path]) -> None:
        self.path = path
        self.number = 0
        self.first: Optional[NeuroNERError] = None
        self.lines: list[str] = []

    def add(self, source: Source, error: NeuroNERError) -> None:
        """Note a document, or the rest of a file."""
        self.number += 1
        self.first = self.first or error
        if self.number <= _LOGGED or self.path is None:
            logger.warning("left out: %s", error)
        if self.path is not None:
            record = {"source": str(source.path), "error": str(error)}
            self.lines.append(json.dumps(record) + "\n")

    def take(self, lines: Sequence[str]) -> None:
        """Add the documents of a job that another process did, from its `lines`."""
        for line in lines:
            record = json.loads(line)
            self.add(Source(Path(record["source"]), ""), CorpusError(record["error"]))

    def write(self) -> None:
        """Write the file, or remove that of an earlier job if there is nothing to report.

        Raises:
            CorpusError: it cannot be written.
        """
        if self.path is None:
            return
        if self.lines:
            write_text_atomically(self.path, "".join(self.lines))
        elif _is_a_list(self.path):
            self.path.unlink()


def _is_a_list(path: Path) -> bool:
    """Tell whether a file is a list of bad documents, and not one that was named by mistake."""
    try:
        with open(path, encoding="utf-8") as file:
            return set(json.loads(file.readline(_LONGEST_LINE))) == {"source", "error"}
    except (OSError, ValueError, TypeError):
        return False
