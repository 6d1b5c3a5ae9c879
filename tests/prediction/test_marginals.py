"""Probabilities of mentions against the sum over all taggings of a sentence."""

import itertools

import numpy as np
import pytest
from drawn_marginals import draw, marginals_of
from hypothesis import given, settings
from hypothesis import strategies as st
from mention_enumeration import enumerate_mentions

from neuroner_tl.dataset.packed_sequences import BlockSizes, Shape
from neuroner_tl.dataset.vocabulary import labels_of_types

CASES = [(s, t) for s in ("bio", "bioes") for t in (("DISO",), ("CHED", "DISO"))]


def all_spans(length, types):
    return [
        (name, first, after)
        for first, after in itertools.combinations(range(length + 1), 2)
        for name in types
    ]


@pytest.mark.parametrize("crf", [True, False], ids=["crf", "nocrf"])
@pytest.mark.parametrize("scheme, types", CASES)
def test_every_mention_of_every_sentence_against_enumeration(scheme, types, crf):
    names = labels_of_types(types, scheme)
    lengths = [3, 1, 4, 2, 1, 3] if len(names) < 9 else [3, 1, 2, 2]
    sentences, weights = draw(0, names, lengths, crf=crf)
    found = marginals_of(sentences, weights, names)
    start = 0
    for scores in sentences:
        expected, labels = enumerate_mentions(scores, weights, names)
        spans = all_spans(len(scores), types)
        inside = [(name, start + s, start + e) for name, s, e in spans]
        np.testing.assert_allclose(
            found.of_mentions(inside), [expected[span] for span in spans], rtol=1e-9, atol=1e-12
        )
        stop = start + len(scores)
        np.testing.assert_allclose(found.of_labels()[start:stop], labels, rtol=1e-9, atol=1e-12)
        start = stop


@given(
    seed=st.integers(0, 10**6),
    length=st.integers(1, 4),
    scale=st.sampled_from([0.1, 1.0, 5.0, 60.0]),
    temperature=st.sampled_from([0.5, 1.0, 3.0]),
    case=st.sampled_from([case for case in CASES if case != ("bioes", ("CHED", "DISO"))]),
)
@settings(max_examples=25)
def test_any_scores_and_temperature(seed, length, scale, temperature, case):
    scheme, types = case
    names = labels_of_types(types, scheme)
    (scores,), weights = draw(seed, names, [length], scale)
    expected, _ = enumerate_mentions(scores, weights, names, temperature)
    found = marginals_of([scores], weights, names, temperature)
    spans = all_spans(length, types)
    np.testing.assert_allclose(
        found.of_mentions(spans), [expected[span] for span in spans], rtol=1e-7, atol=1e-10
    )


@pytest.mark.parametrize("scheme, types", CASES)
def test_mentions_that_cover_a_token_add_up_to_not_being_outside(scheme, types):
    """For sentences too long to enumerate, and whatever shares their block."""
    names = labels_of_types(types, scheme)
    sentences, weights = draw(1, names, [9, 30, 2, 1, 12])
    found = marginals_of(
        sentences, weights, names, sizes=BlockSizes(Shape(16, 2), Shape(16, 2), 64)
    )
    start = 0
    for scores in sentences:
        spans = all_spans(len(scores), types)
        inside = [(name, start + s, start + e) for name, s, e in spans]
        covered = np.zeros(len(scores))
        for (_, first, after), value in zip(spans, found.of_mentions(inside)):
            covered[first:after] += value
        outside = found.of_labels()[start : start + len(scores), names.index("O")]
        np.testing.assert_allclose(covered, 1 - outside, rtol=1e-9)
        start += len(scores)


@pytest.mark.parametrize("threshold", [1e-3, 0.05, 0.3, 1.0])
@pytest.mark.parametrize("scheme, types", CASES)
def test_candidates_are_all_mentions_above_the_threshold(scheme, types, threshold):
    names = labels_of_types(types, scheme)
    sentences, weights = draw(2, names, [9, 12, 2, 1, 7], scale=1.0)
    found = marginals_of(sentences, weights, names)
    offsets = np.cumsum([0, *(len(scores) for scores in sentences)]).tolist()
    spans = [
        (name, start + s, start + e)
        for start, stop in zip(offsets[:-1], offsets[1:])
        for name, s, e in all_spans(stop - start, types)
    ]
    values = dict(zip(spans, found.of_mentions(spans)))
    expected = [span for span in spans if values[span] >= threshold]
    candidates = found.candidates(threshold)
    assert [span for span, _ in candidates] == sorted(expected, key=lambda s: (s[1:], s[0]))
    assert all(values[span] == pytest.approx(value, rel=1e-12) for span, value in candidates)
    assert bool(candidates) == (threshold < 1)


def test_a_mention_read_from_an_ill_formed_tagging():
    """``O I-DISO E-DISO O`` all but certain: its mention is, too."""
    names = labels_of_types(["DISO"], "bioes")
    scores = np.zeros((4, 5))
    for token, tag in enumerate(["O", "I-DISO", "E-DISO", "O"]):
        scores[token, names.index(tag)] = 20
    found = marginals_of([scores], {}, names)
    assert found.of_mentions([("DISO", 1, 3)]) == pytest.approx(1, abs=1e-6)
    assert found.candidates(0.5)[0][0] == ("DISO", 1, 3)


def test_labels_without_any_type():
    found = marginals_of([np.zeros((2, 1))], {}, ["O"])
    assert found.candidates(0.1) == [] and found.of_mentions([]).shape == (0,)
