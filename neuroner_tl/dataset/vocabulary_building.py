"""Which tokens, characters and labels a corpus gives the vocabulary: NeuroNER's rules."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.encoded_part import MAX_LABELS, NumberedPart, too_many_types
from neuroner_tl.dataset.vocabulary import (
    OUTSIDE,
    PADDING_CHARACTER,
    UNKNOWN_CHARACTER,
    VocabularyRules,
    labels_of_types,
    type_of_label,
)
from neuroner_tl.dataset.word_table import count_characters
from neuroner_tl.errors import CorpusError, ParameterError

GOLD_PARTS = ("train", "valid", "test")


def check_rules(rules: VocabularyRules, word_vectors: Optional[Path]) -> None:
    """Refuse rules that need a word-vector file when there is none."""
    for name in ("load_only_pretrained_token_embeddings", "load_all_pretrained_token_embeddings"):
        if getattr(rules, name) and word_vectors is None:
            raise ParameterError(
                f"{name} is on, but there is no word-vector file; "
                f"set token_pretrained_embedding_filepath or switch {name} off"
            )


def decide_labels(
    numbered: Mapping[str, NumberedPart], rules: VocabularyRules, known_types: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the labels of the types of train, valid and test together, as NeuroNER does.

    So the labels do not depend on how much of train is used, and if train happens to lack a type,
    only the mentions of that type are lost, not the run.

    Args:
        numbered: the parts; deploy, which has no gold annotations, gives no labels.
        rules: give the tag scheme.
        known_types: further types, such as those of train documents that are not used.

    Raises:
        CorpusError: a tag does not belong to the scheme (the message names the document), or there
            are too many types.
    """
    types = set(known_types)
    parts = [(name, numbered[name]) for name in GOLD_PARTS if name in numbered]
    for name, part in parts:
        types.update(part.part.gold.types)
        for tag, document in zip(part.tags, part.first_documents):
            if tag != OUTSIDE:
                try:
                    types.add(type_of_label(tag))
                except CorpusError as error:
                    raise CorpusError(f"{name}, document {document}: {error}; correct it") from None
    labels = labels_of_types(types, rules.tagging_format)
    if len(labels) > MAX_LABELS:
        raise too_many_types("train, valid and test together")
    for name, part in parts:
        for tag, document in zip(part.tags, part.first_documents):
            if tag not in labels:
                raise CorpusError(
                    f"{name}, document {document}: label {tag!r} does not belong to the tag scheme "
                    f"{rules.tagging_format}; convert the tags or change tagging_format"
                )
    return labels


def decide_tokens(
    words: Sequence[str],
    train_counts: np.ndarray,
    has_vector: np.ndarray,
    rules: VocabularyRules,
    known_tokens: Collection[str],
) -> dict[str, None]:
    """Return the words with a row of their own, in order (a dict as an ordered set)."""
    if not rules.remap_unknown_tokens_to_unk:
        return dict.fromkeys(words)
    keep = has_vector.copy()
    if not rules.load_only_pretrained_token_embeddings:
        keep |= train_counts > 0
    return {word: None for word, kept in zip(words, keep.tolist()) if kept or word in known_tokens}


def decide_characters(
    words: Sequence[str], train_counts: np.ndarray, known_characters: Sequence[str]
) -> tuple[str, ...]:
    """Return padding, unknown, known characters in their order, then those of train."""
    special = (PADDING_CHARACTER, UNKNOWN_CHARACTER)
    in_train = count_characters(words, train_counts.tolist())
    return tuple(dict.fromkeys((*special, *known_characters, *in_train)))
