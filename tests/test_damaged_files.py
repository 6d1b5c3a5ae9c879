"""Damages that once ended in a traceback, one by one; `tests/fuzz` looks for further ones."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from neuroner_tl.corpora.formats.iexml import iterate_iexml
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import CheckpointError, CorpusError, NeuroNERError
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.studies.records.mentions import MentionFiles
from neuroner_tl.studies.records.record_form import member, record_fault
from neuroner_tl.studies.records.store import Store
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.training.checkpoint import load_model
from neuroner_tl.training.progress import LossWatch, Progress

GOLDEN = Path(__file__).parent / "golden" / "model"
DEEP = ['{"a": ' * 100_000, "[" * 100_000]
RECORD: dict[str, Any] = {
    "id": "a",
    "status": "finished",
    "epochs": 3,
    "seconds": 1.5,
    "scores": {"test": {"documents": {"X": {"tp": 1, "fp": 2, "fn": 3}}}},
    "versions": {"neuroner_tl": "0.1.0"},
}


@pytest.mark.parametrize("text", [*DEEP, "NaN", "[1e999]", "-Infinity", "", b"\xff", "9" * 5000])
def test_what_is_not_json(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize("deep", DEEP)
@pytest.mark.parametrize("name", ["manifest.json", "vocabulary.json"])
def test_deeply_nested_model(tmp_path: Path, deep: str, name: str) -> None:
    folder = shutil.copytree(GOLDEN, tmp_path / "model")
    (folder / name).write_text(deep)
    with pytest.raises(CheckpointError):
        load_model(folder)
    with pytest.raises(CheckpointError):
        Vocabulary.load(folder / name)


@pytest.mark.parametrize("deep", DEEP)
def test_deeply_nested_store(tmp_path: Path, deep: str) -> None:
    store = Store(tmp_path / "runs.jsonl")
    store.path.write_text(f"{json.dumps(RECORD)}\n{deep}\n")
    with pytest.raises(CorpusError, match=r"runs.jsonl:2: .*nested too deeply"):
        store.records()


@pytest.mark.parametrize(
    "line", [*DEEP, "5", "null", '{"epoch": "1"}', '{"epoch": NaN}', '{"x": 1}', "\x00"]
)
def test_epochs_end_at_a_damaged_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "epochs.jsonl"
    path.write_bytes(f'{{"epoch": 1}}\n{line}\n{{"epoch": 2}}\n'.encode() + b"\xff\xfe")
    folder = RunFolder(tmp_path)
    assert folder.epochs == [{"epoch": 1}]
    folder.keep_epochs(2)
    assert path.read_text() == '{"epoch": 1}\n'


def test_a_whole_record_has_no_fault() -> None:
    assert record_fault(RECORD) is None
    assert record_fault({"id": "a", "status": "failed", "error": "x"}) is None


@pytest.mark.parametrize("name", ["epochs", "seconds", "scores", "versions"])
def test_a_record_that_lacks_a_member(tmp_path: Path, name: str) -> None:
    store = Store(tmp_path / "runs.jsonl")
    store.path.write_text(json.dumps({k: v for k, v in RECORD.items() if k != name}) + "\n")
    with pytest.raises(CorpusError, match=f"runs.jsonl:1: .*{name}: field required"):
        store.records()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"status": "finshed"}, "status"),
        ({"status": None}, "status"),
        ({"epochs": "3"}, "epochs"),
        ({"epochs": True}, "epochs"),
        ({"seconds": None}, "seconds"),
        ({"scores": {"test": {"documents": {"X": {"tp": 1, "fp": 2}}}}}, r"X\.fn"),
        ({"scores": {"test": {"documents": {"X": {"tp": -1, "fp": 2, "fn": 3}}}}}, r"X\.tp"),
        ({"test_documents": {"d": [1, 2]}}, "test_documents"),
        ({"versions": []}, "versions"),
        ({"id": 3}, "id"),
    ],
)
def test_a_record_with_a_wrong_member(change: dict[str, Any], place: str) -> None:
    fault = record_fault({**RECORD, **change})
    assert fault is not None and re.search(place, fault)


def test_what_only_some_tables_need_is_named_when_it_is_missing() -> None:
    assert member(RECORD, "scores", "test") == RECORD["scores"]["test"]
    with pytest.raises(CorpusError, match=r"the run a lacks scores\.valid"):
        member(RECORD, "scores", "valid")


def test_mentions_of_a_gold_standard_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "mentions").mkdir()
    path = tmp_path / "mentions" / "a.json.gz"
    for content in (b'{"gold": "../../x"}', b'{"gold": 1}', b"[]", DEEP[1].encode()):
        path.write_bytes(gzip.compress(content))
        files = MentionFiles(tmp_path / "mentions")
        with pytest.raises(CorpusError, match=r"a\.json\.gz"):
            files.read("a")
        with pytest.raises(CorpusError, match="damaged"):
            files.copy(["a"], tmp_path / "elsewhere")


@pytest.mark.parametrize("name", ["a:b", ":", "e:e", "a:b:c"])
def test_a_colon_in_a_name_of_iexml(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(
        f"<MedlineCitation><PMID>1</PMID><ArticleTitle>Gout <{name}>is</{name}> old."
        "</ArticleTitle></MedlineCitation>"
    )
    try:
        (document,) = iterate_iexml(path, ImportReport())
        assert document.text == "Gout is old."
    except NeuroNERError as error:
        assert str(path) in str(error)


def test_a_remark_before_the_only_record(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    path.write_text("<!-- a --><?b c?><MedlineCitation><PMID>1</PMID></MedlineCitation>")
    (document,) = iterate_iexml(path, ImportReport())
    assert document.id == "1"


def test_progress_of_another_form() -> None:
    progress = Progress(
        3, 2, 100, 0.1 + 0.2, 2, 1, 1 / 3, 7, 2, 1, True, LossWatch(1e-300, 5.5, 0.1, 9)
    )
    whole = progress.to_json()
    assert Progress.from_json(json.loads(json.dumps(whole))) == progress
    for change in ({"epoch": None}, {"without_gain": "x"}, {"watch": 3}, {"best_score": []}):
        with pytest.raises(ValueError):
            Progress.from_json({**whole, **change})
    with pytest.raises(KeyError):
        Progress.from_json({name: value for name, value in whole.items() if name != "batch"})
