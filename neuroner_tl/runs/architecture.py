"""The network's form as the parameters state it."""

from __future__ import annotations

from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.parameters.schema import Parameters


def architecture_of(parameters: Parameters, labels: int) -> Architecture:
    """Return the architecture of a network with so many labels."""
    return Architecture(
        labels=labels,
        token_dimension=parameters.token_embedding_dimension,
        token_hidden=parameters.token_lstm_hidden_state_dimension,
        character_dimension=parameters.character_embedding_dimension,
        character_hidden=parameters.character_lstm_hidden_state_dimension,
        use_character_lstm=parameters.use_character_lstm,
        use_crf=parameters.use_crf,
        peepholes=parameters.lstm_peepholes,
    )
