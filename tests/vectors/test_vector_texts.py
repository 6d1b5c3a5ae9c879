import gzip
import json

import pytest

from neuroner_tl.corpora.formats.text_files import read_blocks
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.vectors.texts import find_text_files, iterate_token_sentences

PUBTATOR = "1|t|Colon cancer.\n1|a|It is rare.\n1\t0\t12\tColon cancer\tDisease\tD1\n"
BIOC_JSON = {
    "source": "",
    "date": "",
    "key": "",
    "infons": {},
    "documents": [
        {
            "id": "7",
            "infons": {},
            "passages": [
                {
                    "offset": 0,
                    "infons": {},
                    "text": "Gout hurts.",
                    "sentences": [],
                    "annotations": [],
                    "relations": [],
                }
            ],
            "annotations": [],
            "relations": [],
        }
    ],
    "relations": [],
}


def sentences(*sources, lowercase=False, report=None):
    return list(
        iterate_token_sentences(
            find_text_files(sources), get_tokenizer("alnum"), lowercase, report or ImportReport()
        )
    )


def test_every_format_of_a_folder_in_the_order_of_the_paths(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").write_text("BRCA1 is a gene. It mutates.\nNew line")
    (tmp_path / "a" / "1.ann").write_text("T1\tGENE 0 5\tBRCA1\n")
    (tmp_path / "b.jsonl").write_text('{"id": "1", "text": "Line one."}\n')
    with gzip.open(tmp_path / "c.jsonl.gz", "wt") as file:
        file.write('{"id": 2, "text": "Packed (line)."}\n')
    (tmp_path / "d.pubtator").write_text(PUBTATOR)
    (tmp_path / "e.json").write_text(json.dumps(BIOC_JSON))
    with gzip.open(tmp_path / "f.TXT.gz", "wt") as file:
        file.write("Zipped text")
    (tmp_path / ".hidden.txt").write_text("never")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("never")
    (tmp_path / "notes.md").write_text("never")
    report = ImportReport()
    assert sentences(tmp_path, report=report) == [
        ["BRCA1", "is", "a", "gene", "."],
        ["It", "mutates", "."],
        ["New", "line"],
        ["Line", "one", "."],
        ["Packed", "(", "line", ")", "."],
        ["Colon", "cancer", "."],
        ["It", "is", "rare", "."],
        ["Gout", "hurts", "."],
        ["Zipped", "text"],
    ]
    assert (report.documents, report.sentences, report.tokens) == (6, 9, 30)


def test_lowercase_keeps_one_token_a_token(tmp_path):
    (tmp_path / "t.txt").write_text("İstanbul IL-2")
    assert sentences(tmp_path / "t.txt", lowercase=True) == [["i̇stanbul", "il", "-", "2"]]


@pytest.mark.parametrize("text", ["one two\nthree\r\nfour  five", "x" * 50, "a\n" * 20, "é ñ\n"])
@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_blocks_are_the_text_cut_at_lines_or_words(tmp_path, text, size):
    path = tmp_path / "t.txt"
    path.write_bytes(text.encode())
    blocks = list(read_blocks(path, size))
    assert "".join(blocks) == text.replace("\r\n", "\n")
    if size == 7 and "two" in text:
        assert all(block[-1] in " \n" for block in blocks[:-1])


def test_a_long_file_is_not_held_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroner_tl.vectors.texts.BLOCK", 64)
    path = tmp_path / "t.txt"
    path.write_text("One two three. Four five.\n" * 100)
    report = ImportReport()
    assert (
        sentences(path, report=report)
        == [
            ["One", "two", "three", "."],
            ["Four", "five", "."],
        ]
        * 100
    )
    assert report.documents > 30


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.txt", None, "no such file or folder"),
        ("t.docx", b"x", r"found the ending '\.docx', expected \.txt, "),
        ("t", b"x", "found the ending '', expected"),
        ("t.txt", b"caf\xe9", "not UTF-8"),
        ("t.txt.gz", b"no gzip", "damaged or cut short"),
        ("t.jsonl", b'{"text": "x"}\n', r"t\.jsonl:1: found"),
        ("folder/t.md", b"x", "no texts in this folder"),
    ],
)
def test_what_cannot_be_read(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(CorpusError, match=message):
        sentences(path.parent if "/" in name else path)
