"""Unknown regions, of which it is not known whether they are mentions, are kept apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Optional

import pytest

from neuroner_tl.corpora.check import check_corpus
from neuroner_tl.corpora.convert import convert_corpus
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat import format_annotations, read_annotations
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.formats.conll import conll_lines, iterate_conll
from neuroner_tl.corpora.formats.json_lines import iterate_json_lines
from neuroner_tl.corpora.import_report import UNKNOWN_REGION, ImportReport
from neuroner_tl.corpora.statistics import corpus_statistics
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.error_sets import AnnotatedPart

ALNUM = get_tokenizer("alnum")
TEXT = "Severe asthma and breast cancer. Flu is a cold."


def entity(says: str, certain: bool = True, probability: Optional[float] = None) -> Entity:
    start = TEXT.index(says)
    return Entity("DISO", ((start, start + len(says)),), says, probability, certain)


ASTHMA, CANCER = entity("asthma"), entity("breast cancer", False, 0.4)
DOCUMENT = Document("d", TEXT, (ASTHMA, CANCER))


def test_a_document_keeps_them_apart() -> None:
    assert DOCUMENT.entities == (ASTHMA,)
    assert DOCUMENT.unknown == (CANCER,)
    assert DOCUMENT.annotations == (ASTHMA, CANCER)
    early = entity("Severe", False)
    assert Document("d", TEXT, (CANCER, ASTHMA, early)).annotations == (early, ASTHMA, CANCER)
    assert replace(DOCUMENT, entities=(early,)).unknown == (early, CANCER)


def test_brat_has_an_attribute_and_a_note(tmp_path: Path) -> None:
    written = format_annotations([replace(ASTHMA, probability=0.9), CANCER])
    assert written == (
        "T1\tDISO 7 13\tasthma\n"
        "#1\tAnnotatorNotes T1\tprobability 0.9\n"
        "T2\tDISO 18 31\tbreast cancer\n"
        "A1\tUnknown T2\n"
        "#2\tAnnotatorNotes T2\tprobability 0.4\n"
    )
    path = tmp_path / "d.ann"
    path.write_text(written)
    report = ImportReport()
    found = read_annotations(path, TEXT, report)
    assert found == (ASTHMA, CANCER)
    assert [e.probability for e in found] == [0.9, 0.4]
    assert report.annotations_read == report.annotations_kept == 1
    assert {name: r.count for name, r in report.by_reason.items()} == {UNKNOWN_REGION: 1}


def test_other_attributes_and_notes_are_skipped_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "d.ann"
    path.write_text(
        "A1\tUnknown E1\nA2\tNegated T1\n#1\tAnnotatorNotes T1\tprobability 1.5\n"
        "#2\tAnnotatorNotes T1\tprobability e-.\nM1\tUnknown T2\n"
        "T1\tDISO 7 13\tasthma\nT2\tDISO 18 31\tbreast cancer\nT3\tDISO 18 31\tbreast cancer\n"
    )
    report = ImportReport()
    found = read_annotations(path, TEXT, report)
    assert [(e.text, e.certain, e.probability) for e in found] == [
        ("asthma", True, None),
        ("breast cancer", True, None),  # T3 says that it is one
    ]
    assert report.by_reason["attribute skipped"].count == 2
    assert report.by_reason["note skipped"].count == 2
    assert report.annotations_read == report.annotations_kept == 2


def test_a_mark_of_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.ann"
    path.write_text("T1\tDISO 7 13\tasthma\nA1\tUnknown T2\n")
    with pytest.raises(CorpusError, match=r"d\.ann:2: found the attribute Unknown of T2"):
        read_annotations(path, TEXT, ImportReport())


def test_tokens_of_a_region() -> None:
    cut = tag_document(DOCUMENT, ALNUM, "bioes").sentences
    assert cut[0].tags == ("O", "S-DISO", "O", "O", "O", "O")
    assert cut[0].unknown == ("O", "O", "O", "B-DISO", "I-DISO", "O")
    assert cut[1].unknown == ()
    assert [(s.probability, s.outside_probability) for s in cut] == [(1.0, 0.6), (1.0, 1.0)]


def test_a_mention_is_known_within_a_region_and_sentences_end_in_one() -> None:
    wide = Entity("GENE", ((0, 36),), TEXT[:36], 0.5, False)
    inner = Entity("DISO", ((18, 24), (33, 36)), "breast Flu", 0.25, False)
    document = Document("d", TEXT, (replace(ASTHMA, probability=0.5), wide, inner))
    report = ImportReport()
    first, second = tag_document(document, ALNUM, report=report).sentences
    assert first.tags[1] == "B-DISO"
    assert first.unknown == ("B-GENE", "O", "B-GENE", "I-GENE", "I-GENE", "I-GENE")
    assert second.unknown == ("B-GENE", "O", "O", "O", "O")
    assert (first.probability, first.outside_probability) == (0.5, 0.5 * 0.75)
    assert (second.probability, second.outside_probability) == (1.0, 0.5 * 0.75)
    assert not report.by_reason


def test_conll_has_a_column_before_the_tag(tmp_path: Path) -> None:
    lines = list(conll_lines(tag_document(DOCUMENT, ALNUM)))
    assert lines[1:4] == [
        "Severe d 0 6 - O\n",
        "asthma d 7 13 - B-DISO\n",
        "and d 14 17 - O\n",
    ]
    assert lines[4:6] == ["breast d 18 24 ?B-DISO O\n", "cancer d 25 31 ?I-DISO O\n"]
    assert lines[8] == "Flu d 33 36 - O\n"
    path = tmp_path / "train.txt"
    path.write_text("".join(lines))
    report = ImportReport()
    (again,) = iterate_conll(path, report)
    assert [(e.type, e.text) for e in again.unknown] == [("DISO", "breast cancer")]
    assert [(e.type, e.text) for e in again.entities] == [("DISO", "asthma")]
    assert report.by_reason[UNKNOWN_REGION].count == 1
    assert list(conll_lines(tag_document(again, ALNUM)))[4:6] == [
        "breast d 17 23 ?B-DISO O\n".replace("17 23", "18 24"),
        "cancer d 25 31 ?I-DISO O\n",
    ]
    plain = tag_document(replace(DOCUMENT, unknown=()), ALNUM)
    assert list(conll_lines(plain))[1] == "Severe d 0 6 O\n"
    predicted = [sentence.tags for sentence in plain.sentences]
    with_predictions = list(conll_lines(tag_document(DOCUMENT, ALNUM), predicted))
    assert with_predictions[4] == "breast d 18 24 O O\n"


def test_json_members_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    for member in ('"certain": 0', '"probability": 1.5', '"probability": true'):
        path.write_text(
            '{"id": "1", "text": "Gout", "entities": [{"type": "DISO", "fragments": [[0, 4]], '
            f"{member}}}]}}\n"
        )
        with pytest.raises(CorpusError, match=r"x\.jsonl:1"):
            list(iterate_json_lines(path, ImportReport()))


def test_they_are_no_mentions_anywhere(tmp_path: Path) -> None:
    write_brat_parts(
        tmp_path / "corpus", {"train": [DOCUMENT], "valid": [replace(DOCUMENT, id="v")]}
    )
    (counts,) = corpus_statistics(tmp_path / "corpus")
    assert counts.annotations == 2 and set(counts.by_text) == {"asthma"}
    found = check_corpus(tmp_path / "corpus").findings
    assert found[UNKNOWN_REGION].count == 2 and found[UNKNOWN_REGION].severity == "note"
    assert AnnotatedPart.of([DOCUMENT]).keys == {("DISO", "asthma")}
    convert_corpus(
        tmp_path / "corpus", "brat", tmp_path / "out", rename={"DISO": "Disease"}, only=["Disease"]
    )
    assert "T2\tDisease 18 31\tbreast cancer\nA1\tUnknown T2" in (
        (tmp_path / "out" / "train" / "d.ann").read_text()
    )
    gene = replace(entity("Flu"), type="GENE")
    other = replace(DOCUMENT, entities=(*DOCUMENT.entities, gene))
    write_brat_parts(tmp_path / "types", {"train": [other]})
    convert_corpus(tmp_path / "types", "brat", tmp_path / "genes", only=["GENE"])
    assert (tmp_path / "genes" / "train" / "d.ann").read_text() == "T1\tGENE 33 36\tFlu\n"
