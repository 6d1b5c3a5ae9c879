"""Runs on a corpus in which some regions are unknown and some mentions are improbable."""

import dataclasses
import json
import random

import numpy as np
import pytest
from interrupted_runs import fit, interrupt_after
from same_runs import assert_same_run, assert_same_weights, epochs_of
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.import_report import UNKNOWN_REGION
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.prepared import prepare_run
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.checkpoint import load_model

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")


def in_doubt(documents):
    """Documents of which every third mention is unknown, the others with probabilities."""
    for document in documents:
        changed = tuple(
            dataclasses.replace(e, certain=number % 3 > 0, probability=0.25 + number % 3 / 4)
            for number, e in enumerate(document.entities)
        )
        yield dataclasses.replace(document, entities=changed)


@pytest.fixture(scope="module")
def corpus(corpora, tmp_path_factory):
    folder = tmp_path_factory.mktemp("doubtful") / "corpus"
    parts = read_corpus(corpora.gold).parts
    write_brat_parts(folder, {name: in_doubt(part) for name, part in parts.items()})
    return folder


@pytest.fixture(scope="module")
def settings(corpus, tiny):
    return {
        **tiny,
        "dataset_text_folder": corpus,
        "maximum_number_of_epochs": 2,
        "checkpoint_every": "20 batches",
        "batch_size": 2,
        "use_character_lstm": False,
        "sentence_weights": "probability",
    }


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory):
    with unoptimised_graphs():
        return fit(settings, tmp_path_factory.mktemp("whole"))


@pytest.mark.slow
def test_resuming_changes_nothing(settings, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 7)
        stopped = fit(settings, tmp_path / "stopped", cache_encoding=False)
    assert stopped.status == "interrupted"
    # From the cache, where the other run read the corpus.
    assert resume_run(stopped.folder.path, {}).status == "finished"
    assert_same_run(stopped.folder.path, whole.folder.path)


@pytest.mark.parametrize(
    "change", [{"unknown_tokens": "outside"}, {"sentence_weights": "none"}], ids=str
)
def test_both_parameters_decide_the_result(settings, whole, tmp_path, change):
    other = fit(settings, tmp_path, **change, maximum_number_of_epochs=1)
    losses = [epochs_of(run.folder.path)[0]["loss"] for run in (whole, other)]
    assert losses[0] != pytest.approx(losses[1], rel=1e-3)


def test_a_corpus_without_doubt_is_trained_as_ever(corpora, settings, tmp_path):
    """To the bit, whatever the parameters are, and with the program that knows nothing of it."""
    plain = {**settings, "dataset_text_folder": corpora.gold, "maximum_number_of_epochs": 1}
    changes = ({"unknown_tokens": "outside", "sentence_weights": "none"}, {})
    one, other = (
        fit(plain, tmp_path / str(number), **change) for number, change in enumerate(changes)
    )
    assert epochs_of(one.folder.path) == epochs_of(other.folder.path)
    models = [load_model(run.folder.model).weights for run in (one, other)]
    assert_same_weights(*models)
    parameters = load_parameters(None, {**plain, "output_folder": tmp_path})
    run = prepare_run(parameters, load_data(parameters))
    assert not run.make_step().settings.partial
    assert run.supervision.labels is run.data.dataset.parts["train"].labels


def test_regions_are_never_scored(corpus, settings, whole):
    documents = list(read_corpus(corpus).parts["test"])
    mentions = sum(len(document.entities) for document in documents)
    assert sum(len(document.unknown) for document in documents) > 0
    scores = whole.results["scores"]["test"]
    for measure in ("documents", "conll"):
        micro = scores[measure]["micro"]
        assert micro["tp"] + micro["fn"] == mentions
    report = json.loads((whole.folder.path / "import_report.json").read_text("utf-8"))
    for name in ("train", "valid", "test"):
        assert report[name]["annotations_dropped"] == 0
        assert report[name]["by_reason"][UNKNOWN_REGION]["effect"] == "noted"
    parameters = load_parameters(None, {**settings, "output_folder": whole.folder.path.parent})
    part = load_data(parameters).dataset.parts["test"]
    assert scores["token"]["tokens"] == part.number_of_tokens - len(part.unknown_tokens)


def test_the_digest_of_the_data_covers_doubts(settings, tmp_path):
    data = load_data(load_parameters(None, {**settings, "output_folder": tmp_path}))
    train = data.dataset.parts["train"]
    for name, array in (
        ("unknown_tokens", train.unknown_tokens[1:]),
        ("probabilities", train.probabilities * np.float32(0.5)),
    ):
        parts = {**data.dataset.parts, "train": dataclasses.replace(train, **{name: array})}
        changed = dataclasses.replace(data, dataset=dataclasses.replace(data.dataset, parts=parts))
        assert changed.digest != data.digest


@pytest.mark.slow
def test_open_tokens_unteach_nothing(tiny, tmp_path):
    """Of a corpus with most mentions unknown, more is learnt than if they were outside."""
    corpora = write_synthetic_corpora(
        tmp_path, gold_documents=(20, 6, 10), silver_documents=(2, 1), types=("DISO",)
    )
    draw = random.Random(0)
    parts = {name: list(part) for name, part in read_corpus(corpora.gold).parts.items()}
    parts["train"] = [
        dataclasses.replace(
            document,
            entities=tuple(
                dataclasses.replace(entity, certain=draw.random() < 0.4)
                for entity in document.entities
            ),
        )
        for document in parts["train"]
    ]
    write_brat_parts(tmp_path / "doubtful", parts)
    settings = {
        **tiny,
        "dataset_text_folder": tmp_path / "doubtful",
        "batch_size": 2,
        "maximum_number_of_epochs": 4,
    }
    recalls = []
    for treatment in ("open", "outside"):
        run = fit(settings, tmp_path / treatment, unknown_tokens=treatment)
        recalls.append(run.results["scores"]["test"]["documents"]["micro"]["recall"])
    assert recalls[0] > recalls[1] + 0.15
