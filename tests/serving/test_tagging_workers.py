"""Requests that wait are tagged together, and none keeps the others waiting."""

import asyncio
import threading

import pytest
from finds_gout import Fake

pytest.importorskip("starlette", reason="the service is an extra; pip install '.[serve]'")

from neuroner_tl.serving import tagging_workers as workers_module  # noqa: E402
from neuroner_tl.serving.limits import Limits  # noqa: E402
from neuroner_tl.serving.tagging_workers import Workers  # noqa: E402


def test_requests_that_wait_are_tagged_together():
    """Each gets what is its own, and one that cannot be tagged does not affect the others."""
    calls = []
    is_busy, goes_on = threading.Event(), threading.Event()

    class Slow(Fake):
        def predict(self, documents):
            documents = list(documents)
            calls.append([document.text for document in documents])
            if len(calls) == 1:
                is_busy.set()
                goes_on.wait(20)
            if any("bad" in document.text for document in documents):
                raise OverflowError("too long")
            return super().predict(documents)

    async def never():
        return False

    async def main_part():
        workers = Workers(Slow(), Limits(workers=1))
        first = asyncio.ensure_future(workers.tag(["first gout"], never))
        await asyncio.to_thread(is_busy.wait, 20)
        rest = [["gout", "no"], ["bad"], ["a gout"], []]
        others = [asyncio.ensure_future(workers.tag(texts, never)) for texts in rest]
        await asyncio.sleep(0.05)
        goes_on.set()
        found = await asyncio.gather(first, *others, return_exceptions=True)
        workers.close()
        return found

    first, two, bad, one, none = asyncio.run(main_part())
    assert calls[0] == ["first gout"] and calls[1] == ["gout", "no", "bad", "a gout"]
    assert [[e.start for e in entities] for entities in (*first, *two, *one)] == [[6], [0], [], [2]]
    assert isinstance(bad, OverflowError) and none == []


def test_a_long_request_does_not_keep_others_waiting(monkeypatch):
    monkeypatch.setattr(workers_module, "CHARACTERS_AT_ONCE", 1)

    async def never():
        return False

    async def main_part():
        workers = Workers(Fake(seconds=0.01), Limits(workers=1))
        long = asyncio.ensure_future(workers.tag(["gout"] * 50, never))
        await asyncio.sleep(0)
        await workers.tag(["gout"], never)
        was_done = long.done()
        assert len(await long) == 50
        workers.close()
        return was_done

    assert not asyncio.run(main_part())


def test_a_long_text_is_tagged_alone(monkeypatch):
    """The answer to a short one that came before it does not wait for it."""
    monkeypatch.setattr(workers_module, "CHARACTERS_AT_ONCE", 10)
    calls = []
    is_busy, continues = threading.Event(), threading.Event()

    class Slow(Fake):
        def predict(self, documents):
            calls.append([document.text for document in documents])
            is_busy.set()
            continues.wait(20)
            return super().predict(documents)

    async def never():
        return False

    async def main_part():
        workers = Workers(Slow(), Limits(workers=1))
        first = asyncio.ensure_future(workers.tag(["first"], never))
        await asyncio.to_thread(is_busy.wait, 20)
        rest = [["gout"], ["no", "long " * 9, "b"], ["a gout"], [], ["c"]]
        others = [asyncio.ensure_future(workers.tag(texts, never)) for texts in rest]
        await asyncio.sleep(0.05)
        continues.set()
        found = await asyncio.gather(first, *others)
        workers.close()
        return found

    found = asyncio.run(main_part())
    assert calls == [["first"], ["gout", "no"], ["a gout", "c"], ["long " * 9], ["b"]]
    assert [len(entities) for entities in found] == [1, 1, 3, 1, 0, 1]
    assert [entity.start for entity in found[3][0]] == [2]
