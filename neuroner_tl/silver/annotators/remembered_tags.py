"""What a model has found in texts, kept for the next build: tagging takes far longer than the rest.

A file for each model holds a line of JSON per text: the sha256 of the text and the marks. Lines are
added; a damaged one, as a power cut may leave, is passed over, and its text is tagged again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.system.json_text import parse_json

logger = logging.getLogger(__name__)


class RememberedTags:
    """The marks of one model, by text.

    Args:
        path: the file; it need not exist. One that cannot be read, or has damaged lines, costs
            time and a warning, nothing else.

    Example::

        tags = RememberedTags(Path("output/.annotators/tags/1a2b.jsonl"))
        marks = tags.get(document.text)  # None if the text has not been tagged
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, list[Mark]] = {}
        self._has_warned = False
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            content = b""
            self._warn(f"cannot be read: {error.strerror or error}")
        # What is added begins on a line of its own, even after one that was cut off.
        self._is_cut_off = not content.endswith(b"\n") and bool(content)
        for line in content.splitlines():
            try:
                record = parse_json(line)
                self._known[str(record["text"])] = [_mark(*mark) for mark in record["marks"]]
            except (ValueError, KeyError, TypeError):
                self._warn("found damaged lines")

    def __len__(self) -> int:
        return len(self._known)

    def get(self, text: str) -> Optional[list[Mark]]:
        """Return the marks of a text; None if it has not been tagged, or they do not fit it."""
        marks = self._known.get(_digest(text))
        if marks is None:
            return None
        limits = [0, *(limit for mark in marks for limit in mark[:2]), len(text)]
        if limits != sorted(limits):
            self._warn("found damaged lines")
            del self._known[_digest(text)]
            return None
        return marks

    def add(self, tagged: Iterable[tuple[str, list[Mark]]]) -> None:
        """Remember the marks of texts.

        A file that cannot be written costs time in the next build, nothing else.
        """
        lines = ["\n"] if self._is_cut_off else []
        for text, marks in tagged:
            self._known[_digest(text)] = marks
            lines.append(json.dumps({"text": _digest(text), "marks": marks}) + "\n")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab", buffering=0) as file:
                # One write, so that two builds at once do not mix their lines.
                file.write("".join(lines).encode("ascii"))
                os.fsync(file.fileno())
            self._is_cut_off = False
        except OSError as error:
            logger.warning("%s: cannot be written: %s", self._path, error.strerror or error)

    def _warn(self, fault: str) -> None:
        """Warn that texts are tagged again, once."""
        if not self._has_warned:
            logger.warning("%s: %s; what it lacks is tagged again", self._path, fault)
        self._has_warned = True


def _mark(start: Any, end: Any, probability: Any) -> Mark:
    """Return a mark of a line.

    Raises:
        ValueError: it is none.
    """
    numbers = (start, end, probability)
    if any(type(number) not in (int, float) for number in numbers):
        raise ValueError(f"{numbers} are not numbers")
    if not (type(start) is type(end) is int and start < end and 0 <= probability <= 1):
        raise ValueError(f"{numbers} are no mark")
    return Mark(start, end, float(probability))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
