"""Parameters that another one leaves without effect, as the schema states it.

Shorthands are named by the flags that they set.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Optional

from neuroner_tl.parameters.documentation import format_value
from neuroner_tl.parameters.fields import alternatives
from neuroner_tl.parameters.schema import Parameters, extra_of


def needs_of(name: str) -> Optional[tuple[Any, ...]]:
    """Return the parameter and the values of it without which a parameter has no effect.

    >>> needs_of("averaged_epochs")
    ('weight_averaging', 'epochs')
    """
    needs: Optional[tuple[Any, ...]] = extra_of(name)["needs"]
    return needs


def without_effect(parameters: Parameters) -> list[str]:
    """Return what was set without effect, in a clause for each parameter that is the reason.

    >>> without_effect(Parameters(averaged_epochs=5))
    ['averaged_epochs = 5 has no effect, since weight_averaging is none, not epochs']
    """
    defaults = Parameters()
    clauses = defaultdict(list)
    for name in Parameters.model_fields:
        value, needs = getattr(parameters, name), needs_of(name)
        if needs is None or value == getattr(defaults, name):
            continue
        governing, *needed = needs
        if getattr(parameters, governing) not in needed:
            clauses[needs].append(f"{name} = {format_value(value)}")
    return [
        f"{' and '.join(settings)} {'has' if len(settings) == 1 else 'have'} no effect, since "
        f"{governing} is {getattr(parameters, governing)}, not {alternatives(needed)}"
        for (governing, *needed), settings in clauses.items()
    ]
