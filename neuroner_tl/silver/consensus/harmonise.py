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

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any, NamedTuple, Optional, Union

from neuroner_tl.corpora.text.spans import Span, SpanTree


class Mark(NamedTuple):
    """A span that an annotator gives, with the probability that it gives it.

    Attributes:
        start: offset of its first character.
        end: offset past its last character.
        probability: how sure the annotator is, 0 to 1; 1 for those that do not say.

    Example:
        >>> Mark(0, 6)[:2], Mark(0, 6, 0.8).probability
        ((0, 6), 0.8)
    """

    start: int
    end: int
    probability: float = 1.0


AnySpan = Union[Span, Mark]
"""What is taken wherever spans are: with ``span[:2]`` the two are alike."""
Given = Mapping[str, Sequence[AnySpan]]
"""The spans of a text by annotator; an annotator that does not cover the text is absent."""


@dataclass(frozen=True)
class Vote:
    """A mention of the consensus and the annotators that voted for it.

    Attributes:
        start: offset of its first character.
        end: offset past its last character.
        exact: annotators that gave this span.
        overlapping: annotators that gave another span that shares text with it.
        support: the weights of the votes, on the scale of the rule's threshold.
        probability: that exactly this span is a mention, if a label model says so.

    Example:
        >>> Vote(0, 6, exact=("lexicon", "tagger"), overlapping=(), support=2.0).exact
        ('lexicon', 'tagger')
    """

    start: int
    end: int
    exact: tuple[str, ...]
    overlapping: tuple[str, ...]
    support: float
    probability: Optional[float] = None


@dataclass(frozen=True)
class VoteRule:
    """How votes are counted.

    Attributes:
        exact: weight of each annotator's exact vote; annotators that are not named have none.
        overlap: weight of each annotator's vote by overlap.
        threshold: minimum support of a mention.
        boundary_by_exact: of overlapping candidates the one with most weight in exact votes wins;
            otherwise the one with most support.
        boundaries: annotators whose spans take precedence over those of others, such as taggers
            beside term lists, which know names and not where a mention begins.

    Example:
        >>> rule = VoteRule({"lexicon": 1.0, "tagger": 1.0}, threshold=2)
        >>> votes = harmonise({"lexicon": [(0, 6)], "tagger": [(0, 6)]}, rule)
        >>> votes[0].support
        2.0
    """

    exact: Mapping[str, float]
    overlap: Mapping[str, float] = field(default_factory=dict)
    threshold: float = 2.0
    boundary_by_exact: bool = True
    boundaries: AbstractSet[str] = frozenset()

    @property
    def name(self) -> str:
        """The rule in words, such as ``tolerant votes of 2, mesh counting 2``."""
        if len(self.exact) == 1 and not self.overlap:
            return f"{next(iter(self.exact))} alone"
        if self.overlap and dict(self.overlap) != dict(self.exact):
            return (
                f"weighted votes of {self.threshold:g}, exact ones and others by their own weights"
            )
        words = [f"{'tolerant' if self.overlap else 'exact'} votes of {self.threshold:g}"]
        words += [f"{one} counting {w:g}" for one, w in sorted(self.exact.items()) if w != 1]
        return ", ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return the rule as plain dictionaries and numbers."""
        return {
            "name": self.name,
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


def harmonise(spans: Given, rule: VoteRule) -> list[Vote]:
    """Return the consensus on one text, in order; its mentions do not overlap.

    Args:
        spans: the spans that each annotator gives; one that does not cover the text is absent.
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


def candidates(spans: Given) -> list[Vote]:
    """Return every span that any annotator gives, with its votes, in order; support is 0."""
    rule = VoteRule({})
    return [
        _vote(span, names, rivals, rule)
        for cluster in _clusters(spans)
        for (span, names), rivals in zip(cluster.items(), _rivals(cluster))
    ]


# Spans connected by overlaps, sorted, each with the annotators that give it.
_Cluster = dict[Span, list[str]]


def _clusters(spans: Given) -> list[_Cluster]:
    given: _Cluster = {}
    for name in sorted(spans):
        for span in {span[:2] for span in spans[name]}:
            given.setdefault(span, []).append(name)
    clusters: list[_Cluster] = []
    reach = -1
    for span in sorted(given):
        if span[0] >= reach:
            clusters.append({})
        clusters[-1][span] = given[span]
        reach = max(reach, span[1])
    return clusters


def _rivals(cluster: _Cluster) -> list[dict[str, int]]:
    """Return for each span the annotators that give others that share text with it, with numbers.

    Those that give the span itself are left out.
    """
    starts: dict[str, list[int]] = {}
    ends: dict[str, list[int]] = {}
    for span, names in cluster.items():
        for name in names:
            starts.setdefault(name, []).append(span[0])
            ends.setdefault(name, []).append(span[1])
    for values in ends.values():
        values.sort()
    found = []
    for (start, end), names in cluster.items():
        # All that begin before its end, except those that end before its start.
        numbers = {
            name: bisect_left(starts[name], end) - bisect_right(ends[name], start)
            for name in starts
            if name not in names
        }
        found.append({name: number for name, number in numbers.items() if number})
    return found


def _of_cluster(cluster: _Cluster, rule: VoteRule) -> list[Vote]:
    """Choose mentions greedily, the best one first.

    A choice changes the votes of those spans alone that share text with what it displaces, so
    only these are looked at again: not all of them after every choice.
    """
    spans = list(cluster)
    names = list(cluster.values())
    rivals = _rivals(cluster)
    remaining = SpanTree(spans)
    # The latest vote on each span with its number; earlier ones in the heap are void.
    latest: dict[int, tuple[int, Vote]] = {}
    heap: list[tuple[int, float, int, int, int, int]] = []
    serial = count()

    def offer(index: int) -> None:
        number = next(serial)
        vote = _vote(spans[index], names[index], rivals[index], rule)
        latest[index] = number, vote
        if vote.support >= rule.threshold:
            preferred, boundary, length, earliness = _rank(vote, rule)
            heappush(heap, (-preferred, -boundary, -length, -earliness, number, index))

    for index in range(len(spans)):
        offer(index)
    chosen: list[Vote] = []
    while heap:
        *_, number, index = heappop(heap)
        if latest[index][0] != number or index not in remaining:
            continue
        chosen.append(latest[index][1])
        displaced = remaining.sharing(spans[index])
        for other in displaced:
            remaining.remove(other)
        changed: set[int] = set()
        for other in displaced:
            for neighbour in remaining.sharing(spans[other]):
                numbers = rivals[neighbour]
                for name in names[other]:
                    if name in numbers:
                        numbers[name] -= 1
                        if not numbers[name]:
                            del numbers[name]
                            changed.add(neighbour)
        for neighbour in sorted(changed):
            offer(neighbour)
    return sorted(chosen, key=lambda vote: vote.start)


def _rank(vote: Vote, rule: VoteRule) -> tuple[int, float, int, int]:
    boundary = vote.support
    if rule.boundary_by_exact:
        boundary = sum(rule.exact.get(name, 0.0) for name in vote.exact)
    preferred = int(not rule.boundaries.isdisjoint(vote.exact))
    return preferred, boundary, vote.end - vote.start, -vote.start


def _vote(span: Span, exact: Sequence[str], rivals: Iterable[str], rule: VoteRule) -> Vote:
    overlapping = sorted(rivals)
    # Rounded, so that the order of a sum does not decide at the threshold.
    support = round(
        sum([rule.exact.get(name, 0.0) for name in exact])
        + sum([rule.overlap.get(name, 0.0) for name in overlapping]),
        9,
    )
    return Vote(span[0], span[1], tuple(sorted(exact)), tuple(overlapping), support)
