"""How a text was segmented: what a model stores, so that new text is segmented in the same way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextIdentity:
    """How a model's training text was segmented, so that new text is segmented in the same way.

    Attributes:
        tokenizer: name of the tokeniser, as in the parameters.
        tokenizer_identity: its name and version.
        sentence_splitter: name and version of the sentence splitter.
        language: language of the tokeniser's rules.
        tagging_format: ``bioes`` or ``bio``.

    Example:
        >>> TextIdentity("alnum", "alnum-1", "rules-1").tagging_format
        'bioes'
    """

    tokenizer: str
    tokenizer_identity: str
    sentence_splitter: str
    language: str = "en"
    tagging_format: str = "bioes"
