"""Lists of errors: every false negative and false positive is in one, in its sentence."""

import csv
import html
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity, Sentence
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.error_list import LONGEST_CONTEXT, ErrorList
from neuroner_tl.evaluation.error_page import (
    COLUMNS,
    errors_as_html,
    errors_as_tsv,
    write_errors,
)
from neuroner_tl.evaluation.error_sets import AnnotatedPart, ErrorSets, Mention

TEXT = "Acute gout hurts. Asthma of rats is rare. Gout again."


def entity(text, *bounds, kind="DISO", probability=None, certain=True):
    words = " ".join(text[start:end] for start, end in bounds)
    return Entity(kind, tuple(bounds), words, probability, certain)


def listed(gold, predicted, text=TEXT, **options):
    errors = ErrorList(**options)
    errors.add(Document("1", text, tuple(gold)), Document("1", text, tuple(predicted)))
    return errors


def test_each_kind_in_its_sentence():
    gold = [entity(TEXT, (0, 10)), entity(TEXT, (18, 24)), entity(TEXT, (42, 46))]
    found = [
        entity(TEXT, (6, 10), probability=0.5),
        entity(TEXT, (18, 24), kind="CHED"),
        entity(TEXT, (28, 32)),
    ]
    errors = listed(gold, found, seen={("DISO", "gout")}).sorted()
    assert {(e.kind, e.sentence, e.seen, times) for e, times in errors} == {
        ("boundary", "Acute gout hurts.", False, 1),
        ("type", "Asthma of rats is rare.", False, 1),
        ("spurious", "Asthma of rats is rare.", False, 1),
        ("missed", "Gout again.", True, 1),
    }
    boundary = next(e for e, _ in errors if e.kind == "boundary")
    assert (boundary.gold.text, boundary.predicted.text) == ("Acute gout", "gout")


def test_the_closest_mention_stands_beside_an_error_and_is_no_error_again():
    gold = [entity(TEXT, (0, 16))]
    found = [entity(TEXT, (0, 5)), entity(TEXT, (6, 16)), entity(TEXT, (6, 10), kind="CHED")]
    errors = [error for error, _ in listed(gold, found).sorted()]
    assert sorted((e.kind, e.gold.text, e.predicted.text) for e in errors) == [
        ("boundary", "Acute gout hurts", "Acute"),
        ("boundary", "Acute gout hurts", "gout hurts"),
        ("boundary and type", "Acute gout hurts", "gout"),
    ]


def test_the_most_frequent_errors_come_first_whatever_their_case():
    errors = listed(
        [entity(TEXT, (6, 10)), entity(TEXT, (18, 24)), entity(TEXT, (42, 46))], [], TEXT
    )
    found = [(error.gold.text, times) for error, times in errors.sorted()]
    assert found == [("gout", 2), ("Gout", 2), ("Asthma", 1)]


def test_predictions_in_unknown_regions_are_no_errors():
    region = entity(TEXT, (0, 10), certain=False)
    assert not listed([region], [entity(TEXT, (6, 10))]).sorted()


def test_the_sentences_of_a_document_are_its_own_and_long_ones_are_cut():
    text = "a b. C d."
    gold = Document("1", text, (entity(text, (5, 6)),), (Sentence(0, 9, ()),))
    errors = ErrorList()
    errors.add(gold, Document("1", text))
    assert errors.sorted()[0][0].sentence == text
    long = "x " * 2000 + "gout" + " y" * 2000
    (error, _), *_ = listed([entity(long, (4000, 4004))], [], long).sorted()
    assert error.sentence == long[4000 - LONGEST_CONTEXT : 4004 + LONGEST_CONTEXT]
    assert error.is_cut == (True, True) and long[error.offset :].startswith(error.sentence)


def spans(text):
    bounds = st.tuples(st.integers(0, len(text) - 1), st.integers(1, 9)).map(
        lambda pair: (pair[0], min(pair[0] + pair[1], len(text)))
    )
    return st.lists(
        st.builds(lambda b, kind: entity(text, b, kind=kind), bounds, st.sampled_from(["A", "B"]))
    )


def mentions(document_entities):
    return {Mention("1", e.type, e.fragments) for e in document_entities}


@given(gold=spans(TEXT), found=spans(TEXT))
@settings(max_examples=100)
def test_every_false_negative_and_false_positive_is_listed(gold, found):
    errors = [error for error, _ in listed(gold, found).sorted()]
    sets = ErrorSets.of(*(AnnotatedPart.of([Document("1", TEXT, tuple(e))]) for e in (gold, found)))
    in_gold = mentions(e.gold for e in errors if e.gold) & sets.false_negatives
    in_found = mentions(e.predicted for e in errors if e.predicted) & sets.false_positives
    assert in_gold == sets.false_negatives and in_found == sets.false_positives
    assert len(errors) <= len(sets.false_negatives) + len(sets.false_positives)
    for error in errors:
        assert (error.gold is None) == (error.kind == "spurious")
        assert (error.predicted is None) == (error.kind == "missed")
        for side in (error.gold, error.predicted):
            if side is not None:
                start, end = side.start - error.offset, side.end - error.offset
                assert error.sentence[start:end] == TEXT[side.start : side.end]


HOSTILE = '<script>alert("x")</script>\t=cmd & "gout"\nis\x1b[31m rare'


def test_the_page_escapes_everything_and_loses_nothing():
    gold = [entity(HOSTILE, (8, 13), (28, 32), kind="<b>")]
    errors = listed(gold, [entity(HOSTILE, (10, 32), kind='"')], HOSTILE, seen=set())
    page = errors_as_html(errors)
    body = page.split("</style>")[1]
    assert "<script" not in page and "\x1b" not in page and "<b>" not in body
    shown = html.unescape(re.sub(r"<[^>]+>", "", body))
    assert '<script>alert("x")</script>\t=cmd' in shown and "not in train" in shown
    # Both, gold alone and predicted alone.
    assert 'class="g p"' in page and 'class="g"' in page and 'class="p"' in page


def test_the_table_has_one_line_for_each_error():
    gold = [entity(HOSTILE, (28, 32), kind="DISO"), entity(HOSTILE, (36, 40))]
    found = [entity(HOSTILE, (28, 36), probability=0.25)]
    text = errors_as_tsv(listed(gold, found, HOSTILE))
    rows = list(csv.DictReader(io.StringIO(text), dialect="excel-tab"))
    assert text.count("\n") == 3 and tuple(rows[0]) == COLUMNS and "\x1b" not in text
    first = next(row for row in rows if row["kind"] == "boundary")
    assert first["gold_text"] == "'=cmd" and first["gold_offsets"] == "28 32"
    assert first["probability"] == "0.2500" and first["in_train"] == ""


def test_many_sentences_of_one_error_are_folded():
    text = " ".join(["Gout hurts."] * 5)
    gold = [entity(text, (start, start + 4)) for start in range(0, len(text), 12)]
    page = errors_as_html(listed(gold, [], text))
    assert "<summary>2 more</summary>" in page and page.count('<p class="in">') == 5
    assert "5 ×" in page and "<h1>5 errors</h1>" in page


def test_no_errors_and_other_names(tmp_path):
    write_errors(ErrorList(), tmp_path / "errors.HTML")
    assert "<h1>0 errors</h1>" in (tmp_path / "errors.HTML").read_text()
    with pytest.raises(ParameterError, match=r"ends with .csv, expected one that ends with .tsv"):
        write_errors(ErrorList(), tmp_path / "errors.csv")
