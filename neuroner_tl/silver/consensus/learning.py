"""Weights of annotators learned from a sample of a gold standard.

A logistic regression tells correct spans from wrong ones by who voted for them, exactly or by
overlap. Its coefficients are the weights and its logit is the support; thresholds are tried. The
rule with the highest F1 on the sample is taken; a plain rule (votes without weights, one annotator
alone, one with two of the others) wins unless the learned one is better by a margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from sklearn.linear_model import LogisticRegression

from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.consensus.harmonise import (
    Given,
    Span,
    VoteRule,
    candidates,
    exact_vote,
    harmonise,
    tolerant_vote,
)

_STRENGTH = 1.0  # of the regularisation's inverse: small samples must not give huge weights
_THRESHOLDS = 10
_MAX_DOCUMENTS = 1500
_MAX_VOTES = 4
# A learned rule has more ways to fit the sample by chance: it must be better by this much F1.
_MIN_GAIN = 0.01


def learn_rule(
    annotators: Sequence[str],
    spans: Sequence[Given],
    gold: Sequence[AbstractSet[Span]],
) -> VoteRule:
    """Return the rule that fits a sample best, a learned one or a plain one.

    Args:
        annotators: their names.
        spans: for each document of the sample the spans of each annotator that covers it.
        gold: for each document the gold spans.

    Raises:
        CorpusError: the annotators found nothing correct, or nothing wrong, in the sample.
    """
    # A part is enough to choose among rules.
    step = max(1, -(-len(spans) // _MAX_DOCUMENTS))
    spans_tried, gold_tried = spans[::step], gold[::step]

    def best(rules: Sequence[VoteRule]) -> tuple[float, VoteRule]:
        scored = [(_f1(spans_tried, gold_tried, rule), rule) for rule in rules]
        return max(scored, key=lambda pair: pair[0])

    plain, learned = best(_plain_rules(annotators)), best(_learned_rules(annotators, spans, gold))
    return learned[1] if learned[0] >= plain[0] + _MIN_GAIN else plain[1]


def fitted(
    model: LogisticRegression, rows: Sequence[Sequence[float]], right: Sequence[bool]
) -> LogisticRegression:
    """Return a model fitted to spans of annotators, of which each is right or wrong.

    Raises:
        CorpusError: all of them are right, or none is.
    """
    if len(set(right)) < 2:
        raise CorpusError(
            f"weights cannot be learned from the gold sample: {sum(right)} of {len(right)} spans "
            "of the annotators are correct; expected both correct and incorrect ones: take a "
            "larger sample"
        )
    return model.fit(np.array(rows), np.array(right))


def _plain_rules(annotators: Sequence[str]) -> list[VoteRule]:
    """Return votes without weights, each annotator alone, and each one with two of the others."""
    rules = [VoteRule({name: 1.0}, {}, 1.0) for name in annotators]
    for make in (tolerant_vote, exact_vote):
        rules += [make(annotators, n) for n in range(1, min(len(annotators), _MAX_VOTES) + 1)]
        rules += [make(annotators, 2, {name: 2.0}) for name in annotators]
    return rules


def _learned_rules(
    annotators: Sequence[str],
    spans: Sequence[Given],
    gold: Sequence[AbstractSet[Span]],
) -> list[VoteRule]:
    rows: list[list[float]] = []
    right: list[bool] = []
    for given, expected in zip(spans, gold):
        for vote in candidates(given):
            rows.append(
                [float(name in vote.exact) for name in annotators]
                + [float(name in vote.overlapping) for name in annotators]
            )
            right.append((vote.start, vote.end) in expected)
    model = fitted(LogisticRegression(C=_STRENGTH, max_iter=1000), rows, right)
    weights = [round(float(weight), 4) for weight in model.coef_[0]]
    exact = dict(zip(annotators, weights))
    overlap = dict(zip(annotators, weights[len(annotators) :]))
    scores = np.array(rows) @ np.array(weights)
    thresholds = np.unique(np.quantile(scores, np.linspace(0, 1, _THRESHOLDS)).round(4))
    return [
        VoteRule(exact, overlap, float(threshold), boundary_by_exact)
        for threshold in thresholds
        for boundary_by_exact in (False, True)
    ]


def _f1(
    spans: Sequence[Given],
    gold: Sequence[AbstractSet[Span]],
    rule: VoteRule,
) -> float:
    right = found = expected = 0
    for given, wanted in zip(spans, gold):
        chosen = {(vote.start, vote.end) for vote in harmonise(given, rule)}
        right += len(chosen & wanted)
        found += len(chosen)
        expected += len(wanted)
    return 2 * right / (found + expected) if right else 0.0
