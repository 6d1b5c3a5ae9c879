"""Mentions that are the same throughout a document: abbreviations follow their long forms.

A sentence alone often does not tell what ``CRF`` is; the one that introduces it, ``chronic renal
failure (CRF)``, does.
"""

from __future__ import annotations

import dataclasses

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.abbreviations import introduced_forms, places_by_form
from neuroner_tl.corpora.text.spans import DisjointSpans


def tag_abbreviations(document: Document) -> Document:
    """Return a document in which each abbreviation of a tagged long form is tagged throughout.

    A long form is tagged if a mention ends where it ends, or begins before its end and extends
    beyond it: the head of the term decides. The abbreviation takes its type and its probability.
    Mentions that are there stay, and nothing is added where one shares a character with the place.

    Args:
        document: its mentions do not overlap.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> text = "Renal failure (RF) is common. RF is treatable."
        >>> failure = Entity("DISO", ((0, 13),), "Renal failure")
        >>> tagged = tag_abbreviations(Document("1", text, (failure,)))
        >>> [(entity.start, entity.text) for entity in tagged.entities]
        [(0, 'Renal failure'), (15, 'RF'), (30, 'RF')]
    """
    text = document.text
    introduced = introduced_forms(text)
    if not introduced:
        return document
    entities = {(entity.start, entity.end): entity for entity in document.entities}
    mentions = DisjointSpans(entities)
    # The mention that is the long form, or its head.
    said = {short: mentions.ending_from(end) for short, (_, end) in introduced.items()}
    tagged = {short: entities[span] for short, span in said.items() if span is not None}
    places = places_by_form(text, tagged.keys())
    for short, model in tagged.items():
        for place in places[short]:
            if not mentions.share_text(place):
                mentions.add(place)
                entities[place] = dataclasses.replace(
                    model, fragments=(place,), text=text[slice(*place)]
                )
    return dataclasses.replace(document, entities=tuple(entities[span] for span in mentions))
