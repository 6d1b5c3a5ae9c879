"""What is scored is what was read, whatever happens to the corpus meanwhile."""

import json
import shutil

import pytest

from neuroner_tl.errors import CorpusError
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs import data as data_module
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.folder import RunFolder

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")


@pytest.fixture
def corpus(corpora, tmp_path):
    """A corpus that the test may change."""
    shutil.copytree(corpora.gold, tmp_path / "corpus")
    return tmp_path / "corpus"


def fit(corpus, output, tiny, **changes):
    parameters = {**tiny, "maximum_number_of_epochs": 1, **changes}
    with NeuroNER(dataset_text_folder=corpus, output_folder=output, **parameters) as ner:
        return ner.fit()


def edit(corpus):
    """Shift a text, add an annotation, and remove a document altogether."""
    first, second, third = sorted((corpus / "test").glob("*.txt"))[:3]
    first.write_text("Something before. " + first.read_text("utf-8"), "utf-8")
    text = second.read_text("utf-8")
    with open(second.with_suffix(".ann"), "a", encoding="utf-8") as file:
        file.write(f"T99\tDISO 0 1\t{text[0]}\n")
    third.unlink()
    third.with_suffix(".ann").unlink()


@pytest.fixture
def edited_run(corpus, tiny, tmp_path, monkeypatch):
    """A run during whose first epoch the corpus was edited, and the run without that."""
    expected = fit(corpus, tmp_path / "before", tiny)
    original = RunFolder.append_epoch

    def append_epoch(self, record):
        edit(corpus)
        original(self, record)

    monkeypatch.setattr(RunFolder, "append_epoch", append_epoch)
    with pytest.raises(CorpusError) as caught:
        fit(corpus, tmp_path / "during", tiny)
    monkeypatch.undo()
    (folder,) = (tmp_path / "during").glob("[!.]*")
    return RunFolder(folder), str(caught.value), expected


def test_a_corpus_edited_while_a_run_trains(edited_run):
    folder, message, expected = edited_run
    results = json.loads((folder.path / "results.json").read_text("utf-8"))
    assert "changed since it was read: test/" in message and "\n" not in message
    assert results["status"] == "corpus changed" and results["reason"] in message
    # Everything is that of the corpus as it was read.
    assert results["scores"] == json.loads(json.dumps(expected.results["scores"]))
    counts = (folder.path / "document_counts.json").read_bytes()
    assert counts == (expected.folder.path / "document_counts.json").read_bytes()
    for path in (expected.folder.predictions / "test").glob("*.ann"):
        assert (folder.predictions / "test" / path.name).read_bytes() == path.read_bytes()


def loaded(corpus, output):
    parameters = {"dataset_text_folder": corpus, "output_folder": output}
    return load_data(load_parameters(None, parameters))


def test_a_corpus_edited_while_it_is_read_is_read_again(corpus, tmp_path, monkeypatch, caplog):
    """The cache must not keep the new content under the key of the old one."""
    path = sorted((corpus / "test").glob("*.txt"))[0]
    old = path.read_bytes()
    original = data_module.build_dataset
    edits = []

    def build(*arguments):
        if not edits:
            edits.append(path.write_bytes(old + b" And more."))
        return original(*arguments)

    monkeypatch.setattr(data_module, "build_dataset", build)
    new = loaded(corpus, tmp_path / "output")
    assert f"test/{path.name} changed while it was read; reading again" in caplog.text
    path.write_bytes(old)
    was = loaded(corpus, tmp_path / "output")
    tokens = [data.dataset.parts["test"].number_of_tokens for data in (was, new)]
    assert tokens[1] - tokens[0] == 3


def test_a_corpus_that_keeps_changing_is_refused(corpus, tmp_path, monkeypatch):
    path = sorted((corpus / "test").glob("*.txt"))[0]
    original = data_module.build_dataset

    def build(*arguments):
        path.write_bytes(path.read_bytes() + b" More.")
        return original(*arguments)

    monkeypatch.setattr(data_module, "build_dataset", build)
    with pytest.raises(CorpusError, match="changed while the corpus was read, 3 times"):
        loaded(corpus, tmp_path / "output")


@pytest.mark.parametrize("change", ["new document", "word vectors", "gone"])
def test_what_counts_as_changed(corpus, tmp_path, change):
    vectors = tmp_path / "vectors.txt"
    vectors.write_text("the 1 2\nof 3 4\n")
    parameters = load_parameters(
        None,
        {
            "dataset_text_folder": corpus,
            "output_folder": tmp_path / "output",
            "token_pretrained_embedding_filepath": vectors,
            "token_embedding_dimension": 2,
        },
    )
    found = load_data(parameters)
    assert found.changed() is None
    if change == "new document":
        (corpus / "train" / "new.txt").write_text("New.")
        assert found.changed() == "train/new.txt and 1 more files"
    elif change == "word vectors":
        vectors.write_text("the 1 2\nof 3 5\n")
        assert found.changed() == "the word vectors"
    else:
        shutil.rmtree(corpus)
        assert "no such folder" in found.changed()
