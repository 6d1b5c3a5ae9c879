import gzip

import numpy as np
import pytest
from gensim.models import KeyedVectors

from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.errors import CorpusError
from neuroner_tl.vectors.writing import write_word_vectors

WORDS = ["the", "IL-2", "naïve", "𝛼", "p53"]
MATRIX = np.random.default_rng(1).normal(size=(5, 6)).astype(np.float32)


@pytest.mark.parametrize("ending", [".bin", ".txt", ".vec", ".glove"])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_gensim_and_our_reader_read_what_is_written(tmp_path, ending, packed):
    path = tmp_path / f"v{ending}{packed}"
    write_word_vectors(path, WORDS, MATRIX)
    oracle = KeyedVectors.load_word2vec_format(
        str(path), binary=ending == ".bin", no_header=ending == ".glove"
    )
    assert oracle.index_to_key == WORDS
    np.testing.assert_array_equal(oracle.vectors, MATRIX)
    own = read_word_vectors(path, None, 6)
    assert list(own.index) == WORDS
    np.testing.assert_array_equal(own.matrix, MATRIX)


def test_equal_vectors_give_equal_packed_files(tmp_path):
    for name in ("a.bin.gz", "b.bin.gz"):
        write_word_vectors(tmp_path / name, WORDS, MATRIX)
    first = (tmp_path / "a.bin.gz").read_bytes()
    assert first == (tmp_path / "b.bin.gz").read_bytes()
    assert gzip.decompress(first).startswith(b"5 6\nthe ")


def test_white_space_in_a_word_and_nothing_left_behind(tmp_path):
    for word in ("New York", "", "a\tb"):
        with pytest.raises(CorpusError, match="contains white space"):
            write_word_vectors(tmp_path / "v.txt", [word], MATRIX[:1])
    assert not list(tmp_path.iterdir())
