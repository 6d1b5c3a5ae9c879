"""Mentions that are the same throughout a document: abbreviations follow their long forms.

A sentence alone often does not tell what ``CRF`` is; the one that introduces it, ``chronic renal
failure (CRF)``, does.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, insort
from typing import Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.abbreviations import Abbreviation, Span, find_abbreviations, places_of


def tag_abbreviations(document: Document) -> Document:
    """Return a document in which each abbreviation of a tagged long form is tagged throughout.

    A long form is tagged if a mention ends where it ends: the head of the term decides. The
    abbreviation takes its type and its probability. Mentions that are there stay, and nothing is
    added where one shares a character with the place.

    Args:
        document: its mentions do not overlap.

    Example:
        >>> text = "Renal failure (RF) is common. RF is treatable."
        >>> failure = Entity("DISO", ((0, 13),), "Renal failure")
        >>> tagged = tag_abbreviations(Document("1", text, (failure,)))
        >>> [(entity.start, entity.text) for entity in tagged.entities]
        [(0, 'Renal failure'), (15, 'RF'), (30, 'RF')]
    """
    text = document.text
    introduced: dict[str, Abbreviation] = {}
    for found in find_abbreviations(text):
        # The first of two introductions counts.
        introduced.setdefault(text[slice(*found.short)], found)
    if not introduced:
        return document
    taken = sorted((entity.start, entity.end) for entity in document.entities)
    entities = list(document.entities)
    for short, found in introduced.items():
        model = _mention_of(found.long, document.entities)
        if model is None:
            continue
        for start, end in places_of(text, {short}):
            if _is_free((start, end), taken):
                insort(taken, (start, end))
                entities.append(
                    dataclasses.replace(model, fragments=((start, end),), text=text[start:end])
                )
    entities.sort(key=lambda entity: (entity.start, entity.end))
    return dataclasses.replace(document, entities=tuple(entities))


def _mention_of(long: Span, entities: tuple[Entity, ...]) -> Optional[Entity]:
    """Return the mention that is a long form, or its head."""
    return next((one for one in entities if one.start < long[1] <= one.end), None)


def _is_free(place: Span, taken: list[Span]) -> bool:
    """Tell whether a place shares no character with sorted spans that do not overlap."""
    after = bisect_left(taken, (place[1], 0))
    return not after or taken[after - 1][1] <= place[0]
