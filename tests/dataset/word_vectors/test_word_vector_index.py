"""The index of a word-vector file: the vectors that reading the file gives, and no reading."""

import builtins
import json
import multiprocessing
import os
import struct
import threading

import numpy as np
import pytest
from vector_files import DIMENSION, MATRIX, WORDS, save

from neuroner_tl.dataset.word_vectors import word_vector_index
from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.dataset.word_vectors.word_vector_index import index_places, open_word_vectors
from neuroner_tl.errors import CorpusError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def scans(monkeypatch):
    """The files that are read from one end to the other."""
    found = []
    scan = word_vector_index.WordVectorScan.scan

    def counted(self):
        found.append(self.path)
        return scan(self)

    monkeypatch.setattr(word_vector_index.WordVectorScan, "scan", counted)
    return found


def check(index, words=WORDS, matrix=MATRIX):
    found = index.find([*words, "absent", ""])
    assert sorted(found) == sorted(words)
    for word, row in zip(words, matrix):
        np.testing.assert_array_equal(index.vectors({word: found[word]})[0], row)
    assert index.vectors({}).shape == (0, matrix.shape[1])


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
def test_every_format_is_read_once(tmp_path, scans, kind, name):
    path = save(tmp_path / name, kind)
    for _ in range(3):
        check(open_word_vectors(path, DIMENSION))
    assert scans == [path]
    assert sorted(p.name for p in tmp_path.iterdir()) == [name, f"{name}.index"]


def test_vectors_of_a_binary_file_stay_where_they_are(tmp_path):
    words = [f"w{number}" for number in range(20_000)]
    matrix = np.random.default_rng(1).normal(size=(len(words), 30)).astype(np.float32)
    path = save(tmp_path / "v.bin", "binary", words, matrix)
    index = open_word_vectors(path, 30)
    # Records that lie over the ends of the blocks in which the file is read.
    numbers = index.find(words)
    np.testing.assert_array_equal(index.vectors(numbers), matrix)
    assert index_places(path)[0].stat().st_size < path.stat().st_size / 2


def test_equal_to_the_reader_where_words_occur_twice_or_are_not_utf8(tmp_path):
    path = tmp_path / "v.bin"
    words = [b"twice", b"caf\xe9", b"twice", "café".encode()]
    records = (word + b" " + struct.pack("<2f", n, -n) for n, word in enumerate(words))
    path.write_bytes(b"4 2\n" + b"\n".join(records))
    wanted = ["twice", "café", "caf\ufffd"]
    expected = read_word_vectors(path, wanted, 2)
    index = open_word_vectors(path, 2)
    found = index.find(wanted)
    assert set(found) == set(expected.index) == {"twice", "café"}
    for word, row in expected.index.items():
        np.testing.assert_array_equal(index.vectors({word: found[word]})[0], expected.matrix[row])


def test_words_with_the_same_hash_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(word_vector_index, "_hash", lambda word: len(word) % 2)
    check(open_word_vectors(save(tmp_path / "v.bin", "binary"), DIMENSION))


def test_look_ups_open_no_file(tmp_path, monkeypatch):
    index = open_word_vectors(save(tmp_path / "v.bin", "binary"), DIMENSION)
    monkeypatch.setattr(builtins, "open", lambda *_: pytest.fail("a file is opened"))
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("a file is opened"))
    check(index)


def other_time(path):
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def other_file(path):
    save(path, "binary", ["x", *WORDS[1:]], MATRIX + 1)


@pytest.mark.parametrize("change", [other_time, other_file])
def test_a_stale_index_is_rebuilt(tmp_path, scans, change):
    path = save(tmp_path / "v.bin", "binary")
    open_word_vectors(path, DIMENSION)
    change(path)
    index = open_word_vectors(path, DIMENSION)
    assert len(scans) == 2
    if change is other_file:
        check(index, ["x", *WORDS[1:]], MATRIX + 1)
    else:
        check(index)


def damages(data):
    header = json.loads(data[:4096])
    end = len(data)
    yield from (data[:n] for n in (0, 10, 4096, 4100, end - 1))
    yield data + b"\0"
    yield bytes(range(256)) * 20
    yield b"[" * 5000
    yield from (data[:n] + bytes([data[n] ^ 1]) + data[n + 1 :] for n in (0, 5, end - 3))
    for name, value in [
        ("format", "other"),
        ("words", -1),
        ("words", 1 << 40),
        ("words", 7),
        ("words", "8"),
        ("dimension", 3),
        ("in_place", not header["in_place"]),
        ("in_place", None),
        ("tables", "0" * 64),
        ("source", [1, 2]),
    ]:
        yield json.dumps({**header, name: value}).encode().ljust(4096) + data[4096:]


@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
def test_a_damaged_index_is_rebuilt(tmp_path, scans, name):
    path = save(tmp_path / name, "binary")
    open_word_vectors(path, DIMENSION)
    place = index_places(path)[0]
    whole = place.read_bytes()
    for data in damages(whole):
        scans.clear()
        place.write_bytes(data)
        check(open_word_vectors(path, DIMENSION))
        assert len(scans) == 1 and place.read_bytes() == whole, data[:200]


def test_vector_that_is_damaged_in_the_index(tmp_path):
    path = save(tmp_path / "v.bin.gz", "binary")
    open_word_vectors(path, DIMENSION)
    place = index_places(path)[0]
    place.write_bytes(place.read_bytes().replace(MATRIX[1].tobytes(), MATRIX[2].tobytes()))
    index = open_word_vectors(path, DIMENSION)
    with pytest.raises(CorpusError, match=r"'cancer' has changed since .* .*/v\.bin\.gz\.index"):
        index.vectors(index.find(["cancer"]))


def test_vectors_that_change_under_an_open_index(tmp_path):
    path = save(tmp_path / "v.bin", "binary")
    index = open_word_vectors(path, DIMENSION)
    data = path.read_bytes()
    numbers = index.find(["cancer"])
    for changed in (data[:40], data.replace(MATRIX[1].tobytes(), MATRIX[2].tobytes())):
        path.write_bytes(changed)
        with pytest.raises(CorpusError, match="'cancer' has changed since the file was"):
            index.vectors(numbers)


def test_folder_that_cannot_be_written(tmp_path, cache, scans, monkeypatch):
    path = save(tmp_path / "v.bin.gz", "binary")
    replace = word_vector_index.replacing

    def refuse(place):
        if place.parent == tmp_path:
            raise PermissionError(13, "Permission denied")
        return replace(place)

    monkeypatch.setattr(word_vector_index, "replacing", refuse)
    check(open_word_vectors(path, DIMENSION))
    check(open_word_vectors(path, DIMENSION))
    assert len(scans) == 1
    assert [p.suffix for p in (cache / "neuroner_tl" / "word_vectors").iterdir()] == [".index"]


def test_folder_that_is_marked_read_only(tmp_path, cache):
    """Also for root, whom the system would let write."""
    folder = tmp_path / "shared"
    folder.mkdir()
    path = save(folder / "v.bin", "binary")
    folder.chmod(0o555)
    try:
        check(open_word_vectors(path, DIMENSION))
        assert [p.name for p in folder.iterdir()] == ["v.bin"]
    finally:
        folder.chmod(0o755)
    assert index_places(path)[1].is_file()


def test_no_place_for_the_index(tmp_path, cache, monkeypatch, caplog):
    path = save(tmp_path / "v.bin.gz", "binary")
    cache.write_text("a file")
    (tmp_path / "v.bin.gz.index").mkdir()
    check(open_word_vectors(path, DIMENSION))
    assert "make one of these folders writable" in caplog.text
    monkeypatch.setattr(
        word_vector_index.tempfile, "TemporaryFile", lambda: open("/dev/full", "wb", buffering=0)
    )
    with pytest.raises(CorpusError, match="its index cannot be written to .*No space left"):
        open_word_vectors(path, DIMENSION)


def test_full_disk_leaves_nothing_behind(tmp_path, monkeypatch):
    path = save(tmp_path / "v.bin.gz", "binary")

    def full(self, data):
        raise word_vector_index._NotWritten("No space left on device")

    monkeypatch.setattr(word_vector_index._Builder, "_write", full)
    with pytest.raises(CorpusError, match="No space left"):
        open_word_vectors(path, DIMENSION)
    left = {p.name for p in tmp_path.rglob("*") if p.is_file()}
    assert left == {"v.bin.gz"}


def test_index_has_the_permissions_of_its_file(tmp_path):
    path = save(tmp_path / "v.bin", "binary")
    path.chmod(0o640)
    open_word_vectors(path, DIMENSION)
    assert index_places(path)[0].stat().st_mode & 0o777 == 0o640


def test_file_that_changes_while_it_is_read(tmp_path, monkeypatch):
    path = save(tmp_path / "v.bin", "binary")
    scan = word_vector_index.WordVectorScan.scan

    def changing(self):
        scan(self)
        other_time(path)

    monkeypatch.setattr(word_vector_index.WordVectorScan, "scan", changing)
    with pytest.raises(CorpusError, match="changed while it was read; try again"):
        open_word_vectors(path, DIMENSION)
    assert [p.name for p in tmp_path.iterdir()] == ["v.bin"]


def test_file_that_changes_when_it_was_just_read(tmp_path, monkeypatch):
    path = save(tmp_path / "v.bin", "binary")
    build = word_vector_index._Builder.build

    def changed_after(self):
        build(self)
        other_time(path)

    monkeypatch.setattr(word_vector_index._Builder, "build", changed_after)
    with pytest.raises(CorpusError, match="just made .the word-vector file has changed.; try ag"):
        open_word_vectors(path, DIMENSION)
    assert [p.name for p in tmp_path.iterdir()] == ["v.bin"]


def test_file_that_cannot_be_used(tmp_path):
    with pytest.raises(CorpusError, match="no such word-vector file"):
        open_word_vectors(tmp_path / "absent", DIMENSION)
    path = save(tmp_path / "v.bin", "binary")
    open_word_vectors(path, DIMENSION)
    with pytest.raises(CorpusError, match="have 7 dimensions, but token_embedding_dimension is 5"):
        open_word_vectors(path, 5)
    check(open_word_vectors(path, DIMENSION))
    path.write_text("a 1 2\nb 3 nan\n")
    index = open_word_vectors(path, 2)
    assert index.vectors(index.find(["a"])).tolist() == [[1, 2]]
    with pytest.raises(CorpusError, match="vector of 'b' holds a value that is not a finite"):
        index.vectors(index.find(["a", "b"]))


def open_and_check(path, barrier):
    barrier.wait()
    check(open_word_vectors(path, DIMENSION))


def test_processes_and_threads_that_make_it_at_the_same_time(tmp_path):
    path = save(tmp_path / "v.bin.gz", "binary")
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(4)
    processes = [context.Process(target=open_and_check, args=(path, barrier)) for _ in range(2)]
    failed = []

    def thread():
        try:
            open_and_check(path, barrier)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=thread) for _ in range(2)]
    for worker in (*processes, *threads):
        worker.start()
    for worker in (*processes, *threads):
        worker.join(60)
    assert not failed and [process.exitcode for process in processes] == [0, 0]
    check(open_word_vectors(path, DIMENSION))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["v.bin.gz", "v.bin.gz.index"]
