from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Optional

import pytest
from brat_documents import write_brat_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat import (
    format_annotations,
    iterate_brat_folder,
    read_brat_document,
)
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "corpora"


def put(folder: Path, text: bytes, ann: Optional[bytes]) -> Path:
    (folder / "d.txt").write_bytes(text)
    if ann is not None:
        (folder / "d.ann").write_bytes(ann)
    return folder / "d.txt"


def test_other_annotations_are_skipped_and_counted() -> None:
    report = ImportReport()
    documents = list(iterate_brat_folder(FIXTURES / "brat_parts" / "train", report))
    assert [d.id for d in documents] == ["a1", "a2"]
    assert report.annotations_read == report.annotations_kept == 7
    counts = {reason: entry.count for reason, entry in report.by_reason.items()}
    assert counts == {
        "relation skipped": 1,
        "event skipped": 1,
        "attribute skipped": 2,
        "normalisation skipped": 1,
        "note skipped": 1,
        "equivalence skipped": 1,
    }
    discontinuous = documents[1].entities[1]
    assert discontinuous.text == "Breast cancer" and len(discontinuous.fragments) == 2
    assert documents[1].entities[0].text == "\U0001d6fc-thalassaemia"
    assert documents[1].entities[0].end == len("\U0001d6fc-thalassaemia")


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark(tmp_path: Path, newline: bytes, mark: bytes) -> None:
    start = 5 + len(newline)
    ann = b"T1\tDISO %d %d\tgout" % (start, start + 4) + newline + b"T2\tDISO 0 5\ttitle" + newline
    path = put(tmp_path, mark + b"title" + newline + b"gout", mark + ann)
    document = read_brat_document(path, ImportReport())
    assert [e.text for e in document.entities] == ["title", "gout"]
    assert document.text == "title" + newline.decode() + "gout"


def test_entity_across_a_line_break(tmp_path: Path) -> None:
    report = ImportReport()
    document = read_brat_document(
        put(tmp_path, b"breast\r\ncancer", b"T1\tDISO 0 14\tbreast  cancer\n"), report
    )
    assert document.entities[0].text == "breast\r\ncancer"
    assert not report.by_reason
    read_brat_document(
        put(tmp_path, b"breast\r\ncancer", b"T1\tDISO 0 14\tbreast cancer\n"), report
    )
    assert list(report.by_reason) == ["annotation text differs from the document in white space"]
    assert report.annotations_kept == report.annotations_read == 2


def test_empty_text_and_missing_annotations(tmp_path: Path) -> None:
    report = ImportReport()
    assert read_brat_document(put(tmp_path, b"", None), report) == Document("d", "")
    assert read_brat_document(put(tmp_path, b"", b""), report) == Document("d", "")
    assert report.by_reason["document without annotation file"].count == 1


def test_duplicates_are_kept_once(tmp_path: Path) -> None:
    report = ImportReport()
    ann = b"T1\tDISO 0 4\tgout\nT2\tDISO 0 4\tgout\nT3\tCHED 0 4\tgout\n"
    document = read_brat_document(put(tmp_path, b"gout", ann), report)
    assert [e.type for e in document.entities] == ["CHED", "DISO"]
    assert (report.annotations_read, report.annotations_kept) == (3, 2)


@pytest.mark.parametrize(
    ("ann", "words"),
    [
        ("T1\tDISO 0 5\tgout", "cover 'gout '"),
        ("T1\tDISO 0 99\tgout", "outside the text of 12 characters"),
        ("T1\tDISO 4 4\t", "start 4 is not before end 4"),
        ("T1\tDISO 5 2\tgout", "start 5 is not before end 2"),
        ("T1\tDISO 0 x\tgout", "expected two numbers"),
        ("T1\tDISO -1 4\tgout", "expected two numbers"),
        ("T1\tDISO 0 " + "9" * 5000 + "\tgout", "expected two numbers"),
        ("T1\tDISO 0\tgout", "expected two numbers"),
        ("T1\tDISO 0 4", "three columns"),
        ("T1 DISO 0 4 gout", "three columns"),
        ("T1\tDISO\tgout", "expected a type and offsets"),
        ("T1\tDISO 0 4;2 6\tgout ut h", "overlap"),
        ("?1\tDISO 0 4\tgout", "unknown kind"),
    ],
)
def test_bad_lines_name_file_and_line(tmp_path: Path, ann: str, words: str) -> None:
    if words == "cover 'gout '":
        ann = ann.replace("\tgout", "\tgouts")
    path = put(tmp_path, b"gout hurts a", b"\n" + ann.encode())
    with pytest.raises(CorpusError) as caught:
        read_brat_document(path, ImportReport())
    message = str(caught.value)
    assert words in message and f"{tmp_path / 'd.ann'}:2" in message and "\n" not in message


def test_undecodable_text_names_the_byte(tmp_path: Path) -> None:
    path = put(tmp_path, "à".encode() + b"bc\xff", b"")
    with pytest.raises(CorpusError, match="byte offset 4"):
        read_brat_document(path, ImportReport())


def test_folder_rules(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such folder"):
        list(iterate_brat_folder(tmp_path / "none", ImportReport()))
    for name in ("b.txt", "a.txt", "a.ann", "._a.txt", "._c.ann", ".hidden.ann"):
        (tmp_path / name).write_bytes(b"")
    assert [d.id for d in iterate_brat_folder(tmp_path, ImportReport())] == ["a", "b"]
    (tmp_path / "c.ann").write_bytes(b"")
    with pytest.raises(CorpusError, match=re.escape("there is no c.txt")):
        list(iterate_brat_folder(tmp_path, ImportReport()))


def test_format() -> None:
    entities = [Entity("A", ((0, 2), (4, 6)), "ab cd"), Entity("B", ((7, 10),), "e\nf")]
    assert format_annotations(entities) == "T1\tA 0 2;4 6\tab cd\nT2\tB 7 10\te f\n"


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".x", "a\0b"])
def test_ids_that_are_not_file_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError, match="cannot be a file name"):
        write_brat_document(Document(name, "x"), tmp_path)


def test_failed_writes_leave_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CorpusError, match="cannot be written"):
        write_brat_document(Document("d", "x"), tmp_path / "file")
    with pytest.raises(CorpusError, match="surrogate"):
        write_brat_document(Document("d", "\ud800"), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@st.composite
def documents(draw: st.DrawFn) -> Document:
    letters = st.characters(blacklist_categories=["Cs"])
    special = st.sampled_from(["\n", "\r\n", "\r", "\t", "\u2028", "\x85", "\U0001f9ec", " "])
    text = "".join(draw(st.lists(st.one_of(letters, special), max_size=60)))
    if text.startswith("\ufeff"):  # at the start of a file it is a mark, not text
        text = "x" + text
    found = {}
    for _ in range(draw(st.integers(0, 5)) if text else 0):
        points = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=6)))
        pairs = tuple(zip(points[::2], points[1::2]))
        entity_type = draw(st.sampled_from(["DISO", "Gene/Protein", "é"]))
        says = " ".join(text[start:end] for start, end in pairs)
        found[(pairs, entity_type)] = Entity(entity_type, pairs, says)
    return Document("doc.1", text, tuple(found[key] for key in sorted(found)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents())
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, document: Document) -> None:
    folder = tmp_path_factory.mktemp("brat")
    write_brat_document(document, folder)
    report = ImportReport()
    assert list(iterate_brat_folder(folder, report)) == [document]
    assert report.annotations_kept == len(document.entities)
    assert sorted(p.name for p in folder.iterdir()) == ["doc.1.ann", "doc.1.txt"]
    shutil.rmtree(folder)
