"""Loss and gradients of a batch by themselves, to compare with other ways of computing them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.batches import EXACT, Batch, Shapes
from neuroner_tl.model.entity_lstm import EntityLSTM
from neuroner_tl.training.steps.flat_batch import flatten
from neuroner_tl.training.steps.program import batch_loss, unflatten


def evaluate_gradients(
    network: EntityLSTM, batch: Batch, reduction: str = "sum", jit_compile: bool = False
) -> tuple[np.ndarray, dict[str, dict[str, np.ndarray]]]:
    """Loss and the gradient of every weight of a batch, without dropout, for checking.

    Args:
        network: the network; it is not changed.
        batch: the batch.
        reduction: ``mean`` or ``sum`` over sentences.
        jit_compile: compute it in a program compiled by XLA.
    """
    dtype = network.label_prediction.weights["kernel"].dtype

    shapes = Shapes() if jit_compile else EXACT
    batch_values = unflatten(tf.constant(flatten(batch, shapes)), dtype)

    @tf.function(jit_compile=jit_compile or None, autograph=False)
    def program(values: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, Any]:
        with tf.GradientTape() as tape:
            loss = batch_loss(
                network,
                network.token_embedding(values["token_ids"]),
                network.character_embedding(values["characters"])
                if network.architecture.use_character_lstm
                else None,
                values,
                None,
                reduction,
            )
        gradients = tape.gradient(
            loss, network.weights, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return loss, tf.nest.map_structure(tf.convert_to_tensor, gradients)

    loss, gradients = program(batch_values)
    return loss.numpy(), tf.nest.map_structure(lambda g: g.numpy(), gradients)
