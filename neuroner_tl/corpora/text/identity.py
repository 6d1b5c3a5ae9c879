"""How a text was cut: what a model keeps, so that new text is cut alike."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TextIdentity:
    """How a model's training text was cut, so that new text is cut alike.

    Args:
        tokenizer: name of the tokeniser, as in the parameters.
        tokenizer_identity: its name and version.
        sentence_splitter: name and version of the sentence splitter.
        language: language of the tokeniser's rules.
        tagging_format: ``bioes`` or ``bio``.
    """

    tokenizer: str
    tokenizer_identity: str
    sentence_splitter: str
    language: str = "en"
    tagging_format: str = "bioes"
