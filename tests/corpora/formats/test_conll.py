from __future__ import annotations

from pathlib import Path
from typing import Optional, Union

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, TaggedDocument, TaggedSentence
from neuroner_tl.corpora.formats.conll import IMPLICIT_BEGIN, conll_lines, conll_name, iterate_conll
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tags import convert_tags
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "corpora"


def read_conll(path: Path, report: ImportReport) -> list[Document]:
    return list(iterate_conll(path, report))


def read(tmp_path: Path, content: Union[str, bytes], report: Optional[ImportReport] = None):  # type: ignore[no-untyped-def]
    path = tmp_path / "file.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_conll(path, report or ImportReport())


def test_documents_sentences_and_entities() -> None:
    report = ImportReport()
    first, second = read_conll(FIXTURES / "conll" / "train.txt", report)
    assert (first.id, second.id) == ("first", "train-2")
    assert first.text == "Aspirin treats breast cancer .\nIt helps ."
    assert [(e.type, e.text) for e in first.entities] == [
        ("CHED", "Aspirin"),
        ("DISO", "breast cancer"),
    ]
    assert all(first.text[e.start : e.end] == e.text for e in first.entities)
    assert first.sentences is not None
    assert [len(s.tokens) for s in first.sentences] == [5, 3]
    assert [e.text for e in second.entities] == ["Gout", "colon cancer"]
    assert (report.documents, report.annotations_read, report.annotations_kept) == (2, 4, 4)
    assert not report.by_reason


def test_bilou_and_a_file_without_document_lines() -> None:
    (document,) = read_conll(FIXTURES / "conll" / "valid.txt", ImportReport())
    assert document.id == "valid"
    assert [e.text for e in document.entities] == ["Gout", "Kidney stones"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_ends_mark_and_white_space(tmp_path: Path, newline: str) -> None:
    lines = ["\ufeffa O", "  ", "\u00a0b\tX\tB-T", "\U0001f9ec  I-T ", "", ""]
    (document,) = read(tmp_path, newline.join(lines))
    assert document.text == "a\n\u00a0b \U0001f9ec"
    assert document.entities[0].fragments == ((2, 6),)


def test_iob1_is_read_by_conllevals_rule(tmp_path: Path) -> None:
    report = ImportReport()
    (document,) = read(tmp_path, "a I-X\nb I-X\nc B-X\nd I-Y\ne O\n", report)
    assert [(e.type, e.text) for e in document.entities] == [("X", "a b"), ("X", "c"), ("Y", "d")]
    assert report.by_reason[IMPLICIT_BEGIN].count == 2
    assert report.annotations_kept == 3


def test_neuroner_form(tmp_path: Path) -> None:
    (document,) = read(tmp_path, "-DOCSTART- -X- -X- O\n\nAspirin doc_1 0 7 B-CHED\n")
    assert document.id == "file-1" and document.entities[0].text == "Aspirin"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a O\nb\n", "file.txt:2: found the single column 'b'"),
        ("a O\n\nb X\n", "file.txt:3: found the tag 'X'"),
        ("a B-\n", "file.txt:1: found the tag 'B-'"),
        ("a b-X\n", "found the tag 'b-X'"),
        ("-DOCSTART- d\na O\n-DOCSTART- d\n", "file.txt:3: a second document 'd'"),
        (b"a O\n\xe9 O\n", "byte offset 4"),
    ],
)
def test_bad_files(tmp_path: Path, content: Union[str, bytes], words: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, content)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_empty_file_and_empty_document(tmp_path: Path) -> None:
    assert read(tmp_path, "") == []
    (document,) = read(tmp_path, "-DOCSTART- empty\n\n")
    assert (document.id, document.text, document.sentences) == ("empty", "", ())
    with pytest.raises(CorpusError, match="cannot be read"):
        read_conll(tmp_path / "none.txt", ImportReport())


def test_prediction_column() -> None:
    sentence = TaggedSentence(("a", "b"), (0, 2), (1, 3), ("O", "B-X"))
    document = TaggedDocument("my doc", (sentence,))
    written = "".join(conll_lines(document, [["B-X", "O"]]))
    assert written == "-DOCSTART- my doc\n\na my_doc 0 1 O B-X\nb my_doc 2 3 B-X O\n\n"
    for predicted in ([], [["O"]], [["O", "O"], ["O"]]):
        with pytest.raises(CorpusError, match="'my doc'"):
            list(conll_lines(document, predicted))


@pytest.mark.parametrize("name", ["a", "two words", "a  \tb ", "O", "-X- a"])
def test_ids_that_a_line_can_hold(tmp_path: Path, name: str) -> None:
    held = conll_name(name)
    assert [d.id for d in read(tmp_path, f"-DOCSTART- {held}\n")] == [held]
    assert (held == name) == (name in ("a", "two words"))


TOKEN = st.text(st.characters(blacklist_categories=["Cs", "Zs", "Zl", "Zp", "Cc"]), min_size=1)
TAG = st.sampled_from(["O", "B-X", "I-X", "B-Yé", "I-Yé", "E-X", "S-X"])
SENTENCES = st.lists(st.lists(st.tuples(TOKEN, TAG), min_size=1, max_size=6), max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.lists(SENTENCES, max_size=3))
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, content: list[list[list[tuple[str, str]]]]
) -> None:
    documents = []
    for index, sentences in enumerate(content):
        made, position = [], 0
        for rows in sentences:
            starts, ends = [], []
            for token, _ in rows:
                starts.append(position)
                ends.append(position + len(token))
                position += len(token) + 1
            tags = tuple(convert_tags([tag for _, tag in rows], "bio"))
            tokens = tuple(token for token, _ in rows)
            made.append(TaggedSentence(tokens, tuple(starts), tuple(ends), tags))
        documents.append(TaggedDocument(f"d {index}", tuple(made)))
    path = tmp_path_factory.mktemp("conll") / "file.txt"
    path.write_bytes("".join(line for d in documents for line in conll_lines(d)).encode())
    report = ImportReport()
    tokenizer = get_tokenizer("alnum")
    again = [tag_document(d, tokenizer, "bio", report=report) for d in read_conll(path, report)]
    # U+FEFF at the start of a file would be a mark; here a -DOCSTART- line always precedes it.
    assert [(d.id, d.sentences) for d in again] == [(d.id, d.sentences) for d in documents]
    assert report.annotations_read == report.annotations_kept
