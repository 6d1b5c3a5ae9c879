"""Where silver and gold boundaries differ, and words that belong to entities, learned from gold.

A word beside a mention belongs to it if in the gold train documents, where such a mention lies
inside a gold entity or is one, the entity takes the word in at least two of three cases: ``gene``
after a gene's name, ``renal`` before a disease.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.spans import Span, SpanTree
from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.silver.compared_form import compared_form

MIN_CASES = 5
MIN_SHARE = 2 / 3
_MAX_WORDS = 4
_LEFT = re.compile(r"([^\W_]+)[ \t-]$")
_RIGHT = re.compile(r"[ \t-]([^\W_]+)")


@dataclass(frozen=True)
class Extensions:
    """Words that belong to an adjacent mention, in lower case.

    Attributes:
        left: words before a mention.
        right: words after it.

    Example:
        >>> text = "the BRCA1 gene"
        >>> Extensions(right=frozenset({"gene"})).apply(text, [(4, 9)])
        [(4, 14)]
    """

    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()

    def apply(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """Return the spans with the words beside them, never into another span.

        Args:
            text: the text.
            spans: its mentions, in order, none overlapping.
        """
        result: list[Span] = []
        for position, (start, end) in enumerate(spans):
            lowest = result[-1][1] if result else 0
            highest = spans[position + 1][0] if position + 1 < len(spans) else len(text)
            for _ in range(_MAX_WORDS):
                found = _word_before(text, start)
                if not found or found[0] not in self.left or found[1] < lowest:
                    break
                start = found[1]
            for _ in range(_MAX_WORDS):
                found = _word_after(text, end)
                if not found or found[0] not in self.right or found[1] > highest:
                    break
                end = found[1]
            result.append((start, end))
        return result


def learn_extensions(documents: Sequence[Document], spans: Sequence[Sequence[Span]]) -> Extensions:
    """Return the words that belong to gold entities.

    Words beside the mentions are learned first, then those beside the mentions with these words,
    so that every word is judged in the place in which it will be met.

    Args:
        documents: gold documents, of train parts.
        spans: the consensus on each.
    """
    learned = Extensions()
    for _ in range(_MAX_WORDS):
        grown = [learned.apply(d.text, found) for d, found in zip(documents, spans)]
        new = _words_beside(documents, grown)
        if new.left <= learned.left and new.right <= learned.right:
            break
        learned = Extensions(learned.left | new.left, learned.right | new.right)
    return learned


def _words_beside(documents: Iterable[Document], spans: Iterable[Sequence[Span]]) -> Extensions:
    """Return the words next to mentions that belong to the gold entities."""
    seen: dict[str, Counter[str]] = {"left": Counter(), "right": Counter()}
    taken: dict[str, Counter[str]] = {"left": Counter(), "right": Counter()}
    for document, found in zip(documents, spans):
        entities = sorted((entity.start, entity.end) for entity in document.entities)
        tree = SpanTree(entities)
        for start, end in found:
            sharing = [entities[index] for index in tree.sharing((start, end))]
            around = [e for e in sharing if e[0] <= start and end <= e[1]]
            if not around:
                continue
            first, last = min(around)[0], max(e[1] for e in around)
            before, after = _word_before(document.text, start), _word_after(document.text, end)
            if before:
                seen["left"][before[0]] += 1
                taken["left"][before[0]] += before[1] >= first
            if after:
                seen["right"][after[0]] += 1
                taken["right"][after[0]] += after[1] <= last
    left, right = (
        frozenset(
            word
            for word, cases in seen[side].items()
            if cases >= MIN_CASES and taken[side][word] >= MIN_SHARE * cases
        )
        for side in ("left", "right")
    )
    return Extensions(left, right)


@dataclass
class BoundaryTable:
    """Mentions of a consensus compared with the gold entities of the same documents.

    Attributes:
        gold: number of gold entities.
        gold_tokens: tokens in them.
        silver: number of mentions.
        silver_tokens: tokens in them.
        exact: mentions that are gold entities.
        kinds: mentions that only share text with a gold entity, by what the gold one has more or
            less at its left and right.
        words: the same by the words that the gold entity has more (+) or less (-).

    Example::

        table = BoundaryTable()
        table.add(document, spans)
        print(table.exact, table.kinds.most_common(3))
    """

    gold: int = 0
    gold_tokens: int = 0
    silver: int = 0
    silver_tokens: int = 0
    exact: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    def add(self, document: Document, spans: Sequence[Span]) -> None:
        """Count a document and the consensus on it."""
        tokenizer, text = AlnumTokenizer(), document.text
        gold = sorted({(entity.start, entity.end) for entity in document.entities})
        self.gold += len(gold)
        self.silver += len(spans)
        self.gold_tokens += sum(len(tokenizer.tokenize(text, *span)) for span in gold)
        self.silver_tokens += sum(len(tokenizer.tokenize(text, *span)) for span in spans)
        exact, tree = set(gold), SpanTree(gold)
        for start, end in spans:
            if (start, end) in exact:
                self.exact += 1
                continue
            rivals = [gold[index] for index in tree.sharing((start, end))]
            if not rivals:
                continue
            first, last = max(rivals, key=lambda e: min(e[1], end) - max(e[0], start))
            self.kinds[f"left {_sign(start - first)}, right {_sign(last - end)}"] += 1
            for side, begin, after, more in (
                ("left", min(first, start), max(first, start), first < start),
                ("right", min(last, end), max(last, end), last > end),
            ):
                says = compared_form(text[begin:after])
                if says:
                    self.words[f"{'+' if more else '-'}{side} {says}"] += 1

    def to_json(self, most: int = 10) -> dict[str, Any]:
        """Return the table, with the most common differences."""
        return {
            "gold": self.gold,
            "gold_mean_tokens": self.gold_tokens / max(self.gold, 1),
            "silver": self.silver,
            "silver_mean_tokens": self.silver_tokens / max(self.silver, 1),
            "exact": self.exact,
            "other_limits": sum(self.kinds.values()),
            "kinds": dict(self.kinds.most_common(most)),
            "words": dict(self.words.most_common(most)),
        }


def _sign(difference: int) -> str:
    return "equal" if not difference else "longer" if difference > 0 else "shorter"


def _word_before(text: str, position: int) -> Optional[tuple[str, int]]:
    """Return the word that ends one space or hyphen before the position, and where it begins."""
    match = _LEFT.search(text, max(0, position - 40), position)
    return (match[1].lower(), match.start(1)) if match else None


def _word_after(text: str, position: int) -> Optional[tuple[str, int]]:
    """Return the word that begins one space or hyphen after the position, and where it ends."""
    match = _RIGHT.match(text, position)
    return (match[1].lower(), match.end(1)) if match else None
