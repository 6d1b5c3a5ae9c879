"""Overlapping spans: what is found in order equals what trying each with each finds, in less time.

No time is compared. A limit of CPU time ends what would take minutes if each were tried with each.
"""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import simple_overlaps as simple
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.abbreviations import places_by_form, places_of
from neuroner_tl.corpora.text.spans import DisjointSpans, SpanTree
from neuroner_tl.prediction.predictor import Analysis
from neuroner_tl.silver.annotators import annotators
from neuroner_tl.silver.cleaning.following import follow_long_forms
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.comparison import Profile
from neuroner_tl.silver.completion import CompletionRule, complete_document
from neuroner_tl.silver.consensus import boundaries, consensus, stacking
from neuroner_tl.silver.consensus.boundaries import BoundaryTable
from neuroner_tl.silver.consensus.consensus import PosteriorRule
from neuroner_tl.silver.consensus.harmonise import Span, Vote, candidates
from neuroner_tl.silver.consensus.label_model import LabelModel, Posterior

LENGTH = 60
MANY = 12_000
any_span = st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 9)).map(
    lambda pair: (pair[0], min(pair[0] + pair[1], LENGTH))
)
any_spans = st.lists(any_span, max_size=20).map(sorted)
disjoint = st.sets(st.integers(0, LENGTH), max_size=16).map(
    lambda limits: list(zip(sorted(limits)[::2], sorted(limits)[1::2]))
)
probabilities = st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])
word_text = st.text(st.sampled_from("ab  "), min_size=LENGTH, max_size=LENGTH)
abbreviating = st.lists(
    st.sampled_from(
        [
            "alpha beta (AB)",
            "AB",
            "ABs",
            "a",
            "gamma (GA);",
            "GA",
            "GA-GA-GA",
            "(AB, GA)",
            ".",
            "xAB",
        ]
    ),
    max_size=14,
).map(" ".join)
several = settings(max_examples=60)


@pytest.fixture
def no_hang() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise AssertionError("used up its CPU time: each span is tried with each")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, 4)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.signal(signal.SIGPROF, before)


def entities(spans: list[Span], kind: str = "X") -> tuple[Entity, ...]:
    return tuple(Entity(kind, (span,), "") for span in spans)


def votes_of(spans: list[Span], *names: str) -> tuple[Vote, ...]:
    return tuple(Vote(start, end, names, (), 1.0) for start, end in spans)


@several
@given(any_spans, any_span, st.sets(st.integers(0, 19)))
def test_spans_that_share_text(spans: list[Span], span: Span, removed: set[int]) -> None:
    tree = SpanTree(spans)
    left = [n for n in range(len(spans)) if n not in removed]
    for index in removed & set(range(len(spans))):
        tree.remove(index)
    assert tree.sharing(span) == [n for n in simple.sharing(spans, span) if n in left]


@several
@given(disjoint, st.lists(st.tuples(st.booleans(), any_span), max_size=10), any_span)
def test_disjoint_spans(start: list[Span], changes: list[tuple[bool, Span]], asked: Span) -> None:
    spans, expected = DisjointSpans(reversed(start)), set(start)
    for is_new, span in changes:
        if not is_new:
            spans.discard(span)
            expected.discard(span)
        elif not simple.sharing(list(expected), span):
            assert not spans.share_text(span)
            spans.add(span)
            expected.add(span)
    ordered = sorted(expected)
    shared = [ordered[n] for n in simple.sharing(ordered, asked)]
    assert list(spans) == ordered and spans.sharing(asked) == shared
    assert spans.share_text(asked) == bool(shared)
    ending = [span for span in ordered if span[0] < asked[1] <= span[1]]
    assert spans.ending_from(asked[1]) == (ending[0] if ending else None)


def test_spans_that_overlap_are_not_disjoint() -> None:
    for spans in ([(0, 4), (3, 5)], [(0, 4), (0, 4)], [(2, 2)]):
        with pytest.raises(ValueError, match="overlap, or are empty"):
            DisjointSpans(spans)


def posterior_of(spans: list[Span], values: list[float], text: str) -> Posterior:
    found = [(span, values[n % len(values)]) for n, span in enumerate(dict.fromkeys(spans))]
    return Posterior(found, simple.tokens_of(text), np.zeros(0))


@several
@given(any_spans, any_spans, st.lists(probabilities, min_size=1), word_text, probabilities)
def test_what_a_classifier_and_a_label_model_choose(
    one: list[Span], other: list[Span], values: list[float], text: str, threshold: float
) -> None:
    votes = candidates({"one": one, "other": other})
    spans = [(vote.start, vote.end) for vote in votes]
    posterior = posterior_of(spans, values, text)
    rows = stacking._rows(text, votes, posterior, ["one", "other"], {})
    assert [row[5] for row in rows] == simple.rivals(posterior, votes)
    repeated = [min(text.count(text[s:e]), 5) for s, e in spans]
    assert [row[9] for row in rows] == repeated
    rule = PosteriorRule(None, threshold, frozenset({"other"}))  # type: ignore[arg-type]
    chosen = [(vote.start, vote.end) for vote in consensus._choose(rule, posterior, votes)]
    assert chosen == simple.choose(rule, posterior, votes)

    class Model(LabelModel):
        def __init__(self) -> None:
            object.__setattr__(self, "annotators", ("one", "other"))

        def posteriors(self, *_: Any) -> Iterator[Posterior]:
            yield posterior

    size = len(stacking._features(("one", "other")))
    names = tuple(map(str, range(size)))
    weights = np.linspace(-1, 1, size)
    classifier = stacking.CandidateClassifier(Model(), {}, names, weights, 0.2)
    (result,) = classifier.posteriors([text], [{"one": one, "other": other}])
    assert result.inside.tolist() == simple.inside(result.candidates, posterior.tokens)


@several
@given(disjoint, disjoint)
def test_what_is_left_of_unknown_regions(regions: list[Span], spans: list[Span]) -> None:
    votes = votes_of(spans, "a")
    assert consensus._outside(regions, votes) == simple.outside(regions, votes)


@several
@given(abbreviating, disjoint, disjoint, any_spans)
def test_abbreviations(
    text: str, mentions: list[Span], regions: list[Span], overlapping: list[Span]
) -> None:
    fits = [span for span in mentions if span[1] <= len(text)]
    unknown = tuple(span for span in regions if span[1] <= len(text))
    names = "abcdefgh"
    votes = tuple(Vote(s, e, (names[n],), (), 1.0) for n, (s, e) in enumerate(fits))
    document = SilverDocument("1", text, votes, unknown)
    assert follow_long_forms(document) == simple.follow(document)
    profile = Profile()
    known = entities([span for span in overlapping if span[1] <= len(text)])
    open_ = tuple(Entity("X", (span,), "", certain=False) for span in unknown)
    annotated = Document("1", text, known, unknown=open_)
    profile.add(annotated)
    assert simple.abbreviation_counts(annotated) == (
        profile.introduced,
        profile.introduced_marked,
        profile.repeated,
        profile.repeated_marked,
    )
    forms = {"AB", "GA", "A", "GA-GA"}
    assert places_by_form(text, forms) == {
        form: list(places_of(text, {form})) for form in sorted(forms)
    }


@several
@given(word_text, any_spans, disjoint)
def test_boundaries(text: str, gold: list[Span], spans: list[Span]) -> None:
    document = Document("1", text, entities(gold))
    table = BoundaryTable()
    table.add(document, spans)
    assert table.kinds == simple.boundary_kinds(gold, spans)
    assert table.exact == len(set(gold) & set(spans))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(boundaries, "MIN_CASES", 1)
        patched.setattr(boundaries, "MIN_SHARE", 0)
        words = boundaries._words_beside([document], [spans])
    expected = {
        word[0]
        for start, end in spans
        if simple.around(gold, (start, end)) and (word := boundaries._word_before(text, start))
    }
    assert words.left == expected


@several
@given(st.text(st.sampled_from("ab \n\u00a0\u2003\x1c"), max_size=LENGTH), any_spans)
def test_marks_without_space(text: str, spans: list[Span]) -> None:
    fits = entities([span for span in spans if span[1] <= len(text)])
    document = Document("1", text, fits)
    expected = simple.marks_without_space(document, ["X"])
    assert annotators._without_space(document, ["X"]) == expected


@several
@given(any_spans, disjoint, st.lists(st.tuples(any_span, probabilities), max_size=15))
def test_what_a_teacher_adds(
    spans: list[Span], regions: list[Span], found: list[tuple[Span, float]]
) -> None:
    text = "a" * LENGTH
    silver = Document(
        "1",
        text,
        entities(spans, "X") + entities(spans[::3], "Y"),
        unknown=tuple(Entity("X", (span,), "", certain=False) for span in regions),
    )
    taught = tuple(Entity("X", (span,), "", probability) for span, probability in found)
    limits = np.arange(LENGTH)
    nothing = np.zeros((LENGTH, 2))
    analysis = Analysis(Document("1", text, taught), limits, limits + 1, ("X", "Y"), nothing)
    result = complete_document(silver, analysis, ("X", "Y"), CompletionRule(0.5), Counter())
    known, left = simple.completed(silver, analysis.document, ("X", "Y"), 0.5)
    assert list(result.entities) == known and list(result.unknown) == left


def marks(number: int) -> list[Span]:
    return [(10 * n, 10 * n + 5) for n in range(number)]


@pytest.mark.usefixtures("no_hang")
class TestThousandsOfMarksInOneText:
    """Each of these took 10 to 100 seconds."""

    def test_of_candidates(self) -> None:
        draw = random.Random(1)
        text = "renal gout" * MANY
        given = {"one": marks(MANY), "other": [(s + draw.randint(0, 2), e) for s, e in marks(MANY)]}
        votes = candidates(given)
        spans = [(vote.start, vote.end) for vote in votes]
        posterior = posterior_of(spans, [0.5, 0.2], text)
        rows = stacking._rows(text, votes, posterior, ["one", "other"], {})
        assert len(rows) == len(votes) > MANY
        rule = PosteriorRule(None, 0.1)  # type: ignore[arg-type]
        assert len(consensus._choose(rule, posterior, votes)) == MANY

    def test_of_mentions_and_regions(self) -> None:
        votes = votes_of(marks(MANY), "a")
        assert len(consensus._outside([(0, 10 * MANY)], votes)) == MANY
        assert len(consensus._outside([(s, e + 2) for s, e in marks(MANY)], votes)) == MANY
        document = Document("1", "renal gout" * MANY, entities(marks(MANY)))
        table = BoundaryTable()
        table.add(document, [(s, e + 1) for s, e in marks(MANY)])
        assert table.kinds == {"left equal, right shorter": MANY}
        boundaries._words_beside([document], [marks(MANY)])
        assert len(annotators._without_space(document, ["X"])) == MANY

    def test_of_abbreviations(self) -> None:
        number = MANY // 4
        pieces = [f"alpha{n:05} (A{n:05}); A{n:05}s. " for n in range(number)]
        starts = np.cumsum([0, *map(len, pieces)]).tolist()
        text, spans = "".join(pieces), [(start, start + 10) for start in starts[:-1]]
        followed = follow_long_forms(SilverDocument("1", text, votes_of(spans, "a")))
        assert len(followed.votes) == 3 * number
        profile = Profile()
        profile.add(Document("1", text, entities(spans)))
        assert (profile.introduced, profile.repeated) == (number, number)

    def test_of_a_teacher(self) -> None:
        text = "renal gout" * MANY
        silver = Document("1", text, entities(marks(MANY)))
        sure = tuple(Entity("X", ((s, e + 1),), "", 0.9) for s, e in marks(MANY))
        limits = np.arange(0, len(text), 10)
        found = Analysis(
            Document("1", text, sure), limits, limits + 9, ("X",), np.zeros((len(limits), 1))
        )
        result = complete_document(silver, found, ("X",), CompletionRule(), Counter())
        assert result.entities == sure
