import io
import json
import multiprocessing
import os
import signal
import threading
import time

import pytest

from neuroner_tl.errors import CorpusError
from neuroner_tl.studies.records import store as store_module
from neuroner_tl.studies.records.claims import Claims
from neuroner_tl.studies.records.store import Store
from neuroner_tl.system.locks import lock

SPAWN = multiprocessing.get_context("spawn")


def write_many(path, writer, number):
    store = Store(path)
    for index in range(number):
        store.append({"id": f"{writer}-{index}", "text": "ä" * 5000})


def write_for_ever(path):
    store = Store(path)
    for index in range(10**6):
        store.append({"id": str(index), "text": "x" * 200_000})


def hold(folder, connection):
    with Claims(folder).claim("run") as mine:
        connection.send(mine)
        time.sleep(60)


def test_a_process_that_only_checks_does_not_prevent_a_claim(tmp_path):
    claims = Claims(tmp_path)
    checking, checked = threading.Event(), threading.Event()

    def check():
        with lock(tmp_path / "run.lock"):  # What `is_locked` does, for longer.
            checking.set()
            checked.wait(0.05)

    checker = threading.Thread(target=check)
    checker.start()
    checking.wait()
    with claims.claim("run") as mine:
        assert mine
    checker.join()


def test_records_come_back_in_order_and_the_later_of_two_counts(tmp_path):
    store = Store(tmp_path / "new" / "runs.jsonl")
    assert store.records() == {}
    for record in ({"id": "a", "n": 1}, {"id": "b", "n": 2}, {"id": "a", "n": 3}):
        store.append(record)
    assert list(store.records().items()) == [("a", {"id": "a", "n": 3}), ("b", {"id": "b", "n": 2})]
    assert len((tmp_path / "new" / "runs.jsonl").read_text().splitlines()) == 3


def test_writers_at_the_same_time_lose_nothing(tmp_path):
    path = tmp_path / "runs.jsonl"
    writers = [SPAWN.Process(target=write_many, args=(path, name, 60)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    records = Store(path).records()
    assert len(records) == 180 and all(len(r["text"]) == 5000 for r in records.values())


def test_the_partial_line_of_a_killed_writer_is_ignored_and_cut_off(tmp_path):
    path = tmp_path / "runs.jsonl"
    store = Store(path)
    store.append({"id": "a"})
    whole = path.read_bytes()
    for torn in (b'{"id": "b", "te', b"\x00" * 5, b"x" * 200_000):
        path.write_bytes(whole + torn)
        assert list(store.records()) == ["a"]
    store.append({"id": "c"})
    assert path.read_bytes() == whole + b'{"id": "c"}\n'


def test_a_store_that_holds_only_a_torn_line(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_bytes(b'{"id"')
    Store(path).append({"id": "a"})
    assert list(Store(path).records()) == ["a"]


def test_a_writer_is_killed_in_the_middle(tmp_path):
    path = tmp_path / "runs.jsonl"
    for _ in range(3):
        before = len(Store(path).records())
        writer = SPAWN.Process(target=write_for_ever, args=(path,))
        writer.start()
        while len(Store(path).records()) <= before and writer.is_alive():
            time.sleep(0.02)
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        Store(path).append({"id": f"after {before}"})
        assert all(json.loads(line) for line in path.read_text().splitlines())


def test_a_damaged_line_is_an_error_with_its_number(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text('{"id": "a"}\n{"no": 1}\n')
    with pytest.raises(CorpusError, match=r"runs.jsonl:2: .*remove the line"):
        Store(path).records()


def test_a_record_that_does_not_fit_leaves_nothing(tmp_path, monkeypatch):
    store = Store(tmp_path / "runs.jsonl")
    store.append({"id": "a"})
    before = store.path.read_bytes()

    class FullDisk(io.FileIO):
        def write(self, data):
            return super().write(data[:5])

    monkeypatch.setattr(store_module, "FileIO", FullDisk)
    with pytest.raises(OSError, match="No space left.*runs.jsonl"):
        store.append({"id": "b"})
    assert store.path.read_bytes() == before


def test_a_claim_is_held_by_one_process_and_released_when_it_is_killed(tmp_path):
    claims = Claims(tmp_path / "claims")
    assert claims.holders() == {}
    ours, theirs = SPAWN.Pipe()
    holder = SPAWN.Process(target=hold, args=(claims.folder, theirs))
    holder.start()
    assert ours.recv() is True
    with claims.claim("run") as mine:
        assert not mine
    with claims.claim("another") as mine:
        assert mine
    (who,) = claims.holders().values()
    assert who["process"] == holder.pid and who["since"] <= time.time()
    holder.kill()
    holder.join()
    assert claims.holders() == {}
    with claims.claim("run") as mine:
        assert mine
