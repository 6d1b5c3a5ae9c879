from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.consensus import harmonise as harmonise_module
from neuroner_tl.silver.consensus.agreement import Agreement
from neuroner_tl.silver.consensus.harmonise import (
    Vote,
    VoteRule,
    candidates,
    exact_vote,
    harmonise,
    tolerant_vote,
)
from neuroner_tl.silver.consensus.learning import _learned_rules, learn_rule

NAMES = ["a", "b", "c"]


def spans_of(rule: VoteRule, **given: list[tuple[int, int]]) -> list[tuple[int, int]]:
    return [(vote.start, vote.end) for vote in harmonise(given, rule)]


def test_exact_vote() -> None:
    rule = exact_vote(NAMES, 2)
    assert spans_of(rule, a=[(0, 4), (6, 9)], b=[(0, 4), (6, 10)], c=[(12, 14)]) == [(0, 4)]
    assert spans_of(exact_vote(NAMES, 1), a=[(0, 4)], b=[(2, 9)]) == [(2, 9)]


def test_tolerant_vote_takes_the_boundaries_with_most_support() -> None:
    rule = tolerant_vote(NAMES, 2)
    (vote,) = harmonise({"a": [(0, 9)], "b": [(0, 6)], "c": [(0, 6)]}, rule)
    assert (vote.start, vote.end) == (0, 6)
    assert vote.exact == ("b", "c") and vote.overlapping == ("a",) and vote.support == 3
    # a tie: the longer one
    assert spans_of(rule, a=[(0, 9)], b=[(3, 9)]) == [(0, 9)]
    # a tie of equal length: the earlier one
    assert spans_of(rule, a=[(0, 6)], b=[(3, 9)]) == [(0, 6)]
    # there is no other annotator
    assert spans_of(rule, a=[(0, 9)], b=[(10, 12)]) == []


def test_votes_are_used_up() -> None:
    # b's long span supports one of a's two, not both.
    rule = tolerant_vote(NAMES, 2)
    assert spans_of(rule, a=[(0, 4), (6, 9)], b=[(0, 9)]) == [(0, 9)]
    assert spans_of(rule, a=[(0, 4), (6, 9)], b=[(0, 9)], c=[(0, 4)]) == [(0, 4)]
    assert spans_of(rule, a=[(0, 4), (6, 9)], b=[(0, 9)], c=[(0, 4), (6, 9)]) == [(0, 4), (6, 9)]


def test_a_rule_says_in_words_what_it_is() -> None:
    """The report used to give weights alone, from which one had to guess which rule had won."""
    assert tolerant_vote(NAMES, 2).name == "tolerant votes of 2"
    assert exact_vote(NAMES, 1).name == "exact votes of 1"
    assert tolerant_vote(NAMES, 2, {"b": 2}).name == "tolerant votes of 2, b counting 2"
    assert VoteRule({"a": 1.0}, {}, 1.0).name == "a alone"
    learned = VoteRule({"a": 0.8, "b": 0.4}, {"a": 0.1, "b": -0.2}, 0.5)
    assert learned.name.startswith("weighted votes of 0.5")
    assert learned.to_json()["name"] == learned.name


def test_weights() -> None:
    rule = tolerant_vote(NAMES, 2, {"a": 2, "b": 0.5})
    assert spans_of(rule, a=[(0, 4)]) == [(0, 4)]
    assert spans_of(rule, b=[(0, 4)], c=[(0, 4)]) == []
    # a weighs more than b and c together
    assert spans_of(rule, a=[(0, 9)], b=[(0, 4)], c=[(0, 4)]) == [(0, 9)]


SPANS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 6)).map(lambda p: (p[0], p[0] + p[1])), max_size=5
)
GIVEN = st.dictionaries(st.sampled_from(NAMES), SPANS, max_size=3)


@settings(max_examples=150)
@given(given=GIVEN, threshold=st.integers(1, 3))
def test_properties(given: dict[str, list[tuple[int, int]]], threshold: int) -> None:
    everything = {span for spans in given.values() for span in spans}
    for rule in (exact_vote(NAMES, threshold), tolerant_vote(NAMES, threshold)):
        votes = harmonise(given, rule)
        assert all((v.start, v.end) in everything for v in votes)
        assert all(left.end <= right.start for left, right in zip(votes, votes[1:]))
        for vote in votes:
            assert vote.support >= threshold
            assert vote.exact == tuple(
                sorted(n for n in given if (vote.start, vote.end) in given[n])
            )
        # Votes do not depend on the order in which annotators are named or spans given.
        turned = {name: given[name][::-1] for name in reversed(list(given))}
        assert harmonise(turned, rule) == votes
    # A tolerant vote finds a mention in every place where an exact one does.
    tolerant = harmonise(given, tolerant_vote(NAMES, threshold))
    for vote in harmonise(given, exact_vote(NAMES, threshold)):
        assert any(v.start < vote.end and vote.start < v.end for v in tolerant)


def harmonised_from_scratch(given: dict[str, list[tuple[int, int]]], rule: VoteRule) -> list[Vote]:
    """The rule to the letter: after each choice, all votes are counted again."""
    left = {span for spans in given.values() for span in spans}
    chosen = []
    while True:
        votes = []
        for start, end in left:
            others = [s for s in left if s != (start, end) and s[0] < end and start < s[1]]
            exact = sorted(name for name in given if (start, end) in given[name])
            overlapping = sorted(
                name for name in given if name not in exact and {*given[name]} & {*others}
            )
            support = sum(rule.exact.get(name, 0) for name in exact)
            support += sum(rule.overlap.get(name, 0) for name in overlapping)
            rank = sum(rule.exact.get(n, 0) for n in exact) if rule.boundary_by_exact else support
            if support >= rule.threshold:
                vote = Vote(start, end, tuple(exact), tuple(overlapping), support)
                votes.append((rank, end - start, -start, vote))
        if not votes:
            return sorted(chosen, key=lambda vote: vote.start)
        winner = max(votes)[-1]
        chosen.append(winner)
        left = {s for s in left if s[1] <= winner.start or s[0] >= winner.end}


WEIGHTS = st.dictionaries(st.sampled_from(NAMES), st.integers(-2, 3), max_size=3)


@settings(max_examples=200)
@given(
    given=st.dictionaries(st.sampled_from(NAMES), st.lists(SPANS, max_size=3), max_size=3),
    exact=WEIGHTS,
    overlap=WEIGHTS,
    threshold=st.integers(-1, 4),
    by_exact=st.booleans(),
)
def test_the_rule_to_the_letter(
    given: dict[str, list[list[tuple[int, int]]]],
    exact: dict[str, int],
    overlap: dict[str, int],
    threshold: int,
    by_exact: bool,
) -> None:
    spans = {name: [span for some in lists for span in some] for name, lists in given.items()}
    rule = VoteRule(exact, overlap, threshold, by_exact)
    assert harmonise(spans, rule) == harmonised_from_scratch(spans, rule)


@pytest.mark.parametrize("length", [2, 7, 40])
def test_votes_on_a_long_chain_are_counted_a_few_times_each(
    monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    """All of them used to be counted again after each choice."""
    counted = []
    vote = harmonise_module._vote

    def counting(*arguments: object) -> Vote:
        counted.append(arguments)
        return vote(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(harmonise_module, "_vote", counting)
    spans = [(start, start + length) for start in range(1500)]
    given = {name: spans[number::3] for number, name in enumerate(NAMES)}
    for rule in (exact_vote(NAMES, 1), tolerant_vote(NAMES, 2)):
        counted.clear()
        assert len(harmonise(given, rule)) > 1400 / length
        assert len(counted) < 5 * len(spans)


@settings(max_examples=60)
@given(given=GIVEN)
def test_one_vote_in_an_exact_rule_is_the_union_where_nothing_overlaps(
    given: dict[str, list[tuple[int, int]]],
) -> None:
    everything = sorted({span for spans in given.values() for span in spans})
    assert [(v.start, v.end) for v in candidates(given)] == everything
    if all(left[1] <= right[0] for left, right in zip(everything, everything[1:])):
        assert spans_of(exact_vote(NAMES, 1), **given) == everything


def test_learned_weights_find_the_unreliable_annotator() -> None:
    rng = np.random.default_rng(0)
    documents, gold = [], []
    for _ in range(60):
        right = {(10 * i, 10 * i + 4) for i in range(10) if rng.random() < 0.5}
        wrong = {(10 * i, 10 * i + 4) for i in range(10)} - right
        documents.append(
            {
                "good": sorted(s for s in right if rng.random() < 0.9),
                "noisy": sorted(
                    {s for s in right if rng.random() < 0.6}
                    | {s for s in wrong if rng.random() < 0.3}
                ),
                "liar": sorted(s for s in wrong if rng.random() < 0.8),
            }
        )
        gold.append(right)
    rule = learn_rule(["good", "noisy", "liar"], documents[:30], gold[:30])

    def errors(rule: VoteRule) -> int:
        return sum(
            len({(v.start, v.end) for v in harmonise(d, rule)} ^ g)
            for d, g in zip(documents[30:], gold[30:])
        )

    assert errors(rule) < errors(exact_vote(["good", "noisy", "liar"], 2))
    weights = _learned_rules(["good", "noisy", "liar"], documents[:30], gold[:30])[0].exact
    assert weights["good"] > weights["noisy"] > 0 > weights["liar"]


def test_one_good_annotator_among_bad_ones_is_enough() -> None:
    right = [{(0, 3), (10, 12)}, {(4, 9)}, {(7, 9), (11, 15)}, set()]
    wrong = {"b": [(20, 25)], "c": [(20, 25), (30, 31)]}
    documents = [{"a": sorted(spans), **wrong} for spans in right]
    rule = learn_rule(NAMES, documents, right)
    for marked, spans in zip(documents, right):
        assert {(v.start, v.end) for v in harmonise(marked, rule)} == spans


def test_a_sample_from_which_nothing_can_be_learned() -> None:
    with pytest.raises(CorpusError, match="1 of 1 spans of the annotators are correct"):
        learn_rule(["a"], [{"a": [(0, 1)]}], [{(0, 1)}])
    # Of a single gold document, nothing is left to learn from where it is scored itself.
    with pytest.raises(CorpusError, match="0 of 0 spans of the annotators are correct"):
        learn_rule(["a"], [], [])


@pytest.mark.filterwarnings("ignore:.*only one label in common")
@settings(max_examples=30)
@given(data=st.data())
def test_kappa_and_f1_against_scikit_learn(data: st.DataObject) -> None:
    text = "one two three four five six seven eight nine ten"
    tokens = AlnumTokenizer().tokenize(text, 0, len(text))
    agreement = Agreement(["a", "b"])
    labels: dict[str, list[int]] = {"a": [], "b": []}
    spans: dict[str, list[set[tuple[int, int]]]] = {"a": [], "b": []}
    for _ in range(2):
        given = {}
        for name in ("a", "b"):
            marks = data.draw(st.lists(st.booleans(), min_size=10, max_size=10))
            given[name] = [(t.start, t.end) for t, mark in zip(tokens, marks) if mark]
            labels[name] += [int(mark) for mark in marks]
            spans[name].append(set(given[name]))
        agreement.add(text, given, harmonise(given, exact_vote(["a", "b"], 1)))
    expected = cohen_kappa_score(labels["a"], labels["b"], labels=[0, 1])
    if np.isnan(expected):
        expected = 1.0
    assert agreement.kappa("a", "b") == pytest.approx(expected)
    assert agreement.kappa("b", "a") == agreement.kappa("a", "b")
    assert agreement.kappa("a", "a") == 1.0 and agreement.f1("a", "a") == 1.0
    both = sum(len(x & y) for x, y in zip(spans["a"], spans["b"]))
    total = sum(map(len, spans["a"])) + sum(map(len, spans["b"]))
    assert agreement.f1("a", "b") == pytest.approx(2 * both / total if total else 1.0)


def test_what_each_annotator_adds() -> None:
    agreement = Agreement(NAMES)
    given = {"a": [(0, 3), (4, 7)], "b": [(0, 3)], "c": [(0, 7), (8, 11)]}
    text = "one two ten"
    agreement.add(text, given, harmonise(given, tolerant_vote(NAMES, 1)))
    rows = agreement.to_json()["contributions"]
    documents = {"documents": 1}
    assert rows["a"] == documents | {
        "spans": 2,
        "alone": 0,
        "exact": 2,
        "overlapping": 0,
        "needed": 1,
    }
    assert rows["c"] == documents | {
        "spans": 2,
        "alone": 1,
        "exact": 1,
        "overlapping": 1,
        "needed": 1,
    }
