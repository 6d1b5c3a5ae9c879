import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.models.fasttext import load_facebook_vectors

from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.vectors import training
from neuroner_tl.vectors.settings import VectorSettings
from neuroner_tl.vectors.training import train_vectors

TINY = {"dimension": 8, "min_count": 2, "epochs": 2, "buckets": 50}


@pytest.fixture
def texts(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    words = ["fever", "cough", "BRCA1", "gene", "cancer", "colon"]
    order = np.random.default_rng(0)
    for number in range(20):
        lines = (" ".join(order.choice(words, 9)) + "." for _ in range(10))
        (folder / f"{number:02}.txt").write_text("\n\n".join(lines) + f"\n\nonce{number}")
    return folder


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "texts")


@pytest.mark.parametrize("negative", [5, 0])
def test_word2vec_gives_the_same_file_for_the_same_seed(tmp_path, texts, negative):
    settings = VectorSettings(**TINY, negative=negative)
    result = train_vectors([texts], tmp_path / "a.bin", settings)
    train_vectors([texts], tmp_path / "b.bin", settings)
    train_vectors([texts], tmp_path / "c.bin", VectorSettings(**TINY, negative=negative, seed=1))
    first, second, other = (tmp_path.joinpath(f"{n}.bin").read_bytes() for n in "abc")
    assert first == second and first != other
    oracle = KeyedVectors.load_word2vec_format(str(tmp_path / "a.bin"), binary=True)
    words = {".", "fever", "cough", "BRCA1", "gene", "cancer", "colon"}
    assert set(oracle.index_to_key) == words and oracle.vector_size == 8
    assert (result.documents, result.sentences, result.tokens) == (20, 220, 2020)
    assert result.words == 7 and result.covered == pytest.approx(2000 / 2020)
    assert leftovers(tmp_path) == ["a.bin", "b.bin", "c.bin"]


def test_fasttext_writes_a_model_that_gensim_reads(tmp_path, texts):
    settings = VectorSettings(method="fasttext", **TINY)
    train_vectors([texts], tmp_path / "a.bin", settings)
    train_vectors([texts], tmp_path / "b.bin", settings)
    assert (tmp_path / "a.bin").read_bytes() == (tmp_path / "b.bin").read_bytes()
    oracle = load_facebook_vectors(str(tmp_path / "a.bin"))
    assert oracle.get_vector("unseen").any() and "cancer" in oracle.key_to_index


def test_the_settings_reach_gensim(monkeypatch, tmp_path, texts):
    seen = []
    make = training._make_model
    monkeypatch.setattr(training, "_make_model", lambda s: seen.append(make(s)) or seen[0])
    settings = VectorSettings(
        method="fasttext",
        **TINY,
        window=3,
        sample=0.01,
        lowercase=True,
        seed=9,
        min_characters=2,
        max_characters=4,
    )
    train_vectors([texts], tmp_path / "a.bin", settings)
    model = seen[0]
    assert (model.sg, model.hs, model.negative, model.window) == (1, 0, 5, 3)
    assert (model.sample, model.seed, model.workers, model.epochs) == (0.01, 9, 1, 2)
    assert (model.wv.min_n, model.wv.max_n, model.wv.bucket) == (2, 4, 50)
    assert "brca1" in model.wv.key_to_index and "BRCA1" not in model.wv.key_to_index


def test_the_defaults():
    """Dimension, window, skip-gram and sampling of the paper's vectors."""
    settings = VectorSettings()
    assert (settings.dimension, settings.window, settings.sample) == (200, 5, 1e-3)
    assert (settings.method, settings.threads, settings.lowercase) == ("word2vec", 1, False)


def test_words_of_one_context_are_near(tmp_path):
    """Two words in the same places end up nearer to each other than to the words around them."""
    lines = ["apple grows here", "pear grows here", "hammer cuts wood", "saw cuts wood"] * 150
    (tmp_path / "t.txt").write_text("\n\n".join(lines))
    settings = VectorSettings(dimension=10, epochs=30, sample=0)
    train_vectors([tmp_path / "t.txt"], tmp_path / "v.bin", settings)
    vectors = KeyedVectors.load_word2vec_format(str(tmp_path / "v.bin"), binary=True)
    assert vectors.similarity("apple", "pear") > vectors.similarity("apple", "saw") + 0.2


def test_a_very_long_sentence_is_used_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "_LONGEST_SENTENCE", 10)
    (tmp_path / "t.txt").write_text(" ".join(["early"] * 12 + ["late"] * 12))
    result = train_vectors([tmp_path / "t.txt"], tmp_path / "v.bin", VectorSettings(**TINY))
    assert result.words == 2 and result.covered == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("only once each", r"have 3 words, but none of them 2 times; .* lower min_count"),
        ("", "have 0 words"),
    ],
)
def test_texts_without_a_frequent_word(tmp_path, text, message):
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(CorpusError, match=message):
        train_vectors([tmp_path / "t.txt"], tmp_path / "v.bin", VectorSettings(**TINY))
    assert leftovers(tmp_path) == ["t.txt"]


@pytest.mark.parametrize(
    ("name", "method", "error", "message"),
    [
        ("v.npy", "word2vec", ParameterError, r"ending '\.npy', expected \.bin"),
        ("v.vec", "fasttext", ParameterError, r"expected \.bin for a fastText model"),
        ("absent/v.bin", "word2vec", CorpusError, "does not exist"),
        ("texts.bin", "word2vec", CorpusError, "is a folder"),
    ],
)
def test_outputs_that_cannot_be_written_are_refused_before_the_work(
    tmp_path, name, method, error, message
):
    (tmp_path / "texts.bin").mkdir()
    with pytest.raises(error, match=message):
        train_vectors([tmp_path / "unread"], tmp_path / name, VectorSettings(method=method))


@pytest.mark.parametrize(
    ("name", "value"),
    [("dimension", 0), ("epochs", 0), ("threads", 0), ("sample", 2.0), ("seed", -1)],
)
def test_settings_out_of_range(name, value):
    with pytest.raises(ParameterError, match=f"{name}: found {value}, expected"):
        VectorSettings(**{name: value})
    with pytest.raises(ParameterError, match="method: found 'glove', expected word2vec or fast"):
        VectorSettings(method="glove")
    with pytest.raises(ParameterError, match="at most max_characters"):
        VectorSettings(min_characters=7)


@pytest.mark.parametrize("method", ["word2vec", "fasttext"])
def test_nothing_is_left_by_an_interrupted_training(tmp_path, texts, monkeypatch, method):
    (tmp_path / "v.bin").write_bytes(b"former")

    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("gensim.models.Word2Vec.train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_vectors([texts], tmp_path / "v.bin", VectorSettings(method=method, **TINY))
    assert leftovers(tmp_path) == ["v.bin"] and (tmp_path / "v.bin").read_bytes() == b"former"


def test_memory_that_is_too_small(tmp_path, texts, monkeypatch):
    def refused(*args, **options):
        raise MemoryError("Unable to allocate 37.3 TiB")

    monkeypatch.setattr("gensim.models.Word2Vec.build_vocab", refused)
    with pytest.raises(ParameterError, match=r"dimension 8 \(Unable to .*lower the dimension"):
        train_vectors([texts], tmp_path / "v.bin", VectorSettings(**TINY))


def test_a_full_disk_names_the_output(tmp_path, texts, monkeypatch):
    def full(model, path):
        with open(path, "wb"):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("gensim.models.fasttext.save_facebook_model", full)
    with pytest.raises(CorpusError, match=r"v\.bin: cannot be written: No space left"):
        settings = VectorSettings(method="fasttext", **TINY)
        train_vectors([texts], tmp_path / "v.bin", settings)
    assert leftovers(tmp_path) == []


def test_a_fault_while_gensim_reads_is_raised(tmp_path, texts, monkeypatch):
    """In gensim's own thread it would end the thread, and the program would wait for ever."""
    passes = []
    iterate = training._Sentences.__iter__

    def failing(self):
        passes.append(self)
        if len(passes) < 3:
            yield from iterate(self)
            return
        self._file.close()
        yield from iterate(self)

    monkeypatch.setattr(training._Sentences, "__iter__", failing)
    with pytest.raises(ValueError, match="closed file"):
        train_vectors([texts], tmp_path / "v.bin", VectorSettings(**TINY))
    assert leftovers(tmp_path) == []
