"""Looking into files of word vectors, pruning and converting them, with gensim as the oracle."""

import itertools

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model

from neuroner_tl.dataset.word_vectors.look_up import lookup_rows
from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.vectors import reading
from neuroner_tl.vectors.looking import describe_vectors, nearest_words
from neuroner_tl.vectors.reading import visit_vectors
from neuroner_tl.vectors.selection import convert_vectors, prune_vectors
from neuroner_tl.vectors.writing import write_word_vectors

WORDS = ["the", "Cancer", "cancer", "p53", "p00", "IL", "il", "colon", "ü"]
MATRIX = np.random.default_rng(4).normal(size=(len(WORDS), 5)).astype(np.float32)
ENDINGS = [".bin", ".vec", ".txt.gz", ".glove", ".bin.gz"]


@pytest.fixture
def vectors(tmp_path):
    path = tmp_path / "v.bin"
    write_word_vectors(path, WORDS, MATRIX)
    return path


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "m.bin"
    sentences = [["cancer", "colon", "p53", "gene"]] * 10
    trained = FastText(sentences, vector_size=5, min_count=1, epochs=1, bucket=30, workers=1)
    save_facebook_model(trained, str(path))
    return path


@pytest.fixture
def corpus(tmp_path):
    for part, text in [("train", "Colon CANCER."), ("valid", "p53 p21"), ("test", "IL zebra Ü")]:
        folder = tmp_path / "corpus" / part
        folder.mkdir(parents=True)
        (folder / "1.txt").write_text(text)
        (folder / "1.ann").write_text("")
    return tmp_path / "corpus"


def oracle(path):
    return KeyedVectors.load_word2vec_format(
        str(path), binary=".bin" in path.suffixes, no_header=".glove" in path.suffixes
    )


@pytest.mark.parametrize(("first", "second"), itertools.product(ENDINGS, ENDINGS))
def test_every_format_into_every_other(tmp_path, first, second):
    source, target = tmp_path / f"a{first}", tmp_path / f"b{second}"
    write_word_vectors(source, WORDS, MATRIX)
    assert convert_vectors(source, target).words == len(WORDS)
    assert oracle(target).index_to_key == WORDS
    np.testing.assert_array_equal(oracle(target).vectors, MATRIX)


def test_a_file_in_its_own_place(vectors):
    convert_vectors(vectors, vectors)
    np.testing.assert_array_equal(oracle(vectors).vectors, MATRIX)


def test_converting_holds_one_block(tmp_path, vectors, monkeypatch):
    monkeypatch.setattr(reading, "BLOCK", 2)
    seen = []
    facts = visit_vectors(vectors, lambda words, matrix: seen.append((list(words), matrix.copy())))
    assert [len(words) for words, _ in seen] == [2, 2, 2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([matrix for _, matrix in seen]), MATRIX)
    assert (facts.format, facts.dimension, facts.words) == ("word2vec binary", 5, 9)
    convert_vectors(vectors, tmp_path / "b.txt")
    np.testing.assert_array_equal(oracle(tmp_path / "b.txt").vectors, MATRIX)


def test_words_with_white_space_are_left_out_and_said(tmp_path, caplog):
    (tmp_path / "g.txt").write_text("a 1 2\nNew York 3 4\nb 5 6\n")
    assert convert_vectors(tmp_path / "g.txt", tmp_path / "b.vec").words == 2
    assert oracle(tmp_path / "b.vec").index_to_key == ["a", "b"]
    assert "1 words with white space are left out" in caplog.text


def test_a_fasttext_models_words_are_converted(tmp_path, model):
    convert_vectors(model, tmp_path / "b.vec")
    expected = load_facebook_vectors(str(model))
    assert oracle(tmp_path / "b.vec").index_to_key == expected.index_to_key
    np.testing.assert_allclose(oracle(tmp_path / "b.vec").vectors, expected.vectors, rtol=1e-5)


@pytest.mark.parametrize("ending", ENDINGS)
def test_pruning_changes_no_look_up(tmp_path, vectors, corpus, ending):
    """Under every choice of the two parameters each word finds the vector that it found before."""
    target = tmp_path / f"small{ending}"
    result = prune_vectors(vectors, target, [corpus])
    before, after = read_word_vectors(vectors, None, 5), read_word_vectors(target, None, 5)
    # CANCER and Colon in lower case, p21 with zeros, IL also as il, Ü in lower case, p53 also as
    # p00, which is kept for the look-up of another word; "the" and "Cancer" are not needed.
    assert list(after.index) == ["cancer", "p53", "p00", "IL", "il", "colon", "ü"]
    words = ["Colon", "CANCER", ".", "p53", "p21", "IL", "zebra", "Ü"]
    for lowercase, digits in itertools.product([True, False], repeat=2):
        rows, report = lookup_rows(words, before.index, lowercase, digits)
        new_rows, new_report = lookup_rows(words, after.index, lowercase, digits)
        assert report == new_report
        assert (rows < 0).tolist() == (new_rows < 0).tolist()
        np.testing.assert_array_equal(
            before.matrix[rows[rows >= 0]], after.matrix[new_rows[rows >= 0]]
        )
    assert (result.words, result.report.composed) == (7, 0)
    assert (result.report.exact, result.report.lower, result.report.missing) == (2, 3, 2)


def test_a_fasttext_model_gives_every_word_of_the_corpus_a_vector(tmp_path, model, corpus):
    result = prune_vectors(model, tmp_path / "small.bin", [corpus])
    small, expected = oracle(tmp_path / "small.bin"), load_facebook_vectors(str(model))
    assert result.report.missing == 0 and result.report.composed == 5
    # Known forms first; only what has none is composed, as it is written.
    assert set(small.index_to_key) == {"cancer", "colon", "p53", ".", "p21", "IL", "zebra", "Ü"}
    for word in small.index_to_key:
        np.testing.assert_allclose(small[word], expected.get_vector(word), rtol=1e-5)


def test_pruning_for_texts(tmp_path, vectors):
    (tmp_path / "t.txt").write_text("The colon.")
    prune_vectors(vectors, tmp_path / "s.bin", texts=[tmp_path / "t.txt"])
    assert oracle(tmp_path / "s.bin").index_to_key == ["the", "colon"]


def test_nothing_to_keep_and_nothing_asked_for(tmp_path, vectors):
    (tmp_path / "t.txt").write_text("Zebras graze")
    with pytest.raises(CorpusError, match="has a vector for none of the 2 words"):
        prune_vectors(vectors, tmp_path / "s.bin", texts=[tmp_path / "t.txt"])
    with pytest.raises(ParameterError, match="no corpora and no texts"):
        prune_vectors(vectors, tmp_path / "s.bin")
    assert not (tmp_path / "s.bin").exists()


@pytest.mark.parametrize("block", [2, 4096])
def test_nearest_as_gensim_has_it(tmp_path, monkeypatch, block):
    monkeypatch.setattr(reading, "BLOCK", block)
    words = [f"w{number}" for number in range(200)]
    path = tmp_path / "v.vec"
    write_word_vectors(path, words, np.random.default_rng(2).normal(size=(200, 6)))
    for word in ("w7", "W8"):
        expected = oracle(path).most_similar(word.lower(), topn=12)
        nearest = nearest_words(path, word, 12)
        assert nearest.form == word.lower()
        assert [name for name, _ in nearest.words] == [name for name, _ in expected]
        np.testing.assert_allclose(
            [cosine for _, cosine in nearest.words], [cosine for _, cosine in expected], rtol=1e-5
        )


def test_nearest_of_a_word_never_seen(model, vectors):
    expected = load_facebook_vectors(str(model)).most_similar("cancers", topn=2)
    nearest = nearest_words(model, "cancers", 2)
    assert nearest.form is None
    assert [name for name, _ in nearest.words] == [name for name, _ in expected]
    with pytest.raises(CorpusError, match="no vector for 'Zebra7', looked up as 'Zebra7', 'zebra7"):
        nearest_words(vectors, "Zebra7")
    with pytest.raises(ParameterError, match="number: found 0"):
        nearest_words(vectors, "the", 0)


def test_what_a_file_holds(tmp_path, vectors, model):
    facts = describe_vectors(vectors, first=3)
    assert (facts.file.format, facts.file.dimension, facts.file.words) == ("word2vec binary", 5, 9)
    assert (facts.capitals, facts.digits, facts.zeros) == (2, 1, 0)
    assert facts.first == ["the", "Cancer", "cancer"]
    assert facts.mean_norm == pytest.approx(np.linalg.norm(MATRIX, axis=1).mean(), rel=1e-5)
    assert facts.size == vectors.stat().st_size
    assert describe_vectors(model).file.format == "fastText model"
    (tmp_path / "g").write_text("a 0 0\nb 3 4\n")
    facts = describe_vectors(tmp_path / "g")
    assert (facts.file.format, facts.mean_norm, facts.zeros) == ("GloVe text", 2.5, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such word-vector file; give the path of one"),
        (b"", "is empty"),
        (b"words without numbers\n", "found neither a header line nor a word and its numbers"),
        (b"1 0\nword\n", "found neither a header line nor a word and its numbers"),
        (b"1 2\nnan nan nan\n", "not a finite number"),
        (b"3 2\na 1 2\n", "v.txt: the file is truncated after 1 of 3 words"),
    ],
)
def test_files_that_are_not_word_vectors(tmp_path, content, message):
    path = tmp_path / "v.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        describe_vectors(path)
    with pytest.raises(CorpusError, match=message):
        convert_vectors(path, tmp_path / "w.bin")
    assert not (tmp_path / "w.bin").exists()
