"""What another value of a parameter changes, as the schema states it.

Resuming a run, naming the runs of a study and the cache of encoded corpora all ask here.
"""

from __future__ import annotations

from typing import Any

from neuroner_tl.parameters.fields import EFFECTS
from neuroner_tl.parameters.schema import Parameters, extra_of


def effect_of(name: str) -> str:
    """Return what a parameter changes, one of `EFFECTS`."""
    return str(extra_of(name)["changes"])


def parameters_by_effect(*effects: str) -> frozenset[str]:
    """Return the names of the parameters that have one of these effects.

    Raises:
        ValueError: an effect is unknown.
    """
    for effect in effects:
        if effect not in EFFECTS:
            raise ValueError(f"found the effect {effect}, expected one of {', '.join(EFFECTS)}")
    return frozenset(name for name in Parameters.model_fields if effect_of(name) in effects)


def values_by_effect(parameters: Parameters, *effects: str) -> dict[str, Any]:
    """Return the values of the parameters that have one of these effects, in JSON types."""
    names = parameters_by_effect(*effects)
    return {name: value for name, value in parameters.to_dict().items() if name in names}


def deciding_values(parameters: Parameters, *effects: str) -> dict[str, Any]:
    """Return those of `values_by_effect` that are not the defaults.

    They identify what was made with the parameters: a parameter that a later version adds, with a
    default that changes nothing, leaves the identity as it is.
    """
    defaults = Parameters().to_dict()
    values = values_by_effect(parameters, *effects)
    return {name: value for name, value in values.items() if value != defaults[name]}
