"""Mentions without those on the blacklist, and abbreviations that follow their long forms.

A text says what an abbreviation stands for where it introduces it. If the long form is a mention,
so is the abbreviation, in the whole text; if it is not, neither is the abbreviation; and if that is
unknown, the abbreviation is unknown as well.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace

from neuroner_tl.corpora.text.abbreviations import (
    introduced_forms,
    is_short_form,
    places_by_form,
)
from neuroner_tl.corpora.text.spans import DisjointSpans
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.compared_form import compared_form


def without(document: SilverDocument, banned: AbstractSet[str]) -> SilverDocument:
    """Return a document without the mentions whose text is on the blacklist.

    Abbreviations are kept, whatever is on the list.
    """
    votes = tuple(
        vote
        for vote in document.votes
        if compared_form(document.text[vote.start : vote.end]) not in banned
        or is_short_form(document.text, (vote.start, vote.end))
    )
    return replace(document, votes=votes)


def follow_long_forms(document: SilverDocument) -> SilverDocument:
    """Return a document in which the abbreviations that it introduces follow their long forms.

    A long form is a mention if one ends where it ends: annotators may leave away adjectives, and
    the head of the term decides. Mentions that are longer than an abbreviation stay.

    Example:
        >>> from neuroner_tl.silver.consensus.harmonise import Vote
        >>> text = "Chronic renal failure (CRF) and CRF."
        >>> failure = Vote(8, 21, ("lexicon",), (), 1.0)
        >>> followed = follow_long_forms(SilverDocument("12", text, (failure,)))
        >>> [text[vote.start : vote.end] for vote in followed.votes]
        ['renal failure', 'CRF', 'CRF']
    """
    text = document.text
    votes = {(vote.start, vote.end): vote for vote in document.votes}
    mentions, unknown = DisjointSpans(votes), DisjointSpans(document.unknown)
    introduced = introduced_forms(text)
    places = places_by_form(text, introduced.keys())
    for short, (_, end) in introduced.items():
        # A mention that ends there is the long form, or its head.
        said = mentions.ending_from(end)
        model = None if said is None else votes[said]
        is_open = unknown.ending_from(end) is not None
        # What is said of the places by themselves no longer counts.
        for place in places[short]:
            mentions.discard(place)
            unknown.discard(place)
        for place in places[short]:
            if mentions.share_text(place):
                continue
            if model is not None:
                votes[place] = replace(model, start=place[0], end=place[1])
                mentions.add(place)
                for region in unknown.sharing(place):
                    unknown.discard(region)
            elif is_open and not unknown.share_text(place):
                unknown.add(place)
    return replace(document, votes=tuple(votes[span] for span in mentions), unknown=tuple(unknown))
