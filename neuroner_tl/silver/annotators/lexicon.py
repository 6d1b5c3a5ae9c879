"""A term list as an annotator: longest match of whole words, with rules for case and plurals.

Terms and texts are compared word by word. A word is a run of letters or a run of digits, in lower
case, Greek letters spelled out; hyphens and white space only separate, so that ``Bcl-2``, ``BCL2``
and ``bcl 2`` are one; any other character stands for itself. A match begins and ends at the
boundaries of runs of letters and digits of the text. Short symbols must match in case.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import ahocorasick

from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.text.abbreviations import abbreviation_of, places_of
from neuroner_tl.errors import CorpusError, ParameterError

Span = tuple[int, int]
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_|\n")
_SEPARATORS = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")
_GREEK = {
    ord(symbol): name
    for symbol, name in zip(
        "αβγδεζηθικλμνξοπρσςτυφχψωµ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho "
        "sigma sigma tau upsilon phi chi psi omega mu".split(),
    )
}
_LONGEST_TERM = 30  # words
_MIN_PLURAL = 4  # letters of a word that may have a plural
_MIN_FREE_SYMBOL = 3  # letters and digits
_ANY_CASE = "~"


@dataclass(frozen=True)
class LexiconRules:
    """How terms match.

    Attributes:
        symbol_length: a term without white space of at most this many letters and digits is a
            symbol if it has three or fewer, or a capital or digit after its first character.
            Symbols must match in case, or, if they have a digit, be written without white space.
        plurals: the last word may have a plural ending that the term lacks, or lack one that it
            has.
        genus_initials: a term of two words that begins with one capital also matches with that
            word cut to its initial: ``E. coli``.
        abbreviations: an abbreviation in brackets after a match, made of its letters, is annotated
            in the whole text.

    Example:
        >>> rules = LexiconRules(genus_initials=True)
        >>> Lexicon(["Escherichia coli"], rules).annotate("E. coli grows.")
        [(0, 7)]
    """

    symbol_length: int = 6
    plurals: bool = True
    genus_initials: bool = False
    abbreviations: bool = True


class Lexicon:
    """Terms in an Aho-Corasick automaton.

    Its keys are the terms' words with a space around each; a text is searched in the same form, so
    that matches are whole words.

    Args:
        terms: the terms; those without a letter, or of one character, are left out.
        rules: how they match.

    Raises:
        ParameterError: no term is left.

    Example:
        >>> Lexicon(["asthma", "Bcl-2"]).annotate("Asthma and BCL2")
        [(0, 6), (11, 15)]
    """

    def __init__(self, terms: Iterable[str], rules: Optional[LexiconRules] = None) -> None:
        self.rules = rules or LexiconRules()
        self.number_of_terms = 0
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_INTS)
        # For each key the written forms that the text must have one of (None: any).
        self._written: list[Optional[set[str]]] = []
        self._lengths: list[int] = []
        for term in terms:
            if len(term) > 1 and any(character.isalpha() for character in term):
                self._add_term(term)
        if not self.number_of_terms:
            raise ParameterError("the term list has no terms; give one term per line")
        self._automaton.make_automaton()

    def annotate(self, text: str) -> list[Span]:
        """Return the longest matches from left to right, ``(start, end)``, none overlapping."""
        found = longest(self.matches(text))
        if self.rules.abbreviations:
            found = self._with_abbreviations(text, found)
        return found

    def matches(self, text: str) -> Iterator[Span]:
        """Yield every match, those inside longer ones included."""
        words: list[str] = []
        spans: list[Span] = []
        offsets: list[int] = []  # of each word's first letter in the searched form
        offset = 1
        for match in _WORD.finditer(text):
            word = match.group()
            if word in _SEPARATORS:
                continue
            word = _reduce(word)
            words.append(word)
            spans.append(match.span())
            offsets.append(offset)
            offset += len(word) + 1
        for last, key in self._automaton.iter(f" {' '.join(words)} "):
            start = spans[bisect_left(offsets, last + 2 - self._lengths[key])][0]
            end = spans[bisect_left(offsets, last) - 1][1]
            if (start and text[start - 1].isalnum()) or text[end : end + 1].isalnum():
                continue
            written = self._written[key]
            if written is None or _matches_form(text[start:end], written):
                yield start, end

    def _add_term(self, term: str) -> None:
        written = _WORD.findall(term)
        words = [_reduce(word) for word in written if word not in _SEPARATORS]
        if not words or len(words) > _LONGEST_TERM or "\n" in words:
            return
        self.number_of_terms += 1
        rules = self.rules
        is_symbol = _is_symbol(term, rules.symbol_length)
        self._add_key(words, _symbol_form(term) if is_symbol else None)
        if rules.genus_initials and len(words) == 2 and written[0].istitle() and words[1].isalpha():
            self._add_key([words[0][0], ".", words[1]], None)
        if rules.plurals and not is_symbol:
            for ending in _other_number(words[-1]):
                self._add_key([*words[:-1], ending], None)

    def _add_key(self, words: list[str], written: Optional[str]) -> None:
        key = f" {' '.join(words)} "
        index = self._automaton.get(key, -1)
        if index < 0:
            self._automaton.add_word(key, len(self._lengths))
            self._lengths.append(len(key))
            self._written.append(None if written is None else {written})
            return
        forms = self._written[index]
        if written is None:
            self._written[index] = None
        elif forms is not None:
            forms.add(written)

    def _with_abbreviations(self, text: str, found: list[Span]) -> list[Span]:
        short = {abbreviation_of(text, span) for span in found} - {""}
        if not short:
            return found
        return longest([*found, *places_of(text, short)])


def read_terms(path: Path) -> Iterator[str]:
    """Yield the terms of a file, one per line (``.txt`` or ``.txt.gz``).

    Empty lines, and those that begin with ``#``, are skipped.

    Raises:
        CorpusError: the file cannot be read, is not UTF-8, or has no terms.
    """
    empty = True
    for number, line in read_lines(path):
        term = line.strip()
        if not term or term.startswith("#"):
            continue
        if "\0" in term:  # As in UTF-16 without a byte order mark.
            raise CorpusError(
                f"{path}:{number}: found a NUL character, expected a text file in UTF-8 with one "
                "term per line; save it in that encoding"
            )
        empty = False
        yield term
    if empty:
        raise CorpusError(
            f"{path}: no terms; expected one per line, besides comments after #; give another file"
        )


def longest(spans: Iterable[Span]) -> list[Span]:
    """Return the leftmost spans, of those that begin together the longest, none overlapping."""
    chosen: list[Span] = []
    for start, end in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not chosen or start >= chosen[-1][1]:
            chosen.append((start, end))
    return chosen


def _reduce(word: str) -> str:
    word = word.lower()
    return word if word.isascii() else word.translate(_GREEK)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _is_symbol(term: str, length: int) -> bool:
    letters = _letters(term)
    if len(letters) > length or any(map(str.isspace, term)):
        return False
    return len(letters) <= 3 or any(c.isupper() or c.isdigit() for c in letters[1:])


def _symbol_form(term: str) -> str:
    """Return how a symbol must be written; one with a digit, in any case but without space."""
    letters = _letters(term)
    if len(letters) >= _MIN_FREE_SYMBOL and any(map(str.isdigit, letters)):
        return _ANY_CASE + letters.lower()
    return letters


def _matches_form(text: str, forms: set[str]) -> bool:
    letters = _letters(text)
    if letters in forms:
        return True
    return _ANY_CASE + letters.lower() in forms and not any(map(str.isspace, text))


def _other_number(word: str) -> list[str]:
    """Return the plural of a singular word, the singular of a plural; none for other words.

    No singular of three letters is made: those are too often another word (``figs``, ``Fig``).
    """
    if len(word) < _MIN_PLURAL or not word.isalpha():
        return []
    if word.endswith(("ss", "us", "is", "x")):
        return [word + "es"] if word.endswith(("ss", "x")) else []
    if word.endswith("s"):
        if word.endswith("ies"):
            return [word[:-3] + "y"]
        return [word[:-1]] if len(word) > _MIN_PLURAL else []
    if word.endswith("y") and word[-2] not in "aeiou":
        return [word[:-1] + "ies"]
    return [word + ("es" if word.endswith(("ch", "sh")) else "s")]
