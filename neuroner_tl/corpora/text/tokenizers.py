"""Tokenisers: named, versioned, and exact about offsets."""

from __future__ import annotations

import re
from typing import Any, Protocol

from neuroner_tl.corpora.document import Token
from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import one_of

TOKENIZERS = ("alnum", "spacy")
_ALNUM = re.compile(r"\w+|[^\w\s]")
# spaCy's time is quadratic in the length of text without white space.
_LONGEST_CHUNK = 500
# It keeps every word that it has met, at 0.7 kB each.
_MOST_WORDS = 200_000


class Tokenizer(Protocol):
    """The interface of a tokeniser.

    Example:
        >>> tokenizer: Tokenizer = get_tokenizer("alnum")
        >>> tokenizer.identity
        'alnum-1'
    """

    @property
    def identity(self) -> str:
        """Name and version; tokenisers with the same identity cut every text in the same way."""

    def tokenize(self, text: str, start: int, end: int) -> list[Token]:
        """Return the tokens of ``text[start:end]``, with offsets in ``text``, in order."""


class AlnumTokenizer:
    """A token is a run of word characters or one other visible character (``\\w+|[^\\w\\s]``).

    Example:
        >>> text = "IL-2 (human)"
        >>> [text[t.start : t.end] for t in AlnumTokenizer().tokenize(text, 0, len(text))]
        ['IL', '-', '2', '(', 'human', ')']
    """

    identity = "alnum-1"

    def tokenize(self, text: str, start: int, end: int) -> list[Token]:
        """Return the tokens of ``text[start:end]``, with offsets in ``text``, in order."""
        return [Token(*match.span()) for match in _ALNUM.finditer(text, start, end)]


class SpacyTokenizer:
    """spaCy's rule-based tokeniser of a language, without any model.

    A run of more than 500 characters without white space is cut into pieces of that length
    before spaCy sees it. What spaCy keeps of words is thrown away after 200,000 of them, so that
    memory does not grow with the texts.

    Args:
        language: language code that spaCy knows, such as ``en``, ``de`` or ``fr``.

    Raises:
        ParameterError: spaCy is not installed, or does not know the language.

    Example::

        tokens = SpacyTokenizer("de").tokenize(text, 0, len(text))
    """

    def __init__(self, language: str = "en") -> None:
        try:
            import spacy
        except ImportError as error:
            raise ParameterError(
                "tokenizer = spacy needs the package spacy, which is not installed; "
                'pip install ".[spacy]" in the repository, or set tokenizer = alnum'
            ) from error
        try:
            self._tokenizer: Any = spacy.blank(language).tokenizer
            self._language = language
        except (ImportError, OSError, ValueError) as error:
            raise ParameterError(
                f"spaCy has no tokeniser for the language {language!r}; "
                "use a code such as en, de or fr"
            ) from error
        self.identity = f"spacy-{spacy.__version__}-{language}"

    def tokenize(self, text: str, start: int, end: int) -> list[Token]:
        """Return the tokens of ``text[start:end]``, with offsets in ``text``, in order."""
        tokenizer = self._tokenizer  # Another thread may replace it.
        if len(tokenizer.vocab.strings) > _MOST_WORDS:
            tokenizer = self._tokenizer = SpacyTokenizer(self._language)._tokenizer
        tokens = []
        for first, after in _pieces(text, start, end):
            tokens += [
                Token(first + token.idx, first + token.idx + len(token))
                for token in tokenizer(text[first:after])
                if not token.is_space
            ]
        return tokens


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Split the span into as few pieces as possible, none with a chunk that is too long."""
    chunks = text[start:end].split()
    if not chunks or max(map(len, chunks)) <= _LONGEST_CHUNK:
        return [(start, end)]
    pieces = []
    for match in re.finditer(r"\S+", text[start:end]):
        for first in range(*match.span(), _LONGEST_CHUNK):
            pieces.append((start + first, start + min(first + _LONGEST_CHUNK, match.end())))
    return pieces


def get_tokenizer(name: str, language: str = "en") -> Tokenizer:
    """Return the tokeniser of this name: ``alnum`` or ``spacy``.

    Raises:
        ParameterError: the tokeniser is unknown, or it cannot be used here.
    """
    if name == "alnum":
        return AlnumTokenizer()
    if name == "spacy":
        return SpacyTokenizer(language)
    raise ParameterError(f"tokenizer = {name!r} is unknown, expected {one_of(name, TOKENIZERS)}")
