"""The vocabulary of a model: its tokens, characters and labels, stored as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.dataset.word_vectors.look_up import token_forms
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.system.json_text import parse_json

UNKNOWN_TOKEN = "<UNK>"
UNKNOWN_CHARACTER = "<UNK>"
PADDING_CHARACTER = ""
OUTSIDE = "O"

UNKNOWN_TOKEN_ID = 0
PADDING_CHARACTER_ID = 0
UNKNOWN_CHARACTER_ID = 1

_PREFIXES = {"bio": "BI", "bioes": "BIES"}
_FORMAT = "neuroner_tl vocabulary"
_VERSION = 1


@dataclass(frozen=True)
class VocabularyRules:
    """NeuroNER's rules that decide which tokens have a row of their own.

    Attributes:
        tagging_format: ``bio`` or ``bioes``.
        token_embedding_dimension: length of the token vectors.
        remap_unknown_tokens_to_unk: tokens absent from train and from the word vectors share
            the row of the unknown token.
        load_only_pretrained_token_embeddings: tokens of train that the word vectors lack share
            it too.
        load_all_pretrained_token_embeddings: every word of the word-vector file has a row.
        check_for_lowercase: a token may be looked up in lower case.
        check_for_digits_replaced_with_zeros: a token may be looked up with its digits as zeros.

    Example:
        >>> VocabularyRules(tagging_format="bio", token_embedding_dimension=100).check_for_lowercase
        True
    """

    tagging_format: str = "bioes"
    token_embedding_dimension: int = 200
    remap_unknown_tokens_to_unk: bool = True
    load_only_pretrained_token_embeddings: bool = False
    load_all_pretrained_token_embeddings: bool = False
    check_for_lowercase: bool = True
    check_for_digits_replaced_with_zeros: bool = True

    def __post_init__(self) -> None:
        if self.tagging_format not in _PREFIXES:
            raise ParameterError(
                f"tagging_format is {self.tagging_format!r}, expected bio or bioes"
            )
        if self.token_embedding_dimension < 1:
            raise ParameterError(
                f"token_embedding_dimension is {self.token_embedding_dimension}, "
                "expected at least 1"
            )


def labels_of_types(types: Iterable[str], tagging_format: str) -> tuple[str, ...]:
    """Return ``O`` and, type by type in sorted order, every label of the scheme."""
    prefixes = _PREFIXES[tagging_format]
    labels = [f"{prefix}-{type_}" for type_ in sorted(set(types)) for prefix in prefixes]
    return (OUTSIDE, *labels)


def type_of_label(label: str) -> str:
    """Return the entity type of a label such as ``B-DISO``; raise CorpusError if it has none."""
    prefix, hyphen, type_ = label.partition("-")
    if prefix not in set("BIES") or not hyphen or not type_:
        raise CorpusError(f"label {label!r}, expected O or a label such as B-DISO or I-DISO")
    return type_


@dataclass(frozen=True)
class Vocabulary:
    """Tokens, characters and labels of a model, each with its index.

    Attributes:
        tokens: index 0 is the unknown token.
        characters: index 0 is the padding, index 1 the unknown character.
        labels: ``O``, then type by type the labels of the scheme.
        check_for_lowercase: whether look-ups may fall back to lower case.
        check_for_digits_replaced_with_zeros: whether they may fall back to zeros for digits.

    Raises:
        CheckpointError: the lists do not start as stated, or hold an item twice.

    Example:
        >>> characters = (PADDING_CHARACTER, UNKNOWN_CHARACTER)
        >>> words = Vocabulary((UNKNOWN_TOKEN, "asthma"), characters, ("O",))
        >>> words.token_id("Asthma"), words.token_id("eczema")
        (1, 0)
    """

    tokens: tuple[str, ...]
    characters: tuple[str, ...]
    labels: tuple[str, ...]
    check_for_lowercase: bool = True
    check_for_digits_replaced_with_zeros: bool = True
    token_to_id: Mapping[str, int] = field(init=False, repr=False, compare=False)
    character_to_id: Mapping[str, int] = field(init=False, repr=False, compare=False)
    label_to_id: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = {
            "tokens": (UNKNOWN_TOKEN,),
            "characters": (PADDING_CHARACTER, UNKNOWN_CHARACTER),
            "labels": (OUTSIDE,),
        }
        for name, start in starts.items():
            items = tuple(getattr(self, name))
            object.__setattr__(self, name, items)
            index = {item: number for number, item in enumerate(items)}
            if items[: len(start)] != start:
                raise CheckpointError(
                    f"vocabulary: {name} start with {list(items[: len(start)])}, "
                    f"expected {list(start)}"
                )
            if len(index) != len(items):
                twice = next(item for number, item in enumerate(items) if index[item] != number)
                raise CheckpointError(f"vocabulary: {name} hold {twice!r} twice, expected once")
            object.__setattr__(self, name[:-1] + "_to_id", index)

    def token_id(self, token: str) -> int:
        """Return the row of a token: as written, else its other forms, else 0 (unknown).

        The forms are those of :func:`neuroner_tl.dataset.word_vectors.look_up.token_forms`.
        """
        found = self.token_to_id.get(token)
        if found is not None:
            return found
        forms = token_forms(
            token, self.check_for_lowercase, self.check_for_digits_replaced_with_zeros
        )
        for form in forms[1:]:
            if form in self.token_to_id:
                return self.token_to_id[form]
        return UNKNOWN_TOKEN_ID

    def character_id(self, character: str) -> int:
        """Return the index of a character, 1 if it is unknown."""
        return self.character_to_id.get(character, UNKNOWN_CHARACTER_ID)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that :meth:`save` writes."""
        return {
            "format": _FORMAT,
            "version": _VERSION,
            "check_for_lowercase": self.check_for_lowercase,
            "check_for_digits_replaced_with_zeros": self.check_for_digits_replaced_with_zeros,
            "labels": list(self.labels),
            "characters": list(self.characters),
            "tokens": list(self.tokens),
        }

    def save(self, path: Path) -> None:
        """Write the vocabulary as JSON, whole or not at all.

        Raises:
            CorpusError: the file cannot be written.
        """
        write_text_atomically(Path(path), json.dumps(self.to_json(), indent=0) + "\n")

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        """Read a vocabulary.

        Raises:
            CheckpointError: the file is missing, damaged or of another format.
        """
        path = Path(path)
        remedy = "copy the model folder again, or train the model again"
        try:
            content = parse_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise CheckpointError(
                f"{path}: no such vocabulary file; expected a model folder with vocabulary.json"
            ) from None
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise CheckpointError(f"{path}: not valid JSON ({error}); {remedy}") from error
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise CheckpointError(f"{path}: not a vocabulary of neuroner_tl; {remedy}")
        if content.get("version") != _VERSION:
            raise CheckpointError(
                f"{path}: vocabulary version {content.get('version')}, expected {_VERSION}; "
                "install the version of neuroner_tl that made the model"
            )
        lists = [_strings(content, name, path) for name in ("tokens", "characters", "labels")]
        flags = [
            _flag(content, name, path)
            for name in ("check_for_lowercase", "check_for_digits_replaced_with_zeros")
        ]
        try:
            return cls(lists[0], lists[1], lists[2], flags[0], flags[1])
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}; {remedy}") from None


def _strings(content: Mapping[str, Any], name: str, path: Path) -> tuple[str, ...]:
    items = content.get(name)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise CheckpointError(
            f"{path}: {name} is missing or not a list of strings; copy the model folder again"
        )
    return tuple(items)


def _flag(content: Mapping[str, Any], name: str, path: Path) -> bool:
    value = content.get(name)
    if not isinstance(value, bool):
        raise CheckpointError(
            f"{path}: {name} is {value!r}, expected true or false; copy the model folder again"
        )
    return value
