from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Optional

import pytest

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.leaks import warn_of_leaks


def model_of(folder: Path, corpus: Path, parent: Optional[Path] = None) -> Path:
    """A folder with the parameters that a model keeps."""
    folder.mkdir()
    parameters = Parameters(
        dataset_text_folder=corpus,
        use_pretrained_model=parent is not None,
        pretrained_model_folder=parent,
    )
    write_parameters(parameters, folder / "parameters.ini")
    return folder


@pytest.fixture
def leaky(corpora, tmp_path: Path) -> Path:  # type: ignore[no-untyped-def]
    """The silver corpus with a test document of the gold one in it, under another name."""
    folder = shutil.copytree(corpora.silver, tmp_path / "leaky")
    path = sorted((corpora.gold / "test").glob("*.txt"))[0]
    for suffix in (".txt", ".ann"):
        shutil.copyfile(path.with_suffix(suffix), folder / "train" / f"planted{suffix}")
    return folder


def test_a_planted_document_is_found(corpora, leaky: Path, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    target = read_corpus(corpora.gold)
    clean = model_of(tmp_path / "clean", corpora.silver)
    before = warn_of_leaks(target, clean)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert warn_of_leaks(target, model_of(tmp_path / "model", leaky)) == before + 1
    assert f"of {corpora.gold} in {leaky}" in caplog.text


def test_the_corpora_of_ancestors_count(corpora, leaky: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    target = read_corpus(corpora.gold)
    clean = model_of(tmp_path / "clean", corpora.silver)
    ancestor = model_of(tmp_path / "a", leaky)
    child = model_of(tmp_path / "b", corpora.silver, ancestor)
    assert warn_of_leaks(target, child) == 2 * warn_of_leaks(target, clean) + 1


def test_a_corpus_that_is_gone_is_said(corpora, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    model = model_of(tmp_path / "model", tmp_path / "gone")
    warn_of_leaks(read_corpus(corpora.gold), model)
    assert f"which is no longer at {tmp_path / 'gone'}" in caplog.text


def test_an_ancestor_that_is_gone_is_said(corpora, tmp_path: Path, caplog) -> None:  # type: ignore[no-untyped-def]
    model = model_of(tmp_path / "model", corpora.silver, tmp_path / "gone")
    warn_of_leaks(read_corpus(corpora.gold), model)
    assert f"what the model {tmp_path / 'gone'} was trained on" in caplog.text


def test_train_documents_in_test(corpora, tmp_path: Path, caplog, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The training command itself warns, before it begins."""
    folder = shutil.copytree(corpora.gold, tmp_path / "corpus")
    path = sorted((folder / "test").glob("*.txt"))[0]
    for suffix in (".txt", ".ann"):
        shutil.copyfile(path.with_suffix(suffix), folder / "train" / f"planted{suffix}")

    class Begun(Exception):
        pass

    def begin(*_: object) -> None:
        raise Begun

    monkeypatch.setattr("neuroner_tl.runs.training.prepare_run", begin)
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(Begun),
        NeuroNER(dataset_text_folder=folder, output_folder=tmp_path / "out") as ner,
    ):
        ner.fit()
    assert f"of {folder} in train or valid" in caplog.text
