"""What a model has found in texts, kept for the next build: tagging takes far longer than the rest.

A file for each model holds a line of JSON per text: the sha256 of the text and the marks. Lines are
added; a damaged one, as a power cut may leave, is passed over.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from neuroner_tl.silver.harmonise import Mark

logger = logging.getLogger(__name__)


class RememberedTags:
    """The marks of one model, by text.

    Args:
        path: the file; it need not exist.

    Example::

        tags = RememberedTags(Path("output/.annotators/tags/1a2b.jsonl"))
        marks = tags.get(document.text)  # None if the text has not been tagged
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, list[Mark]] = {}
        for line in path.read_bytes().splitlines() if path.is_file() else []:
            try:
                record = json.loads(line)
                marks = [Mark(int(s), int(e), float(p)) for s, e, p in record["marks"]]
                self._known[str(record["text"])] = marks
            except (ValueError, KeyError, TypeError):
                continue

    def __len__(self) -> int:
        return len(self._known)

    def get(self, text: str) -> Optional[list[Mark]]:
        """Return the marks of a text; None if it has not been tagged."""
        return self._known.get(_digest(text))

    def add(self, tagged: Iterable[tuple[str, list[Mark]]]) -> None:
        """Remember the marks of texts.

        A file that cannot be written costs time in the next build, nothing else.
        """
        lines = []
        for text, marks in tagged:
            self._known[_digest(text)] = marks
            lines.append(json.dumps({"text": _digest(text), "marks": marks}) + "\n")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab", buffering=0) as file:
                # One write, so that two builds at once do not mix their lines.
                file.write("".join(lines).encode("ascii"))
                os.fsync(file.fileno())
        except OSError as error:
            logger.warning("%s: cannot be written: %s", self._path, error.strerror or error)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
