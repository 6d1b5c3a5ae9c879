"""A search for good parameters: its space, and how the trials are drawn and pruned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Union

Value = Union[int, float, str]


@dataclass(frozen=True)
class Range:
    """The values of a numeric parameter between two bounds, both included.

    Attributes:
        low: the lower bound.
        high: the upper bound.
        log: whether values are drawn evenly by their logarithm.
        step: distance of neighbouring values; 0 for any.
        whole: whether values are whole numbers.

    Example:
        >>> Range(0.0001, 0.01, log=True).words
        '0.0001 to 0.01, log'
    """

    low: float
    high: float
    log: bool = False
    step: float = 0
    whole: bool = False

    @property
    def words(self) -> str:
        """The range as it is written in a study file."""
        step = f", step {self.step:g}" if self.step else ""
        return f"{self.low:g} to {self.high:g}{', log' if self.log else ''}{step}"

    def to_json(self) -> dict[str, Any]:
        """Return what it is, for the identity of a search."""
        return {"low": self.low, "high": self.high, "log": self.log, "step": self.step}


@dataclass(frozen=True)
class Choices:
    """The listed values of a parameter, in no order.

    Attributes:
        values: as they are written in a parameter file.

    Example:
        >>> Choices(("sgd", "adam")).words
        'sgd, adam'
    """

    values: tuple[str, ...]

    @property
    def words(self) -> str:
        """The values as they are written in a study file."""
        return ", ".join(self.values)

    def to_json(self) -> dict[str, Any]:
        """Return what it is, for the identity of a search."""
        return {"values": list(self.values)}


Dimension = Union[Range, Choices]


@dataclass(frozen=True)
class Search:
    """A search for parameters with a high score on the validation set.

    Attributes:
        space: the values of each parameter that is searched for.
        trials: how many combinations are tried.
        sampler: ``tpe`` or ``random``.
        pruning: ``median``, ``hyperband`` or ``none``.
        startup_trials: trials that are drawn at random first; of median pruning also complete
            trials before the first one is pruned.
        warmup_epochs: epochs before which no trial is pruned.
        seed: decides which combinations are drawn.
        lines: the line of each parameter in the study file.

    Example::

        search = Search({"dropout_rate": Range(0.2, 0.7)}, trials=20, pruning="hyperband")
    """

    space: Mapping[str, Dimension]
    trials: int = 20
    sampler: str = "tpe"
    pruning: str = "median"
    startup_trials: int = 5
    warmup_epochs: int = 1
    seed: int = 0
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Trial:
    """A trial of a search: one combination of values.

    Attributes:
        search: identifier of the search, which covers all that decides a trial's score.
        key: the same without contents of corpora and word vectors.
        number: its number, from 0.
        values: by parameter.

    Example:
        >>> Trial("1a2b3c4d", "5e6f7a8b", 3, {"dropout_rate": 0.4}).to_json()["number"]
        3
    """

    search: str
    key: str
    number: int
    values: Mapping[str, Value]

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object, for the record of its run."""
        return {
            "search": self.search,
            "key": self.key,
            "number": self.number,
            "values": dict(self.values),
        }
