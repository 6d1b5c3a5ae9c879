"""What annotators mark, and which documents they cover: silence elsewhere is no vote."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from brat_documents import write_brat_document

from neuroner_tl.corpora.convert import WRITERS
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.standoff import format_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.annotators.annotate import annotate_texts
from neuroner_tl.silver.annotators.annotators import (
    DocumentsAnnotator,
    StandoffAnnotator,
    marks_of,
    read_coverage,
)
from neuroner_tl.silver.consensus.agreement import Agreement
from neuroner_tl.silver.consensus.harmonise import Mark, harmonise, tolerant_vote

GOUT = Document("1", "Gout and flu.", (Entity("DISO", ((0, 4),), "Gout"),))
FLU = Document("2", "The flu.")


def test_marks_are_taken_wherever_spans_are() -> None:
    marks = {"a": [Mark(0, 4, 0.9)], "b": [Mark(0, 4, 0.6)]}
    spans = {"a": [(0, 4)], "b": [(0, 4)]}
    rule = tolerant_vote(["a", "b"], 2)
    assert harmonise(marks, rule) == harmonise(spans, rule) != []


def test_marks_have_the_probabilities_of_entities() -> None:
    short = Entity("DISO", ((0, 4),), "lung", probability=0.9)
    long = Entity("DISO", ((0, 11),), "lung cancer", probability=0.7)
    given = Entity("DISO", ((15, 18),), "flu")
    other = Entity("CHED", ((15, 18),), "flu", probability=0.1)
    document = Document("1", "lung cancer and flu", (short, long, given, other))
    assert marks_of(document, "DISO") == [Mark(0, 11, 0.7), Mark(15, 18, 1.0)]


def test_a_brat_folder_covers_what_it_has(tmp_path: Path) -> None:
    write_brat_document(GOUT, tmp_path)
    write_brat_document(Document("3", "Something else."), tmp_path)
    documents = [GOUT, FLU, Document("3", "Another text.")]
    annotator = DocumentsAnnotator(tmp_path, "brat", ["DISO"])
    assert list(annotator.annotate(documents)) == [[Mark(0, 4)], None, None]
    assert list(DocumentsAnnotator(tmp_path, "brat", ["CHED"]).annotate([GOUT])) == [[]]


def test_the_parts_of_a_brat_folder_are_read(tmp_path: Path) -> None:
    for part, document in (("train", GOUT), ("valid", Document("3", "Flu."))):
        (tmp_path / part).mkdir()
        write_brat_document(document, tmp_path / part)
    annotator = DocumentsAnnotator(tmp_path, "brat", ["DISO"])
    assert list(annotator.annotate([GOUT, FLU, Document("3", "Flu.")])) == [[Mark(0, 4)], None, []]


@pytest.mark.parametrize("form", ["bioc-json", "bioc-xml", "jsonl", "pubtator"])
def test_files_of_any_tagger_cover_what_they_have(
    tmp_path: Path, form: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Title and abstract stand on lines of their own in some of them, in the texts they do not."""
    entities = tuple(
        Entity(kind, ((start, end),), "flu, as gout"[start:end])
        for kind, start, end in (("Disease", 0, 3), ("Symptom", 8, 12), ("Gene", 5, 7))
    )
    tagged = [Document("1", "flu,\nas gout", entities), Document("9", "flu\nx")]
    path = tmp_path / "tagged"
    path.write_text("".join(WRITERS[form](tagged, ImportReport())))
    texts = [Document("1", " flu,  as gout."), Document("1", " flu,  as gout "), FLU]
    annotator = DocumentsAnnotator(path, form, ["Disease", "Symptom"])
    assert list(annotator.annotate(texts[:1])) == [None]
    assert "1 document differs from the text" in caplog.text
    assert "none of its 2 documents is among the texts" in caplog.text
    caplog.clear()
    assert list(annotator.annotate(texts[1:])) == [[Mark(1, 4), Mark(10, 14)], None]
    assert not caplog.text


def test_a_standoff_file_covers_its_table_and_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "spans.tsv"
    path.write_text("id\tstart\tend\ttext\n1\t0\t4\tGout\n4\t0\t4\tGone\n")
    documents = [GOUT, FLU, Document("3", "Nothing."), Document("4", "Differs.")]
    assert list(StandoffAnnotator(path, ["DISO"]).annotate(documents)) == [
        [Mark(0, 4)],
        [],
        [],
        None,
    ]
    covered = StandoffAnnotator(path, ["DISO"], {"2"})
    assert list(covered.annotate(documents)) == [[Mark(0, 4)], [], None, None]


def test_a_row_has_a_space_for_a_line_break_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "spans.tsv"
    document = Document("1", "Of breast\ncancer.")
    path.write_text("".join(format_standoff([("1", 3, 16, document.text[3:16])])))
    assert list(StandoffAnnotator(path, ["DISO"]).annotate([document])) == [[Mark(3, 16)]]


def test_a_packed_file_has_the_same_bytes_at_any_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "texts.jsonl").write_text('{"id": "1", "text": "Gout and gout."}\n')
    (tmp_path / "terms.txt").write_text("gout\n")
    written = []
    for name in ("one.tsv.gz", "other.tsv.gz"):
        monkeypatch.setattr("time.time", lambda: 1e9 * (1 + len(written)))
        annotate_texts(tmp_path / "texts.jsonl", tmp_path / "terms.txt", tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert gzip.decompress(written[0]).count(b"\n") == 3


@pytest.mark.parametrize("output", ["texts.jsonl", "terms.txt", "link.tsv"])
def test_annotations_never_replace_what_they_are_made_of(tmp_path: Path, output: str) -> None:
    (tmp_path / "texts.jsonl").write_text('{"id": "1", "text": "Gout."}\n')
    (tmp_path / "terms.txt").write_text("gout\n")
    (tmp_path / "link.tsv").symlink_to(tmp_path / "texts.jsonl")
    with pytest.raises(CorpusError, match="would be overwritten"):
        annotate_texts(tmp_path / "texts.jsonl", tmp_path / "terms.txt", tmp_path / output)
    assert (tmp_path / "texts.jsonl").read_text().startswith("{")
    assert (tmp_path / "terms.txt").read_text() == "gout\n"


@pytest.mark.parametrize("name", ["a\tb", "a\nb", "a\rb"])
def test_an_id_that_would_break_a_row_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "texts.jsonl").write_text(json.dumps({"id": name, "text": "Gout."}))
    (tmp_path / "terms.txt").write_text("gout\n")
    with pytest.raises(CorpusError, match="has a tab or a line break"):
        annotate_texts(tmp_path / "texts.jsonl", tmp_path / "terms.txt", tmp_path / "o.tsv")
    assert not (tmp_path / "o.tsv").exists()


def test_a_table_of_coverage(tmp_path: Path) -> None:
    path = tmp_path / "coverage.tsv.gz"
    with gzip.open(path, "wt") as file:
        file.write("id\tannotator\n1\tone\n2\ttwo\n3\tone\n")
    assert read_coverage(path, "one") == {"1", "3"}
    with pytest.raises(CorpusError, match=r"no row of the annotator 'onee'; .*nearest is one"):
        read_coverage(path, "onee")
    plain = tmp_path / "plain.tsv"
    plain.write_text("id\n1\n2\n")
    assert read_coverage(plain, "any") == {"1", "2"}
    for text, words in (
        ("1\tone\n", "expected a heading"),
        ("id\n", "found no rows"),
        ("id\tannotator\n1\n", "plain.tsv:2: found 1 column; expected 2"),
    ):
        plain.write_text(text)
        with pytest.raises(CorpusError, match=words):
            read_coverage(plain, "any")


def test_agreement_is_of_texts_that_both_cover() -> None:
    """An annotator that has not seen a text used to disagree with all that was found there."""
    agreement = Agreement(["a", "b"])
    agreement.add("Gout and flu.", {"a": [(0, 4)], "b": [Mark(0, 4, 0.7)]}, [])
    agreement.add("The flu.", {"a": [(4, 7)]}, [])
    assert agreement.f1("a", "b") == agreement.f1("b", "a") == 1.0
    assert agreement.kappa("a", "b") == agreement.kappa("b", "a") == 1.0
    rows = agreement.contributions
    assert (rows["a"].documents, rows["a"].spans, rows["a"].alone) == (2, 2, 1)
    assert (rows["b"].documents, rows["b"].spans, rows["b"].alone) == (1, 1, 0)
