"""What the silver room finds among overlapping spans, as definitions: each is tried with each."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.abbreviations import find_abbreviations, places_of, share_text
from neuroner_tl.silver.annotators.annotators import marks_of, without_space
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.consensus.consensus import PosteriorRule
from neuroner_tl.silver.consensus.harmonise import Mark, Span, Vote
from neuroner_tl.silver.consensus.label_model import Posterior


def sharing(spans: Sequence[Span], span: Span) -> list[int]:
    return [n for n, (start, end) in enumerate(spans) if start < span[1] and span[0] < end]


def rivals(posterior: Posterior, votes: Sequence[Vote]) -> list[float]:
    """Return for each vote the highest probability of another candidate that shares text."""
    return [
        max(
            (
                p
                for (start, end), p in posterior.candidates
                if start < vote.end and vote.start < end and (start, end) != (vote.start, vote.end)
            ),
            default=0.0,
        )
        for vote in votes
    ]


def inside(found: Sequence[tuple[Span, float]], tokens: Sequence[Span]) -> list[float]:
    return [
        max((p for (s, e), p in found if s < end and start < e), default=0.0)
        for start, end in tokens
    ]


def choose(rule: PosteriorRule, posterior: Posterior, voters: Sequence[Vote]) -> list[Span]:
    by_span = {(vote.start, vote.end): vote for vote in voters}

    def rank(candidate: tuple[Span, float]) -> tuple[bool, float, int, Span]:
        span, probability = candidate
        others_only = rule.boundaries.isdisjoint(by_span[span].exact)
        return others_only, -probability, span[0] - span[1], span

    chosen: list[Span] = []
    for span, probability in sorted(posterior.candidates, key=rank):
        if probability >= rule.threshold and not share_text(span, chosen):
            chosen.append(span)
    return sorted(chosen)


def outside(regions: Sequence[Span], votes: Sequence[Vote]) -> list[Span]:
    left: list[Span] = []
    for start, end in regions:
        for vote in votes:
            if vote.end <= start or vote.start >= end:
                continue
            if start < vote.start:
                left.append((start, vote.start))
            start = vote.end
        if start < end:
            left.append((start, end))
    return left


def follow(document: SilverDocument) -> SilverDocument:
    text, votes, unknown = document.text, list(document.votes), list(document.unknown)
    decided: set[str] = set()
    for found in find_abbreviations(text):
        short = text[slice(*found.short)]
        if short in decided:
            continue
        decided.add(short)
        places = list(places_of(text, {short}))
        model: Optional[Vote] = next((v for v in votes if v.start < found.long[1] <= v.end), None)
        is_open = any(start < found.long[1] <= end for start, end in unknown)
        votes = [vote for vote in votes if (vote.start, vote.end) not in places]
        unknown = [region for region in unknown if region not in places]
        taken = [(vote.start, vote.end) for vote in votes]
        free = [place for place in places if not share_text(place, taken)]
        if model is not None:
            votes += [dataclasses.replace(model, start=start, end=end) for start, end in free]
            unknown = [region for region in unknown if not share_text(region, free)]
        elif is_open:
            unknown += [place for place in free if not share_text(place, unknown)]
    votes.sort(key=lambda vote: vote.start)
    return dataclasses.replace(document, votes=tuple(votes), unknown=tuple(sorted(unknown)))


def abbreviation_counts(document: Document) -> tuple[int, int, int, int]:
    """Return the abbreviations introduced, those annotated there, their repeats, and those."""
    text, counts = document.text, [0, 0, 0, 0]
    spans = [(entity.start, entity.end) for entity in document.entities]
    unknown = [(region.start, region.end) for region in document.unknown]
    for found in find_abbreviations(text):
        if not any(start < found.long[1] <= end for start, end in spans):
            continue
        for place in places_of(text, {text[slice(*found.short)]}):
            if not share_text(place, unknown):
                first = 0 if share_text(place, [found.short]) else 2
                counts[first] += 1
                counts[first + 1] += share_text(place, spans)
    return counts[0], counts[1], counts[2], counts[3]


def around(entities: Sequence[Span], span: Span) -> Optional[Span]:
    """Return the text of the entities that a span lies in, from the first to the last of it."""
    found = [e for e in entities if e[0] <= span[0] and span[1] <= e[1]]
    return (min(found)[0], max(e[1] for e in found)) if found else None


def boundary_kinds(gold: Sequence[Span], spans: Sequence[Span]) -> Counter[str]:
    def sign(difference: int) -> str:
        return "equal" if not difference else "longer" if difference > 0 else "shorter"

    kinds: Counter[str] = Counter()
    for start, end in spans:
        rivals = [e for e in sorted(set(gold)) if e[0] < end and start < e[1]]
        if (start, end) not in gold and rivals:
            first, last = max(rivals, key=lambda e: min(e[1], end) - max(e[0], start))
            kinds[f"left {sign(start - first)}, right {sign(last - end)}"] += 1
    return kinds


def marks_without_space(document: Document, types: Sequence[str]) -> list[Mark]:
    marks = []
    for start, end, probability in marks_of(document, *types):
        first = len(without_space(document.text[:start]))
        length = len(without_space(document.text[start:end]))
        if length:
            marks.append(Mark(first, first + length, probability))
    return marks


def sure(candidates: Sequence[Entity], least: float) -> list[Entity]:
    chosen: list[Entity] = []
    for span in sorted(candidates, key=lambda e: -(e.probability or 0.0)):
        if (span.probability or 0.0) >= least and not share_text(
            (span.start, span.end), [(e.start, e.end) for e in chosen]
        ):
            chosen.append(span)
    return sorted(chosen, key=lambda e: e.start)


def completed(
    silver: Document, found: Document, types: Collection[str], least: float
) -> tuple[list[Entity], list[Entity]]:
    """Return the mentions and what is left of the unknown regions, of all that is sure."""
    mentions = {(e.type, e.fragments): e for e in silver.entities}
    for span in sure([e for e in found.entities if e.type in types], least):
        key = span.type, span.fragments
        touched = [e for e in mentions.values() if e.start < span.end and span.start < e.end]
        if key in mentions:
            own = mentions[key].probability
            if own is not None:
                best = max(own, span.probability or 0.0)
                mentions[key] = dataclasses.replace(mentions[key], probability=best)
        elif all(e.type == span.type and e.end - e.start < span.end - span.start for e in touched):
            for entity in touched:
                del mentions[entity.type, entity.fragments]
            mentions[key] = span
    known = sorted(mentions.values(), key=lambda e: (e.fragments, e.type))
    left = [
        e for e in silver.unknown if not any(m.start <= e.start and e.end <= m.end for m in known)
    ]
    return known, left


def tokens_of(text: str) -> list[Span]:
    """Return the words of a text."""
    places = np.flatnonzero([character != " " for character in f" {text} "])
    words: list[Span] = []
    for place in places - 1:
        if words and words[-1][1] == place:
            words[-1] = words[-1][0], int(place) + 1
        else:
            words.append((int(place), int(place) + 1))
    return words
