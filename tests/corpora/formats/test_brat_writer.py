"""Pairs of files appear whole, and are synced together."""

import os
import subprocess
import sys

import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats import brat_writer
from neuroner_tl.corpora.formats.brat import read_brat_document
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.system import atomic_file


def documents(number, text="Flu and cold"):
    return [Document(f"d{n}", text, (Entity("DISO", ((0, 3),), text[:3]),)) for n in range(number)]


def write(folder, number, text="Flu and cold", **options):
    with BratWriter(folder, **options) as writer:
        for document in documents(number, text):
            writer.add(document)


@pytest.fixture
def synced(monkeypatch):
    """The calls that wait for the disk."""
    calls = []
    fsync, syncfs = os.fsync, atomic_file._syncfs
    monkeypatch.setattr(os, "fsync", lambda d: calls.append("fsync") or fsync(d))
    if syncfs is not None:
        monkeypatch.setattr(atomic_file, "_syncfs", lambda d: calls.append("all") or syncfs(d))
    return calls


@pytest.mark.skipif(atomic_file._syncfs is None, reason="this system syncs file by file")
def test_many_documents_are_synced_at_once(tmp_path, synced):
    write(tmp_path, 50)
    assert synced == ["all", "fsync"]  # All files, then the names in the folder.
    assert len(list(tmp_path.iterdir())) == 100


def test_without_syncfs_every_file_is_synced(tmp_path, synced, monkeypatch):
    monkeypatch.setattr(atomic_file, "_syncfs", None)
    write(tmp_path, 3)
    assert synced == ["fsync"] * 7


def test_a_long_job_shows_what_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(brat_writer, "DOCUMENTS_AT_ONCE", 2)
    with BratWriter(tmp_path) as writer:
        for number, document in enumerate(documents(5)):
            writer.add(document)
            assert len(list(tmp_path.glob("*.ann"))) == 2 * ((number + 1) // 2)
    assert len(list(tmp_path.glob("*.ann"))) == 5


def test_a_text_that_begins_with_a_byte_order_mark_is_read_back(tmp_path):
    """A reader takes the first one for the signature of the file; offsets count the second."""
    written = documents(1, "\ufeffFlu and cold")[0]
    with BratWriter(tmp_path) as writer:
        writer.add(written)
    assert read_brat_document(tmp_path / "d0.txt", ImportReport()) == written


def test_an_interruption_keeps_finished_documents(tmp_path):
    with pytest.raises(KeyboardInterrupt), BratWriter(tmp_path) as writer:
        writer.add(documents(1)[0])
        raise KeyboardInterrupt
    assert sorted(path.name for path in tmp_path.iterdir()) == ["d0.ann", "d0.txt"]


KILLED = """
import os, sys
from pathlib import Path
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.corpora.document import Document, Entity
left = [int(sys.argv[2])]
def dying(original):
    def call(*arguments, **named):
        if not left[0]:
            os._exit(9)
        left[0] -= 1
        return original(*arguments, **named)
    return call
os.replace, Path.write_bytes = dying(os.replace), dying(Path.write_bytes)
Path.unlink = dying(Path.unlink)
text = "New text of which nothing is known"
with BratWriter(Path(sys.argv[1])) as writer:
    for number in range(2):
        writer.add(Document(f"d{number}", text, (Entity("DISO", ((4, 8),), "text"),)))
"""


@pytest.mark.parametrize("moment", range(3, 11))
def test_killed_at_any_moment(tmp_path, moment):
    """No text stands beside no annotations, or beside those of another text."""
    write(tmp_path, 1)  # d0 is there, with an older text; d1 is new.
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(moment)]
    code = subprocess.run(command, env={**os.environ}, timeout=60).returncode
    assert code == (9 if moment < 10 else 0)
    report = ImportReport()
    for path in tmp_path.glob("*.txt"):
        assert len(read_brat_document(path, report).entities) == 1
    assert not report.by_reason
    # The next run makes it whole, and removes what the dead process left.
    write(tmp_path, 2)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["d0.ann", "d0.txt", "d1.ann", "d1.txt"]
