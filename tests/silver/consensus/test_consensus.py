"""Mentions and unknown regions, by votes and by a label model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.silver.consensus.boundaries import Extensions
from neuroner_tl.silver.consensus.consensus import Consensus, Decision, PosteriorRule
from neuroner_tl.silver.consensus.harmonise import Given, Span, exact_vote, tolerant_vote
from neuroner_tl.silver.consensus.label_model import LabelModel
from neuroner_tl.silver.definition import SilverDefinition, read_silver_definition

NAMES = ("a", "b", "c")
TEXT = "acute renal failure and gout"
SHORT, LONG, GOUT = (6, 19), (0, 19), (24, 28)


def decide(consensus: Consensus, **given: list[Span]) -> Decision:
    spans: Given = {name: given.get(name, []) for name in NAMES}
    (decision,) = consensus.apply([TEXT], [spans])
    return decision


def limits(decision: Decision) -> list[Span]:
    return [(vote.start, vote.end) for vote in decision.votes]


def test_votes_below_the_threshold_are_outside_or_unknown() -> None:
    given = {"a": [SHORT, GOUT], "b": [SHORT]}
    plain = decide(Consensus(exact_vote(NAMES, 2)), **given)
    assert limits(plain) == [SHORT] and list(plain.unknown) == []
    open_ended = decide(Consensus(exact_vote(NAMES, 2), unknown_from=1), **given)
    assert limits(open_ended) == [SHORT] and open_ended.unknown == [GOUT]


def test_unknown_regions_are_merged_and_leave_the_mentions_out() -> None:
    rule = exact_vote(NAMES, 2)
    decision = decide(Consensus(rule, unknown_from=1), a=[(0, 11)], b=[(6, 19)])
    # Two spans that overlap, neither with two votes: one of them is the stronger candidate.
    assert limits(decision) == []
    assert decision.unknown == [(6, 19)]
    grown = Consensus(rule, Extensions(frozenset(["acute"])), unknown_from=1)
    decision = decide(grown, a=[(6, 11)], b=[(6, 11)], c=[(0, 5)])
    assert limits(decision) == [(0, 11)] and decision.unknown == []


def label_model(reliable: float = 0.9) -> LabelModel:
    """Return a model of annotators that all mark a mention with one probability."""
    levels = [0.0] * 4
    outside = [0.98, *levels, 0.01, 0.01]
    beginning = [1 - reliable, *levels, 0.9 * reliable, 0.1 * reliable]
    inside = [1 - reliable, *levels, 0.1 * reliable, 0.9 * reliable]
    matrix = np.maximum(np.array([outside, beginning, inside]), 1e-9)
    return LabelModel(
        NAMES,
        np.array([0.9, 0.1, 0.0]),
        np.array([[0.9, 0.1, 0.0], [0.5, 0.05, 0.45], [0.7, 0.05, 0.25]]),
        np.stack([matrix / matrix.sum(1, keepdims=True)] * 3),
        np.ones(3),
    )


def test_the_likeliest_of_overlapping_spans_is_the_mention() -> None:
    rule = PosteriorRule(label_model(), threshold=0.5)
    decision = decide(Consensus(rule), a=[SHORT], b=[SHORT], c=[LONG])
    assert limits(decision) == [SHORT]
    (vote,) = decision.votes
    assert vote.exact == ("a", "b") and vote.overlapping == ("c",)
    assert vote.probability == vote.support and 0.5 < vote.support <= 1
    assert limits(decide(Consensus(rule), a=[LONG], b=[SHORT], c=[LONG])) == [LONG]


def test_tokens_between_two_probabilities_are_unknown() -> None:
    rule = PosteriorRule(label_model(0.6), threshold=0.9)
    given = {"a": [LONG, GOUT], "b": [LONG], "c": [SHORT]}
    decision = decide(Consensus(rule, unknown_from=0.1), **given)
    posterior = next(rule.model.posteriors([TEXT], [{n: given.get(n, []) for n in NAMES}]))
    for (start, end), inside in zip(posterior.tokens, posterior.inside):
        in_mention = any(s <= start and end <= e for s, e in limits(decision))
        unknown = any(s <= start and end <= e for s, e in decision.unknown)
        assert unknown == (inside >= 0.1 and not in_mention)
    assert decision.unknown
    none = decide(Consensus(rule), **given)
    assert limits(none) == limits(decision) and list(none.unknown) == []


def test_a_tolerant_vote_with_unknown_regions_keeps_its_mentions() -> None:
    rule = tolerant_vote(NAMES, 2)
    given = {"a": [LONG], "b": [SHORT], "c": [GOUT]}
    one, other = (decide(Consensus(rule, unknown_from=u), **given) for u in (None, 1))
    assert limits(one) == limits(other) == [LONG]
    assert other.unknown == [GOUT]


def test_boundaries_are_those_of_the_annotators_that_know_them() -> None:
    given = {"a": [SHORT], "b": [SHORT], "c": [LONG]}
    votes = tolerant_vote(NAMES, 2)
    assert limits(decide(Consensus(votes), **given)) == [SHORT]
    tagger = frozenset(["c"])
    assert limits(decide(Consensus(replace(votes, boundaries=tagger)), **given)) == [LONG]
    posterior = PosteriorRule(label_model(), 0.001, tagger)
    assert limits(decide(Consensus(posterior), **given)) == [LONG]
    # Where it has no span of its own, and where its span is not accepted, the others decide.
    assert limits(decide(Consensus(posterior), a=[SHORT], b=[SHORT], c=[GOUT]))[0] == SHORT
    strict = PosteriorRule(label_model(), 0.5, tagger)
    assert limits(decide(Consensus(strict), **given)) == [SHORT]


def definition_with(folder: Path, harmonise: str, annotators: int = 3) -> SilverDefinition:
    lines = [
        "[silver]\nname = x\ntype = DISO\ntexts = t.jsonl\n[annotators]",
        *(f"a{number} = lexicon:terms.txt" for number in range(annotators)),
        f"[harmonise]\n{harmonise}\n",
    ]
    path = folder / "silver.ini"
    path.write_text("\n".join(lines))
    return read_silver_definition(path)


def test_settings_that_do_not_fit_the_method_are_refused(tmp_path: Path) -> None:
    assert definition_with(tmp_path, "method = hmm").harmonise.minimum == 0.1
    assert definition_with(tmp_path, "method = tolerant").harmonise.minimum == 2
    settings = definition_with(tmp_path, "method = hmm\nthreshold = 0.7\nunknown_from = 0.05")
    assert settings.harmonise.unknown_from == 0.05
    for text, expected, number in (
        ("method = hmm", "3 annotators or more", 2),
        ("method = hmm\nthreshold = 2", "a probability", 3),
        ("method = hmm\nweights = a0:2", "no weights", 3),
        ("method = learned\nweights = a0:2", "no weights", 3),
        ("method = hmm\nboundaries = a5", "an annotator", 3),
        ("method = learned\nboundaries = a1", "learned weights decide", 3),
        ("method = exact\nunknown_from = 2", "less than the threshold, 2", 3),
        ("method = tolerant\nunknown_from = -1", "unknown_from", 3),
        ("method = exact\nthreshold = 4", "at most 3, the votes of all annotators together", 3),
        ("method = tolerant", "threshold: found 2, expected at most 1", 1),
        ("weights = a0:0.5", "threshold: found 2, expected at most 1.5", 2),
    ):
        with pytest.raises(ParameterError, match=expected):
            definition_with(tmp_path, text, number)
