"""What a request may cost: its size, how many wait, and how long it may take."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import ParameterError
from neuroner_tl.prediction.joint import JointPredictor

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Text that is tagged before it is looked whether that is still wanted.
CHARACTERS_AT_ONCE = 1 << 16
# A client that has gone is noticed after this time.
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Limits:
    """The limits of a service.

    Attributes:
        max_bytes: of the body of a request.
        max_texts: of a request.
        max_characters: of the texts of a request together.
        timeout: seconds in which a request must have arrived, and again in which it must be
            answered.
        workers: requests that are computed at the same time.
        max_waiting: requests that are computed or wait for it.

    Raises:
        ParameterError: one of them is not positive.

    Example::

        Limits(timeout=5, max_texts=100)
    """

    max_bytes: int = 32 << 20  # INCEpTION's documents are seventy times as long as their text.
    max_texts: int = 1000
    max_characters: int = 2_000_000
    timeout: float = 60.0
    workers: int = 2
    max_waiting: int = 64

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise ParameterError(f"{name}: found {value:g}, expected a number above 0")


class Refused(Exception):
    """A request that is not answered; the message is one line for the client.

    Example::

        raise Refused(413, "found 1,001 texts, expected at most 1,000; send fewer")
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class BoundedBodies:
    """A layer around an application that lets no large and no slow body through.

    A body that is too large is read to its end and forgotten: a client that is still sending does
    not see an answer.

    Args:
        application: gets each request with its whole body.
        limits: of the service.

    Example::

        app.add_middleware(BoundedBodies, limits=Limits())
    """

    def __init__(self, application: Any, limits: Limits) -> None:
        self._application = application
        self._limits = limits

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        try:
            body = await asyncio.wait_for(self._body(receive), self._limits.timeout)
        except (asyncio.TimeoutError, Refused) as error:
            refused = error if isinstance(error, Refused) else self._late()
            response = JSONResponse({"error": str(refused)}, refused.status)
            response.headers["connection"] = "close"
            await response(scope, receive, send)
            return
        except ConnectionResetError:
            return  # The client has gone before it had sent everything.
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._application(scope, replay, send)

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError
            part = message.get("body", b"")
            size += len(part)
            if size <= self._limits.max_bytes:
                parts.append(part)
            else:
                parts.clear()
            more = message.get("more_body", False)
        if size > self._limits.max_bytes:
            raise Refused(
                413,
                f"found a body of {size:,} bytes, expected at most {self._limits.max_bytes:,}; "
                "send the texts in several requests",
            )
        return b"".join(parts)

    def _late(self) -> Refused:
        return Refused(
            408,
            f"the request has not arrived in {self._limits.timeout:g} s; send it again, or in "
            "several parts",
        )


class Workers:
    """Threads that tag the texts of requests, a limited number at a time.

    Args:
        tagger: finds the entities; threads share it.
        limits: of the service.

    Example::

        entities = await workers.tag(["Gout is painful."], request.is_disconnected)
    """

    def __init__(self, tagger: JointPredictor, limits: Limits) -> None:
        self._tagger = tagger
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.workers, "tagging")
        self._waiting = 0

    async def tag(
        self, texts: Sequence[str], is_gone: Callable[[], Awaitable[bool]]
    ) -> list[tuple[Entity, ...]]:
        """Return the entities of texts, in their order.

        Args:
            texts: of one request.
            is_gone: tells whether its client has gone.

        Raises:
            Refused: too many texts or requests, no time, or the client has gone.
        """
        limits = self._limits
        for what, found, most in (
            ("texts", len(texts), limits.max_texts),
            ("characters", sum(map(len, texts)), limits.max_characters),
        ):
            if found > most:
                raise Refused(
                    413,
                    f"found {found:,} {what}, expected at most {most:,}; send them in several "
                    "requests",
                )
        if self._waiting >= limits.max_waiting:
            raise Refused(
                503,
                f"{self._waiting} requests wait, which is the limit; send it again later",
            )
        loop, stop = asyncio.get_running_loop(), threading.Event()
        deadline = loop.time() + limits.timeout
        self._waiting += 1
        future = loop.run_in_executor(self._pool, self._tag, texts, stop)
        try:
            while not future.done():
                await asyncio.wait([future], timeout=POLL_SECONDS)
                if future.done():
                    break
                if loop.time() > deadline:
                    raise Refused(
                        503,
                        f"not tagged in {limits.timeout:g} s, which is the limit; send fewer texts "
                        "in a request, or send it again later",
                    )
                if await is_gone():
                    raise Refused(499, "the client has gone")
            return future.result()
        finally:
            stop.set()
            future.cancel()
            self._waiting -= 1

    def close(self) -> None:
        """Wait for the threads, and end them."""
        self._pool.shutdown()

    def _tag(self, texts: Sequence[str], stop: threading.Event) -> list[tuple[Entity, ...]]:
        found: list[tuple[Entity, ...]] = []
        for group in _groups(texts):
            if stop.is_set():
                break
            documents = [Document(str(number), text) for number, text in enumerate(group)]
            found += [document.entities for document in self._tagger.predict(documents)]
        return found


def _groups(texts: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts a limited number of characters at a time."""
    group: list[str] = []
    characters = 0
    for text in texts:
        group.append(text)
        characters += len(text)
        if characters >= CHARACTERS_AT_ONCE:
            yield group
            group, characters = [], 0
    if group:
        yield group
