"""A type that the train documents in use lack costs its mentions, not the run."""

import shutil

import pytest
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.checkpoint import load_model


@pytest.fixture(scope="module")
def corpus(corpora, tmp_path_factory):
    """A corpus in whose test part one type stands, and another one in one train document."""
    folder = tmp_path_factory.mktemp("rare") / "corpus"
    shutil.copytree(corpora.gold, folder)
    for part, kind, number in (("test", "ONLYTEST", 0), ("train", "RARE", -1)):
        path = sorted((folder / part).glob("*.ann"))[number]
        first = path.read_text("utf-8").splitlines()[0].split("\t")
        place = first[1].split(" ", 1)[1]
        path.write_text(f"T1\t{kind} {place}\t{first[2]}\n", "utf-8")
    return folder


def fit(corpus, output, tiny, **changes):
    parameters = {**tiny, "use_character_lstm": False, "maximum_number_of_epochs": 1, **changes}
    with NeuroNER(dataset_text_folder=corpus, output_folder=output, **parameters) as ner:
        return ner.fit()


def types_of(result):
    return {label[2:] for label in result.results["vocabulary"]["labels"][1:]}


SMALL = 15
KINDS = {"CHED", "DISO", "ONLYTEST", "RARE"}


@pytest.fixture(scope="module")
def small(corpus, tiny, tmp_path_factory):
    """A run on so small a part of train that one of its types is not in it."""
    used = read_corpus(corpus, train_size=SMALL)
    assert not any(e.type == "RARE" for d in used.parts["train"] for e in d.entities)
    assert any(e.type == "RARE" for d in used.left_out for e in d.entities)
    with unoptimised_graphs():
        return fit(corpus, tmp_path_factory.mktemp("small"), tiny, train_size=SMALL)


@pytest.mark.slow
def test_the_labels_are_those_of_the_whole_corpus(small, corpus, tmp_path):
    assert types_of(small) == KINDS
    parameters = {"dataset_text_folder": corpus, "output_folder": tmp_path}
    for size in (SMALL, None, SMALL):  # The last one from the cache.
        data = load_data(load_parameters(None, {**parameters, "train_size": size}))
        assert list(data.dataset.vocabulary.labels) == small.results["vocabulary"]["labels"]


def test_mentions_of_a_type_that_train_lacks_are_missed(small):
    scores = small.results["scores"]["test"]
    for measure in ("documents", "conll"):
        assert scores[measure]["per_type"]["ONLYTEST"]["fn"] == 1


@pytest.mark.slow
def test_such_a_run_can_be_resumed(small, tmp_path):
    shutil.copytree(small.folder.path, tmp_path / "run")
    again = resume_run(tmp_path / "run", {"maximum_number_of_epochs": 2})
    assert again.status == "finished" and again.results["epochs"] == 2


@pytest.mark.slow
def test_such_a_model_is_a_source_and_a_target(small, corpus, corpora, tiny, tmp_path):
    source = {"use_pretrained_model": True, "pretrained_model_folder": small.folder.model}
    onward = fit(corpora.gold, tmp_path / "onward", tiny, **source)
    assert types_of(onward) == {"CHED", "DISO"}
    source["pretrained_model_folder"] = onward.folder.model
    back = fit(corpus, tmp_path / "back", tiny, train_size=SMALL, **source)
    assert types_of(back) == KINDS
    assert load_model(back.folder.model).vocabulary.labels == tuple(
        back.results["vocabulary"]["labels"]
    )
