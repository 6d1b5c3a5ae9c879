"""Word vectors for words of new text that a finished model's vocabulary lacks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple, Union

import numpy as np

from neuroner_tl.dataset.vocabulary import UNKNOWN_TOKEN, UNKNOWN_TOKEN_ID, Vocabulary
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.dataset.word_vectors.concatenated_vectors import (
    concatenated,
    dimensions_of,
    vector_files,
)
from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.look_up import compose_vectors, lookup_rows, token_forms
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors
from neuroner_tl.dataset.word_vectors.word_vector_index import WordVectorIndex, open_word_vectors
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_dimension, check_is_file


class NewVectors(NamedTuple):
    """Vectors of words that the vocabulary lacks.

    Attributes:
        words: rows of the word table, ascending.
        vectors: float32 ``[words, token_dimension]``.

    Example:
        >>> NewVectors(np.array([4]), np.zeros((1, 200), np.float32)).vectors.shape
        (1, 200)
    """

    words: np.ndarray
    vectors: np.ndarray


OpenFile = Union[WordVectorIndex, FastTextFile]
OpenVectors = Union[OpenFile, tuple[OpenFile, ...]]


def open_vectors(path: Path, dimension: int) -> OpenVectors:
    """Open word vectors for look-ups, which only read and may come from any thread.

    Args:
        path: word vectors of any format, or a fastText model, which has a vector for every word;
            or several files, see `neuroner_tl.dataset.word_vectors.concatenated_vectors`.
        dimension: expected length of the vectors.

    Raises:
        CorpusError: the file cannot be used, or has vectors of another length.
    """
    files = vector_files(Path(path))
    opened = tuple(map(_open, files, dimensions_of(files, dimension)))
    return opened[0] if len(opened) == 1 else opened


def _open(path: Path, dimension: int) -> OpenFile:
    check_is_file(path)
    if not is_fasttext_file(path):
        return open_word_vectors(path, dimension)
    model = FastTextFile(path)
    check_dimension(path, model.dimension, dimension)
    return model


def look_up_new_words(table: WordTable, vocabulary: Vocabulary, source: OpenVectors) -> NewVectors:
    """Find vectors for the words that the vocabulary lacks in every form.

    Args:
        table: the words of the text.
        vocabulary: vocabulary of the model.
        source: the word vectors, of the model's dimension.

    Raises:
        CorpusError: the word-vector file has changed, or has a vector that cannot be used.
    """
    flags = (vocabulary.check_for_lowercase, vocabulary.check_for_digits_replaced_with_zeros)
    unknown = np.array(
        [
            number
            for number in np.flatnonzero(table.token_ids == UNKNOWN_TOKEN_ID)
            if table.words[number] != UNKNOWN_TOKEN
        ],
        np.int64,
    )
    words = [table.words[number] for number in unknown]
    forms = {form for word in words for form in token_forms(word, *flags)}
    if not isinstance(source, WordVectorIndex):
        if isinstance(source, tuple):
            parts = [_read(one, words, forms, flags) for one in source]
            vectors = concatenated(parts, words, *flags)
        else:
            vectors = compose_vectors(source, words, forms, *flags)
        rows, _ = lookup_rows(words, vectors.index, *flags)
        return NewVectors(unknown[rows >= 0], vectors.matrix[rows[rows >= 0]])
    numbers = source.find(forms)
    found = list(numbers)
    # Rows of the matrix of vectors found; a vector that several words share is read once.
    rows, _ = lookup_rows(words, {form: row for row, form in enumerate(found)}, *flags)
    wanted = np.unique(rows[rows >= 0])
    matrix = source.vectors({found[row]: numbers[found[row]] for row in wanted})
    return NewVectors(unknown[rows >= 0], matrix[np.searchsorted(wanted, rows[rows >= 0])])


def _read(
    source: OpenFile, words: Sequence[str], forms: Collection[str], flags: tuple[bool, bool]
) -> WordVectors:
    """Return the vectors of all forms that a file has."""
    if isinstance(source, FastTextFile):
        return compose_vectors(source, words, forms, *flags)
    numbers = source.find(forms)
    return WordVectors({form: row for row, form in enumerate(numbers)}, source.vectors(numbers))
