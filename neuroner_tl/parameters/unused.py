"""Parameters that another one leaves without effect."""

from __future__ import annotations

from neuroner_tl.parameters.schema import Parameters

# For each parameter: the one that governs it, and the value that it has an effect with.
_GOVERNED = {
    "token_embedding_rate": ("freeze_token_embeddings", False),
    "learning_rate_decay": ("learning_rate_schedule", "inverse"),
    "learning_rate_epochs": ("learning_rate_schedule", "cosine"),
    "learning_rate_factor": ("learning_rate_schedule", "plateau"),
    "learning_rate_patience": ("learning_rate_schedule", "plateau"),
    "averaging_decay": ("weight_averaging", "exponential"),
    "averaged_epochs": ("weight_averaging", "epochs"),
}


def without_effect(parameters: Parameters) -> list[str]:
    """Return what was set without effect: for each such parameter, a clause that says why.

    >>> without_effect(Parameters(averaged_epochs=5))
    ['averaged_epochs = 5 has no effect, since weight_averaging = none']
    """
    defaults = Parameters()
    return [
        f"{name} = {getattr(parameters, name):g} has no effect, since {governing} = {found}"
        for name, (governing, needed) in _GOVERNED.items()
        if getattr(parameters, name) != getattr(defaults, name)
        and (found := getattr(parameters, governing)) != needed
    ]
