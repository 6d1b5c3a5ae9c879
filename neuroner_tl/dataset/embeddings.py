"""Finding the pretrained vector of a token: NeuroNER's four-step look-up and its report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Optional

import numpy as np

from neuroner_tl.dataset.word_vector_file import WordVectors, read_word_vectors

__all__ = ["EmbeddingReport", "WordVectors", "lookup_rows", "read_word_vectors", "token_forms"]

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class EmbeddingReport:
    """How many distinct tokens have a pretrained vector, by the form under which it was found.

    Args:
        exact: found as written.
        lower: found in lower case only.
        digits: found with every digit replaced by zero only.
        lower_digits: found in lower case with every digit replaced by zero only.
        missing: not found.
    """

    exact: int = 0
    lower: int = 0
    digits: int = 0
    lower_digits: int = 0
    missing: int = 0

    @property
    def total(self) -> int:
        """Number of tokens looked up."""
        return self.exact + self.lower + self.digits + self.lower_digits + self.missing

    def to_json(self) -> dict[str, int]:
        """Return the counts as a JSON object."""
        return asdict(self)

    def summary(self) -> str:
        """Return one line for the log."""
        share = 100.0 * (self.total - self.missing) / self.total if self.total else 0.0
        return (
            f"word vectors for {self.total - self.missing:,} of {self.total:,} distinct tokens "
            f"({share:.1f} %): {self.exact:,} exact, {self.lower:,} lower-cased, "
            f"{self.digits:,} digits to zero, {self.lower_digits:,} both"
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
    tokens: Iterable[str], index: Mapping[str, int], lowercase: bool, digits: bool
) -> tuple[np.ndarray, EmbeddingReport]:
    """Find the row of every token by the first of its forms that has one.

    Args:
        tokens: tokens as written.
        index: row of each word, such as ``WordVectors.index``.
        lowercase: see :func:`token_forms`.
        digits: see :func:`token_forms`.

    Returns:
        Rows, int64 ``[len(tokens)]``, -1 where no form has a row; and the counts by form.
    """
    counts = [0, 0, 0, 0, 0]
    rows: list[int] = []
    find = index.get
    for token in tokens:
        row = find(token, -1)
        step = 0
        if row < 0:
            step = 4
            for number, form in enumerate(_candidate_forms(token, lowercase, digits)[1:], start=1):
                if form is not None and form in index:
                    row, step = index[form], number
                    break
        counts[step] += 1
        rows.append(row)
    return np.asarray(rows, dtype=np.int64), EmbeddingReport(*counts)
