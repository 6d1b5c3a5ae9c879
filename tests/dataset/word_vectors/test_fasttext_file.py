import gzip
import struct

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model

from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.errors import CorpusError

SENTENCES = [["naïve", "β-catenin", "p53", "a", "colon", "cancer"]] * 5
QUESTIONS = ["p53", "cancer", "cancers", "a", "b", "𝛼", "β", "", "CANCER", "x" * 300]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models of several shapes, each named after its shortest and longest run and its buckets."""
    folder = tmp_path_factory.mktemp("fasttext")
    for shortest, longest, buckets in [(3, 6, 40), (2, 3, 7), (5, 5, 100), (3, 6, 1)]:
        model = FastText(
            SENTENCES,
            vector_size=9,
            min_count=1,
            epochs=1,
            seed=1,
            workers=1,
            sg=1,
            min_n=shortest,
            max_n=longest,
            bucket=buckets,
        )
        save_facebook_model(model, str(folder / f"{shortest}-{longest}-{buckets}.bin"))
    return folder


@pytest.mark.parametrize("name", ["3-6-40", "2-3-7", "5-5-100", "3-6-1"])
def test_every_word_has_gensims_vector(folder, name):
    path = folder / f"{name}.bin"
    oracle = load_facebook_vectors(str(path))
    model = FastTextFile(path)
    assert is_fasttext_file(path)
    assert list(model.index) == oracle.index_to_key and model.dimension == 9
    questions = [*oracle.index_to_key, *QUESTIONS]
    matrix, found = model.compose(questions)
    assert matrix.dtype == np.float32
    for word, row, has in zip(questions, matrix, found):
        np.testing.assert_allclose(row, oracle.get_vector(word), rtol=1e-5, atol=1e-8)
        assert has == bool(oracle.get_vector(word).any())
    assert found[: len(oracle)].all()
    assert sorted(model.find(["cancer", "absent", "a"])) == ["a", "cancer"]


def test_a_word_too_short_for_a_run_has_no_vector(folder):
    matrix, found = FastTextFile(folder / "5-5-100.bin").compose(["b", "ab", "abc"])
    assert found.tolist() == [False, False, True] and not matrix[:2].any()


def test_words_that_are_not_utf8_move_no_row(tmp_path, folder):
    """Two words that look alike once they are decoded are two rows still."""
    path = folder / "3-6-40.bin"
    data = path.read_bytes().replace(b"cancer\0", b"\xff" * 6 + b"\0")
    data = data.replace("naïve\0".encode(), b"\xfe" * 6 + b"\0")
    model = FastTextFile(_written(tmp_path / "m.bin", data))
    assert len(model) == len(FastTextFile(path)) - 1
    expected, _ = FastTextFile(path).compose(["unseen", "colon"])
    np.testing.assert_array_equal(model.compose(["unseen", "colon"])[0], expected)


def test_a_model_without_runs(tmp_path):
    """The fastText program with -maxn 0 has rows of words only."""
    model = FastText(SENTENCES, vector_size=4, min_count=1, bucket=3, max_n=0, min_n=0, workers=1)
    path = tmp_path / "m.bin"
    save_facebook_model(model, str(path))
    matrix, found = FastTextFile(path).compose(["p53", "p54"])
    assert found.tolist() == [True, False]
    np.testing.assert_array_equal(matrix[0], model.wv.vectors_vocab[model.wv.key_to_index["p53"]])


def test_other_files(tmp_path, folder):
    data = (folder / "3-6-40.bin").read_bytes()
    path = tmp_path / "m.bin"
    assert not is_fasttext_file(_written(path, b"2 3\nthe "))
    with pytest.raises(CorpusError, match="does not begin like one"):
        FastTextFile(path)
    with pytest.raises(CorpusError, match="cannot be read"):
        FastTextFile(_written(path, b""))
    with pytest.raises(CorpusError, match="cannot be read"):
        FastTextFile(tmp_path / "absent.bin")
    with pytest.raises(CorpusError, match="but gzipped; unpack it: gunzip m.bin"):
        is_fasttext_file(_written(path, gzip.compress(data)))
    assert not is_fasttext_file(_written(path, gzip.compress(b"2 3\nthe ")[:15]))
    with pytest.raises(CorpusError, match=r"of version 11 with 0 labels.*expected version 12"):
        FastTextFile(_written(path, data[:4] + struct.pack("<i", 11) + data[8:]))


@pytest.mark.parametrize("end", range(5, 400, 13))
def test_every_truncation_is_noticed(tmp_path, folder, end):
    data = (folder / "3-6-40.bin").read_bytes()
    with pytest.raises(CorpusError, match="expected a fastText model, but|of version"):
        FastTextFile(_written(tmp_path / "m.bin", data[:end]))


def test_damaged_numbers_are_refused(tmp_path, folder):
    """A byte of the header or the dictionary changed: refused, or a model, never a crash."""
    data = (folder / "2-3-7.bin").read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(120):
        changed = bytearray(data)
        changed[random.integers(4, 320)] = random.integers(256)
        try:
            FastTextFile(_written(tmp_path / "m.bin", bytes(changed))).compose(QUESTIONS)
        except CorpusError:
            refused += 1
    assert refused > 10


def _written(path, data):
    path.write_bytes(data)
    return path
