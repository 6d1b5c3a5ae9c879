"""New text: whatever comes together, in whatever order and thread, each gets its own entities."""

import builtins
import dataclasses
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from neuroner_tl.corpora.document import Document
from neuroner_tl.dataset.word_vectors import word_vector_index
from neuroner_tl.dataset.word_vectors.word_vector_scan import WordVectorScan
from neuroner_tl.errors import ParameterError
from neuroner_tl.prediction import predictor as predictor_module
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.training.checkpoint import load_model

NEW = [f"{start}{middle}{end}" for start in "KQXZ" for middle in "aeiou" for end in ("rin", "x")]


@pytest.fixture(scope="module")
def model(source_run):
    """The tiny model, whose unknown words have their vector's say."""
    model = load_model(source_run.folder.model)
    weights = {layer: dict(named) for layer, named in model.weights.items()}
    weights["token_embeddings"]["embedding"] = weights["token_embeddings"]["embedding"] * 3
    return dataclasses.replace(model, weights=weights)


@pytest.fixture(scope="module")
def vectors(model, tmp_path_factory):
    """A file with vectors of the new words: those of words that the model knows."""
    table = model.weights["token_embeddings"]["embedding"]
    rows = np.random.default_rng(0).choice(len(table), len(NEW))
    path = tmp_path_factory.mktemp("vectors") / "v.bin"
    records = (w.encode() + b" " + table[r].astype("<f4").tobytes() for w, r in zip(NEW, rows))
    path.write_bytes(b"%d %d\n" % (len(NEW), table.shape[1]) + b"\n".join(records))
    return path


@pytest.fixture(scope="module")
def documents(corpora):
    """Texts of one to thirty sentences with words that the model has not met."""
    paths = sorted((corpora.gold / "test").glob("*.txt"))
    words = " ".join(path.read_text("utf-8") for path in paths).split()
    rng = np.random.default_rng(1)
    texts = []
    for size in (3, 40, 200, 7, 90, 12, 500, 1, 60, 25):
        chosen = rng.choice([*words, *NEW * 4], size)
        texts.append(" ".join([*chosen]))
    return [Document(f"d{number}", text) for number, text in enumerate([*texts, "", "one"])]


def found_in(predictor, documents):
    return {document.id: document.entities for document in predictor.predict(documents)}


@pytest.fixture(scope="module")
def serial(model, vectors, documents):
    """The entities of each text, predicted alone."""
    predictor = Predictor(model, vectors)
    found = {d.id: tuple(predictor.predict_text(d.text)) for d in documents}
    assert sum(map(len, found.values())) > 20
    assert found != found_in(Predictor(model), documents)
    return found


def test_neither_order_nor_other_texts_matter(model, vectors, documents, serial):
    predictor = Predictor(model, vectors)
    rng = np.random.default_rng(3)
    for _ in range(5):
        chosen = [documents[n] for n in rng.permutation(len(documents))[: rng.integers(1, 12)]]
        assert found_in(predictor, chosen) == {d.id: serial[d.id] for d in chosen}
    assert found_in(Predictor(model, vectors, batch_size=3), documents) == serial


def test_eight_threads_share_one_predictor(model, vectors, documents, serial):
    predictor = Predictor(model, vectors)
    barrier = threading.Barrier(8)

    def work(seed):
        barrier.wait()
        found = {}
        for number in np.random.default_rng(seed).permutation(len(documents)):
            document = documents[number]
            found[document.id] = tuple(predictor.predict_text(document.text))
        return found

    with ThreadPoolExecutor(8) as pool:
        assert all(found == serial for found in pool.map(work, range(8)))
    assert found_in(predictor, documents) == serial


def test_eight_threads_stream_through_one_joint_predictor(model, vectors, documents, serial):
    """Each from an iterable of its own, of which little is read ahead."""
    joint = JointPredictor([Predictor(model, vectors)])
    barrier = threading.Barrier(8)

    def work(seed):
        order = np.random.default_rng(seed).permutation(len(documents))
        barrier.wait()
        return found_in(joint, (documents[number] for number in order))

    with ThreadPoolExecutor(8) as pool:
        assert all(found == serial for found in pool.map(work, range(8)))


def test_new_words_copy_no_table(model, vectors):
    """Nor do they make a network: tagging needs as little memory with a large vocabulary."""
    weights = {layer: dict(named) for layer, named in model.weights.items()}
    table = weights["token_embeddings"]["embedding"]
    rows = np.zeros((300_000, table.shape[1]), np.float32)
    weights["token_embeddings"]["embedding"] = np.concatenate([table, rows])
    predictor = Predictor(dataclasses.replace(model, weights=weights), vectors)
    expected = Predictor(model, vectors).predict_text(" ".join(NEW))
    predictor.predict_text(" ".join(NEW))  # Compiles what is compiled once.
    network = predictor._tagger.network
    tracemalloc.start()
    try:
        assert predictor.predict_text(" ".join(NEW)) == expected
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < rows.nbytes / 4
    assert predictor._tagger.network is network


def test_the_vector_file_is_read_once(model, vectors, documents, serial, monkeypatch):
    place = word_vector_index.index_places(vectors)[0]
    place.unlink(missing_ok=True)
    scans = []
    scan = WordVectorScan.scan
    monkeypatch.setattr(WordVectorScan, "scan", lambda self: (scans.append(1), scan(self)))
    predictors = [Predictor(model, vectors) for _ in range(2)]
    assert scans == [1]
    monkeypatch.setattr(builtins, "open", lambda *_: pytest.fail("a file is opened"))
    for predictor in predictors:
        assert {d.id: tuple(predictor.predict_text(d.text)) for d in documents} == serial
    assert scans == [1]


def test_only_vectors_of_new_words_are_read(model, vectors, monkeypatch):
    predictor = Predictor(model, vectors)
    read = []
    at = word_vector_index._Positions.read
    monkeypatch.setattr(
        word_vector_index._Positions,
        "read",
        lambda self, position, size: (read.append(size), at(self, position, size))[1],
    )
    predictor.predict_text("of the and")
    assert read == []
    predictor.predict_text(f"{NEW[0]} of {NEW[1]} and {NEW[0]}")
    assert read == [4 * model.architecture.token_dimension] * 2


def test_documents_stream_through(model, documents, monkeypatch):
    monkeypatch.setattr(predictor_module, "DOCUMENTS_AT_ONCE", 3)
    monkeypatch.setattr(predictor_module, "CHARACTERS_AT_ONCE", 1000)
    taken = []

    def stream():
        for document in documents:
            taken.append(document.id)
            yield document

    predictor = Predictor(model)
    found = predictor.predict(stream())
    first = next(found)
    # The third text is long.
    assert first.id == "d0" and len(taken) == 3
    rest = list(found)
    assert [d.id for d in rest] == [d.id for d in documents[1:]]
    monkeypatch.undo()
    assert {d.id: d.entities for d in [first, *rest]} == found_in(predictor, documents)


@pytest.mark.slow
def test_ten_thousand_documents_in_bounded_memory(model, vectors, documents):
    """What is resident after 10,000 texts is what was after 2,000."""
    from neuroner_tl.system.memory import resident_memory

    rng = np.random.default_rng(0)

    def stream():
        for number in range(10_000):
            words = [f"w{n}" for n in rng.integers(0, 10**6, 60)]
            yield Document(str(number), " ".join([*words, *rng.choice(NEW, 20)]) + ".")

    resident = []
    for number, _ in enumerate(Predictor(model, vectors).predict(stream()), start=1):
        if number in (2_000, 10_000):
            resident.append(resident_memory())
    assert resident[1] - resident[0] < 40


def probabilities_in(documents):
    return np.array([entity.probability for d in documents for entity in d.entities])


def test_probabilities_do_not_depend_on_other_texts(model, vectors, documents):
    predictor = Predictor(model, vectors)
    together = probabilities_in(predictor.predict(documents))
    assert len(together) > 20 and (0 < together).all() and (together <= 1).all()
    assert together.min() < 0.9 * together.max()
    alone = [found for document in documents for found in predictor.predict([document])]
    np.testing.assert_allclose(probabilities_in(alone), together, atol=1e-5)
    other = Predictor(model, vectors, batch_size=3)
    np.testing.assert_allclose(probabilities_in(other.predict(documents)), together, atol=1e-5)


def test_candidates_hold_what_is_predicted_and_more(model, vectors, documents):
    predictor = Predictor(model, vectors)
    predicted = list(predictor.predict(documents))
    candidates = list(predictor.candidates(documents, 0.02))
    assert [d.text for d in candidates] == [d.text for d in documents]
    more = 0
    for best, found in zip(predicted, candidates):
        by_mention = {entity: entity.probability for entity in found.entities}
        assert all(value >= 0.02 for value in by_mention.values())
        for entity in best.entities:
            if entity.probability >= 0.02:
                assert by_mention.pop(entity) == pytest.approx(entity.probability, abs=1e-5)
        more += len(by_mention)
        starts = [(entity.start, entity.end) for entity in found.entities]
        assert starts == sorted(starts)
        assert all(found.text[e.start : e.end] == e.text for e in found.entities)
    assert more
    few = probabilities_in(predictor.candidates(documents, 0.3))
    all_of_them = probabilities_in(candidates)
    np.testing.assert_allclose(sorted(few), sorted(all_of_them[all_of_them >= 0.3]), atol=1e-5)


@pytest.mark.parametrize("wrong", [0, -0.1, 1.1, float("nan")])
def test_candidates_need_a_probability(model, wrong):
    with pytest.raises(ParameterError, match="min_probability: found .*, expected a number above"):
        next(Predictor(model).candidates([Document("d", "x")], wrong))
