"""The outcome of a command: a text for people, an object for programs, an exit status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """The result of a command.

    Attributes:
        text: what is printed.
        content: what ``--json`` prints, a JSON object; paths may stand in it.
        status: the exit status.
        is_data: whether the text is for programs too, and must not be wrapped.

    Example::

        Outcome("2 documents differ", {"documents": 2}, status=1)
    """

    text: str
    content: Mapping[str, Any]
    status: int = 0
    is_data: bool = False
