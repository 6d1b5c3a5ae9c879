from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity, Sentence, Token
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.sentences import MERGED, segment, split_sentences
from neuroner_tl.corpora.text.tokenizers import get_tokenizer

ALNUM = get_tokenizer("alnum")


# "|" marks the boundaries that are expected.
@pytest.mark.parametrize(
    "marked",
    [
        "Gout hurts. |It is old.",
        "As in Fig. 2 and Figs. A and B. |We agree.",
        "Infection by E. Coli or S. aureus, e.g. Enterococcus, i.e. The worst. |Yes.",
        "Smith et al. Nature. |Jones et al. (1999) say so. |So say Li et al. |The end.",
        "J. M. Hardwick and Dr. P. Minoprio met. |They spoke.",
        "A dose of 0.5 mg. |2 patients died in 1999. |25 lived.",
        "Rates of 0. 05 and EC 1. 3. 99. 13 were found. |Next.",
        "No. 5 is better vs. Placebo, approx. 3 times. |No. |Good.",
        'Is it true? |Yes! |(It is.) |[Sure.] |"Fine." |End',
        "Binding to p53. |p53 binds. |mRNA was low. in vitro it was not.",
        "It works [3, 4]. |Another [5]. |Data (not shown. See there) are old. |Ok.",
        "Treated i.p. |The rats died. |Given i.v. Morphine helped.",
        "1. First point. |2. Second point.",
        "Title without mark\n|Text of it. |More\n|\n|End.",
        "Resistance. |* We conclude. |• This too.",
        "It was seen by MS. |From this, hepatitis B. |We know.",
        "Scutellaria sp. nov. and Aus sp. |The next.",
    ],
)
def test_boundaries(marked: str) -> None:
    text = marked.replace("|", "")
    expected = [piece.strip() for piece in marked.split("|") if piece.strip()]
    assert [text[start:end] for start, end in split_sentences(text)] == expected


WRAPPED = """\
Effects of the drug
We gave the drug to forty patients with the disease
who had not been treated before. The outcome after
one year was better than in the control group, and
nobody died of it, although the dose was high. Side
effects were rare.

A new paragraph follows here."""


def test_hard_wrapped_text() -> None:
    sentences = [" ".join(WRAPPED[s:e].split()) for s, e in split_sentences(WRAPPED)]
    assert sentences == [
        "Effects of the drug",
        "We gave the drug to forty patients with the disease who had not been treated before.",
        "The outcome after one year was better than in the control group, and nobody died of it, "
        "although the dose was high.",
        "Side effects were rare.",
        "A new paragraph follows here.",
    ]
    windows = WRAPPED.replace("\n", "\r\n")
    assert len(split_sentences(windows)) == 5


def test_one_sentence_a_line_is_not_hard_wrapped() -> None:
    text = "A short one\nA line that is somewhat longer\nTiny\nAnother line\nThe last one of all"
    assert len(split_sentences(text)) == 5


@given(text=st.text(st.sampled_from('aB1.?! \n\r()[]e.g"*\U0001f9ec'), max_size=60))
def test_spans_are_ordered_trimmed_and_cover_all(text: str) -> None:
    spans = split_sentences(text)
    assert all(text[s:e] == text[s:e].strip() != "" for s, e in spans)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:]))
    assert "".join("".join(text[s:e].split()) for s, e in spans) == "".join(text.split())


def test_segment_protects_entities() -> None:
    text = "It is A one. Two bad. Three cats. Four."
    entity = Entity("X", ((6, 16),), text[6:16])
    report = ImportReport()
    sentences = segment(Document("d", text, (entity,)), ALNUM, True, report)
    assert [text[s.start : s.end] for s in sentences] == [
        "It is A one. Two bad.",
        "Three cats.",
        "Four.",
    ]
    assert report.by_reason[MERGED].count == 1
    assert len(segment(Document("d", text, (entity,)), ALNUM, False)) == 4
    apart = Entity("X", ((6, 7), (13, 16)), "A Two")
    assert len(segment(Document("d", text, (apart,)), ALNUM, True)) == 4


def test_long_entity_joins_many() -> None:
    text = "Aa. Bb. Cc. Dd."
    whole = Entity("X", ((0, 10),), text[:10])
    inner = Entity("X", ((4, 6),), text[4:6])
    sentences = segment(Document("d", text, (whole, inner)), ALNUM, True)
    assert [text[s.start : s.end] for s in sentences] == ["Aa. Bb. Cc.", "Dd."]


def test_given_sentences_are_kept() -> None:
    own = (Sentence(0, 5, (Token(0, 5),)),)
    assert segment(Document("d", "A. B.", (), own), ALNUM, True) == own
