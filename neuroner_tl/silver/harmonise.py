"""Consensus of several annotators of one text, by weighted votes for spans.

Each span that an annotator gives is a candidate. An annotator votes for a candidate *exactly* if it
gives that span, and *by overlap* if it gives another one that shares text with it. A candidate's
support is the weights of its votes; it must reach a threshold. Of candidates that overlap, the one
with more support for its boundaries stays, of equals the longer one, then the one that begins
earlier; the votes that went into a mention are used up with it.

Three rules come from this:

* exact vote: only exact votes count;
* boundary-tolerant vote: votes by overlap count as much as exact ones for whether there is a
  mention, and the exact ones alone decide where it begins and ends;
* learned vote: both weights of each annotator come from a sample of a gold standard
  (``learning.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

Span = tuple[int, int]


@dataclass(frozen=True)
class Vote:
    """A mention of the consensus and who agreed to it.

    Attributes:
        start: offset of its first character.
        end: offset after its last character.
        exact: annotators that gave this span.
        overlapping: annotators that gave another span that shares text with it.
        support: the weights of the votes, on the scale of the rule's threshold.
    """

    start: int
    end: int
    exact: tuple[str, ...]
    overlapping: tuple[str, ...]
    support: float


@dataclass(frozen=True)
class VoteRule:
    """How votes are counted.

    Attributes:
        exact: weight of each annotator's exact vote; annotators that are not named have none.
        overlap: weight of each annotator's vote by overlap.
        threshold: least support of a mention.
        boundary_by_exact: of overlapping candidates the one with most weight in exact votes wins;
            otherwise the one with most support.
    """

    exact: Mapping[str, float]
    overlap: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 2.0
    boundary_by_exact: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain dictionaries and numbers."""
        return {
            "exact": dict(self.exact),
            "overlap": dict(self.overlap),
            "threshold": self.threshold,
        }


def exact_vote(
    annotators: Sequence[str], threshold: float, weights: Optional[Mapping[str, float]] = None
) -> VoteRule:
    """Return the rule that counts exact votes, of weight 1 where none is given."""
    return VoteRule({name: (weights or {}).get(name, 1.0) for name in annotators}, {}, threshold)


def tolerant_vote(
    annotators: Sequence[str], threshold: float, weights: Optional[Mapping[str, float]] = None
) -> VoteRule:
    """Return the rule that counts votes by overlap as much as exact ones."""
    same = {name: (weights or {}).get(name, 1.0) for name in annotators}
    return VoteRule(same, same, threshold)


def harmonise(spans: Mapping[str, Sequence[Span]], rule: VoteRule) -> list[Vote]:
    """Return the consensus on one text, in order; its mentions do not overlap.

    Args:
        spans: the spans that each annotator gives, ``(start, end)``.
        rule: how votes are counted.
    """
    result: list[Vote] = []
    for cluster in _clusters(spans):
        if len(cluster) == 1:
            ((span, names),) = cluster.items()
            vote = _vote(span, names, (), rule)
            result += [vote] if vote.support >= rule.threshold else []
        else:
            result += _of_cluster(cluster, rule)
    return result


def candidates(spans: Mapping[str, Sequence[Span]]) -> list[Vote]:
    """Return every span that any annotator gives, with its votes, in order; support is 0."""
    rule = VoteRule({})
    return [
        _vote(span, names, _rivals(span, cluster), rule)
        for cluster in _clusters(spans)
        for span, names in cluster.items()
    ]


# Spans that hang together by overlaps, each with the annotators that give it.
_Cluster = dict[Span, list[str]]


def _clusters(spans: Mapping[str, Sequence[Span]]) -> list[_Cluster]:
    given: _Cluster = {}
    for name in sorted(spans):
        for span in set(spans[name]):
            given.setdefault(span, []).append(name)
    clusters: list[_Cluster] = []
    reach = -1
    for span in sorted(given):
        if span[0] >= reach:
            clusters.append({})
        clusters[-1][span] = given[span]
        reach = max(reach, span[1])
    return clusters


def _of_cluster(cluster: _Cluster, rule: VoteRule) -> list[Vote]:
    chosen: list[Vote] = []
    left = dict(cluster)
    while left:
        votes = [_vote(span, names, _rivals(span, left), rule) for span, names in left.items()]
        enough = [vote for vote in votes if vote.support >= rule.threshold]
        if not enough:
            break
        winner = max(enough, key=lambda vote: _rank(vote, rule))
        chosen.append(winner)
        left = {s: n for s, n in left.items() if s[1] <= winner.start or s[0] >= winner.end}
    return sorted(chosen, key=lambda vote: vote.start)


def _rank(vote: Vote, rule: VoteRule) -> tuple[float, int, int]:
    boundary = vote.support
    if rule.boundary_by_exact:
        boundary = sum(rule.exact.get(name, 0.0) for name in vote.exact)
    return boundary, vote.end - vote.start, -vote.start


def _rivals(span: Span, cluster: _Cluster) -> list[str]:
    """Return the annotators of other spans that share text with this one."""
    start, end = span
    return [
        name
        for other, names in cluster.items()
        if other[0] < end and start < other[1] and other != span
        for name in names
    ]


def _vote(span: Span, exact: Sequence[str], rivals: Sequence[str], rule: VoteRule) -> Vote:
    overlapping = sorted(set(rivals).difference(exact)) if rivals else []
    # Rounded, so that the order of a sum does not decide at the threshold.
    support = round(
        sum([rule.exact.get(name, 0.0) for name in exact])
        + sum([rule.overlap.get(name, 0.0) for name in overlapping]),
        9,
    )
    return Vote(span[0], span[1], tuple(sorted(exact)), tuple(overlapping), support)
