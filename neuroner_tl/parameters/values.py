"""Values of parameters: conversion from text, values with their own syntax, and shorthands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, Optional, Union, get_args, get_origin

from pydantic_core import PydanticCustomError

from neuroner_tl.system.file_name import file_name_fault
from neuroner_tl.system.paths import expanded_path

# The network's layers, lowest first; `reload_*` and `freeze_*` flags are named after them.
Layer = Literal[
    "token_embeddings",
    "character_embeddings",
    "character_lstm",
    "token_lstm",
    "feedforward",
    "crf",
]
LAYERS: tuple[str, ...] = get_args(Layer)
RELOAD_FLAGS = tuple(f"reload_{layer}" for layer in LAYERS)
FREEZE_FLAGS = tuple(f"freeze_{layer}" for layer in LAYERS)
# Both are shorthands for the six reload flags.
SHORTHANDS = ("transfer_layers", "transfer_up_to")

_LONGEST_NAME = 220  # bytes of experiment_name; the name of the run's folder ends with the time
_INTERVAL = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(minutes?|batch|batches)")


class Interval(NamedTuple):
    """An interval in minutes or in batches.

    Attributes:
        number: above 0.
        unit: ``minutes`` or ``batches``.

    Example:
        >>> read_interval("10 minutes")
        Interval(number=10.0, unit='minutes')
    """

    number: float
    unit: str


def from_text(value: Any, annotation: Any) -> Any:
    """Convert text for a field's type; return any other value unchanged.

    Raises:
        ValueError: a parameter file cannot represent the text.
    """
    if not isinstance(value, (str, Path)):
        return value
    text = str(value).strip()
    alternatives = (annotation, *get_args(annotation))
    if not text and type(None) in alternatives:
        return None
    _check_text(text)
    if Path in alternatives:
        if not text:
            raise ValueError("empty")
        return expanded_path(text)
    if any(get_origin(alternative) is tuple for alternative in alternatives):
        return tuple(part.strip() for part in text.split(","))
    if any(get_origin(alternative) is Literal for alternative in alternatives):
        return text.lower()
    return text


def _check_text(text: str) -> None:
    if any(character == '"' or ord(character) < 32 for character in text):
        raise ValueError("a parameter file cannot represent this")
    text.encode("utf-8")  # raises a ValueError if it cannot be written


def read_interval(text: str) -> Interval:
    """Read `10 minutes` or `500 batches`.

    Raises:
        ValueError: it is neither.
    """
    match = _INTERVAL.fullmatch(text.strip().lower())
    if match is None:
        raise ValueError("neither minutes nor batches")
    number, unit = float(match[1]), "minutes" if match[2].startswith("m") else "batches"
    if number == 0 or (unit == "batches" and not number.is_integer()):
        raise ValueError("not a number of them")
    return Interval(number, unit)


def read_label_map(
    value: Optional[Union[str, Iterable[Iterable[str]]]],
) -> Optional[tuple[tuple[str, str], ...]]:
    """Read `PRGE:GENE, DISO:Disease`, or such pairs, as pairs of a source and a target type.

    None and an empty text are None.

    Raises:
        ValueError: a pair is incomplete or occurs twice, or a name has a comma or a colon.
    """
    if value is None or value == "":
        return None
    # Pairs are converted to text first, so that only values that a file can represent are accepted.
    try:
        text = value if isinstance(value, str) else ",".join(":".join(pair) for pair in value)
    except TypeError:
        raise ValueError("not pairs of types") from None
    _check_text(text)
    pairs = []
    for part in text.split(","):
        names = tuple(name.strip() for name in part.split(":"))
        if len(names) != 2 or not all(names):
            raise ValueError("not pairs of types")
        pairs.append((names[0], names[1]))
    if len(set(pairs)) != len(pairs):
        raise ValueError("the same pair twice")
    return tuple(pairs)


def contradiction(message: str, *names: str) -> PydanticCustomError:
    """Return an error about several parameters together, in words for users."""
    return PydanticCustomError("contradiction", "{text}", {"text": message, "names": list(names)})


def expand_shorthands(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace `transfer_layers` or `transfer_up_to` by the six equivalent flags.

    Args:
        values: parameters by name, of one place: a file, or the command line.

    Raises:
        PydanticCustomError: both are given, or a `reload_*` flag contradicts.
    """
    result = dict(values)
    given = [name for name in SHORTHANDS if _layers(name, values.get(name)) is not None]
    if len(given) == 2:
        raise contradiction(
            "transfer_layers and transfer_up_to are both set, expected one of them; leave one out",
            *given,
        )
    for name in given:
        chosen = _layers(name, result.pop(name))
        assert chosen is not None
        for layer, flag in zip(LAYERS, RELOAD_FLAGS):
            if flag in values and _as_bool(values[flag]) is not (layer in chosen):
                raise contradiction(
                    f"{name} = {_text(values[name])} and {flag} = {values[flag]}, expected them "
                    f"to agree; leave {flag} out, since {name} sets all six",
                    name,
                    flag,
                )
            result[flag] = layer in chosen
    return result


def check_interval(value: Optional[str]) -> Optional[str]:
    """Return a text that `read_interval` reads, or None.

    Raises:
        ValueError: it is neither.
    """
    if value is not None:
        read_interval(value)
    return value


def check_name(value: str) -> str:
    """Return a text that can be the first part of a run folder's name.

    Raises:
        ValueError: it cannot.
    """
    if file_name_fault(value, _LONGEST_NAME):
        raise ValueError("not a valid folder name")
    return value


def check_percentages(value: tuple[float, float, float]) -> tuple[float, float, float]:
    """Return the shares of train, valid and test, which make up a whole.

    Raises:
        ValueError: they do not, or train or valid has none.
    """
    if min(value[:2]) <= 0 or value[2] < 0 or abs(sum(value) - 100) > 1e-6:
        raise ValueError("not percentages of a whole")
    return value


def _layers(name: str, value: Any) -> Optional[tuple[str, ...]]:
    """Return the layers of a shorthand; None if it is not set, or invalid and to be refused."""
    names = tuple(part.strip().lower() for part in _text(value).split(","))
    if not set(names) <= set(LAYERS) or (name == "transfer_up_to" and len(names) != 1):
        return None
    return LAYERS[: LAYERS.index(names[0]) + 1] if name == "transfer_up_to" else names


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")


def _as_bool(value: Any) -> Any:
    """Return True or False for the words that mean them, else the value itself."""
    words = {"true": True, "yes": True, "on": True, "1": True, "t": True, "y": True}
    words.update({"false": False, "no": False, "off": False, "0": False, "f": False, "n": False})
    return words.get(str(value).strip().lower(), value)
