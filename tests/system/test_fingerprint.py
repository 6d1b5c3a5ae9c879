"""The digest of a large file is made once, and made again when the file changes."""

import hashlib
import os

import pytest

from neuroner_tl.system import fingerprint
from neuroner_tl.system.fingerprint import content_digest, files_digest


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "_SETTLED_NS", -(10**12))  # Files of a test are new.
    path = tmp_path / "vectors.bin"
    path.write_bytes(b"one")
    return path


@pytest.fixture
def readings(monkeypatch):
    made = []
    original = fingerprint.file_digest
    monkeypatch.setattr(fingerprint, "file_digest", lambda f: made.append(f.name) or original(f))
    return made


def test_it_is_read_once(file, tmp_path, readings):
    memory = tmp_path / "cache" / "digests.json"
    expected = hashlib.sha256(b"one").hexdigest()
    assert [content_digest(file, memory) for _ in range(3)] == [expected] * 3
    fingerprint._known.clear()  # As another process would begin.
    assert content_digest(file, memory) == expected
    assert len(readings) == 1


def test_a_change_that_leaves_size_and_time_is_seen(file, tmp_path):
    memory = tmp_path / "digests.json"
    times = file.stat()
    before = content_digest(file, memory)
    file.write_bytes(b"two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert content_digest(file, memory) != before


def test_a_file_that_has_just_changed_is_not_remembered(file, tmp_path, monkeypatch, readings):
    monkeypatch.setattr(fingerprint, "_SETTLED_NS", 10**12)
    for _ in range(2):
        content_digest(file, tmp_path / "digests.json")
    assert len(readings) == 2


def test_without_a_memory_it_is_read_once_by_a_process(file, readings):
    assert content_digest(file) == content_digest(file)
    assert len(readings) == 1


@pytest.mark.parametrize("damage", ["", "[]", "[" * 100_000, '{"a": 1}'])
def test_a_damaged_memory_costs_time_only(file, tmp_path, damage):
    memory = tmp_path / "digests.json"
    memory.write_text(damage)
    assert content_digest(file, memory) == hashlib.sha256(b"one").hexdigest()
    assert content_digest(file, tmp_path / "vectors.bin" / "no folder") == content_digest(file)


def test_names_count_of_files_that_are_links(file, tmp_path):
    """A document that is renamed is another one, even if the file that it leads to is the same."""
    memory = tmp_path / "digests.json"
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "1.txt").symlink_to(file)
    before = files_digest(corpus, [corpus / "1.txt"], memory)
    assert files_digest(corpus, [corpus / "1.txt"], memory) == before
    (corpus / "1.txt").rename(corpus / "2.txt")
    assert files_digest(corpus, [corpus / "2.txt"], memory) != before
