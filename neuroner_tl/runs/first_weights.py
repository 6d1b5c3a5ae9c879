"""The weights that a run starts with."""

from __future__ import annotations

import logging
import sys
from typing import Optional

from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.messages.screen import terminal_width
from neuroner_tl.model.entity_lstm import Architecture, initial_weights
from neuroner_tl.model.layer import InitialWeights
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.needed_memory import check_memory
from neuroner_tl.runs.settings import layer_choice
from neuroner_tl.training.checkpoint import SavedModel, Values
from neuroner_tl.training.transfer import plan_transfer
from neuroner_tl.training.transfer_report import TransferReport

logger = logging.getLogger(__name__)


def first_weights(
    parameters: Parameters,
    architecture: Architecture,
    dataset: Dataset,
    source: Optional[SavedModel] = None,
) -> tuple[Values, Optional[TransferReport]]:
    """Draw the initial weights, and replace those of transferred layers by the source model's.

    Args:
        parameters: the run's parameters.
        architecture: form of the network.
        dataset: the encoded corpus, with the word vectors.
        source: the pretrained model.

    Returns:
        Weights by layer and name, and what was transferred.

    Raises:
        ParameterError: the network does not fit into memory.
        TransferError: the source does not fit.
    """
    check_memory(parameters, architecture, dataset)
    weights = random_weights(parameters, architecture, dataset)
    if source is None:
        return weights, None
    plan = plan_transfer(
        source,
        dataset.vocabulary,
        parameters.tagging_format,
        {
            layer: {name: value.shape for name, value in named.items()}
            for layer, named in weights.items()
        },
        layer_choice(parameters),
    )
    logger.info("%s", plan.report.table(terminal_width(sys.__stderr__)))
    return plan.apply(weights), plan.report


def random_weights(
    parameters: Parameters, architecture: Architecture, dataset: Dataset
) -> dict[str, InitialWeights]:
    """Draw the weights of a network for a corpus, with its word vectors and the run's seed."""
    return initial_weights(
        architecture,
        len(dataset.vocabulary.tokens),
        len(dataset.vocabulary.characters),
        parameters.seed,
        dataset.token_vectors,
        dataset.token_vector_found,
    )
