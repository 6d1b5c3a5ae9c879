"""Finding the pretrained vector of a token: NeuroNER's four-step look-up and its report."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vectors.fasttext_file import FastTextFile, is_fasttext_file
from neuroner_tl.dataset.word_vectors.word_vector_file import (
    WordVectors,
    check_finite,
    read_word_vectors,
)
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_dimension, check_is_file

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class EmbeddingReport:
    """How many distinct tokens have a pretrained vector, by the form under which it was found.

    Attributes:
        exact: found as written.
        lower: found in lower case only.
        digits: found with every digit replaced by zero only.
        lower_digits: found in lower case with every digit replaced by zero only.
        missing: not found.
        composed: not found, but a fastText model composed a vector from the token's characters.

    Example:
        >>> EmbeddingReport(exact=90, lower=6, missing=4).total
        100
    """

    exact: int = 0
    lower: int = 0
    digits: int = 0
    lower_digits: int = 0
    missing: int = 0
    composed: int = 0

    @property
    def total(self) -> int:
        """Number of tokens looked up."""
        return sum(asdict(self).values())

    def to_json(self) -> dict[str, int]:
        """Return the counts as a JSON object."""
        return asdict(self)

    def summary(self) -> str:
        """Return one line for the log."""
        share = 100.0 * (self.total - self.missing) / self.total if self.total else 0.0
        composed = f", {self.composed:,} from their characters" if self.composed else ""
        return (
            f"word vectors for {self.total - self.missing:,} of {self.total:,} distinct tokens "
            f"({share:.1f} %): {self.exact:,} exact, {self.lower:,} lower-cased, "
            f"{self.digits:,} digits to zero, {self.lower_digits:,} both{composed}"
        )


def _candidate_forms(token: str, lowercase: bool, digits: bool) -> list[Optional[str]]:
    """Return the four forms in NeuroNER's order, None where the rule is off."""
    lowered = token.lower() if lowercase else None
    zeroed = _DIGIT.sub("0", token) if digits else None
    both = _DIGIT.sub("0", lowered) if digits and lowered is not None else None
    return [token, lowered, zeroed, both]


def token_forms(token: str, lowercase: bool, digits: bool) -> list[str]:
    """Return the forms under which a token is looked up, in NeuroNER's order.

    Args:
        token: the token as written.
        lowercase: whether the lower-cased forms count (``check_for_lowercase``).
        digits: whether the forms with every digit replaced by zero count
            (``check_for_digits_replaced_with_zeros``).

    Returns:
        Token, lower-cased, digits to zero, lower-cased with digits to zero: those that are
        switched on, each form once.
    """
    forms = _candidate_forms(token, lowercase, digits)
    return list(dict.fromkeys(form for form in forms if form is not None))


def lookup_rows(
    tokens: Iterable[str],
    index: Mapping[str, int],
    lowercase: bool,
    digits: bool,
    composed: Collection[str] = (),
) -> tuple[np.ndarray, EmbeddingReport]:
    """Find the row of every token by the first of its forms that has one.

    Args:
        tokens: tokens as written.
        index: row of each word, such as ``WordVectors.index``.
        lowercase: see :func:`token_forms`.
        digits: see :func:`token_forms`.
        composed: words of the index that count as composed, not as found.

    Returns:
        Rows, int64 ``[len(tokens)]``, -1 where no form has a row; and the counts by form.
    """
    counts = [0, 0, 0, 0, 0, 0]
    rows: list[int] = []
    find = index.get
    for token in tokens:
        row = find(token, -1)
        step = 5 if token in composed else 0
        if row < 0:
            step = 4
            for number, form in enumerate(_candidate_forms(token, lowercase, digits)[1:], start=1):
                if form is not None and form in index:
                    row, step = index[form], number
                    break
        counts[step] += 1
        rows.append(row)
    return np.asarray(rows, dtype=np.int64), EmbeddingReport(*counts)


def read_vectors_of(
    words: Sequence[str],
    path: Path,
    dimension: int,
    lowercase: bool,
    digits: bool,
    all_vectors: bool = False,
) -> WordVectors:
    """Read the vectors that the look-up of words may need, in all their forms.

    Args:
        words: words as written.
        path: word vectors of any format, or a fastText model, which has a vector for every word.
        dimension: expected length of the vectors.
        lowercase: see :func:`token_forms`.
        digits: see :func:`token_forms`.
        all_vectors: read the vectors of all other words of the file too.

    Raises:
        CorpusError: the file cannot be used, or has vectors of another length.
    """
    wanted = None
    if not all_vectors:
        wanted = {form for word in words for form in token_forms(word, lowercase, digits)}
    check_is_file(path)
    if not is_fasttext_file(path):
        return read_word_vectors(path, wanted, dimension)
    model = FastTextFile(path)
    check_dimension(path, model.dimension, dimension)
    return compose_vectors(model, words, wanted, lowercase, digits)


def compose_vectors(
    model: FastTextFile,
    words: Sequence[str],
    wanted: Optional[Collection[str]],
    lowercase: bool,
    digits: bool,
) -> WordVectors:
    """Return vectors of a fastText model: of the wanted words that it has, and of new ones.

    A word that the model has in one of its forms is found under that form, as in any file, since a
    trained vector is better than one composed from characters; only a word that it has in no form
    gets a vector from its characters, as written.

    Args:
        model: the model.
        words: words that will be looked up.
        wanted: words to take if the model has them; None takes all that it has.
        lowercase: see :func:`token_forms`.
        digits: see :func:`token_forms`.

    Raises:
        CorpusError: a vector holds a value that is not a finite number.
    """
    known = list(model.index if wanted is None else model.find(wanted))
    rows, _ = lookup_rows(words, dict.fromkeys(known, 0), lowercase, digits)
    unseen = list(dict.fromkeys(word for word, row in zip(words, rows) if row < 0))
    matrix, found = model.compose([*known, *unseen])
    kept = [word for word, has in zip([*known, *unseen], found) if has]
    matrix = matrix[found]
    check_finite(model.path, kept, matrix)
    index = {word: row for row, word in enumerate(kept)}
    return WordVectors(index, matrix, frozenset(unseen) & index.keys())
