"""What is done to a consensus before it is a corpus: clean mentions, and documents chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from neuroner_tl.corpora.text.tokenizers import AlnumTokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.silver.cleaning.blacklist import Banned, build_blacklist, read_blacklist
from neuroner_tl.silver.cleaning.following import follow_long_forms, without
from neuroner_tl.silver.cleaning.selection import (
    SilverDocument,
    by_density,
    by_entity,
    by_topic,
    sample,
)
from neuroner_tl.silver.consensus.consensus import Sample
from neuroner_tl.silver.definition import FROM_GOLD, SilverDefinition

MIN_TOKENS = 100
"""Of a gold document that tells how many documents have no mention; a sentence does not."""


@dataclass(frozen=True)
class Step:
    """The effect of one step.

    Attributes:
        name: what it is.
        documents_before: documents that it was given.
        documents_after: documents that it left.
        mentions_before: mentions in them.
        mentions_after: mentions that it left.

    Example:
        >>> Step("density", documents_before=100, documents_after=80).documents_after
        80
    """

    name: str
    documents_before: int
    documents_after: int
    mentions_before: int = 0
    mentions_after: int = 0


def make_blacklist(
    definition: SilverDefinition, silver: Sequence[SilverDocument], training: Sample
) -> tuple[list[Banned], set[str]]:
    """Return the blacklist of a definition: its entries, and their texts alone.

    Raises:
        CorpusError: its file cannot be read.
    """
    choice = definition.clean.blacklist
    if choice is None:
        return [], set()
    if choice == FROM_GOLD:
        texts = {text for document in silver for text in document.keys()}
        least = definition.clean.blacklist_occurrences
        entries = build_blacklist(texts, training.documents, least)
        return entries, {entry.text for entry in entries}
    given = read_blacklist(definition.data(choice))
    return [Banned(text, 0, 0) for text in sorted(given)], given


def clean_mentions(
    definition: SilverDefinition,
    silver: Sequence[SilverDocument],
    banned: set[str],
    steps: list[Step],
) -> list[SilverDocument]:
    """Return the documents without what is on the blacklist, abbreviations as their long forms.

    Args:
        definition: whether to do either.
        silver: the documents.
        banned: the blacklist.
        steps: the effect of each is added.
    """
    kept = list(silver)
    if definition.clean.blacklist is not None:
        before, kept = kept, [without(document, banned) for document in kept]
        label = f"blacklist of {counted(len(banned), 'entity', 'entities')} applied"
        steps.append(_step(label, before, kept))
    if definition.clean.abbreviations:
        before, kept = kept, [follow_long_forms(document) for document in kept]
        steps.append(_step("abbreviations treated as their long forms", before, kept))
    return kept


def select(
    definition: SilverDefinition,
    silver: Sequence[SilverDocument],
    training: Sample,
    steps: list[Step],
) -> list[SilverDocument]:
    """Return the documents to keep, by density, topic, entity and number.

    Args:
        definition: the conditions.
        silver: the documents.
        training: the gold documents, for the share of those without mentions.
        steps: the effect of each condition is added.

    Raises:
        CorpusError: the gold documents do not tell that share.
    """
    clean, seed = definition.clean, definition.silver.seed
    share = _empty_share(definition, training)
    empty: list[SilverDocument] = []
    whole = silver
    if share is not None:
        empty = [document for document in silver if not document.votes]
        silver = [document for document in silver if document.votes]
    kept = by_density(silver, clean.min_annotations, clean.min_density, clean.max_density)
    steps.append(_step("too sparse or too dense documents dropped", whole, kept))
    if clean.topics:
        before, kept = kept, by_topic(kept, clean.topics, clean.topic_share, seed)
        label = f"at most {100 * clean.topic_share:g} % per topic ({clean.topics} topics)"
        steps.append(_step(label, before, kept))
    if clean.entity_share < 1:
        before, kept = kept, by_entity(kept, clean.entity_share, seed)
        steps.append(_step(f"at most {100 * clean.entity_share:g} % per entity", before, kept))
    if share is not None:
        # Of as many as are asked for, or as there are.
        number = round(len(kept) / (1 - share))
        number = number if clean.documents is None else min(number, clean.documents)
        wanted = round(share * number)
        kept = sample(kept, number - wanted, seed)
        added = sample(empty, wanted, seed)
        before, kept = kept, _in_order(whole, [*kept, *added])
        label = f"{100 * share:.3g} % without mentions added, of {number} documents"
        if len(added) < wanted:
            there = counted(len(added), "document")
            label = f"{there} without mentions added, of {wanted} that would be {100 * share:.3g} %"
        steps.append(_step(label, before, kept))
    elif clean.documents is not None:
        before, kept = kept, sample(kept, clean.documents, seed)
        steps.append(_step(f"sample of {counted(clean.documents, 'document')}", before, kept))
    return kept


def mentions_of(silver: Sequence[SilverDocument]) -> int:
    """Return the number of mentions of documents."""
    return sum(len(document.votes) for document in silver)


def _empty_share(definition: SilverDefinition, training: Sample) -> Optional[float]:
    """Return the share of documents without mentions that the definition asks for."""
    share = definition.clean.empty_share
    if not isinstance(share, str):
        return share
    tokenizer = AlnumTokenizer()
    long = [
        document
        for document in training.documents
        if len(tokenizer.tokenize(document.text, 0, len(document.text))) >= MIN_TOKENS
    ]
    if not long:
        raise CorpusError(
            f"{definition.path}: empty_share = gold: no train document of the gold corpora has "
            f"{MIN_TOKENS} tokens, expected abstracts: sentences do not tell how many abstracts "
            "have no mention; give a number, such as 0.05"
        )
    share = sum(not document.entities for document in long) / len(long)
    if share == 1:
        raise CorpusError(
            f"{definition.path}: empty_share = gold: none of the "
            f"{counted(len(long), 'train document')} of the gold corpora with {MIN_TOKENS} tokens "
            f"has a mention of the type {definition.silver.type}, expected some that have: nothing "
            "would be left of the documents with mentions; give a number, such as 0.05"
        )
    return share


def _in_order(
    silver: Sequence[SilverDocument], chosen: Sequence[SilverDocument]
) -> list[SilverDocument]:
    names = {document.id for document in chosen}
    return [document for document in silver if document.id in names]


def _step(name: str, before: Sequence[SilverDocument], after: Sequence[SilverDocument]) -> Step:
    return Step(name, len(before), len(after), mentions_of(before), mentions_of(after))
