"""Arms of a study: which layers a run takes from its source model.

An arm is named by its layers, so that two ways to ask for the same run give one run:
``baseline`` (none), ``transfer`` (all), ``up_to_LAYER`` (cumulatively from the lowest, the paper's
Supplementary Figure 1), ``only_LAYER`` and ``without_LAYER``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.messages.spelling import nearest_hint
from neuroner_tl.parameters.ini_syntax import IniValue
from neuroner_tl.parameters.values import RELOAD_FLAGS
from neuroner_tl.system.paths import expanded_path

LAYERS = tuple(flag[len("reload_") :] for flag in RELOAD_FLAGS)
"""The six layers from the lowest to the highest."""

LAYER_TITLES = {
    "token_embeddings": "token embeddings",
    "character_embeddings": "character embeddings",
    "character_lstm": "character LSTM",
    "token_lstm": "token LSTM",
    "feedforward": "label prediction",
    "crf": "CRF",
}
"""What tables and figures call the layers."""

BASELINE, TRANSFER = "baseline", "transfer"
SURE, DOUBTFUL = 0.9, 0.3
SPACY, PUBLISHED = "spacy", "published"
# What a section [arm NAME] must have one of, unless its name says which layers it takes.
SECTION_NAMES = ("layers", "sources", "teacher", "parameters_filepath", "system", "predictions")


@dataclass(frozen=True)
class Teacher:
    """How a model of another arm completes the silver corpora of an arm.

    Attributes:
        arm: name of that arm: its run of the same target corpus, size and seeds is the teacher.
        sure: the teacher's probability from which a mention is added.
        doubtful: its probability from which the text of a mention is marked unknown.
        from_source: whether the source model taught in this way starts from the source model of
            the corpus as it is, not from scratch.

    Example:
        >>> Teacher("baseline", from_source=True).to_json()
        {'sure': 0.9, 'doubtful': 0.3}
    """

    arm: str
    sure: float = SURE
    doubtful: float = DOUBTFUL
    from_source: bool = False

    def to_json(self) -> dict[str, float]:
        """Return what decides how a corpus is completed, besides corpus and teacher."""
        return {"sure": self.sure, "doubtful": self.doubtful}


@dataclass(frozen=True)
class System:
    """Another system in place of this package's network, on the same documents.

    Attributes:
        name: ``spacy``, spaCy's entity recogniser, trained on the train part; ``published``,
            predictions that exist.
        predictions: of ``published``, the brat folder of its predictions, with ``{corpus}`` for the
            name of the target corpus.

    Example:
        >>> System("published", "theirs/{corpus}_crf").folder("CDR_DISO").name
        'CDR_DISO_crf'
    """

    name: str
    predictions: str = ""

    @property
    def is_published(self) -> bool:
        """Whether predictions that exist are scored, so that nothing is trained."""
        return self.name == PUBLISHED

    def folder(self, corpus: str) -> Path:
        """Return the folder of the predictions for a target corpus."""
        return expanded_path(self.predictions.replace("{corpus}", corpus))


@dataclass(frozen=True)
class Arm:
    """One way to train on a target corpus.

    Attributes:
        name: short name, part of the identifier of its runs.
        layers: layers taken from the source model; none for training from scratch.
        own: parameters of this arm only, as (text, line).
        sources: names of the silver corpora whose source models it takes; none for all.
        teacher: how its silver corpora are completed; None to take them as they are.
        parameters_filepath: its parameter file; None for that of all arms.
        system: another system that takes the network's place; None for the network.

    Example:
        >>> Arm("mine", frozenset({"crf"})).flags["reload_crf"]
        True
    """

    name: str
    layers: frozenset[str]
    own: Mapping[str, IniValue] = field(default_factory=dict)
    sources: tuple[str, ...] = ()
    teacher: Optional[Teacher] = None
    parameters_filepath: Optional[Path] = None
    system: Optional[System] = None

    def takes(self, source: str) -> bool:
        """Say whether it takes the source models of a silver corpus."""
        return not self.sources or source in self.sources

    @property
    def is_published(self) -> bool:
        """Whether predictions that exist are scored, so that nothing is trained."""
        return self.system is not None and self.system.is_published

    @property
    def flags(self) -> dict[str, bool]:
        """The parameters ``reload_*`` that take these layers; none for the baseline."""
        if not self.layers:
            return {}
        return {f"reload_{layer}": layer in self.layers for layer in LAYERS}


def arm_name(layers: Iterable[str]) -> str:
    """Return the name of the arm that takes these layers.

    Raises:
        ParameterError: they are not an arm with a name.
    """
    taken = frozenset(layers)
    for name, members in _NAMED.items():
        if members == taken:
            return name
    raise ParameterError(
        f"layers {', '.join(sorted(taken))}: found a choice without a name, expected none, all, "
        "the lowest ones, one, or all but one; write a section [arm NAME] with layers = ..."
    )


def expand_arms(names: Iterable[str]) -> list[str]:
    """Expand names of arms and groups into arms, each once, in that order.

    Args:
        names: names of arms, or ``cumulative``, ``single`` and ``all_but_one``; a name that is
            neither is left as it is.
    """
    found: dict[str, None] = {}
    for name in names:
        for member in GROUPS.get(name, (name,)):
            found[arm_name(_NAMED[member]) if member in _NAMED else member] = None
    return list(found)


def is_named(name: str) -> bool:
    """Say whether a name says which layers an arm takes."""
    return name in _NAMED


def layers_of(name: str) -> frozenset[str]:
    """Return the layers of a named arm.

    Raises:
        ParameterError: the arm does not exist; the message has the nearest name.
    """
    if name not in _NAMED:
        known = (*_NAMED, *GROUPS)
        raise ParameterError(
            f"found the arm {name}, expected one of {', '.join(GROUPS)}, baseline, transfer, "
            f"up_to_LAYER, only_LAYER, without_LAYER{nearest_hint(name, known)}; or a section "
            f"[arm {name}] with one of {', '.join(SECTION_NAMES)}"
        )
    return _NAMED[name]


def cumulative_layers() -> list[tuple[str, str]]:
    """Return for each step of the cumulative ablation what it adds, in words, and its arm."""
    return [("none", BASELINE)] + [
        (LAYER_TITLES[layer], arm_name(LAYERS[: number + 1])) for number, layer in enumerate(LAYERS)
    ]


def _named() -> dict[str, frozenset[str]]:
    """Return every named arm; if two names mean the same layers, the first is the arm's name."""
    named = {BASELINE: frozenset[str](), TRANSFER: frozenset(LAYERS)}
    for number, layer in enumerate(LAYERS):
        named[f"up_to_{layer}"] = frozenset(LAYERS[: number + 1])
    for layer in LAYERS:
        named[f"only_{layer}"] = frozenset([layer])
    for layer in LAYERS:
        named[f"without_{layer}"] = frozenset(LAYERS) - {layer}
    return named


_NAMED = _named()
GROUPS = {
    "cumulative": (BASELINE, *(f"up_to_{layer}" for layer in LAYERS)),
    "single": tuple(f"only_{layer}" for layer in LAYERS),
    "all_but_one": tuple(f"without_{layer}" for layer in LAYERS),
}
