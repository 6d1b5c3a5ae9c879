"""Agreement of annotators: a matrix over all pairs, and the contribution of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.silver.consensus.harmonise import Given, Vote


@dataclass
class Contribution:
    """The contribution of one annotator.

    Attributes:
        documents: texts that it covers.
        spans: its spans.
        alone: those that share no text with a span of another annotator.
        exact: mentions of the consensus that it voted for exactly.
        overlapping: mentions that it voted for by overlap.
        needed: mentions that no other annotator voted for exactly.

    Example:
        >>> Contribution(40, spans=120, alone=14, exact=80, overlapping=20, needed=9).needed
        9
    """

    documents: int = 0
    spans: int = 0
    alone: int = 0
    exact: int = 0
    overlapping: int = 0
    needed: int = 0


@dataclass
class _Pair:
    """Counts over the texts that two annotators cover; the two may be one."""

    tokens: int = 0
    spans: int = 0
    common_spans: int = 0
    marked_by_first: int = 0
    marked_by_second: int = 0
    common_tokens: int = 0


@dataclass
class Agreement:
    """Counts over texts, added up one text at a time.

    Two annotators are compared on the texts that both of them cover.

    Attributes:
        annotators: their names, in the order of the report.
        tokens: tokens of all texts.

    Example:
        >>> agreement = Agreement(["lexicon", "tagger"])
        >>> agreement.add("Asthma persists.", {"lexicon": [(0, 6)], "tagger": [(0, 6)]}, [])
        >>> agreement.f1("lexicon", "tagger")
        1.0
    """

    annotators: Sequence[str]
    tokens: int = 0
    contributions: dict[str, Contribution] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], _Pair] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.contributions = {name: Contribution() for name in self.annotators}

    def add(self, text: str, spans: Given, consensus: Sequence[Vote]) -> None:
        """Count a text."""
        tokens = AlnumTokenizer().tokenize(text, 0, len(text))
        starts = [token.start for token in tokens]
        ends = [token.end for token in tokens]
        self.tokens += len(tokens)
        covering = [name for name in self.annotators if name in spans]
        sets = {name: {span[:2] for span in spans[name]} for name in covering}
        marked: dict[str, set[int]] = {}
        for name, found in sets.items():
            marked[name] = set()
            for start, end in found:
                marked[name].update(range(bisect_right(ends, start), bisect_left(starts, end)))
        for position, one in enumerate(covering):
            for other in covering[position:]:
                pair = self._pairs.setdefault((one, other), _Pair())
                pair.tokens += len(tokens)
                pair.spans += len(sets[one]) + len(sets[other])
                pair.common_spans += len(sets[one] & sets[other])
                pair.marked_by_first += len(marked[one])
                pair.marked_by_second += len(marked[other])
                pair.common_tokens += len(marked[one] & marked[other])
        for name, found in sets.items():
            entry = self.contributions[name]
            entry.documents += 1
            entry.spans += len(found)
            if found:
                taken = set().union(*(marked[n] for n in covering if n != name))
                entry.alone += sum(
                    taken.isdisjoint(range(bisect_right(ends, s), bisect_left(starts, e)))
                    for s, e in found
                )
        for vote in consensus:
            for name in vote.exact:
                self.contributions[name].exact += 1
            for name in vote.overlapping:
                self.contributions[name].overlapping += 1
            if len(vote.exact) == 1:
                self.contributions[vote.exact[0]].needed += 1

    def f1(self, one: str, other: str) -> float:
        """Compute F1 of the exact spans of one annotator against another's, 0 to 1."""
        pair = self._pair(one, other)
        return 2 * pair.common_spans / pair.spans if pair.spans else 1.0

    def kappa(self, one: str, other: str) -> float:
        """Compute Cohen's kappa of tokens in entities, -1 to 1; 1 if both mark all or none."""
        pair = self._pair(one, other)
        size = pair.tokens
        if not size:
            return 1.0
        a, b = pair.marked_by_first, pair.marked_by_second
        observed = (size - a - b + 2 * pair.common_tokens) / size
        expected = (a * b + (size - a) * (size - b)) / size**2
        return 1.0 if expected == 1 else (observed - expected) / (1 - expected)

    def to_json(self) -> dict[str, Any]:
        """Return the matrix and the contributions."""
        names = list(self.annotators)
        return {
            "tokens": self.tokens,
            "f1": {one: {other: self.f1(one, other) for other in names} for one in names},
            "kappa": {one: {other: self.kappa(one, other) for other in names} for one in names},
            "contributions": {name: vars(entry) for name, entry in self.contributions.items()},
        }

    def _pair(self, one: str, other: str) -> _Pair:
        return self._pairs.get((one, other)) or self._pairs.get((other, one)) or _Pair()
