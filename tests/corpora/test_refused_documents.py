"""A document that cannot be used: the reader hands it over and continues, or ends, as asked."""

import gzip
import json
from pathlib import Path

import pytest

from neuroner_tl.corpora.convert import read_documents
from neuroner_tl.corpora.detection import detect_format
from neuroner_tl.corpora.formats.text_files import read_lines, read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError


def medline(records):
    return f"<PubmedArticleSet>{''.join(records)}</PubmedArticleSet>"


def record(name):
    identifier = f"<PMID>{name}</PMID>" if name else ""
    return (
        f"<PubmedArticle><MedlineCitation>{identifier}<Article><ArticleTitle>Gout.</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle>"
    )


def bioc(name, offset):
    passage = f"<passage><offset>{offset}</offset><text>Gout.</text></passage>"
    return f"<document><id>{name}</id>{passage}</document>"


def bioc_json(name, offset):
    passage = {"offset": offset, "text": "Gout.", "infons": {}, "annotations": []}
    passage |= {"relations": [], "sentences": []}
    return {"id": name, "infons": {}, "relations": [], "passages": [passage]}


COLLECTION = {"source": "", "date": "", "key": "", "infons": {}}
GOOD_LINE = b'{"id": "%d", "text": "Gout."}'
PUBTATOR = b"%d|t|Gout.\n%d|a|Flu.\n"
# Format, content with two good documents around a bad one, and what the error says of that.
CASES = {
    "jsonl": (
        b"\n".join([GOOD_LINE % 1, b'{"id": "2"}', GOOD_LINE % 3]),
        """:2: found '{"id": "2"}'""",
    ),
    "jsonl, not UTF-8": (
        b"\n".join([GOOD_LINE % 1, b'{"id": "2", "text": "na\xefve"}', GOOD_LINE % 3]),
        ":2: not UTF-8 at character 2 (0xef)",
    ),
    "jsonl, not JSON": (b"\n".join([GOOD_LINE % 1, b"{", GOOD_LINE % 3]), ":2: not JSON"),
    "jsonl, without id": (
        b"\n".join([GOOD_LINE % 1, b'{"id": " ", "text": "Flu."}', GOOD_LINE % 3]),
        ":2: the id is empty; expected an object",
    ),
    "pubtator": (b"\n".join([PUBTATOR % (1, 1), PUBTATOR % (2, 7), PUBTATOR % (3, 3)]), ":4: "),
    "pubtator, not UTF-8": (
        b"\n".join([PUBTATOR % (1, 1), b"2|t|na\xefve\n", PUBTATOR % (3, 3)]),
        "not UTF-8 at character",
    ),
    "medline": (medline([record(1), record(""), record(3)]).encode(), "without PMID"),
    "iexml": (
        "".join(
            [
                "<MedlineCitationSet>",
                "<MedlineCitation><PMID>1</PMID></MedlineCitation>",
                "<MedlineCitation></MedlineCitation>",
                "<MedlineCitation><PMID>3</PMID></MedlineCitation>",
                "</MedlineCitationSet>",
            ]
        ).encode(),
        "without PMID",
    ),
    "bioc-xml": (
        f"<collection>{bioc(1, 0)}{bioc(2, 'x')}{bioc(3, 0)}</collection>".encode(),
        "BioC",
    ),
    "bioc-xml, without id": (
        f"<collection>{bioc(1, 0)}{bioc('', 0)}{bioc(3, 0)}</collection>".encode(),
        "a document without id",
    ),
    "bioc-json": (
        json.dumps(
            {**COLLECTION, "documents": [bioc_json("1", 0), bioc_json("", 0), bioc_json("3", 0)]}
        ).encode(),
        "a document without id",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_one_of_three(tmp_path, case):
    content, words = CASES[case]
    form = case.partition(",")[0]
    path = tmp_path / "in"
    path.write_bytes(content)
    errors = []
    found = list(read_documents(path, form, ImportReport(bad=errors.append)))
    assert [document.id for document in found] == ["1", "3"]
    (error,) = errors
    assert isinstance(error, CorpusError) and words in str(error)
    assert str(path) in str(error) and "\n" not in str(error)
    with pytest.raises(CorpusError):
        list(read_documents(path, form, ImportReport()))


def test_texts(tmp_path):
    for name, content in (("a", b"Gout."), ("b", b"na\xefve"), ("c", b"Flu.")):
        (tmp_path / f"{name}.txt").write_bytes(content)
    errors = []
    found = list(read_documents(Path(tmp_path), "text", ImportReport(bad=errors.append)))
    assert [document.id for document in found] == ["a", "c"]
    assert "b.txt: not UTF-8 at byte offset 2 (0xef)" in str(errors[0]) and len(errors) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            "Gout.".encode("utf-16"),
            "found text in UTF-16, expected text in UTF-8; save it as plain",
        ),
        (b"%PDF-1.4\n\xe2", "found a PDF file, expected text in UTF-8; extract its text, for exa"),
        (b"PK\x03\x04\xff", "found a file of Office or a .zip archive, expected text in UTF-8; s"),
        (
            gzip.compress(b"Gout.", mtime=0),
            "found a file packed by gzip, expected text in UTF-8; unpack it",
        ),
    ],
    ids=["utf-16", "pdf", "office", "gzip"],
)
@pytest.mark.parametrize(
    "read",
    [read_text, lambda p: list(read_lines(p)), detect_format],
    ids=["read_text", "read_lines", "detect_format"],
)
def test_what_is_no_text_is_called_by_its_kind(tmp_path, content, words, read):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: {words}") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.tsv", "convert the file, for"), ("a.tsv.gz", "convert the file before packing it")],
)
def test_only_a_packed_file_is_to_be_packed_again(tmp_path, monkeypatch, name, words):
    """The place in the file is not known of a file that is packed, or too large for memory."""
    monkeypatch.setattr("neuroner_tl.corpora.formats.text_files.LARGEST_FILE", 4)
    path = tmp_path / name
    content = b"gout\nna\xefve\n"
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    with pytest.raises(CorpusError, match=f"not UTF-8 after line .; {words}"):
        list(read_lines(path))
