"""From streams of tagged documents to a data set of integer arrays, by NeuroNER's rules."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.corpora.document import TaggedDocument
from neuroner_tl.dataset.encoded_part import (
    NO_LABEL,
    EncodedPart,
    NumberedPart,
    Numbering,
    number_documents,
)
from neuroner_tl.dataset.vocabulary import (
    UNKNOWN_CHARACTER_ID,
    UNKNOWN_TOKEN,
    UNKNOWN_TOKEN_ID,
    Vocabulary,
    VocabularyRules,
)
from neuroner_tl.dataset.vocabulary_building import (
    check_rules,
    decide_characters,
    decide_labels,
    decide_tokens,
)
from neuroner_tl.dataset.word_table import WordTable, make_word_table
from neuroner_tl.dataset.word_vectors.concatenated_vectors import read_concatenated
from neuroner_tl.dataset.word_vectors.look_up import EmbeddingReport, lookup_rows
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors
from neuroner_tl.errors import CorpusError

logger = logging.getLogger(__name__)

PART_ORDER = ("train", "valid", "test", "deploy")


@dataclass(frozen=True, eq=False)
class Dataset:
    """A corpus as arrays, with its vocabulary.

    Attributes:
        vocabulary: tokens, characters and labels.
        word_table: the distinct words of all parts.
        parts: train, valid and, if given, test and deploy.
        token_vectors: initial vectors of the vocabulary's tokens, float32
            ``[tokens, dimension]``, zero where there is none; None without a word-vector file.
        token_vector_found: which tokens have a pretrained vector, bool ``[tokens]``.
        rare_token_ids: tokens that occur once in train, int32, ascending; training sometimes
            replaces them by the unknown token.
        rare_character_ids: characters that occur once in train, int32, ascending.
        embedding_report: how the distinct words were found in the word-vector file; None
            without one.
        unknown_words: the distinct words that share the unknown token's row, at most 20.
        number_of_unknown_words: how many distinct words share it.

    Example::

        dataset = build_dataset({"train": train, "valid": valid}, VocabularyRules(), None)
        print(len(dataset.vocabulary.tokens), dataset.parts["train"].number_of_sentences)
    """

    vocabulary: Vocabulary
    word_table: WordTable
    parts: dict[str, EncodedPart]
    token_vectors: Optional[np.ndarray]
    token_vector_found: np.ndarray
    rare_token_ids: np.ndarray
    rare_character_ids: np.ndarray
    embedding_report: Optional[EmbeddingReport]
    unknown_words: tuple[str, ...]
    number_of_unknown_words: int


def build_dataset(
    parts: Mapping[str, Iterable[TaggedDocument]],
    rules: VocabularyRules,
    word_vectors: Optional[Path],
    known_tokens: Collection[str] = (),
    known_characters: Sequence[str] = (),
    known_types: Iterable[str] = (),
) -> Dataset:
    """Encode a corpus; every part is read once, as a stream.

    Every distinct word has a row of its own, except those that ``rules`` send to the unknown
    token. A word without a row is looked up as in prediction, by :meth:`Vocabulary.token_id`, so
    that scores during training and predictions afterwards agree.

    Args:
        parts: documents of train and valid and, if given, test and deploy.
        rules: tag scheme and NeuroNER's rules for the vocabulary.
        word_vectors: word-vector file, or several, see `vector_files`; or None.
        known_tokens: tokens of a pretrained model; they keep a row of their own.
        known_characters: characters of a pretrained model; they come first, in their order.
        known_types: entity types that have labels in addition to those of the parts.

    Raises:
        CorpusError: train or valid is missing or empty, or a label does not fit the tag scheme.
        ParameterError: a rule needs a word-vector file and there is none.
    """
    check_rules(rules, word_vectors)
    _check_part_names(parts)
    words = Numbering()
    numbered = {
        name: number_documents(parts[name], words, name) for name in PART_ORDER if name in parts
    }
    for name in ("train", "valid"):
        if numbered[name].part.number_of_sentences == 0:
            raise CorpusError(
                f"the {name} part holds no sentence; put documents into {name}, or give one flat "
                "folder of documents and let it be split"
            )
    labels = decide_labels(numbered, rules, known_types)
    all_words = words.strings()
    train_counts = np.bincount(numbered["train"].part.words, minlength=len(all_words))
    vectors = None
    if word_vectors is not None:
        vectors = read_concatenated(
            all_words,
            Path(word_vectors),
            rules.token_embedding_dimension,
            rules.check_for_lowercase,
            rules.check_for_digits_replaced_with_zeros,
            rules.load_all_pretrained_token_embeddings,
        )
    found, report = _find(all_words, vectors, rules)
    tokens = decide_tokens(all_words, train_counts, found >= 0, rules, frozenset(known_tokens))
    if vectors is not None and rules.load_all_pretrained_token_embeddings:
        tokens.update(dict.fromkeys(vectors.index))
    tokens.pop(UNKNOWN_TOKEN, None)
    vocabulary = Vocabulary(
        tokens=(UNKNOWN_TOKEN, *tokens),
        characters=decide_characters(all_words, train_counts, known_characters),
        labels=labels,
        check_for_lowercase=rules.check_for_lowercase,
        check_for_digits_replaced_with_zeros=rules.check_for_digits_replaced_with_zeros,
    )
    token_ids = np.fromiter(map(vocabulary.token_id, all_words), np.int32, len(all_words))
    word_table = make_word_table(all_words, token_ids, train_counts, vocabulary)
    token_vectors, vector_found = _initial_vectors(vocabulary, vectors)
    unknown = np.flatnonzero(token_ids == UNKNOWN_TOKEN_ID)
    dataset = Dataset(
        vocabulary=vocabulary,
        word_table=word_table,
        parts={name: _with_labels(part, vocabulary) for name, part in numbered.items()},
        token_vectors=token_vectors,
        token_vector_found=vector_found,
        rare_token_ids=_rare_tokens(word_table, vocabulary),
        rare_character_ids=_rare_characters(word_table, vocabulary),
        embedding_report=report,
        unknown_words=tuple(all_words[number] for number in unknown[:20]),
        number_of_unknown_words=len(unknown),
    )
    _log(dataset)
    return dataset


def encode_documents(
    documents: Iterable[TaggedDocument], vocabulary: Vocabulary
) -> tuple[WordTable, EncodedPart]:
    """Encode documents for a finished model; every label unknown to it becomes -1."""
    words = Numbering()
    numbered = number_documents(documents, words, "documents")
    all_words = words.strings()
    token_ids = np.fromiter(map(vocabulary.token_id, all_words), np.int32, len(all_words))
    counts = np.zeros(len(all_words), np.int64)
    table = make_word_table(all_words, token_ids, counts, vocabulary)
    return table, _with_labels(numbered, vocabulary)


def _check_part_names(parts: Mapping[str, object]) -> None:
    for name in parts:
        if name not in PART_ORDER:
            raise CorpusError(f"unknown part {name!r}, expected {', '.join(PART_ORDER)}")
    for name, other in (("train", "valid"), ("valid", "train")):
        if name not in parts:
            raise CorpusError(
                f"the corpus has no {name} part{f' beside {other}' if other in parts else ''}; "
                f"add one, or give one flat folder of documents and let it be split"
            )


def _find(
    words: Sequence[str], vectors: Optional[WordVectors], rules: VocabularyRules
) -> tuple[np.ndarray, Optional[EmbeddingReport]]:
    """Return the word-vector row of each word, -1 without one, and the report."""
    if vectors is None:
        return np.full(len(words), -1, np.int64), None
    flags = (rules.check_for_lowercase, rules.check_for_digits_replaced_with_zeros)
    return lookup_rows(words, vectors.index, *flags, vectors.composed)


def _initial_vectors(
    vocabulary: Vocabulary, vectors: Optional[WordVectors]
) -> tuple[Optional[np.ndarray], np.ndarray]:
    """Return the vectors of the vocabulary's tokens and which of them were found."""
    if vectors is None:
        return None, np.zeros(len(vocabulary.tokens), bool)
    flags = (vocabulary.check_for_lowercase, vocabulary.check_for_digits_replaced_with_zeros)
    rows, _ = lookup_rows(vocabulary.tokens, vectors.index, *flags)
    rows[UNKNOWN_TOKEN_ID] = -1
    found = rows >= 0
    matrix = np.zeros((len(rows), vectors.matrix.shape[1]), np.float32)
    matrix[found] = vectors.matrix[rows[found]]
    return matrix, found


def _rare_tokens(table: WordTable, vocabulary: Vocabulary) -> np.ndarray:
    counts = np.bincount(
        table.token_ids, weights=table.train_counts, minlength=len(vocabulary.tokens)
    )
    counts[UNKNOWN_TOKEN_ID] = 0
    return np.flatnonzero(counts == 1).astype(np.int32)


def _rare_characters(table: WordTable, vocabulary: Vocabulary) -> np.ndarray:
    weights = np.repeat(table.train_counts, table.character_counts)
    counts = np.bincount(table.char_ids, weights=weights, minlength=len(vocabulary.characters))
    counts[: UNKNOWN_CHARACTER_ID + 1] = 0
    return np.flatnonzero(counts == 1).astype(np.int32)


def _with_labels(numbered: NumberedPart, vocabulary: Vocabulary) -> EncodedPart:
    return numbered.with_labels(vocabulary.label_to_id.get(tag, NO_LABEL) for tag in numbered.tags)


def _log(dataset: Dataset) -> None:
    if dataset.embedding_report is not None:
        logger.info("%s", dataset.embedding_report.summary())
    logger.info(
        "vocabulary: %d tokens, %d characters, %d labels; %d words share the unknown token's row",
        len(dataset.vocabulary.tokens),
        len(dataset.vocabulary.characters),
        len(dataset.vocabulary.labels),
        dataset.number_of_unknown_words,
    )
