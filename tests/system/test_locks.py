import multiprocessing
import threading
import time

import pytest

from neuroner_tl.system import locks
from neuroner_tl.system.locks import is_locked, lock

SPAWN = multiprocessing.get_context("spawn")


def hold(path, connection):
    with lock(path, wait=0) as held:
        connection.send(held)
        connection.recv()


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock `held`; its pipe lets it go."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=hold, args=(tmp_path / "held", theirs))
    process.start()
    assert ours.recv() is True
    yield process, ours
    process.kill()
    process.join()


def test_a_lock_is_held_by_one_process_and_released_when_it_ends(tmp_path, holder):
    path = tmp_path / "held"
    process, _ = holder
    assert is_locked(path)
    with lock(path, wait=0.05) as held:
        assert not held
    process.kill()
    process.join()
    assert not is_locked(path)
    with lock(path, wait=0) as held:
        assert held


def test_waiting_ends_when_the_lock_is_released(tmp_path, holder):
    _, pipe = holder
    threading.Timer(0.1, pipe.send, args=("let go",)).start()
    with lock(tmp_path / "held") as held:
        assert held


def test_two_locks_of_one_path_in_a_process(tmp_path):
    with lock(tmp_path / "a", wait=0) as first, lock(tmp_path / "a", wait=0) as second:
        assert first and not second
        assert is_locked(tmp_path / "a")
    assert not is_locked(tmp_path / "a")


def test_an_error_in_the_block_releases_the_lock(tmp_path):
    with pytest.raises(ValueError, match="in the block"), lock(tmp_path / "a"):
        raise ValueError("in the block")
    assert not is_locked(tmp_path / "a")


def test_the_lock_is_released_though_its_object_lives_on(tmp_path, monkeypatch):
    kept = []

    class Kept(locks.FileLock):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            kept.append(self)

    monkeypatch.setattr(locks, "FileLock", Kept)
    with lock(tmp_path / "a"):
        pass
    assert kept and not any(each.is_locked for each in kept)


def test_checking_creates_no_file_and_checkers_do_not_interfere(tmp_path):
    path = tmp_path / "a"
    assert not is_locked(path)
    assert not path.exists()
    path.touch()
    seen = []
    end = time.monotonic() + 0.3

    def look():
        while time.monotonic() < end:
            seen.append(is_locked(path))
            time.sleep(0.001)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    for looker in lookers:
        looker.join()
    assert len(seen) > 10 and not any(seen)


def test_the_folder_is_made_and_one_that_cannot_be_is_an_error(tmp_path):
    with lock(tmp_path / "new" / "a", wait=0) as held:
        assert held
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), lock(tmp_path / "file" / "a", wait=0):
        pass


def test_a_file_system_without_locks_is_an_error_of_the_operating_system(tmp_path, monkeypatch):
    class NoLocks:
        def __init__(self, path, timeout):
            pass

        def acquire(self, poll_interval):
            raise NotImplementedError("FileSystem does not appear to support flock")

    monkeypatch.setattr(locks, "FileLock", NoLocks)
    with pytest.raises(OSError, match="[Nn]o locks"), lock(tmp_path / "a"):
        pass
    (tmp_path / "a").touch()
    assert is_locked(tmp_path / "a")
