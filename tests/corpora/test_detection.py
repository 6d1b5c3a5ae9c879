"""The format of documents is told from what they begin like."""

from __future__ import annotations

from pathlib import Path

import pytest
from brat_documents import write_brat_document

from neuroner_tl.corpora.convert import WRITERS, convert_corpus, read_documents
from neuroner_tl.corpora.detection import detect_format, format_of_text
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.standoff import format_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

DOCUMENT = Document("1", "Gout and flu.", (Entity("DISO", ((0, 4),), "Gout"),))
CITATIONS = """<?xml version="1.0"?>
<MedlineCitationSet><MedlineCitation><PMID>1</PMID><Article>
<ArticleTitle>Gout.</ArticleTitle></Article></MedlineCitation></MedlineCitationSet>
"""


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("form", [*WRITERS, "conll"])
def test_what_is_written_is_detected(tmp_path: Path, form: str, ending: str) -> None:
    write_brat_document(DOCUMENT, tmp_path)
    assert detect_format(tmp_path) == "brat"
    path = tmp_path / f"corpus{ending}"
    convert_corpus(tmp_path, "brat", path, to=form)
    assert detect_format(path) == form


@pytest.mark.parametrize("form", ["brat", *WRITERS, "conll"])
def test_a_corpus_with_parts_is_detected(tmp_path: Path, form: str) -> None:
    for part in ("train", "test"):
        write_brat_document(DOCUMENT, tmp_path / "brat" / part)
    if form != "brat":
        convert_corpus(tmp_path / "brat", "brat", tmp_path / form, to=form)
    assert detect_format(tmp_path / form) == form


def test_a_text_may_be_called_as_a_part(tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("A train of thought.")
    assert detect_format(tmp_path) == "brat"


def test_formats_that_are_only_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text(CITATIONS)
    assert detect_format(path) == "iexml"
    assert [d.text for d in read_documents(path, "iexml", ImportReport())] == ["Gout."]
    rows = list(format_standoff([("1", 0, 4, "Gout")]))
    assert format_of_text("".join(rows)) == format_of_text(rows[1]) == "standoff"
    assert format_of_text('{"text": "a", "id": 1}\n{"id"') == "jsonl"


@pytest.mark.parametrize(
    "text", ["Lung B-DISO\ncancer L-DISO\n", "flu U-DISO\n \nNo O\n", "-DOCSTART- 1\n\nNo\tO\n"]
)
def test_all_that_is_read_as_conll_is_detected(tmp_path: Path, text: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    assert detect_format(path) == "conll"
    assert len(list(read_documents(path, "conll", ImportReport()))) == 1


@pytest.mark.parametrize("text", ["", "\n", "gout\nflu\n", "<html>", "a\tb\nc\td\n", "GO\nO\n"])
def test_other_texts_are_not_documents(tmp_path: Path, text: str) -> None:
    assert format_of_text(text) is None
    path = tmp_path / "file.txt"
    path.write_text(text)
    with pytest.raises(CorpusError, match="found none of the formats bioc-json, .*; name the"):
        detect_format(path)


def test_nothing_to_detect(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder; give a folder of .txt files"):
        detect_format(tmp_path / "none")
    with pytest.raises(CorpusError, match=r"found no \.txt file in the folder, which is empty; gi"):
        detect_format(tmp_path)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.pdf", "b.pdf"], "but 2 .pdf files; extract their texts, for example with pdftotext"),
        (["a.TXT"], "but 1 .TXT file; give a folder of .txt files"),
        (["a.docx", "b.docx", "c.pdf", "d"], "but 2 .docx files, 1 .pdf file and 1 other file;"),
        (["deeper/a.txt", "x/a.txt"], "but the folders deeper and x; give a folder of .txt files"),
        (["x/a.txt", "b.pdf", ".hidden"], "but the folder x and 1 .pdf file; extract their texts"),
    ],
)
def test_a_folder_without_texts_is_described(tmp_path: Path, names: list[str], words: str) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Gout.")
    with pytest.raises(CorpusError) as caught:
        detect_format(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: found no .txt file in the folder, {words}"), message
    assert "\n" not in message
