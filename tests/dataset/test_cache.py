"""The cache of encoded corpora: what hits, what misses, and what damage does."""

import dataclasses
import gc
import logging
import os
import re
import resource
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.cache import (
    ARRAYS,
    MANIFEST,
    STRINGS,
    VOCABULARY,
    DatasetCache,
    EncodedCorpus,
)
from neuroner_tl.dataset.cache_key import cache_key
from neuroner_tl.dataset.encoding import build_dataset
from neuroner_tl.dataset.snapshot import take_snapshot
from neuroner_tl.dataset.vocabulary import VocabularyRules
from neuroner_tl.system.temporary import temporary_path

RULES = VocabularyRules(token_embedding_dimension=2)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return write_synthetic_corpora(
        tmp_path_factory.mktemp("pristine"), gold_documents=(4, 2, 2), silver_documents=(2, 1)
    ).gold


@pytest.fixture
def gold(pristine, tmp_path):
    """A corpus that the test may change."""
    shutil.copytree(pristine, tmp_path / "gold")
    return tmp_path / "gold"


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("the 1 2\nof 3 4\npatients 5 6\n")
    return path


def key_of(folder, rules=RULES, vectors=None, tokens=(), characters=(), **settings):
    snapshot = take_snapshot(read_corpus(folder), vectors)
    settings = {"overlap_policy": "longest", **settings}
    return cache_key(snapshot, folder, settings, rules, tokens, characters)


def test_equal_corpora_in_two_folders_have_keys_of_their_own(gold, tmp_path):
    """The reports that are kept with the arrays name the folder."""
    other = shutil.copytree(gold, tmp_path / "other")
    assert key_of(gold) == key_of(gold) != key_of(other)


def encode(folder, vectors=None):
    tokenizer = get_tokenizer("alnum")
    corpus = read_corpus(folder)
    reports = {name: ImportReport() for name in corpus.parts}
    parts = {
        name: [
            tag_document(d, tokenizer, "bioes", "longest", reports[name])
            for d in part.documents(reports[name])
        ]
        for name, part in corpus.parts.items()
    }
    return EncodedCorpus(build_dataset(parts, RULES, vectors), reports)


def assert_equal(one, other):
    """Compare two objects field by field, arrays with their types."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif isinstance(one, dict):
        assert list(one) == list(other)
        for name in one:
            assert_equal(one[name], other[name])
    elif dataclasses.is_dataclass(one) and not isinstance(one, ImportReport):
        for field in dataclasses.fields(one):
            assert_equal(getattr(one, field.name), getattr(other, field.name))
    else:
        assert one == other


def never():
    raise AssertionError("expected a hit")


@pytest.mark.parametrize("with_vectors", [True, False])
def test_hit_equals_miss(gold, vectors, tmp_path, caplog, with_vectors):
    caplog.set_level(logging.INFO)
    cache = DatasetCache(tmp_path / "cache")
    key = "0" * 64
    made = cache.get(key, lambda: (encode(gold, vectors if with_vectors else None), key))
    assert (made.dataset.token_vectors is not None) == with_vectors
    found = DatasetCache(tmp_path / "cache").get(key, never)
    assert_equal(found, made)
    lines = [r.message for r in caplog.records if r.name == "neuroner_tl.dataset.cache"]
    assert len(lines) == 2
    assert "encoded in" in lines[0] and "from the cache" in lines[1]


def test_arrays_of_a_hit_can_be_written(gold, tmp_path):
    cache = DatasetCache(tmp_path / "cache")
    cache.store("a", encode(gold))
    cache.load("a").dataset.parts["train"].labels[:] = 0


def test_a_full_disk_is_told_once(gold, tmp_path, caplog, monkeypatch):
    data = encode(gold)
    said = []
    monkeypatch.setattr(sys, "unraisablehook", said.append)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The last array begins, but does not fit.
    for limit in (0, 2000, 4000, 8000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            assert not DatasetCache(tmp_path / f"cache{limit}").store("a", data)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    gc.collect()
    assert not said
    assert caplog.text.count("cannot be kept") == 4


def test_words_that_utf8_cannot_hold(gold, tmp_path):
    data = encode(gold)
    data.dataset.word_table.words[0] = "\ud800\x00"
    cache = DatasetCache(tmp_path / "cache")
    assert cache.store("a", data)
    assert cache.load("a").dataset.word_table.words[0] == "\ud800\x00"


def test_the_key_depends_on_the_content(gold, vectors):
    assert key_of(gold, vectors=vectors) == key_of(gold, vectors=vectors)
    assert len(key_of(gold)) == 64


def _first(folder, pattern):
    return sorted(folder.rglob(pattern))[0]


def _append(path, text):
    """Change a file's content, and neither its time nor the number of files."""
    times = path.stat()
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


CHANGES = {
    "text": lambda gold: _append(_first(gold / "train", "*.txt"), "x"),
    "annotation": lambda gold: _append(_first(gold / "test", "*.ann"), "#1\tNote T1\tx\n"),
    "new document": lambda gold: (gold / "valid" / "new.txt").write_text("x"),
    "document gone": lambda gold: [
        _first(gold / "train", f"*{suffix}").unlink() for suffix in (".txt", ".ann")
    ],
    "annotation gone": lambda gold: _first(gold / "valid", "*.ann").unlink(),
    "renamed": lambda gold: [
        path.rename(path.with_name(f"zz{path.suffix}"))
        for path in [_first(gold / "train", f"*{suffix}") for suffix in (".txt", ".ann")]
    ],
    "new part": lambda gold: shutil.copytree(gold / "test", gold / "deploy"),
    "moved": lambda gold: [
        shutil.move(str(_first(gold / "train", f"*{suffix}")), str(gold / "valid"))
        for suffix in (".txt", ".ann")
    ],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_corpus_misses(gold, change):
    before = key_of(gold)
    change(gold)
    assert key_of(gold) != before


def test_changed_arguments_miss(gold, vectors, tmp_path):
    keys = [
        key_of(gold),
        key_of(gold, overlap_policy="first"),
        key_of(gold, debug=200),
        key_of(gold, dataclasses.replace(RULES, tagging_format="bio")),
        key_of(gold, dataclasses.replace(RULES, check_for_lowercase=False)),
        key_of(gold, vectors=vectors),
        key_of(gold, vectors=tmp_path / "absent"),
        key_of(gold, tokens=["a", "b"]),
        key_of(gold, tokens=["ab"]),
        key_of(gold, characters=["a", "b"]),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("change", ["content", "size"])
def test_a_changed_word_vector_file_misses(gold, vectors, change):
    before = key_of(gold, vectors=vectors)
    if change == "content":
        times = vectors.stat()
        vectors.write_text(vectors.read_text().replace("6", "7"))
        os.utime(vectors, ns=(times.st_atime_ns, times.st_mtime_ns))
    else:
        _append(vectors, "x 1 2\n")
    assert key_of(gold, vectors=vectors) != before


def test_a_change_in_the_middle_of_large_word_vectors_misses(gold, tmp_path):
    """The first and last mebibyte, size and time of change are as they were."""
    path = tmp_path / "large.bin"
    data = bytearray(3 << 20)
    path.write_bytes(data)
    times = path.stat()
    before = key_of(gold, vectors=path)
    data[3 << 19] = 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert key_of(gold, vectors=path) != before


def test_word_vectors_are_known_by_their_content(gold, vectors, tmp_path):
    before = key_of(gold, vectors=vectors)
    copy = tmp_path / "copy.txt"
    shutil.copy2(vectors, copy)
    os.utime(vectors, ns=(1, 1))
    assert key_of(gold, vectors=copy) == key_of(gold, vectors=vectors) == before


def test_an_entry_whose_key_has_changed_is_not_stored(pristine_entry, tmp_path):
    """The corpus changed while it was read: the old key would have the new content."""
    cache = DatasetCache(tmp_path)
    assert cache.get("a", lambda: (pristine_entry[0], "b")) is pristine_entry[0]
    assert cache.load("a") is None and cache.load("b") is None


def test_a_flat_folder_and_conll_files(pristine, tmp_path):
    shutil.copytree(pristine / "train", tmp_path / "flat")
    before = key_of(tmp_path / "flat")
    _append(_first(tmp_path / "flat", "*.ann"), "\n")
    assert key_of(tmp_path / "flat") != before
    for name in ("train", "valid"):
        (tmp_path / "conll").mkdir(exist_ok=True)
        (tmp_path / "conll" / f"{name}.txt").write_text("flu S-DISO\n")
    before = key_of(tmp_path / "conll")
    (tmp_path / "conll" / "valid.txt").write_text("flu O\n")
    assert key_of(tmp_path / "conll") != before


def test_what_cannot_be_read_is_left_to_the_reader(gold, tmp_path):
    """The key of files that will be refused is a key like any other."""
    path = _first(gold / "train", "*.ann")
    path.unlink()
    path.mkdir()
    assert len(key_of(gold, vectors=tmp_path)) == 64


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def _alter(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", [ARRAYS, VOCABULARY, STRINGS, MANIFEST])
@pytest.mark.parametrize(
    "damage",
    [_truncate, _alter, lambda p: p.unlink(), lambda p: p.write_text("[]")],
    ids=["truncated", "altered", "gone", "other"],
)
def test_a_damaged_entry_is_rebuilt(pristine_entry, tmp_path, caplog, name, damage):
    data, entry = pristine_entry
    cache = DatasetCache(tmp_path / "cache")
    shutil.copytree(entry, tmp_path / "cache" / entry.name)
    damage(tmp_path / "cache" / entry.name / name)
    made = cache.get(entry.name, lambda: (data, entry.name))
    assert made is data
    assert "encoding the corpus again" in caplog.text
    assert_equal(cache.get(entry.name, never), data)


@pytest.fixture(scope="module")
def pristine_entry(pristine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("entry")
    data = encode(pristine)
    DatasetCache(folder).store("a" * 64, data)
    return data, folder / ("a" * 64)


def test_an_entry_under_another_key_is_not_used(pristine_entry, tmp_path):
    shutil.copytree(pristine_entry[1], tmp_path / "b")
    assert DatasetCache(tmp_path).load("b") is None


def test_the_number_of_entries_is_bounded(pristine_entry, tmp_path):
    cache = DatasetCache(tmp_path, entries=3)
    # Of a process that cannot be: this one's number, started at another time.
    left = temporary_path(tmp_path / "dead")
    left = left.with_name(re.sub(r"-\d+-(\d+\.tmp)$", r"-1-\1", left.name))
    left.mkdir()
    for number, key in enumerate("abcd"):
        cache.store(key, pristine_entry[0])
        os.utime(tmp_path / key, (number, number))
        if key == "c":
            assert cache.load("a") is not None  # Used now, so b is the oldest.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "d"]


def test_a_folder_that_cannot_be_written(pristine_entry, tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    (tmp_path / "cache").write_text("a file")
    made = DatasetCache(tmp_path / "cache").get("a", lambda: (pristine_entry[0], "a"))
    assert made is pristine_entry[0]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "cannot be kept" in caplog.text


def test_an_entry_that_is_too_large(pristine_entry, tmp_path, monkeypatch):
    monkeypatch.setattr("neuroner_tl.dataset.cache.LARGEST_ENTRY", 1000)
    assert not DatasetCache(tmp_path).store("a", pristine_entry[0])
    assert not list(tmp_path.iterdir())


LOAD = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.system.memory import peak_memory
names = ("dataset_text_folder", "output_folder")
data = load_data(load_parameters(None, dict(zip(names, sys.argv[1:]))))
print("tokens", sum(part.number_of_tokens for part in data.dataset.parts.values()))
print("peak", round(peak_memory()))
"""


@pytest.mark.slow
def test_a_silver_corpus_in_bounded_memory(tmp_path):
    root = Path(__file__).parents[2]
    data = Path(os.environ.get("NEURONER_TL_DATA", root.parent / "shared" / "data"))
    archive = data / "ssc" / "SSC_DISO.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set NEURONER_TL_DATA to the data folder")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    arguments = [sys.executable, "-c", LOAD, tmp_path / "SSC_DISO", tmp_path / "output"]
    for line in ("corpus read and encoded in", "encoded corpus from the cache"):
        out = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
        assert line in out
        figures = dict(text.split() for text in out.splitlines()[-2:])
        assert int(figures["tokens"]) > 3_000_000
        assert int(figures["peak"]) < 1000  # MB, TensorFlow with its 400 included.
