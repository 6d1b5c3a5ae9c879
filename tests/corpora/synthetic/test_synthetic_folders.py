"""Synthetic corpora on disk."""

from __future__ import annotations

import os

import pytest

from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.corpora.synthetic.generate import iterate_gold, iterate_silver
from neuroner_tl.errors import CorpusError, ParameterError

SIZES = {"gold_documents": (4, 2, 3), "silver_documents": (6, 2)}


def contents(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_folders_hold_what_the_generators_give(tmp_path):
    corpora = write_synthetic_corpora(tmp_path / "new" / "data", seed=5, **SIZES)
    assert corpora.gold == tmp_path / "new" / "data" / "synthetic_gold"
    assert corpora.silver == tmp_path / "new" / "data" / "synthetic_silver"
    for root, parts, expected in (
        (corpora.gold, {"train": 4, "valid": 2, "test": 3}, iterate_gold(9, 5)),
        (corpora.silver, {"train": 6, "valid": 2}, iterate_silver(8, 5)),
    ):
        read = []
        for part, size in parts.items():
            documents = list(iterate_brat_folder(root / part, ImportReport()))
            assert len(documents) == size
            read += [(d.id, d.text, d.entities) for d in documents]
        assert read == [(d.id, d.text, d.entities) for d in expected]
        assert sorted(p.name for p in root.iterdir()) == sorted(parts)
    assert sorted(p.name for p in (tmp_path / "new" / "data").iterdir()) == [
        "synthetic_gold",
        "synthetic_silver",
    ]


def test_same_seed_same_bytes_and_old_files_are_removed(tmp_path):
    write_synthetic_corpora(tmp_path, seed=1, **SIZES)
    first = contents(tmp_path)
    write_synthetic_corpora(
        tmp_path, seed=2, gold_documents=(8, 3, 3), silver_documents=(9, 3), types=("GENE",)
    )
    assert len(contents(tmp_path)) > len(first)
    write_synthetic_corpora(tmp_path, seed=1, **SIZES)
    assert contents(tmp_path) == first


def test_foreign_files_are_kept(tmp_path):
    mine = tmp_path / "synthetic_gold" / "train" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("kept")
    with pytest.raises(CorpusError, match="mine.txt"):
        write_synthetic_corpora(tmp_path, **SIZES)
    assert mine.read_text() == "kept"
    assert not (tmp_path / "synthetic_silver").exists()


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="file"):
        write_synthetic_corpora(tmp_path / "file", **SIZES)
    (tmp_path / "synthetic_silver").write_text("")
    with pytest.raises(CorpusError, match="is a file"):
        write_synthetic_corpora(tmp_path, **SIZES)


def test_a_failure_leaves_nothing_half_written(tmp_path, monkeypatch):
    write_synthetic_corpora(tmp_path, seed=1, **SIZES)
    before = contents(tmp_path)

    def fail(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("neuroner_tl.corpora.formats.brat_writer.sync_files", fail)
    with pytest.raises(CorpusError, match=os.strerror(28)):
        write_synthetic_corpora(tmp_path, seed=2, **SIZES)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "wrong",
    [{"gold_documents": (1, 0, 1)}, {"silver_documents": (1, 1, 1)}, {"types": ("X",)}],
)
def test_wrong_sizes_write_nothing(tmp_path, wrong):
    with pytest.raises(ParameterError):
        write_synthetic_corpora(tmp_path / "data", **{**SIZES, **wrong})
    assert not (tmp_path / "data").exists()
