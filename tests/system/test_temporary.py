"""Temporary names, what killed processes leave behind, and disks that are full."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from neuroner_tl.system import atomic_file, temporary
from neuroner_tl.system.atomic_file import write_atomically
from neuroner_tl.system.temporary import (
    remove_leftovers,
    remove_leftovers_of,
    replace_folder,
    temporary_folder,
    temporary_path,
)
from neuroner_tl.system.write_errors import is_disk_full, naming, write_fault

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from neuroner_tl.system import temporary
target = Path(sys.argv[1])
{body}
print("ready", flush=True)
signal.pause()
"""


def killed_process(target, body):
    """Run a few lines in a process and kill it; return its id."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(body=body), str(target)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout.readline() == b"ready\n"
    process.kill()
    assert process.wait() == -signal.SIGKILL
    return process.pid


def dead_name(target, kind="tmp"):
    """A temporary name of a process that is no more: this one's, with another start."""
    name = temporary_path(target, kind).name
    host, pid, start, number = name.rsplit(".", 2)[1].split("-")
    return target.with_name(
        name.replace(f"{host}-{pid}-{start}-", f"{host}-{pid}-{int(start) - 1}-")
    )


def full_disk(monkeypatch, after=0):
    """Let every fsync after the first few fail as on a full disk."""
    calls = []
    real = os.fsync

    def fsync(descriptor):
        calls.append(descriptor)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


class TestLeftovers:
    def test_a_killed_process_leaves_a_folder_that_the_next_one_removes(self, tmp_path):
        body = "c = temporary.temporary_folder(target); f = c.__enter__(); (f / 'x').touch()"
        killed_process(tmp_path / "corpus", body)
        (left,) = tmp_path.iterdir()
        assert (left / "x").exists()
        with temporary_folder(tmp_path / "corpus") as folder:
            assert list(tmp_path.iterdir()) == [folder]
        assert not list(tmp_path.iterdir())

    def test_a_killed_replacement_is_undone(self, tmp_path):
        """Killed between the two renamings, the former folder is the only whole one."""
        target = tmp_path / "corpus"
        body = (
            "target.mkdir(); (target / 'former').touch(); new = temporary.temporary_path(target);"
            "new.mkdir(); os.replace(target, temporary.temporary_path(target, 'old'))"
        )
        killed_process(target, body)
        assert not target.exists()
        remove_leftovers_of(target)
        assert list(tmp_path.iterdir()) == [target]
        assert (target / "former").exists()

    def test_files_of_a_running_process_are_kept(self, tmp_path):
        mine = temporary_path(tmp_path / "corpus")
        mine.mkdir()
        (tmp_path / "notes.tmp").touch()
        (tmp_path / ".corpus.123.tmp").touch()
        remove_leftovers_of(tmp_path / "corpus")
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 3

    def test_another_process_with_the_same_pid(self, tmp_path):
        dead_name(tmp_path / "corpus").mkdir()
        remove_leftovers_of(tmp_path / "corpus")
        assert not list(tmp_path.iterdir())

    def test_leftovers_of_another_target_are_kept(self, tmp_path):
        other = dead_name(tmp_path / "corpus.v2")
        other.mkdir()
        remove_leftovers_of(tmp_path / "corpus")
        assert other.is_dir()
        remove_leftovers_of(tmp_path / "corpus.v2")
        assert not other.exists()

    def test_files_of_another_machine_are_kept_for_a_day(self, tmp_path, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(temporary, "_host", lambda: "0123abcd")
            new, old = temporary_path(tmp_path / "a"), temporary_path(tmp_path / "a")
        for path in (new, old):
            path.touch()
        os.utime(old, (time.time() - 90000,) * 2)
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == [new]

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these namespaces")
    def test_files_of_another_container_are_kept(self, tmp_path, monkeypatch):
        """It may have the same name as this machine, but its processes have their own numbers."""
        with monkeypatch.context() as patch:
            patch.setattr(temporary, "_host", temporary._host.__wrapped__)
            patch.setattr(os, "readlink", lambda path: "pid:[1]")
            left = dead_name(tmp_path / "x")
        left.touch()
        remove_leftovers(tmp_path)
        assert left.exists()

    def test_the_first_file_of_a_process_clears_the_folder(self, tmp_path, monkeypatch):
        monkeypatch.setattr(atomic_file, "_cleared", set())
        dead_name(tmp_path / "results.json").touch()
        write_atomically(tmp_path / "other", b"x")
        assert [path.name for path in tmp_path.iterdir()] == ["other"]

    def test_names_are_short_enough_and_never_the_same(self, tmp_path):
        names = []
        target = tmp_path / ("\u00e9" * 127)

        def draw():
            names.extend(temporary_path(target).name for _ in range(200))

        threads = [threading.Thread(target=draw) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(names)) == 800
        assert max(len(name.encode()) for name in names) <= 255
        write_atomically(target, b"x")
        assert target.read_bytes() == b"x"


def test_a_folder_that_cannot_be_put_in_place_leaves_the_former_one(tmp_path):
    target = tmp_path / "corpus"
    target.mkdir()
    (target / "former").touch()
    with pytest.raises(FileNotFoundError):
        replace_folder(tmp_path / "nothing", target)
    assert (target / "former").exists()
    assert list(tmp_path.iterdir()) == [target]


class TestFullDisk:
    def test_the_error_names_the_file_and_leaves_it_as_it_was(self, tmp_path, monkeypatch):
        path = tmp_path / "results.json"
        path.write_bytes(b"former")
        full_disk(monkeypatch)
        with pytest.raises(OSError) as caught:
            write_atomically(path, b"new")
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == str(path)
        assert list(tmp_path.iterdir()) == [path]
        assert path.read_bytes() == b"former"

    def test_an_error_that_has_a_name_keeps_it(self, tmp_path):
        with pytest.raises(FileNotFoundError) as caught, naming(tmp_path / "a"):
            open(tmp_path / "nothing")
        assert caught.value.filename == str(tmp_path / "nothing")

    def test_a_full_disk_is_recognised_behind_other_errors(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        outer = ValueError("x")
        outer.__cause__ = full
        assert is_disk_full(full) and is_disk_full(outer)
        assert not is_disk_full(ValueError()) and not is_disk_full(PermissionError(13, "no"))
        assert "free some space" in write_fault(full)
        assert "is writable" in write_fault(PermissionError(13, "no"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_device_or_pipe_is_not_replaced(tmp_path):
    """A pipe stands for /dev/null, which is gone for all programs once a file has its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path / "link"):
        if path != pipe:
            path.symlink_to(pipe)
        with pytest.raises(OSError, match="found a device or a pipe") as caught:
            write_atomically(path, b"new")
        assert caught.value.filename == str(path)
        assert "choose another path" in write_fault(caught.value)
    assert pipe.is_fifo() and (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2
