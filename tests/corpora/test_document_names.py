"""Ids become names of files: which ones are refused, and where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neuroner_tl.corpora.check import check_corpus
from neuroner_tl.corpora.convert import convert_corpus
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError

FAULTY = ["..", "a/b", "CON", "nul.txt", "x" * 300, "-1", "+1", "a\x1bb", "a\u202eb", " a", "a."]


@pytest.mark.parametrize("name", FAULTY)
def test_faulty_ids_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="rename the document"):
        DocumentNames().check(name)
    with pytest.raises(CorpusError, match="rename the document"):
        write_brat_parts(tmp_path / "out", {"train": [Document(name, "Gout.")]})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("first", "second"), [("a", "A"), ("caf\u00e9", "cafe\u0301"), ("ß", "SS"), ("a", "a")]
)
def test_twins_are_refused(first: str, second: str, tmp_path: Path) -> None:
    documents = [Document(first, "Gout."), Document(second, "Flu.")]
    with pytest.raises(CorpusError, match="rename one"):
        write_brat_parts(tmp_path / "out", {"": documents})
    parts = {"train": documents[:1], "test": documents[1:]}
    write_brat_parts(tmp_path / "out", parts)  # In two folders they do not meet.


@pytest.mark.parametrize("name", ["../../evil", "CON", "x" * 300, "-1"])
def test_ids_of_a_conll_corpus(name: str, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text(f"-DOCSTART- {name}\n\na O\n", "utf-8")
    corpus = read_corpus(tmp_path)
    with pytest.raises(CorpusError, match=r"train\.txt: the document id"):
        list(corpus.parts["train"])


def test_twins_in_a_conll_corpus(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("-DOCSTART- a\n\na O\n\n-DOCSTART- A\n\na O\n", "utf-8")
    with pytest.raises(CorpusError, match="are the same name"):
        list(read_corpus(tmp_path).parts["train"])


@pytest.mark.parametrize("name", FAULTY)
def test_converting_gives_usable_names(name: str, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(json.dumps({"id": name, "text": "Gout."}) + "\n")
    convert_corpus(source, "jsonl", tmp_path / "out")
    (found,) = (tmp_path / "out").glob("*.txt")
    DocumentNames().check(found.stem)


def test_corpus_check_reports_faulty_names(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    for name in ("CON", "a", "A"):
        (tmp_path / "train" / f"{name}.txt").write_text("Gout.")
        (tmp_path / "train" / f"{name}.ann").write_text("T1\tDISO 0 4\tGout\n")
    findings = check_corpus(tmp_path, get_tokenizer("alnum")).findings
    (finding,) = [f for what, f in findings.items() if "valid file name" in what]
    assert finding.severity == "warning" and finding.count == 2
    assert any("CON" in one for one in finding.examples)
    assert any("'A'" in one and "'a'" in one for one in finding.examples)
