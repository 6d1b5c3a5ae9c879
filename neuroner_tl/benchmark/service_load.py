"""How a service that is running answers several clients at once: requests per second, latencies."""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlsplit

from neuroner_tl.benchmark.texts import first_documents
from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.system.paths import StrPath

CLIENTS = (1, 8, 32)
TEXTS = 500
OK = 200
PERCENTILE = 99


@dataclass
class Load:
    """What a number of clients got from a service.

    Attributes:
        clients: how many sent requests at the same time, each the next one after an answer.
        seconds: time on the clock.
        latencies: seconds from request to answer, of the requests that were answered.
        characters: length of the texts that were answered.
        refused: how many requests were answered with each other HTTP status; 0 stands for none.

    Example:
        >>> Load(8, 2.0, [0.1] * 100, 50_000).requests_per_second
        50.0
    """

    clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    characters: int = 0
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def requests_per_second(self) -> float:
        """Answered requests per second."""
        return len(self.latencies) / max(self.seconds, 1e-9)

    @property
    def median(self) -> float:
        """Median latency, in seconds; NaN without answers."""
        return statistics.median(self.latencies) if self.latencies else float("nan")

    @property
    def slow(self) -> float:
        """The latency that 99 % of the answers do not exceed, in seconds; NaN without answers."""
        ordered = sorted(self.latencies)
        return ordered[(len(ordered) * PERCENTILE - 1) // 100] if ordered else float("nan")

    def content(self) -> dict[str, Any]:
        """Return the figures, for JSON."""
        return {
            "clients": self.clients,
            "requests": len(self.latencies),
            "requests_per_second": self.requests_per_second,
            "characters_per_second": self.characters / max(self.seconds, 1e-9),
            "median_seconds": self.median,
            "slow_seconds": self.slow,
            "refused": dict(self.refused),
        }


def load_text(loads: Sequence[Load], width: Optional[int] = None) -> str:
    """Return a table with a row for each number of clients."""
    rows = [
        [
            str(load.clients),
            str(len(load.latencies)),
            f"{load.requests_per_second:.1f}",
            f"{load.characters / max(load.seconds, 1e-9):,.0f}",
            f"{1000 * load.median:.0f}",
            f"{1000 * load.slow:.0f}",
            ", ".join(f"{n} x {status or 'none'}" for status, n in sorted(load.refused.items()))
            or "-",
        ]
        for load in loads
    ]
    columns = ["clients", "answers", "per s", "characters/s", "median ms", "99 % ms", "refused"]
    return "\n".join(table_lines(columns, rows, [True] * 6 + [False], width=width, rule=True))


def measure_service(
    address: str,
    source: StrPath,
    *,
    clients: Sequence[int] = CLIENTS,
    seconds: float = 10.0,
    timeout: float = 120.0,
) -> list[Load]:
    """Measure how a service that is running answers texts, one a request.

    Args:
        address: such as ``http://127.0.0.1:8000``.
        source: a file or a folder of files of texts, see `find_sources`; the first 500 are sent,
            again and again.
        clients: how many send at the same time, one measurement each.
        seconds: of each measurement.
        timeout: seconds that a client waits for an answer.

    Raises:
        CorpusError: there is nothing to read.
        NeuroNERError: no service answers there.
        ParameterError: a number is out of range, or the address is none.
    """
    place = _place(address)
    if not clients or min(clients) < 1:
        raise ParameterError(f"clients: found {list(clients)}, expected numbers of at least 1")
    if not seconds > 0:
        raise ParameterError(f"seconds: found {seconds:g}, expected a number above 0")
    texts = [document.text for _, document in first_documents(source, TEXTS)]
    try:
        status, _ = _post(http.client.HTTPConnection(*place, timeout=timeout), texts[0])
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        reason = " ".join(str(error).split())
        raise NeuroNERError(
            f"{address}: no service answers ({reason}); start one: neuroner-tl serve --model DIR"
        ) from None
    if status != OK:
        raise NeuroNERError(f"{address}: answered the first text with HTTP status {status}")
    return [_load(place, texts, number, seconds, timeout) for number in clients]


def _place(address: str) -> tuple[str, int]:
    """Return the host and the port of an address."""
    try:
        parts = urlsplit(address)
        if parts.scheme == "http" and parts.hostname:
            return parts.hostname, parts.port or 80
    except ValueError:
        pass  # The port is not a number, or out of range, or a bracket is not closed.
    raise ParameterError(
        f"{address}: is no address of a service, expected such as http://127.0.0.1:8000"
    )


def _load(
    place: tuple[str, int], texts: Sequence[str], clients: int, seconds: float, timeout: float
) -> Load:
    load, lock = Load(clients), threading.Lock()
    numbers = itertools.count()
    begin = time.monotonic()

    def send() -> None:
        for answered, took, length in _answers(place, texts, numbers, begin + seconds, timeout):
            with lock:
                if answered == OK:
                    load.latencies.append(took)
                    load.characters += length
                else:
                    load.refused[answered] += 1

    threads = [threading.Thread(target=send) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load.seconds = time.monotonic() - begin
    return load


def _answers(
    place: tuple[str, int],
    texts: Sequence[str],
    numbers: Iterator[int],
    end: float,
    timeout: float,
) -> Iterator[tuple[int, float, int]]:
    """Yield the HTTP status of one request after the other, its seconds, its text's length."""
    connection = http.client.HTTPConnection(*place, timeout=timeout)
    while time.monotonic() < end:
        text = texts[next(numbers) % len(texts)]
        start = time.monotonic()
        try:
            status, _ = _post(connection, text)
        except (OSError, http.client.HTTPException):
            status = 0
            connection.close()
        yield status, time.monotonic() - start, len(text)
    connection.close()


def _post(connection: http.client.HTTPConnection, text: str) -> tuple[int, bytes]:
    body = json.dumps({"text": text}).encode("utf-8")
    connection.request("POST", "/tag", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.read()
