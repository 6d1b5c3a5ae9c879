"""Threads that tag the texts of requests: what waits is tagged together, no request for long.

A network reads sixty sentences side by side in little more time than eight, so a thread takes the
texts of all requests that wait, a limited number of characters; of a long request it takes a part,
and the request then waits behind the others. What is found in a text does not depend on others.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.serving.limits import Limits, Refused

# Text that is tagged together, and before it is looked whether that is still wanted.
CHARACTERS_AT_ONCE = 1 << 16
# A client that has gone is noticed after this time.
POLL_SECONDS = 0.2

Entities = tuple[Entity, ...]


class _Request:
    """Texts that wait, and what is found in those before them."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.waiting = deque(texts)
        self.found: list[Entities] = []
        self.answer: Future[list[Entities]] = Future()
        self.answer.set_running_or_notify_cancel()
        self.is_dropped = False


class Workers:
    """Threads that tag the texts of requests.

    Args:
        tagger: finds the entities; threads share it.
        limits: of the service.

    Example::

        entities = await workers.tag(["Gout is painful."], request.is_disconnected)
    """

    def __init__(self, tagger: JointPredictor, limits: Limits) -> None:
        self._tagger = tagger
        self._limits = limits
        self._requests: deque[_Request] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._waiting = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"tagging {number}", daemon=True)
            for number in range(limits.workers)
        ]
        for thread in self._threads:
            thread.start()

    async def tag(
        self, texts: Sequence[str], is_gone: Callable[[], Awaitable[bool]]
    ) -> list[Entities]:
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
        loop = asyncio.get_running_loop()
        deadline = loop.time() + limits.timeout
        request = _Request(texts)
        self._waiting += 1
        try:
            self._put(request)
            answer = asyncio.wrap_future(request.answer)
            while not answer.done():
                await asyncio.wait([answer], timeout=POLL_SECONDS)
                if answer.done():
                    break
                if loop.time() > deadline:
                    raise Refused(
                        503,
                        f"not tagged in {limits.timeout:g} s, which is the limit; send fewer texts "
                        "in a request, or send it again later",
                    )
                if await is_gone():
                    raise Refused(499, "the client has gone")
            return answer.result()
        finally:
            request.is_dropped = True
            self._waiting -= 1

    def close(self) -> None:
        """End the threads, once they have answered what waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _put(self, request: _Request) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._requests and not self._is_closed:
                    self._changed.wait()
                if not self._requests:
                    return
                taken = self._take()
            self._answer(taken)

    def _take(self) -> list[tuple[_Request, list[str]]]:
        """Return texts to be tagged now, each request's its first ones that wait.

        A text with which they would be too many is left for the next time.
        """
        taken = []
        characters = 0
        while self._requests:
            request = self._requests[0]
            texts: list[str] = []
            while request.waiting and not request.is_dropped:
                size = len(request.waiting[0])
                if characters and characters + size > CHARACTERS_AT_ONCE:
                    break
                texts.append(request.waiting.popleft())
                characters += size
            is_full = bool(request.waiting) and not request.is_dropped
            if texts or not is_full:
                self._requests.popleft()
                if not request.is_dropped:
                    taken.append((request, texts))
            if is_full:
                break
        return taken

    def _answer(self, taken: Sequence[tuple[_Request, list[str]]]) -> None:
        documents = [
            Document(str(number), text)
            for number, text in enumerate(text for _, texts in taken for text in texts)
        ]
        try:
            found = [document.entities for document in self._tagger.predict(documents)]
        except Exception as error:
            if len(taken) == 1:
                taken[0][0].answer.set_exception(error)
            else:  # The others are not to blame.
                for one in taken:
                    self._answer([one])
            return
        start = 0
        for request, texts in taken:
            request.found += found[start : start + len(texts)]
            start += len(texts)
            if request.waiting:
                self._put(request)
            else:
                request.answer.set_result(request.found)
