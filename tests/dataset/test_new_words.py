"""Words that the vocabulary lacks: each gets the vector of the first of its forms that has one."""

import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import save_facebook_model

from neuroner_tl.dataset.new_words import look_up_new_words, open_vectors
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.dataset.word_table import make_word_table
from neuroner_tl.dataset.word_vectors.look_up import lookup_rows
from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.errors import CorpusError

LINES = "known 9 9\ncold 1 2\nCold 3 4\nil-00 5 6\nIL-00 7 8\n<UNK> 6 6\nbad nan 1\n"
WORDS = ["known", "COLD", "Cold", "absent", "IL-23", "Il-17", "<UNK>", "cold", "KNOWN"]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "v.txt").write_text(LINES)
    return tmp_path / "v.txt"


def table_of(words, vocabulary):
    ids = np.array([vocabulary.token_id(word) for word in words], np.int32)
    return make_word_table(words, ids, np.zeros(len(words)), vocabulary)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("digits", [True, False])
def test_as_in_training(path, lower, digits):
    vocabulary = Vocabulary(("<UNK>", "known"), ("", "<UNK>"), ("O",), lower, digits)
    table = table_of(WORDS, vocabulary)
    found = look_up_new_words(table, vocabulary, open_vectors(path, 2))
    everything = read_word_vectors(path, set(LINES.split()) - {"bad"}, 2)
    rows, _ = lookup_rows(WORDS, everything.index, lower, digits)
    expected = {
        number: everything.matrix[row].tolist()
        for number, (word, row) in enumerate(zip(WORDS, rows))
        if row >= 0 and not table.token_ids[number] and word != "<UNK>"
    }
    assert dict(zip(found.words.tolist(), found.vectors.tolist())) == expected
    assert found.words.tolist() == sorted(expected)
    assert found.vectors.dtype == np.float32
    assert (1 in expected) == lower


def test_no_new_words_and_no_vectors_found(path):
    vocabulary = Vocabulary(("<UNK>", "known"), ("", "<UNK>"), ("O",))
    index = open_vectors(path, 2)
    for words in ([], ["known"], ["absent", "never"]):
        found = look_up_new_words(table_of(words, vocabulary), vocabulary, index)
        assert found.words.shape == (0,) and found.vectors.shape == (0, 2)


def test_a_vector_that_cannot_be_used(path):
    vocabulary = Vocabulary(("<UNK>", "known"), ("", "<UNK>"), ("O",))
    index = open_vectors(path, 2)
    with pytest.raises(CorpusError, match="vector of 'bad' holds a value that is not a finite"):
        look_up_new_words(table_of(["Bad"], vocabulary), vocabulary, index)


def test_a_fasttext_model_composes_what_it_lacks(tmp_path):
    path = tmp_path / "model.bin"
    sentences = [["known", "cold", "receptor"]] * 5
    model = FastText(sentences, vector_size=4, min_count=1, epochs=1, workers=1, bucket=50)
    save_facebook_model(model, str(path))
    vocabulary = Vocabulary(("<UNK>", "known"), ("", "<UNK>"), ("O",))
    words = ["known", "COLD", "receptors", "<UNK>"]
    found = look_up_new_words(table_of(words, vocabulary), vocabulary, open_vectors(path, 4))
    assert found.words.tolist() == [1, 2]
    expected = [model.wv["cold"], model.wv["receptors"]]
    np.testing.assert_allclose(found.vectors, expected, rtol=1e-5, atol=1e-8)
    with pytest.raises(CorpusError, match="have 4 dimensions, but token_embedding_dimension is 5"):
        open_vectors(path, 5)
