from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import (
    HELD_OUT,
    IN_TWO_PARTS,
    LEFT_OUT,
    annotated_parts,
    read_corpus,
)
from neuroner_tl.corpora.split_folder import split_corpus
from neuroner_tl.errors import CorpusError, ParameterError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "corpora"


def flat(folder: Path, n: int = 10) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(n):
        (folder / f"d{index}.txt").write_text("Gout hurts.\n")
        (folder / f"d{index}.ann").write_text("T1\tDISO 0 4\tGout\n")
    return folder


def test_brat_parts() -> None:
    corpus = read_corpus(FIXTURES / "brat_parts")
    assert {name: part.ids for name, part in corpus.parts.items()} == {
        "train": ("a1", "a2"),
        "valid": ("b1",),
        "test": ("c1",),
    }
    assert corpus.split is None
    part = corpus.parts["train"]
    report = ImportReport()
    assert [d.id for d in part.documents(report)] == [d.id for d in part] == ["a1", "a2"]
    assert report.documents == len(part) == 2 and report.annotations_read == 7


def test_conll_parts() -> None:
    corpus = read_corpus(FIXTURES / "conll", required=("train", "valid"))
    assert list(corpus.parts) == ["train", "valid"]
    assert corpus.parts["train"].ids == ("first", "train-2")
    report = ImportReport()
    assert len(list(corpus.parts["train"].documents(report))) == 2
    assert (report.documents, report.annotations_kept) == (2, 4)
    # Two documents of three in all: a third of the corpus is one.
    small = read_corpus(FIXTURES / "conll", train_size=34).parts["train"]
    report = ImportReport()
    assert len(list(small.documents(report))) == len(small) == report.documents == 1


def test_a_flat_folder_has_no_part_to_score_a_model_on(tmp_path: Path) -> None:
    """Its documents are scored together, those that the model was trained on among them."""
    folder = flat(tmp_path / "flat")
    assert [*annotated_parts(folder, ("test",))] == [""]
    for names in (("valid",), ("valid", "test")):
        with pytest.raises(ParameterError, match="which has no parts and would be scored as a"):
            annotated_parts(folder, names)


def test_flat_folder_is_split(tmp_path: Path) -> None:
    folder = flat(tmp_path / "flat")
    corpus = read_corpus(folder, split_seed=3)
    assert {name: len(part) for name, part in corpus.parts.items()} == {
        "train": 6,
        "valid": 1,
        "test": 3,
    }
    assert corpus.split is not None and corpus.split.seed == 3
    assert corpus.parts["test"].ids == corpus.split.test
    report = ImportReport()
    small = read_corpus(folder, split_seed=3, train_size=20, report=report)
    assert len(small.parts["train"]) == 2 and len(small.parts["test"]) == 3
    assert set(small.parts["train"].ids) < set(corpus.parts["train"].ids)
    assert report.by_reason[LEFT_OUT].count == 4


@pytest.mark.parametrize("form", ["brat", "conll"])
def test_valid_is_held_out_of_train_where_the_corpus_has_none(tmp_path: Path, form: str) -> None:
    if form == "brat":
        flat(tmp_path / "train", 7)
        flat(tmp_path / "test", 2)
    else:
        for part, documents in (("train", 7), ("test", 2)):
            (tmp_path / f"{part}.txt").write_text("-DOCSTART- -X- O O\n\nw O\n\n" * documents)
    on_disk = read_corpus(tmp_path, hold_out=False)
    assert list(on_disk.parts) == ["train", "test"] and on_disk.split is None
    with pytest.raises(CorpusError, match=r"already has parts \(train, test\)"):
        split_corpus(tmp_path, tmp_path / "out")
    report = ImportReport()
    corpus = read_corpus(tmp_path, report=report, required=("train", "valid", "test"))
    split = corpus.split
    assert split is not None and split.held_out and not corpus.is_flat
    assert len(split.train) == 6 and len(split.valid) == 1
    assert {*split.train, *split.valid} == set(on_disk["train"].ids)
    assert split.test == tuple(sorted(on_disk["test"].ids))
    for name in ("train", "valid", "test"):
        assert sorted(corpus[name].ids) == list(getattr(split, name))
        assert sorted(document.id for document in corpus[name]) == list(getattr(split, name))
    assert report.by_reason[HELD_OUT].count == 1
    assert read_corpus(tmp_path).split == split
    seeds = {read_corpus(tmp_path, split_seed=seed)["valid"].ids for seed in range(8)}
    assert len(seeds) > 1
    # Percent of the documents of train, valid and test, as of every corpus.
    assert len(read_corpus(tmp_path, train_size=33)["train"]) == 3
    with pytest.raises(CorpusError, match="no valid part"):
        read_corpus(tmp_path, split_percentages=(70, 0, 30), required=("valid",))


def test_same_document_in_two_parts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("train", "valid", "deploy"):
        flat(tmp_path / name, 2)
    report = ImportReport()
    with caplog.at_level(logging.WARNING):
        read_corpus(tmp_path, report=report)
    assert report.by_reason[IN_TWO_PARTS].count == 2
    assert "two parts" in caplog.text


def test_missing_things(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder"):
        read_corpus(tmp_path / "none")
    with pytest.raises(CorpusError, match="no documents"):
        read_corpus(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(CorpusError, match="no .txt files"):
        read_corpus(tmp_path)
    shutil.rmtree(tmp_path / "train")
    flat(tmp_path / "test", 1)
    with pytest.raises(CorpusError, match="no train part; add train/"):
        read_corpus(tmp_path, required=("train",))
    assert list(read_corpus(tmp_path)) == list(read_corpus(tmp_path).parts) == ["test"]


def test_empty_conll_file(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("-DOCSTART- -X- O O\n\n\n")
    corpus = read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="train.txt: no tokens"):
        list(corpus.parts["train"])


def test_two_layouts_at_once(tmp_path: Path) -> None:
    flat(tmp_path / "train", 1)
    (tmp_path / "valid.txt").write_text("a O\n")
    with pytest.raises(CorpusError, match="two layouts at once, train and valid.txt"):
        read_corpus(tmp_path)
    (tmp_path / "valid.txt").unlink()
    (tmp_path / "README.txt").write_text("about")
    assert list(read_corpus(tmp_path).parts) == ["train"]
    flat(tmp_path, 1)
    with pytest.raises(CorpusError, match="two layouts at once, train and d0.ann"):
        read_corpus(tmp_path)


def test_a_flat_document_named_like_a_part(tmp_path: Path) -> None:
    flat(tmp_path, 3)
    (tmp_path / "train.txt").write_text("Gout.")
    (tmp_path / "train.ann").write_text("")
    corpus = read_corpus(tmp_path)
    assert sum(len(part) for part in corpus.parts.values()) == 4
