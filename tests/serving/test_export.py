"""Exported models find what the Predictor finds, where nothing of this package is."""

import dataclasses
import itertools
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from random_networks import ARCHITECTURES, architecture_id
from vector_files import save

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.document import Document, Sentence, Token
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.vocabulary import Vocabulary, labels_of_types
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.model.entity_lstm import initial_weights
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.serving import graph as graph_module
from neuroner_tl.serving.export import DESCRIPTION, GRAPH, export_model, other_vectors
from neuroner_tl.serving.graph import ModelGraph
from neuroner_tl.training.checkpoint import SavedModel

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("NEURONER_TL_DATA", ROOT.parent / "shared" / "data"))
GOLDEN = Path(__file__).parents[1] / "golden" / "sealed_model"
EXPECTED = json.loads((GOLDEN.parent / "expected.json").read_text("utf-8"))
SENTENCES = [sentence for text in EXPECTED for sentence in text["tokens"]]
WORDS = ["<UNK>", *"gout of the acute Kidney injury 0 IL and".split()]


def mentions_of(found, padded):
    """The mentions of each sentence from a signature's results, as (type, first, after, p)."""
    arrays = [np.asarray(found[name]) for name in ("types", "spans", "confidences")]
    if padded:
        rows = list(zip(*arrays))
    else:
        splits = np.asarray(found["mention_splits"])
        rows = list(zip(*(np.split(values, splits[1:-1]) for values in arrays)))
    return [
        [
            (kind if isinstance(kind, str) else kind.decode(), *span.tolist(), float(number))
            for kind, span, number in zip(*row)
            if kind
        ]
        for row in rows
    ]


def predicted(predictor, sentences):
    """The same from a Predictor, which is given the tokens as they are."""
    documents = []
    for tokens in sentences:
        ends = (np.cumsum([len(token) + 1 for token in tokens], dtype=int) - 1).tolist()
        places = tuple(Token(end - len(token), end) for token, end in zip(tokens, ends))
        text = " ".join(tokens)
        cut = (Sentence(0, len(text), places),) if tokens else ()
        documents.append(Document("a", text, sentences=cut))
    found = []
    for document in predictor.predict(documents):
        places = [place for sentence in document.sentences for place in sentence.tokens]
        firsts, lasts = [p.start for p in places], [p.end for p in places]
        found.append(
            [
                (e.type, firsts.index(e.start), lasts.index(e.end) + 1, e.probability)
                for e in document.entities
            ]
        )
    return found


def assert_equal(found, expected):
    assert [[m[:3] for m in s] for s in found] == [[m[:3] for m in s] for s in expected]
    for mine, theirs in zip(found, expected):
        np.testing.assert_allclose([m[3] for m in mine], [m[3] for m in theirs], atol=1e-5)


def small_model(architecture, types=("CHED", "DISO"), scheme="bio"):
    labels = labels_of_types(types, scheme)
    architecture = dataclasses.replace(architecture, labels=len(labels))
    characters = ("", "<UNK>", *"acegikotuIKL0")
    drawn = initial_weights(architecture, len(WORDS), len(characters), 5)
    rng = np.random.default_rng(6)
    weights = {
        layer: {n: 3 * v + 0.7 * rng.normal(size=v.shape) for n, v in named.items()}
        for layer, named in drawn.items()
    }
    identity = TextIdentity("alnum", "alnum-1", "rules-1", tagging_format=scheme)
    vocabulary = Vocabulary(tuple(WORDS), characters, labels)
    return SavedModel(Path("small"), architecture, weights, vocabulary, identity, {})


def test_every_architecture_and_groups_of_any_size(eagerly, monkeypatch):
    rng = np.random.default_rng(1)
    pool = [*WORDS[1:], "GOUT", "IL7", "unheard", "of", ""]
    sentences = [rng.choice(pool, n).tolist() for n in (3, 0, 5, 1, 2)]
    flat = tf.constant([token for sentence in sentences for token in sentence])
    splits = tf.constant(np.cumsum([0, *map(len, sentences)]))
    linear = dataclasses.replace(ARCHITECTURES[4], token_linear=5)
    for architecture in (ARCHITECTURES[0], linear, ARCHITECTURES[8]):
        model = small_model(architecture)
        expected = predicted(Predictor(model, temperature=1.7), sentences)
        assert sum(map(len, expected)) > 2, architecture_id(architecture)
        graph = ModelGraph(model, temperature=1.7)
        assert_equal(mentions_of(graph.tag_ragged(flat, splits), False), expected)
    monkeypatch.setattr(graph_module, "WORDS_AT_ONCE", 2)
    monkeypatch.setattr(graph_module, "MAX_TOKENS", 4)
    assert_equal(mentions_of(graph.tag_ragged(flat, splits), False), expected)


@pytest.mark.parametrize("columns", [[7], [3, 4]], ids=["one-file", "two-files"])
def test_vectors_of_other_words(columns, eagerly, tmp_path):
    """A form that the vocabulary has comes before every form that a file has."""
    model = small_model(ARCHITECTURES[0])
    rng = np.random.default_rng(2)
    words = ["unheard", "GOUT", "il0", "gout", "(the)"]
    matrix = 5 * rng.normal(size=(5, 7)).astype(np.float32)
    parts = np.split(matrix, np.cumsum(columns)[:-1], axis=1)
    files = [save(tmp_path / f"{n}.txt", "text", words, part) for n, part in enumerate(parts)]
    path = Path(",".join(map(str, files)))
    sentences = [["Unheard", "GOUT", "il2", "(THE)", "Gout", "x", "gout"], ["(the)"]]
    expected = predicted(Predictor(model, path), sentences)
    assert expected != predicted(Predictor(model), sentences)
    more = other_vectors(path, model.vocabulary, 7)
    assert list(more.index) == ["unheard", "GOUT", "il0", "(the)"]
    graph = ModelGraph(model, 1.0, more)
    flat = tf.constant([token for sentence in sentences for token in sentence])
    found = graph.tag_ragged(flat, tf.constant([0, 7, 8], tf.int64))
    assert_equal(mentions_of(found, False), expected)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The golden model, exported by the command in the place of an earlier one."""
    folder = tmp_path_factory.mktemp("exported") / "golden" / "1"
    folder.mkdir(parents=True)
    (folder / GRAPH).write_text("an earlier one")
    (folder / "rest").write_text("of an earlier one")
    command = ["export", "--model", str(GOLDEN), "--output", str(folder), "--replace"]
    assert main(command) == 0
    assert not (folder / "rest").exists()
    return folder


# What a program does that has TensorFlow and nothing else.
PROGRAM = """
import json, sys

sys.modules["neuroner_tl"] = None  # Any import of it fails from here on.
try:
    import neuroner_tl
except ImportError:
    pass
else:
    sys.exit("the package can be imported")
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
sentences = tf.ragged.constant(json.load(sys.stdin), dtype=tf.string)
padded = model.signatures["serving_default"](
    tokens=sentences.to_tensor("?"), lengths=tf.cast(sentences.row_lengths(), tf.int32)
)
ragged = model.signatures["ragged"](
    tokens=sentences.flat_values, row_splits=sentences.row_splits
)
print(json.dumps([{n: v.numpy().tolist() for n, v in f.items()} for f in (padded, ragged)],
      default=bytes.decode))
refused = []
for tokens, lengths in (([["a"]], [2]), ([["a"]], [-1]), ([["a"], ["b"]], [1])):
    try:
        model.signatures["serving_default"](
            tokens=tf.constant(tokens), lengths=tf.constant(lengths)
        )
    except tf.errors.InvalidArgumentError:
        refused.append(tokens)
print(len(refused))
print([name for name in sys.modules if name.startswith("neuroner_tl.")])
"""


@pytest.mark.slow
def test_a_process_without_this_package(exported, eagerly):
    sentences = [*SENTENCES, [], ["Gout"]]
    done = subprocess.run(
        [sys.executable, "-I", "-c", PROGRAM, str(exported)],
        input=json.dumps(sentences),
        capture_output=True,
        text=True,
        env={"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
    results, refused, ours = done.stdout.splitlines()
    assert (refused, ours) == ("3", "[]")
    predictor = Predictor(GOLDEN)
    expected = predicted(predictor, sentences)
    assert sum(map(len, expected)) > 20
    padded, ragged = json.loads(results)
    for found, is_padded in ((padded, True), (ragged, False)):
        arrays = {name: np.array(values) for name, values in found.items()}
        assert_equal(mentions_of(arrays, is_padded), expected)
    labels = [label for text in EXPECTED for sentence in text["labels"] for label in sentence]
    assert ragged["tags"][: len(labels)] == labels
    assert [tag for row in padded["tags"] for tag in row if tag] == ragged["tags"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["NCBI_DISO", "CDR_CHED", "LINNAEUS_LIVB"])
def test_real_corpora(exported, tmp_path, name):
    archive = DATA / "gsc" / f"{name}.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set NEURONER_TL_DATA to the data folder")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    parts = read_corpus(tmp_path / name).parts
    documents = list(itertools.islice(parts["test"].documents(), 100))
    predictor = Predictor(GOLDEN)
    sentences = [list(s.tokens) for cut in predictor.cut(documents) for s in cut.sentences]
    expected = predicted(predictor, sentences)
    assert sum(map(len, expected)) > 100
    ragged = tf.ragged.constant(sentences, dtype=tf.string)
    call = tf.saved_model.load(str(exported)).signatures["ragged"]
    found = call(tokens=ragged.flat_values, row_splits=ragged.row_splits)
    assert_equal(mentions_of(found, False), expected)


def test_what_the_folder_says(exported):
    description = json.loads((exported / DESCRIPTION).read_text("utf-8"))
    assert description["types"] == ["CHED", "DISO"] and description["temperature"] == 1.0
    assert description["text"]["tokenizer_identity"] == "alnum-1"


def test_a_folder_of_something_else_stays(tmp_path, capsys):
    (tmp_path / "mine").write_text("mine")
    assert main(["export", "--model", str(GOLDEN), "--output", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "is neither empty nor an exported model" in error and error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(ParameterError, match="is neither empty"):
        export_model(GOLDEN, tmp_path / "mine")


def test_an_exported_model_stays_unless_it_is_to_be_replaced(tmp_path, capsys):
    (tmp_path / GRAPH).write_text("mine")
    assert main(["export", "--model", str(tmp_path / "none"), "--output", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}: already exists and would be overwritten; replace" in error
    assert "--replace, or give another --output" in error and error.count("\n") == 1
    with pytest.raises(CheckpointError, match="none"):
        export_model(tmp_path / "none", tmp_path, replace=True)
    assert (tmp_path / GRAPH).read_text() == "mine"


def test_vectors_that_do_not_fit(tmp_path):
    path = save(tmp_path / "v.txt", "text")
    with pytest.raises(CorpusError, match="7 dimensions"):
        export_model(GOLDEN, tmp_path / "out", path)
    assert [p.name for p in tmp_path.iterdir()] == ["v.txt"]
