"""Words as a graph finds them: rows of the vocabulary and characters, from strings.

The look-up is that of `Vocabulary.token_id` and of `look_up_new_words`: as written, in lower case,
digits as zeros, both. Lower case and digits are Python's, by tables of the characters that
change: what TensorFlow would do depends on its version of Unicode and on the locale.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.vocabulary import UNKNOWN_CHARACTER_ID, UNKNOWN_TOKEN_ID, Vocabulary

_MISSING = -1
_SURROGATES = range(0xD800, 0xE000)
# Code points that are not characters, but that a text may hold: two of each plane, and a range.
_NONCHARACTERS = [
    *range(0xFDD0, 0xFDF0),
    *(plane + last for plane in range(0, sys.maxunicode, 0x10000) for last in (0xFFFE, 0xFFFF)),
]


class WordLookup(tf.Module):
    """The words of a model: from strings to rows of its tables.

    Args:
        vocabulary: the model's.
        more: words that follow the vocabulary's in the table of token embeddings, such as those
            of a word-vector file; they are looked up if the vocabulary has no form of a word.

    Example::

        words = WordLookup(model.vocabulary)
        words.rows(tf.constant(["Asthma"]))  # as vocabulary.token_id("Asthma")
    """

    def __init__(self, vocabulary: Vocabulary, more: Sequence[str] = ()) -> None:
        super().__init__()
        known = len(vocabulary.tokens)
        self._tables = [_numbers(vocabulary.tokens, range(known))]
        if more:
            self._tables.append(_numbers(more, range(known, known + len(more))))
        self._characters = _codes(vocabulary.characters)
        self._lower: Optional[tf.lookup.StaticHashTable] = None
        self._zeros: Optional[tf.lookup.StaticHashTable] = None
        if vocabulary.check_for_lowercase:
            self._lower = _replacements(lower_characters())
        if vocabulary.check_for_digits_replaced_with_zeros:
            self._zeros = _replacements(digits())

    def rows(self, words: tf.Tensor) -> tf.Tensor:
        """Return the rows of words ``[n]`` in the table of token embeddings, int64 ``[n]``."""
        forms = self._forms(words)
        rows = tf.fill(tf.shape(words), tf.constant(_MISSING, tf.int64))
        for table in self._tables:
            for form in forms:
                rows = tf.where(rows == _MISSING, table.lookup(form), rows)
        return tf.where(rows == _MISSING, tf.constant(UNKNOWN_TOKEN_ID, tf.int64), rows)

    def characters(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Return the characters' indices of words ``[n]``, int64 ``[n, (characters)]``."""
        codes = tf.strings.unicode_decode(words, "UTF-8")
        return codes.with_flat_values(self._characters.lookup(tf.cast(codes.flat_values, tf.int64)))

    def _forms(self, words: tf.Tensor) -> list[tf.Tensor]:
        """Return words in the forms of `token_forms`, each ``[n]``."""
        forms = [words]
        if self._lower is not None:
            pattern, replacement = final_sigma()
            small = tf.strings.regex_replace(words, pattern, replacement)
            forms.append(_replaced(small, self._lower))
        if self._zeros is not None:
            forms += [_replaced(form, self._zeros) for form in forms]
        return forms


def _numbers(keys: Sequence[str], values: Iterable[int]) -> tf.lookup.StaticHashTable:
    """Return a table from strings to integers."""
    # A string that UTF-8 does not have is in no text.
    encoded = np.array([key.encode("utf-8", "surrogatepass") for key in keys], object)
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(encoded, tf.string, shape=[len(keys)]),
        tf.constant(np.fromiter(values, np.int64, len(keys))),
    )
    return tf.lookup.StaticHashTable(initializer, _MISSING)


def _codes(characters: Sequence[str]) -> tf.lookup.StaticHashTable:
    """Return a table from code points to the indices of a vocabulary's characters."""
    known = {
        ord(character): number
        for number, character in enumerate(characters)
        if number > UNKNOWN_CHARACTER_ID and len(character) == 1
    }
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(list(known), tf.int64), tf.constant(list(known.values()), tf.int64)
    )
    return tf.lookup.StaticHashTable(initializer, UNKNOWN_CHARACTER_ID)


def _replacements(characters: Mapping[str, str]) -> tf.lookup.StaticHashTable:
    """Return a table from code points to what replaces them, empty if nothing does."""
    # TensorFlow encodes these as U+FFFD: here each is replaced by itself.
    changed = {**{chr(code): chr(code) for code in _NONCHARACTERS}, **characters}
    initializer = tf.lookup.KeyValueTensorInitializer(
        tf.constant(list(map(ord, changed)), tf.int64), tf.constant(list(changed.values()))
    )
    return tf.lookup.StaticHashTable(initializer, "")


def _replaced(words: tf.Tensor, table: tf.lookup.StaticHashTable) -> tf.Tensor:
    """Replace characters of words ``[n]`` by those of a table."""
    codes = tf.strings.unicode_decode(words, "UTF-8")
    found = table.lookup(tf.cast(codes.flat_values, tf.int64))
    written = tf.strings.unicode_encode(codes.flat_values[:, tf.newaxis], "UTF-8")
    return tf.strings.unsorted_segment_join(
        tf.where(found == "", written, found), codes.value_rowids(), codes.nrows()
    )


@functools.cache
def lower_characters() -> dict[str, str]:
    """Return the characters that lower case changes."""
    return {c: c.lower() for c in _all_characters() if c.lower() != c}


@functools.cache
def digits() -> dict[str, str]:
    """Return the decimal digits of all scripts, each to be replaced by zero."""
    return dict.fromkeys(re.findall(r"\d", "".join(_all_characters())), "0")


@functools.cache
def final_sigma() -> tuple[str, str]:
    """Return a pattern and a replacement that lower a capital sigma at the end of a word.

    It is the one character whose lower case depends on those around it: it is final after a cased
    letter and not before one, not counting such as an apostrophe between them.
    """

    every = [character for character in _all_characters() if character != "\n"]

    def final_after(before: str) -> set[str]:
        """Return the characters between which and ``before`` a sigma is final."""
        lowered = "\n".join(f"{before}{character}Σ" for character in every).lower()
        return {c for c, text in zip(every, lowered.split("\n")) if text.endswith("ς")}

    cased = final_after("")
    ignored = final_after("A") - cased
    some, between = _ranges(cased), _ranges(ignored)
    pattern = f"([{some}][{between}]*)Σ([{between}]*(?:[^{some}{between}]|$))"
    return pattern, r"\1ς\2"


def _all_characters() -> list[str]:
    return [chr(code) for code in range(1, sys.maxunicode + 1) if code not in _SURROGATES]


def _ranges(characters: Iterable[str]) -> str:
    """Return characters as the inside of a character class of a regular expression."""
    codes = np.array(sorted(map(ord, characters)))
    breaks = np.flatnonzero(np.diff(codes) > 1)
    first, last = codes[[0, *breaks + 1]], codes[[*breaks, -1]]
    return "".join(rf"\x{{{s:x}}}-\x{{{e:x}}}" for s, e in zip(first.tolist(), last.tolist()))
