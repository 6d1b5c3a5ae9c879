"""Mentions without those on the blacklist, and abbreviations that follow their long forms.

A text says what an abbreviation stands for where it introduces it. If the long form is a mention,
so is the abbreviation, in the whole text; if it is not, neither is the abbreviation; and if that is
unknown, the abbreviation is unknown as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Optional

from neuroner_tl.corpora.text.abbreviations import (
    find_abbreviations,
    is_short_form,
    places_of,
    share_text,
)
from neuroner_tl.silver.blacklist import key
from neuroner_tl.silver.harmonise import Span, Vote
from neuroner_tl.silver.selection import SilverDocument


def without(document: SilverDocument, banned: AbstractSet[str]) -> SilverDocument:
    """Return a document without the mentions whose text is on the blacklist.

    Abbreviations are kept, whatever is on the list.
    """
    votes = tuple(
        vote
        for vote in document.votes
        if key(document.text[vote.start : vote.end]) not in banned
        or is_short_form(document.text, (vote.start, vote.end))
    )
    return replace(document, votes=votes)


def follow_long_forms(document: SilverDocument) -> SilverDocument:
    """Return a document in which the abbreviations that it introduces follow their long forms.

    A long form is a mention if one ends where it ends: annotators may leave away adjectives, and
    the head of the term decides. Mentions that are longer than an abbreviation stay.

    Example:
        >>> text = "Chronic renal failure (CRF) and CRF."
        >>> failure = Vote(8, 21, ("lexicon",), (), 1.0)
        >>> followed = follow_long_forms(SilverDocument("12", text, (failure,)))
        >>> [text[vote.start : vote.end] for vote in followed.votes]
        ['renal failure', 'CRF', 'CRF']
    """
    text, votes, unknown = document.text, list(document.votes), list(document.unknown)
    decided: set[str] = set()
    for found in find_abbreviations(text):
        short = text[slice(*found.short)]
        if short in decided:  # The first of two introductions counts.
            continue
        decided.add(short)
        places = list(places_of(text, {short}))
        model = _mention_of(found.long, votes)
        open_ = any(start < found.long[1] <= end for start, end in unknown)
        # What is said of the places by themselves no longer counts.
        votes = [vote for vote in votes if (vote.start, vote.end) not in places]
        unknown = [region for region in unknown if region not in places]
        taken = [(vote.start, vote.end) for vote in votes]
        free = [place for place in places if not share_text(place, taken)]
        if model is not None:
            votes += [replace(model, start=start, end=end) for start, end in free]
            unknown = [region for region in unknown if not share_text(region, free)]
        elif open_:
            unknown += [place for place in free if not share_text(place, unknown)]
    votes.sort(key=lambda vote: vote.start)
    return replace(document, votes=tuple(votes), unknown=tuple(sorted(unknown)))


def _mention_of(long: Span, votes: Sequence[Vote]) -> Optional[Vote]:
    """Return the mention that is a long form, or its head."""
    return next((vote for vote in votes if vote.start < long[1] <= vote.end), None)
