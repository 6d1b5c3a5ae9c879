"""How word vectors are trained: every setting with its range and its explanation."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from neuroner_tl.corpora.text.tokenizers import TOKENIZERS
from neuroner_tl.errors import ParameterError

METHODS = ("word2vec", "fasttext")


def _choice(default: str, choices: tuple[str, ...], explanation: str) -> Any:
    return field(default=default, metadata={"choices": choices, "help": explanation})


def _number(default: Any, low: float, high: float, explanation: str) -> Any:
    return field(default=default, metadata={"range": (low, high), "help": explanation})


@dataclass(frozen=True)
class VectorSettings:
    """Settings of a training; each field's metadata has its choices or range, and explains it.

    Dimension, window, skip-gram and sampling are those of the vectors that Giorgi and Bader (2018)
    used; these were trained with hierarchical softmax (``negative=0``).

    Raises:
        ParameterError: a value is out of range.

    Example:
        >>> VectorSettings(method="fasttext", dimension=100).window
        5
    """

    method: str = _choice(
        "word2vec", METHODS, "fasttext composes vectors of unknown words from character n-grams"
    )
    dimension: int = _number(200, 1, 10_000, "length of the vectors, token_embedding_dimension")
    window: int = _number(5, 1, 1000, "maximum number of context words on either side")
    negative: int = _number(
        5, 0, 1000, "negative samples per word; 0: hierarchical softmax instead"
    )
    epochs: int = _number(5, 1, 10_000, "passes over the texts")
    min_count: int = _number(5, 1, 10**9, "minimum number of occurrences of a word")
    sample: float = _number(1e-3, 0, 1, "words with a higher relative frequency are subsampled")
    tokenizer: str = _choice("alnum", TOKENIZERS, "as for training the tagger")
    lowercase: bool = field(default=False, metadata={"help": "lower-case every word"})
    seed: int = _number(0, 0, 2**32 - 1, "of everything random")
    threads: int = _number(
        1, 1, 1024, "1 is reproducible bit for bit; more are faster but not reproducible"
    )
    min_characters: int = _number(3, 1, 100, "fasttext: minimum length of character n-grams")
    max_characters: int = _number(6, 1, 100, "fasttext: maximum length of character n-grams")
    buckets: int = _number(
        500_000, 1, 10**8, "fasttext: hash buckets of character n-grams, 4 bytes per component"
    )

    def __post_init__(self) -> None:
        for setting in fields(self):
            value, rule = getattr(self, setting.name), setting.metadata
            if "choices" in rule and value not in rule["choices"]:
                raise ParameterError(
                    f"{setting.name}: found {value!r}, expected {' or '.join(rule['choices'])}"
                )
            low, high = rule.get("range", (value, value))
            if not low <= value <= high:
                raise ParameterError(f"{setting.name}: found {value}, expected {low} to {high}")
        if self.min_characters > self.max_characters:
            raise ParameterError(
                f"min_characters: found {self.min_characters}, expected at most max_characters, "
                f"which is {self.max_characters}"
            )
