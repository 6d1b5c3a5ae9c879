"""Agreement of annotators: a matrix over all pairs, and the contribution of each."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.silver.harmonise import Span, Vote


@dataclass
class Contribution:
    """The contribution of one annotator.

    Attributes:
        spans: its spans.
        alone: those that share no text with a span of another annotator.
        exact: mentions of the consensus that it voted for exactly.
        overlapping: mentions that it voted for by overlap.
        needed: mentions that no other annotator voted for exactly.

    Example:
        >>> Contribution(spans=120, alone=14, exact=80, overlapping=20, needed=9).needed
        9
    """

    spans: int = 0
    alone: int = 0
    exact: int = 0
    overlapping: int = 0
    needed: int = 0


@dataclass
class Agreement:
    """Counts over texts, added up one text at a time.

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
    _common_spans: Counter[tuple[str, str]] = field(default_factory=Counter)
    _common_tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    _marked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.contributions = {name: Contribution() for name in self.annotators}

    def add(
        self, text: str, spans: Mapping[str, Sequence[Span]], consensus: Sequence[Vote]
    ) -> None:
        """Count a text."""
        tokens = AlnumTokenizer().tokenize(text, 0, len(text))
        starts = [token.start for token in tokens]
        ends = [token.end for token in tokens]
        self.tokens += len(tokens)
        sets = {name: set(spans.get(name, ())) for name in self.annotators}
        marked: dict[str, set[int]] = {}
        for name, found in sets.items():
            marked[name] = set()
            for start, end in found:
                marked[name].update(range(bisect_right(ends, start), bisect_left(starts, end)))
            self._marked[name] += len(marked[name])
        for position, one in enumerate(self.annotators):
            for other in self.annotators[position + 1 :]:
                self._common_spans[one, other] += len(sets[one] & sets[other])
                self._common_tokens[one, other] += len(marked[one] & marked[other])
        for name, found in sets.items():
            entry = self.contributions[name]
            entry.spans += len(found)
            if found:
                taken = set().union(*(marked[n] for n in self.annotators if n != name))
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
        both = self.contributions[one].spans + self.contributions[other].spans
        return 2 * self._pair(self._common_spans, one, other) / both if both else 1.0

    def kappa(self, one: str, other: str) -> float:
        """Compute Cohen's kappa of tokens in entities, -1 to 1; 1 if both mark all or none."""
        if not self.tokens:
            return 1.0
        a, b = self._marked[one], self._marked[other]
        both = self._pair(self._common_tokens, one, other)
        observed = (self.tokens - a - b + 2 * both) / self.tokens
        expected = (a * b + (self.tokens - a) * (self.tokens - b)) / self.tokens**2
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

    def _pair(self, counts: Counter[tuple[str, str]], one: str, other: str) -> int:
        if one == other:
            same = self._marked if counts is self._common_tokens else None
            return same[one] if same is not None else self.contributions[one].spans
        return counts[one, other] + counts[other, one]
