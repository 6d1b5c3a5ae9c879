"""Predictions have the form of their corpus: CoNLL files get columns and texts."""

import os

import pytest
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.formats.conll import conll_lines, iterate_conll
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.evaluation.scoring import score_tags
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.jobs.file_prediction import predict_files
from neuroner_tl.system import atomic_file


@pytest.fixture(scope="module")
def corpus(corpora, tmp_path_factory):
    """The gold corpus as CoNLL files."""
    folder = tmp_path_factory.mktemp("columns") / "corpus"
    folder.mkdir()
    tokenizer = get_tokenizer("alnum")
    for name, part in read_corpus(corpora.gold).parts.items():
        lines = []
        for document in part.documents():
            lines += conll_lines(tag_document(document, tokenizer))
        (folder / f"{name}.txt").write_text("".join(lines), "utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(corpus, tiny, tmp_path_factory):
    output = tmp_path_factory.mktemp("runs")
    parameters = {**tiny, "maximum_number_of_epochs": 2}
    with (
        unoptimised_graphs(),
        NeuroNER(dataset_text_folder=corpus, output_folder=output, **parameters) as ner,
    ):
        return ner.fit()


def check_predictions(folder, corpus, results):
    documents = list(iterate_conll(corpus / "test.txt", ImportReport()))
    texts = {path.stem: path.read_text("utf-8") for path in (folder / "test").glob("*.txt")}
    assert texts == {d.id: d.text for d in documents}
    counts = results["scores"]["test"]["documents"]["micro"]
    lines = [line for p in (folder / "test").glob("*.ann") for line in p.open(encoding="utf-8")]
    found = sum(line.startswith("T") for line in lines)
    assert found == counts["tp"] + counts["fp"] > 0
    # The columns are what NeuroNER writes: token, document, start, end, gold, predicted.
    gold, predicted, rows = [[]], [[]], []
    for line in (folder / "test.conll").read_text("utf-8").splitlines():
        columns = line.split(" ")
        if len(columns) == 6:
            rows.append(columns)
            gold[-1].append(columns[4])
            predicted[-1].append(columns[5])
        elif gold[-1]:
            gold.append([])
            predicted.append([])
    assert [row[0] for row in rows] == [token for d in documents for token in d.text.split()]
    scores = score_tags(gold, predicted).micro
    expected = results["scores"]["test"]["conll"]["micro"]
    assert (scores.tp, scores.fp, scores.fn) == tuple(expected[n] for n in ("tp", "fp", "fn"))


def test_of_a_training_run(trained, corpus):
    check_predictions(trained.folder.predictions, corpus, trained.results)


def test_of_prediction_mode(trained, corpus, tiny, tmp_path):
    model = {"use_pretrained_model": True, "pretrained_model_folder": trained.folder.model}
    with NeuroNER(
        dataset_text_folder=corpus, output_folder=tmp_path, train_model=False, **model, **tiny
    ) as ner:
        result = ner.fit()
    check_predictions(result.folder.predictions, corpus, result.results)


def test_a_brat_corpus_has_texts_of_its_own(source_run):
    suffixes = {path.suffix for path in (source_run.folder.predictions / "valid").iterdir()}
    assert suffixes == {".ann"}
    assert not list(source_run.folder.predictions.glob("*.conll"))


def test_predictions_are_synced_once(source_run, corpora, tmp_path, monkeypatch):
    calls = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda d: calls.append(d) or fsync(d))
    if atomic_file._syncfs is not None:
        syncfs = atomic_file._syncfs
        monkeypatch.setattr(atomic_file, "_syncfs", lambda d: calls.append(d) or syncfs(d))
    texts = tmp_path / "texts"
    texts.mkdir()
    for number in range(40):
        (texts / f"{number}.txt").write_text("Nothing here.")
    predict_files(Predictor(source_run.folder.model), texts, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 81  # And annotation.conf.
    assert len(calls) <= (2 if atomic_file._syncfs is not None else 81)


@pytest.mark.parametrize("asked", [False, True])
def test_probabilities_are_written_on_request(source_run, corpora, tmp_path, asked):
    """As notes, which a reader of brat files takes for probabilities."""
    predictor = Predictor(source_run.folder.model)
    texts = corpora.gold / "test"
    predict_files(predictor, texts, tmp_path / "out", probabilities=asked)
    found = {d.id: d for d in iterate_brat_folder(tmp_path / "out", ImportReport())}
    number = 0
    for document in predictor.predict(iterate_brat_folder(texts, ImportReport())):
        assert found[document.id].entities == document.entities
        for written, entity in zip(found[document.id].entities, document.entities):
            expected = pytest.approx(entity.probability, abs=1e-5) if asked else None
            assert written.probability == expected
            number += 1
    assert number
