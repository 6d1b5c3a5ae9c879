import gzip
import struct
from codecs import BOM_UTF8

import numpy as np
import pytest
from gensim.models import KeyedVectors
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_growth import memory_growth
from vector_files import DIMENSION, MATRIX, WORDS, save

from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.dataset.word_vectors.word_vector_index import open_word_vectors
from neuroner_tl.errors import CorpusError


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
@pytest.mark.parametrize("name", ["v.bin", "v.txt", "v.bin.gz", "v.vec.gz"])
def test_every_format_by_content(tmp_path, kind, name):
    path = save(tmp_path / name, kind)
    vectors = read_word_vectors(path, None, DIMENSION)
    assert sorted(vectors.index) == sorted(WORDS)
    assert vectors.matrix.dtype == np.float32
    for word, row in zip(WORDS, MATRIX):
        np.testing.assert_array_equal(vectors.matrix[vectors.index[word]], row)


@pytest.mark.parametrize("kind", ["binary", "text"])
def test_equal_to_gensim(tmp_path, kind):
    path = save(tmp_path / "v", kind)
    oracle = KeyedVectors.load_word2vec_format(str(path), binary=kind == "binary")
    vectors = read_word_vectors(path, None, DIMENSION)
    assert list(vectors.index) == oracle.index_to_key
    np.testing.assert_array_equal(vectors.matrix, oracle.vectors)


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
def test_a_byte_order_mark_belongs_to_no_word(tmp_path, kind):
    path = save(tmp_path / "v", kind)
    expected = read_word_vectors(path, None, DIMENSION)
    path.write_bytes(BOM_UTF8 + path.read_bytes())
    vectors = read_word_vectors(path, None, DIMENSION)
    assert vectors.index == expected.index
    np.testing.assert_array_equal(vectors.matrix, expected.matrix)
    index = open_word_vectors(path, DIMENSION)
    np.testing.assert_array_equal(index.vectors(index.find(vectors.index)), vectors.matrix)


@pytest.mark.parametrize(("rest", "warnings"), [("", 0), ("\n \n", 0), ("flu 5 6\ncold 7 8\n", 1)])
def test_more_words_than_the_header_says(tmp_path, caplog, rest, warnings):
    """They are left out, as by gensim; whoever appended them should know."""
    path = tmp_path / "v.txt"
    path.write_text(f"2 2\ngout 1 2\nasthma 3 4\n{rest}")
    assert list(read_word_vectors(path, None, 2).index) == ["gout", "asthma"]
    assert [r.getMessage().startswith(f"{path}:4: the header says 2") for r in caplog.records] == [
        True
    ] * warnings


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
def test_only_wanted_rows_are_kept(tmp_path, kind):
    path = save(tmp_path / "v", kind)
    vectors = read_word_vectors(path, {"p53", "naïve", "absent"}, DIMENSION)
    assert list(vectors.index) == ["naïve", "p53"]
    np.testing.assert_array_equal(vectors.matrix, MATRIX[[3, 7]])
    assert len(read_word_vectors(path, (), DIMENSION).index) == 0


def test_binary_with_line_feeds_as_the_c_program_writes_it(tmp_path):
    records = [w.encode() + b" " + row.tobytes() + b"\n" for w, row in zip(WORDS, MATRIX)]
    path = tmp_path / "v.bin"
    path.write_bytes(b"%d %d\n" % MATRIX.shape + b"".join(records))
    vectors = read_word_vectors(path, None, DIMENSION)
    assert list(vectors.index) == WORDS
    np.testing.assert_array_equal(vectors.matrix, MATRIX)


@pytest.mark.parametrize("chunk", [1, 3, 29, 64])
@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
def test_chunk_boundaries_anywhere(tmp_path, monkeypatch, kind, chunk):
    monkeypatch.setattr("neuroner_tl.dataset.word_vectors.word_vector_scan._CHUNK", chunk)
    vectors = read_word_vectors(save(tmp_path / "v", kind), None, DIMENSION)
    np.testing.assert_array_equal(vectors.matrix[vectors.index["p53"]], MATRIX[7])
    assert len(vectors.index) == len(WORDS)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(
        st.text(st.characters(blacklist_categories=["Cs", "Z", "C"]), min_size=1, max_size=6),
        min_size=1,
        max_size=20,
        unique=True,
    ),
    kind=st.sampled_from(["binary", "text"]),
    seed=st.integers(0, 1000),
)
def test_any_words(tmp_path, words, kind, seed):
    matrix = np.random.default_rng(seed).normal(size=(len(words), 50)).astype(np.float32)
    path = save(tmp_path / "v", kind, words, matrix)
    vectors = read_word_vectors(path, None, 50)
    assert {word: tuple(vectors.matrix[row]) for word, row in vectors.index.items()} == {
        word: tuple(row) for word, row in zip(words, matrix)
    }


def test_words_with_spaces_trailing_spaces_and_crlf(tmp_path):
    path = tmp_path / "v.txt"
    path.write_bytes(b"the 1 2 \r\n. . 3 4\r\nNew York 5 6\r\n  7 8\r\n\xc2\xa0 9 10")
    vectors = read_word_vectors(path, None, 2)
    assert list(vectors.index) == ["the", ". .", "New York", "\xa0"]
    assert vectors.matrix.tolist() == [[1, 2], [3, 4], [5, 6], [9, 10]]


def test_first_of_two_equal_words_counts(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 4\na 5 6\n")
    vectors = read_word_vectors(path, None, 2)
    assert vectors.matrix.tolist() == [[1, 2], [3, 4]]


def test_bytes_that_are_not_utf8(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"2 2\ncaf\xe9 " + struct.pack("<2f", 1, 0) + b"a " + struct.pack("<2f", 2, 0))
    assert list(read_word_vectors(path, None, 2).index) == ["caf\ufffd", "a"]


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
def test_another_dimension(tmp_path, kind):
    path = save(tmp_path / "vectors.any", kind)
    with pytest.raises(CorpusError, match=r"vectors\.any.*have 7 dim.*_dimension is 200"):
        read_word_vectors(path, None, 200)
    with pytest.raises(CorpusError, match=r"have 7 dim.*_dimension is 3"):
        read_word_vectors(path, None, 3)


def test_missing_empty_and_unknown_files(tmp_path):
    with pytest.raises(CorpusError, match="no such word-vector file"):
        read_word_vectors(tmp_path / "absent.bin", None, 3)
    with pytest.raises(CorpusError, match="no such word-vector file"):
        read_word_vectors(tmp_path, None, 3)
    (tmp_path / "empty").write_bytes(b"")
    with pytest.raises(CorpusError, match="is empty"):
        read_word_vectors(tmp_path / "empty", None, 3)
    (tmp_path / "other").write_bytes(bytes(range(256)))
    with pytest.raises(CorpusError, match="expected word2vec binary"):
        read_word_vectors(tmp_path / "other", None, 3)


@pytest.mark.parametrize("name", ["v.bin", "v.bin.gz"])
def test_truncated_binary(tmp_path, name):
    path = save(tmp_path / name, "binary")
    data = path.read_bytes()
    data = gzip.compress(gzip.decompress(data)[:-30]) if name.endswith("gz") else data[:-30]
    path.write_bytes(data)
    with pytest.raises(CorpusError, match=r"truncated.* after 7 of 8 words"):
        read_word_vectors(path, None, DIMENSION)


def test_truncated_gzip_stream(tmp_path):
    path = save(tmp_path / "v.bin.gz", "binary")
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(CorpusError, match=r"v\.bin\.gz: the gzip stream is broken"):
        read_word_vectors(path, None, DIMENSION)


def test_truncated_text(tmp_path):
    path = save(tmp_path / "v.txt", "text")
    path.write_bytes(b"".join(path.read_bytes().splitlines(True)[:-3]))
    with pytest.raises(CorpusError, match=r"truncated.* after 5 of 8 words"):
        read_word_vectors(path, None, DIMENSION)


@pytest.mark.parametrize("header", ["", "3 2\n"])
@pytest.mark.parametrize("broken", ["b 3 x4", "b 3", "b"])
def test_broken_line(tmp_path, header, broken):
    path = tmp_path / "v.txt"
    path.write_text(f"{header}a 1 2\n{broken}\nc 5 6\n")
    line = 3 if header else 2
    with pytest.raises(CorpusError, match=rf"v\.txt:{line}: expected a word and 2 numbers, found"):
        read_word_vectors(path, None, 2)


def test_broken_number_in_the_first_line(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("2 2\na 1 oops\nb 3 4\n")
    with pytest.raises(CorpusError, match=r"v\.txt:2: .*found 'oops'"):
        read_word_vectors(path, None, 2)


def test_number_that_is_not_finite(tmp_path):
    path = tmp_path / "v.txt"
    path.write_text("a 1 2\nb 3 nan\n")
    with pytest.raises(CorpusError, match="vector of 'b' holds a value that is not a finite"):
        read_word_vectors(path, None, 2)


def test_an_endless_record(tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"9 2\n" + b"\x01" * 100_000)
    with pytest.raises(CorpusError, match="word 1 does not end"):
        read_word_vectors(path, None, 2)


LARGE, WANTED_EVERY, SIZE = 5_400_000, 100, 200


def read_every_hundredth(path):
    wanted = {f"w{number}" for number in range(0, LARGE, WANTED_EVERY)}
    vectors = read_word_vectors(path, wanted, SIZE)
    return len(vectors.index), vectors.matrix[vectors.index[f"w{LARGE - WANTED_EVERY}"]]


@pytest.mark.slow
def test_the_largest_file_needs_the_memory_of_the_wanted_rows(tmp_path):
    """As many words as the vectors from Wikipedia, PubMed and PMC have: 4.3 GB."""
    path = tmp_path / "large.bin"
    block = np.random.default_rng(0).normal(size=(1000, SIZE)).astype("<f4")
    with open(path, "wb") as stream:
        stream.write(b"%d %d\n" % (LARGE, SIZE))
        for start in range(0, LARGE, 1000):
            rows = zip(range(start, start + 1000), block)
            stream.write(b"".join(b"w%d " % n + row.tobytes() + b"\n" for n, row in rows))
    (found, row), growth = memory_growth(read_every_hundredth, path)
    path.unlink()
    assert found == LARGE // WANTED_EVERY
    np.testing.assert_array_equal(row, block[900])
    assert 0 < growth < 200  # MB: 54,000 rows of 800 bytes, their words, and buffers.
