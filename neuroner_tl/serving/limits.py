"""What a request may cost: its size, how many wait, and how long it may take; large bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

from neuroner_tl.errors import ParameterError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """The limits of a service.

    Attributes:
        max_bytes: of the body of a request.
        max_texts: of a request.
        max_characters: of the texts of a request together.
        timeout: seconds in which a request must have arrived, and again in which it must be
            answered.
        workers: threads that compute; each takes the requests that wait together.
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
