"""Runs of other systems: the files of a run, its scores, and what is left of it if it fails."""

import json
import signal

import pytest

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError, TrainingError
from neuroner_tl.evaluation.brat_folders import evaluate_folders
from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import RunData
from neuroner_tl.runs.systems.published_run import score_published
from neuroner_tl.runs.systems.spacy_recogniser import SpacyRecogniser, has_spacy
from neuroner_tl.runs.systems.spacy_run import train_spacy
from neuroner_tl.system.interruption import Interrupted

with_spacy = pytest.mark.skipif(not has_spacy(), reason="spaCy is an extra; pip install '.[spacy]'")


def parameters(corpora, tmp_path, **own):
    values = {
        "dataset_text_folder": str(corpora.gold),
        "output_folder": str(tmp_path / "output"),
        "experiment_name": "theirs",
        "maximum_number_of_epochs": "3",
        **own,
    }
    return load_parameters(None, values)


@pytest.fixture(scope="module")
def spacy_run(corpora, tmp_path_factory):
    return train_spacy(parameters(corpora, tmp_path_factory.mktemp("spacy")))


@with_spacy
def test_a_run_of_spacy_has_the_files_of_a_run(spacy_run, corpora):
    folder, results = spacy_run.folder, spacy_run.results
    assert spacy_run.status == "finished" and results["system"] == "spacy"
    assert {"spacy", "python", "numpy"} <= set(results["versions"])
    epochs = folder.epochs
    assert [record["epoch"] for record in epochs] == [1, 2, 3] and results["epochs"] == 3
    scores = [record["score"] for record in epochs]
    assert results["best_score"] == max(scores) == scores[results["best_epoch"] - 1]
    assert all(record["cpu_seconds"] >= 0 for record in epochs)
    imported = json.loads((folder.path / "import_report.json").read_text())
    assert imported["train"]["documents"] == 6
    assert not folder.model.exists()


@with_spacy
def test_its_scores_are_those_of_its_predictions(spacy_run, corpora):
    found = evaluate_folders(corpora.gold / "test", spacy_run.folder.predictions / "test")
    assert found.scores == spacy_run.test
    counts = json.loads((spacy_run.folder.path / "document_counts.json").read_text())["test"]
    assert {n: [c.tp, c.fp, c.fn] for n, c in found.per_document.items()} == counts


@with_spacy
def test_the_best_epoch_is_scored(corpora, tmp_path, monkeypatch):
    from neuroner_tl.runs.scoring import Scorer

    given = iter([0.5, 0.25, 0.125, 0.0625])
    monkeypatch.setattr(Scorer, "validate", lambda scorer, mode: (next(given), {}))
    own = {"maximum_number_of_epochs": "9", "patience": "3"}
    long = train_spacy(parameters(corpora, tmp_path / "long", **own))
    assert long.best_epoch == 1 and long.epochs == 4
    assert long.reason == "no improvement in 3 epochs"
    given = iter([0.5])
    short = train_spacy(parameters(corpora, tmp_path / "short", maximum_number_of_epochs="1"))
    assert short.test == long.test


@with_spacy
@pytest.mark.parametrize("error", [Interrupted("a signal"), RuntimeError("broken")])
def test_nothing_is_left_of_a_run_that_ends_early(corpora, tmp_path, monkeypatch, error):
    from neuroner_tl.runs.scoring import Scorer

    def fail(scorer, mode):
        raise error

    monkeypatch.setattr(Scorer, "validate", fail)
    with pytest.raises(type(error)):
        train_spacy(parameters(corpora, tmp_path))
    assert not list((tmp_path / "output").glob("theirs*"))


@with_spacy
def test_a_run_of_spacy_that_learns_nothing_says_so(corpora, tmp_path, monkeypatch):
    from neuroner_tl.runs.scoring import Scorer

    monkeypatch.setattr(Scorer, "validate", lambda scorer, mode: (0.0, {}))
    own = {"maximum_number_of_epochs": "9", "give_up_after_sentences": "60"}
    with pytest.raises(TrainingError, match="epoch 2: the validation score is still 0 after"):
        train_spacy(parameters(corpora, tmp_path, **own))
    (folder,) = (tmp_path / "output").glob("theirs*")
    results = json.loads((folder / "results.json").read_text())
    assert (results["status"], results["epochs"], results["best_score"]) == ("failed", 2, 0)


@with_spacy
def test_a_run_of_spacy_on_a_corpus_that_changes_is_refused(corpora, tmp_path, monkeypatch):
    monkeypatch.setattr(RunData, "changed", lambda data: "1.txt")
    with pytest.raises(CorpusError, match=r"changed since it was read: 1\.txt"):
        train_spacy(parameters(corpora, tmp_path, maximum_number_of_epochs="1"))


@with_spacy
def test_an_interruption_that_spacy_swallows_ends_the_run_after_the_epoch(
    corpora, tmp_path, monkeypatch
):
    trained = []

    def swallow(recogniser, epoch):
        trained.append(epoch)
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            return 1.0

    monkeypatch.setattr(SpacyRecogniser, "train_epoch", swallow)
    with pytest.raises(Interrupted, match="nothing of it is kept"):
        train_spacy(parameters(corpora, tmp_path))
    assert trained == [1] and not list((tmp_path / "output").glob("theirs*"))


@with_spacy
def test_spacy_needs_no_word_vectors(corpora, tmp_path):
    vectors = tmp_path / "broken.txt"
    vectors.write_text("no vectors")
    own = {
        "token_pretrained_embedding_filepath": str(vectors),
        "load_only_pretrained_token_embeddings": "True",
        "maximum_number_of_epochs": "1",
    }
    assert train_spacy(parameters(corpora, tmp_path, **own)).status == "finished"


@pytest.fixture
def predictions(corpora, tmp_path):
    """Predictions for the test part: its gold annotations without the first of each document."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    for path in (corpora.gold / "test").glob("*.ann"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        (folder / path.name).write_text("".join(lines[1:]), "utf-8")
    return folder


def test_published_predictions_are_scored(corpora, tmp_path, predictions):
    result = score_published(parameters(corpora, tmp_path), predictions)
    found = evaluate_folders(corpora.gold / "test", predictions)
    assert result.test == found.scores and 0 < result.test.f1 < 1
    assert result.results["scores"]["test"]["conll"] == found.taggable.to_json()
    documents = list(read_corpus(corpora.gold).parts["test"].documents())
    missed = [document for document in documents if document.entities]
    assert sum(c.fn for c in result.test.per_type.values()) == len(missed)
    counts = json.loads((result.folder.path / "document_counts.json").read_text())["test"]
    assert set(counts) == {document.id for document in documents}
    written = result.folder.predictions / "test"
    assert evaluate_folders(corpora.gold / "test", written).scores == found.scores


def test_predictions_of_other_documents_do_not_count(corpora, tmp_path, predictions):
    before = score_published(parameters(corpora, tmp_path), predictions).test
    (predictions / "other.ann").write_text("T1\tDISO 0 4\tGout\n")
    assert score_published(parameters(corpora, tmp_path), predictions).test == before


def test_a_document_without_predictions_is_refused(corpora, tmp_path, predictions):
    lost = sorted(predictions.iterdir())[0]
    lost.unlink()
    with pytest.raises(CorpusError, match=f"{lost}: no such file, expected the predictions for"):
        score_published(parameters(corpora, tmp_path), predictions)
    assert not list((tmp_path / "output").glob("theirs*"))


def test_predictions_that_do_not_fit_the_text_are_refused(corpora, tmp_path, predictions):
    lost = sorted(predictions.iterdir())[0]
    lost.write_text("T1\tDISO 0 99999\tGout\n")
    with pytest.raises(CorpusError, match=str(lost)):
        score_published(parameters(corpora, tmp_path), predictions)
    assert not list((tmp_path / "output").glob("theirs*"))


def made_up_corpus(folder, gold, parts=("train", "test")):
    """A corpus of one text, with these annotations in all parts; flat without names of parts."""
    for place in [folder / part for part in parts] or [folder]:
        place.mkdir(parents=True, exist_ok=True)
        for number in range(1 if parts else 10):
            (place / f"{number}.txt").write_text("Gout, ache and asthma.")
            (place / f"{number}.ann").write_text(gold)
    return folder


def scored(folder, tmp_path, found, documents=1, **own):
    """Score predictions for a corpus, the same for each document."""
    (tmp_path / "theirs").mkdir(exist_ok=True)
    for number in range(documents):
        (tmp_path / "theirs" / f"{number}.ann").write_text(found)
    values = {"dataset_text_folder": str(folder), "output_folder": str(tmp_path / "output"), **own}
    given = load_parameters(None, {**values, "experiment_name": "theirs"})
    return score_published(given, tmp_path / "theirs")


GOUT, ACHE, ASTHMA = "T1\tDISO 0 4\tGout\n", "T2\tDISO 6 10\tache\n", "T3\tDISO 15 21\tasthma\n"


def test_predictions_in_unknown_regions_do_not_count_and_are_kept(tmp_path):
    corpus = made_up_corpus(tmp_path / "gold", GOUT + ACHE + "A1\tUnknown T2\n")
    result = scored(corpus, tmp_path, GOUT + ACHE + ASTHMA)
    assert result.test.per_type == {"DISO": Counts(tp=1, fp=1)}
    written = (result.folder.predictions / "test" / "0.ann").read_text()
    assert written.count("DISO") == 3 and "Unknown" not in written


def test_nested_and_discontinuous_predictions_count_and_twice_the_same_once(tmp_path):
    split, nested = "T4\tDISO 0 4;15 21\tGout asthma\n", "T5\tDISO 0 10\tGout, ache\n"
    corpus = made_up_corpus(tmp_path / "gold", GOUT + split + nested)
    result = scored(corpus, tmp_path, GOUT + split + nested + GOUT.replace("T1", "T6"))
    assert result.test.per_type == {"DISO": Counts(tp=3)}
    # Of the gold annotations, tags can represent the nested one with the outer boundaries alone.
    assert result.results["scores"]["test"]["conll"]["micro"]["tp"] == 1
    assert result.results["scores"]["test"]["conll"]["micro"]["fp"] == 2
    reports = json.loads((result.folder.path / "import_report.json").read_text())
    assert reports["predictions"]["by_reason"]["duplicate annotation"]["count"] == 1


def test_predictions_of_types_that_the_corpus_lacks_are_refused(tmp_path):
    corpus = made_up_corpus(tmp_path / "gold", GOUT)
    with pytest.raises(CorpusError, match="theirs: found the types Disease, expected some of D"):
        scored(corpus, tmp_path, GOUT.replace("DISO", "Disease"))
    assert scored(corpus, tmp_path, "").test.micro == Counts(fn=1)
    assert scored(corpus, tmp_path, GOUT + ACHE.replace("DISO", "Sign")).test.micro.tp == 1


def test_the_split_of_a_flat_corpus_is_written(tmp_path):
    corpus = made_up_corpus(tmp_path / "gold", GOUT, parts=())
    result = scored(corpus, tmp_path, GOUT, documents=10, split_seed="4")
    split = json.loads((result.folder.path / "split.json").read_text())
    counts = json.loads((result.folder.path / "document_counts.json").read_text())["test"]
    assert set(split["test"]) == set(counts) and len(counts) < 10
    found = evaluate_folders(corpus, result.folder.predictions / "test")
    assert found.scores == result.test and set(found.per_document) == set(counts)


def test_predictions_for_conll_columns_are_at_the_offsets_of_their_text(tmp_path):
    corpus = tmp_path / "gold"
    corpus.mkdir()
    for part in ("train", "test"):
        (corpus / f"{part}.txt").write_text("Gout B-DISO\nhurts O\n\nNo O\nache B-DISO\n")
    (document,) = read_corpus(corpus).parts["test"].documents()
    (tmp_path / "theirs").mkdir()
    lines = [
        f"T{number}\tDISO {entity.start} {entity.end}\t{entity.text}\n"
        for number, entity in enumerate(document.entities)
    ]
    (tmp_path / "theirs" / f"{document.id}.ann").write_text("".join(lines))
    given = {"dataset_text_folder": str(corpus), "output_folder": str(tmp_path / "output")}
    result = score_published(load_parameters(None, given), tmp_path / "theirs")
    assert result.test.micro == Counts(tp=2)


def test_predictions_may_count_a_line_end_as_the_corpus_does(tmp_path):
    """The texts got CRLF line ends after they were annotated, and were predicted before."""
    corpus = made_up_corpus(tmp_path / "gold", "T1\tDISO 0 4\tGout\nT2\tDISO 6 10\tache\n")
    for part in ("train", "test"):
        (corpus / part / "0.txt").write_bytes(b"Gout,\r\nache\r\n")
    result = scored(corpus, tmp_path, "T1\tDISO 6 10\tache\n")
    assert result.test.micro == Counts(tp=1, fn=1)
    reports = json.loads((result.folder.path / "import_report.json").read_text())
    assert reports["predictions"]["documents"] == 1
    with pytest.raises(CorpusError, match="0.ann:1: the offsets 5 9 cover"):
        scored(corpus, tmp_path, "T1\tDISO 5 9\tache\n")
