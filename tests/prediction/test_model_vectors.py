"""Which word vectors a model was trained with: the file that it names, if it is still that file."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CheckpointError
from neuroner_tl.model.entity_lstm import create_network
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.prediction.model_vectors import (
    check_given_vectors,
    describe_word_vectors,
    model_word_vectors,
    word_vectors_or_warning,
)
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.silver.annotators.model_annotator import ModelAnnotator
from neuroner_tl.training.checkpoint import VOCABULARY, load_model, save_model
from neuroner_tl.training.manifest import PARAMETERS

WORDS = {"of": 0.5, "the": -0.5, "in": 0.25, "Zyqo": 4.0}


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    path = tmp_path_factory.mktemp("vectors") / "v.txt"
    path.write_text("".join(f"{word}{f' {value}' * 20}\n" for word, value in WORDS.items()))
    return path


@pytest.fixture(scope="module")
def model(source_run, vectors, tmp_path_factory):
    """A model that was trained with word vectors, by its parameters and its record."""
    source = load_model(source_run.folder.model)
    folder = tmp_path_factory.mktemp("model")
    source.vocabulary.save(folder / VOCABULARY)
    given = {"token_pretrained_embedding_filepath": vectors}
    parameters = load_parameters(source_run.folder.model / PARAMETERS, given)
    write_parameters(parameters, folder / PARAMETERS)
    save_model(
        folder,
        {"weights": create_network(source.architecture, source.weights).weights},
        source.architecture,
        source.text,
        source.vocabulary.labels,
        {**source.training, **describe_word_vectors(vectors)},
        "1",
    )
    return load_model(folder)


@pytest.fixture
def used(monkeypatch):
    """The word vectors of the predictors that are made."""
    found = []
    make = Predictor.__init__

    def spied(self, model, word_vectors=None, *more, **options):
        found.append(word_vectors)
        make(self, model, word_vectors, *more, **options)

    monkeypatch.setattr(Predictor, "__init__", spied)
    return found


@pytest.fixture
def other(vectors):
    """The file is another one meanwhile, with the size and time of the first."""
    content, status = vectors.read_bytes(), vectors.stat()
    vectors.write_bytes(content.replace(b"4.0", b"5.0"))
    os.utime(vectors, ns=(status.st_atime_ns, status.st_mtime_ns))
    yield vectors
    vectors.write_bytes(content)


def test_the_file_that_the_model_names(model, vectors, source_run):
    assert model_word_vectors(model) == vectors
    assert model_word_vectors(load_model(source_run.folder.model)) is None


def test_another_file(model, other, caplog):
    with pytest.raises(CheckpointError, match="trained with other word vectors than .*v.txt"):
        model_word_vectors(model)
    assert word_vectors_or_warning(model) is None
    assert "out-of-vocabulary words are unknown" in caplog.text


def test_no_file_any_more(model, vectors):
    vectors.rename(vectors.with_name("away"))
    try:
        with pytest.raises(CheckpointError, match="which no longer exist; restore the file"):
            model_word_vectors(model)
        with pytest.raises(CheckpointError, match=r"give its path: word_vectors in \[silver\]"):
            ModelAnnotator(model.folder, ["DISO"])
    finally:
        vectors.with_name("away").rename(vectors)


def test_silver_annotators_use_it(model, vectors, used, tmp_path):
    annotator = ModelAnnotator(model.folder, ["DISO"])
    assert used == [vectors]
    assert len(list(annotator.annotate([Document("1", "The Zyqo of it.")]))) == 1
    copy = tmp_path / "copy.txt"
    copy.write_bytes(vectors.read_bytes())
    ModelAnnotator(model.folder, ["DISO"], copy)
    assert used == [vectors, copy]


def test_prediction_uses_it(model, vectors, used, tmp_path):
    from neuroner_tl.__main__ import main

    text = tmp_path / "a.txt"
    text.write_text("The Zyqo of it.")
    arguments = ["predict", "--model", str(model.folder), "--input", str(text), "--output"]
    assert main([*arguments, str(tmp_path / "one")]) == 0
    assert main([*arguments, str(tmp_path / "two"), "--word-vectors", "none"]) == 0
    with NeuroNER(use_pretrained_model=True, pretrained_model_folder=model.folder) as ner:
        ner.predict("The Zyqo of it.")
    assert used == [vectors, None, vectors]


def test_files_that_are_given_must_be_those_of_the_training_in_their_order(tmp_path):
    paths = [tmp_path / name for name in ("a.txt", "b.txt", "long.txt")]
    for path, value, size in zip(paths, "123", (2, 2, 3)):
        path.write_text(f"of{f' {value}' * size}\nthe{f' {value}' * size}\n")
    a, b, long = map(str, paths)
    record = describe_word_vectors(Path(f"{a},{b}"))
    model = SimpleNamespace(folder=tmp_path, training=record)
    assert check_given_vectors(model, Path(f"{a},{b}")) == Path(f"{a},{b}")
    for wrong in (f"{b},{a}", f"{a},{a}"):
        with pytest.raises(CheckpointError, match="in the place of another one; give all files in"):
            check_given_vectors(model, Path(wrong))
    for wrong, found in ((f"{a},{long}", r"2 \+ 3"), (a, "2")):
        with pytest.raises(CheckpointError, match=rf"have {found} dimensions, expected 2 \+ 2"):
            check_given_vectors(model, Path(wrong))
    one = SimpleNamespace(folder=tmp_path, training=describe_word_vectors(paths[0]))
    assert check_given_vectors(one, paths[1]) == paths[1]
