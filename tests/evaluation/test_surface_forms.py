"""How often documents have and annotate the texts of mentions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.evaluation.surface_forms import Occurrences, count_occurrences, surface_form


def document(text, *mentions):
    entities = []
    for mention in mentions:
        start = text.index(mention)
        entities.append(Entity("DISO", ((start, start + len(mention)),), mention))
    return Document("12", text, tuple(entities))


def test_case_and_white_space_do_not_count():
    found = count_occurrences(
        [("renal", "failure")], [document("Renal\nfailure, RENAL FAILURE.", "RENAL FAILURE")]
    )
    assert found == {("renal", "failure"): Occurrences(2, 1)}


def test_words_have_letters_of_any_case_digits_and_underscores():
    assert surface_form("Bcl_2-WEISS") == surface_form("bcl_2-weiß") == ("bcl_2", "-", "weiss")


def test_forms_are_whole_words_at_any_place():
    text = "Flu and influenza and flu"
    assert count_occurrences([("flu",)], [document(text)]) == {("flu",): Occurrences(2, 0)}


def test_a_form_that_begins_another_one_is_counted_beside_it():
    forms = [("tumour",), ("tumour", "necrosis"), ("tumour", "necrosis", "factor")]
    text = "Tumour necrosis factor; tumour necrosis; tumour"
    found = count_occurrences(forms, [document(text, "tumour necrosis")])
    assert [found[form] for form in forms] == [
        Occurrences(3, 0),
        Occurrences(2, 1),
        Occurrences(1, 0),
    ]


def test_an_occurrence_inside_a_longer_mention_is_not_annotated():
    found = count_occurrences([("cancer",)], [document("Breast cancer.", "Breast cancer")])
    assert found[("cancer",)] == Occurrences(1, 0)


def test_a_mention_of_several_fragments_is_no_occurrence():
    text = "renal or liver failure"
    entity = Entity("DISO", ((0, 5), (15, 22)), "renal failure")
    found = count_occurrences([("renal", "failure")], [Document("12", text, (entity,))])
    assert found == {("renal", "failure"): Occurrences(0, 0)}


def test_the_counts_of_documents_are_added():
    documents = [document("gout", "gout"), document("no gout"), document("flu")]
    assert count_occurrences([("gout",)], documents) == {("gout",): Occurrences(2, 1)}


def test_a_form_without_a_word_does_not_occur():
    assert surface_form(" \n") == ()
    assert count_occurrences([()], [document("gout")]) == {}


@pytest.mark.parametrize(
    "counts, mostly", [((0, 0), False), ((1, 1), True), ((3, 1), False), ((4, 2), True)]
)
def test_half_of_the_occurrences_are_mostly(counts, mostly):
    assert Occurrences(*counts).is_mostly_annotated is mostly


@given(st.lists(st.sampled_from(["gout", "flu", "renal", "failure", ",", "-"]), max_size=30))
def test_every_place_is_compared(words):
    """Against the plainest way to count."""
    forms = [("gout",), ("renal", "failure"), ("renal", "-", "failure"), ("flu", "flu")]
    found = count_occurrences(forms, [document(" ".join(words))])
    for form in forms:
        places = range(len(words) - len(form) + 1)
        assert found[form].number == sum(tuple(words[i : i + len(form)]) == form for i in places)
