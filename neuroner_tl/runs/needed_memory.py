"""An estimate of the memory that training needs, logged before weights are initialised."""

from __future__ import annotations

import logging
import math

import numpy as np

from neuroner_tl.dataset.encoding import Dataset
from neuroner_tl.errors import ParameterError
from neuroner_tl.model.entity_lstm import Architecture, weight_shapes
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.system.memory import total_memory
from neuroner_tl.training.steps.optimisers import OPTIMISERS

logger = logging.getLogger(__name__)

# Numbers kept of a token for the backward pass, for each unit of the token LSTM: gates, states and
# their gradients, of both directions.
_PER_UNIT = 24


def needed_megabytes(
    parameters: Parameters,
    architecture: Architecture,
    vocabulary: int,
    alphabet: int,
    sentences: int,
    longest: int,
) -> tuple[int, float]:
    """Estimate the memory that training needs in addition to the corpus.

    Args:
        parameters: the run's parameters.
        architecture: form of the network.
        vocabulary: number of tokens.
        alphabet: number of characters.
        sentences: sentences of the train part.
        longest: tokens of its longest sentence.

    Returns:
        Number of weights, and MB of weights, gradients, the optimiser's slots, averages and one
        batch.
    """
    shapes = weight_shapes(architecture, vocabulary, alphabet)
    counts = {layer: sum(map(math.prod, named.values())) for layer, named in shapes.items()}
    table = counts.pop(TokenEmbedding.name)
    dense, slots = sum(counts.values()), len(OPTIMISERS[parameters.optimizer].slots)
    # Initial values are drawn in float64 and may take more than what training adds to the
    # weights; the table, float32, is drawn in addition to the weights and has no dense gradient.
    copies = {"none": 0, "exponential": 1, "epochs": parameters.averaged_epochs}
    averages = copies[parameters.weight_averaging]
    kept = 0 if parameters.freeze_token_embeddings else averages
    numbers = dense * (max(3, 2 + slots) + averages) + table * (2 + slots + kept)
    tokens = parameters.batch_tokens
    batch = max(tokens, longest) if tokens else min(parameters.batch_size, sentences) * longest
    per_token = architecture.input_size + _PER_UNIT * architecture.token_hidden
    return dense + table, 4 * (numbers + batch * per_token) / (1 << 20)


def check_memory(parameters: Parameters, architecture: Architecture, dataset: Dataset) -> None:
    """Log the estimate for a corpus.

    Raises:
        ParameterError: the machine has less.
    """
    train = dataset.parts["train"]
    weights, needed = needed_megabytes(
        parameters,
        architecture,
        len(dataset.vocabulary.tokens),
        len(dataset.vocabulary.characters),
        train.number_of_sentences,
        int(np.diff(train.sentence_offsets).max(initial=0)),
    )
    have = total_memory()
    if needed > have:
        name = "batch_tokens" if parameters.batch_tokens else "batch_size"
        raise ParameterError(
            f"a network of {weights:,} weights in batches of {getattr(parameters, name)} needs "
            f"about {needed:,.0f} MB, found {have:,.0f} MB of memory; lower "
            f"token_lstm_hidden_state_dimension, token_embedding_dimension or {name}"
        )
    logger.info("network of %s weights; training needs about %.0f MB", f"{weights:,}", needed)
