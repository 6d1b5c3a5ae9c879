"""Word vectors of several files, concatenated, where they are read and where they are looked up."""

from pathlib import Path

import numpy as np
import pytest
from vector_files import glove_text, save

from neuroner_tl.corpora.document import TaggedDocument, TaggedSentence
from neuroner_tl.dataset.encoding import build_dataset
from neuroner_tl.dataset.new_words import look_up_new_words, open_vectors
from neuroner_tl.dataset.vocabulary import Vocabulary, VocabularyRules
from neuroner_tl.dataset.word_table import make_word_table
from neuroner_tl.dataset.word_vectors.concatenated_vectors import (
    concatenated,
    dimensions_of,
    missing_file,
    read_concatenated,
    vector_files,
)
from neuroner_tl.dataset.word_vectors.look_up import lookup_rows
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors, file_dimension
from neuroner_tl.errors import CorpusError

FLAGS = (True, True)
FIRST = {"cancer": [1, 2], "Gout": [3, 4], "Ab0": [5, 6]}
SECOND = {"CANCER": [1, 1, 1], "gout": [2, 2, 2], "ab1": [3, 3, 3], "of": [4, 4, 4]}


def matrix_of(words):
    return np.array(list(words.values()), np.float32)


@pytest.fixture
def both(tmp_path):
    for name, words in (("first.txt", FIRST), ("second.txt", SECOND)):
        (tmp_path / name).write_bytes(glove_text(words, matrix_of(words)))
    return tmp_path / "first.txt", tmp_path / "second.txt"


def value_of(*paths):
    return type(paths[0])(", ".join(map(str, paths)))


def test_a_value_names_one_file_or_several(tmp_path, both):
    assert vector_files(both[0]) == (both[0],)
    assert vector_files(value_of(*both)) == both
    with_comma = tmp_path / "a,b.txt"
    assert vector_files(with_comma) == (tmp_path / "a", Path("b.txt"))
    with_comma.write_text("a 1\n")
    assert vector_files(with_comma) == (with_comma,)
    assert missing_file(value_of(*both)) is None
    assert missing_file(Path(" , ")) == Path(" , ")
    assert missing_file(value_of(both[0], tmp_path / "none.bin")) == tmp_path / "none.bin"


@pytest.mark.parametrize("kind", ["binary", "text", "glove"])
def test_the_dimension_of_a_file(kind, tmp_path):
    assert file_dimension(save(tmp_path / f"v.{'bin' if kind == 'binary' else 'txt'}", kind)) == 7


def test_a_word_has_the_vector_of_its_form_in_each_file_and_zeros_without():
    vectors = read_of(FIRST), read_of(SECOND)
    found = concatenated(vectors, [], *FLAGS)
    assert list(found.index) == ["cancer", "Gout", "Ab0", "CANCER", "gout", "ab1", "of"]
    assert found.matrix.dtype == np.float32
    assert {word: found.matrix[row].tolist() for word, row in found.index.items()} == {
        "cancer": [1, 2, 0, 0, 0],
        "Gout": [3, 4, 2, 2, 2],
        "Ab0": [5, 6, 0, 0, 0],
        "CANCER": [1, 2, 1, 1, 1],
        "gout": [0, 0, 2, 2, 2],
        "ab1": [0, 0, 3, 3, 3],
        "of": [0, 0, 4, 4, 4],
    }
    exact = concatenated(vectors, [], False, False)
    assert exact.matrix[exact.index["Gout"]].tolist() == [3, 4, 0, 0, 0]


def test_a_word_that_the_files_have_in_different_forms_has_the_vectors_of_both(tmp_path):
    general, cased = {"cyp2d6": [1, 1]}, {"CYP0D0": [2, 2, 2]}
    found = concatenated((read_of(general), read_of(cased)), ["CYP2D6", "cyp2d6", "none"], *FLAGS)
    assert list(found.index) == ["cyp2d6", "CYP0D0", "CYP2D6"]
    assert found.matrix[found.index["CYP2D6"]].tolist() == [1, 1, 2, 2, 2]
    assert found.matrix[found.index["cyp2d6"]].tolist() == [1, 1, 0, 0, 0]
    paths = tmp_path / "general.txt", tmp_path / "cased.txt"
    for path, words in zip(paths, (general, cased)):
        path.write_bytes(glove_text(words, matrix_of(words)))
    read = read_concatenated(["CYP2D6"], value_of(*paths), 5, *FLAGS)
    assert read.matrix[read.index["CYP2D6"]].tolist() == [1, 1, 2, 2, 2]
    vocabulary = Vocabulary(("<UNK>",), ("", "<UNK>"), ("O",))
    table = make_word_table(["CYP2D6"], np.zeros(1), np.zeros(1), vocabulary)
    new = look_up_new_words(table, vocabulary, open_vectors(value_of(*paths), 5))
    assert new.vectors.tolist() == [[1, 1, 2, 2, 2]]


def read_of(words, composed=()):
    index = {word: row for row, word in enumerate(words)}
    return WordVectors(index, matrix_of(words), frozenset(composed))


def test_a_word_counts_as_composed_if_no_file_has_it():
    found = concatenated(
        [read_of(FIRST), read_of({"gout": [1], "new": [2]}, ["gout", "new"])], [], *FLAGS
    )
    assert found.composed == {"gout", "new"}
    found = concatenated([read_of({"gout": [1]}), read_of({"gout": [2]}, ["gout"])], [], *FLAGS)
    assert found.composed == frozenset()


def test_files_that_do_not_add_up(both):
    assert dimensions_of(both, 5) == [2, 3]
    with pytest.raises(CorpusError, match=r"first.txt, .*second.txt: .* 2 \+ 3 = 5 dimensions"):
        read_concatenated(["gout"], value_of(*both), 6, *FLAGS)
    with pytest.raises(CorpusError, match="none.bin: no such word-vector file"):
        open_vectors(value_of(both[0], both[0].parent / "none.bin"), 5)


def test_a_corpus_is_encoded_with_both(both):
    sentence = TaggedSentence(("Of", "Cancers", "GOUT"), (0, 3, 11), (2, 10, 15), ("O",) * 3)
    document = TaggedDocument("a", (sentence,))
    rules = VocabularyRules("bioes", token_embedding_dimension=5)
    dataset = build_dataset({"train": [document], "valid": [document]}, rules, value_of(*both))
    rows = {token: dataset.token_vectors[i] for i, token in enumerate(dataset.vocabulary.tokens)}
    np.testing.assert_array_equal(rows["GOUT"], [0, 0, 2, 2, 2])
    np.testing.assert_array_equal(rows["Of"], [0, 0, 4, 4, 4])
    found = dict(zip(dataset.vocabulary.tokens, dataset.token_vector_found))
    assert (found["GOUT"], found["Cancers"]) == (True, False)


def test_new_words_get_what_they_would_have_had_in_training(both):
    words = ["cancer", "Cancer", "CANCER", "GOUT", "Ab2", "Ab1", "of", "none"]
    vocabulary = Vocabulary(("<UNK>",), ("", "<UNK>"), ("O",))
    table = make_word_table(words, np.zeros(8), np.zeros(8), vocabulary)
    value = value_of(*both)
    new = look_up_new_words(table, vocabulary, open_vectors(value, 5))
    vectors = read_concatenated(words, value, 5, *FLAGS)
    rows, _ = lookup_rows(words, vectors.index, *FLAGS)
    assert new.words.tolist() == np.flatnonzero(rows >= 0).tolist() == list(range(7))
    np.testing.assert_array_equal(new.vectors, vectors.matrix[rows[rows >= 0]])
