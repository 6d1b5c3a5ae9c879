"""A batch as one vector of integers: a training step is given a single array.

Handing a dozen arrays to TensorFlow takes as long as a tenth of a step of one sentence.
"""

from __future__ import annotations

import numpy as np

from neuroner_tl.dataset.batches import Batch, Shapes
from neuroner_tl.dataset.packed_words import PackedWords, pack_words, steps_needed

HEADER = ("batch", "time", "steps", "rows", "used", "iteration", "soft")
# Arrays that are not of integers but of float32, by their bits.
SOFT = ("soft_labels", "soft_transitions")
FLOATS = ("sentence_weights", *SOFT)
# The arrays that follow the header, with the names of their sizes.
LAYOUT = {
    "token_ids": ("batch", "time"),
    "labels": ("batch", "time"),
    "lengths": ("batch",),
    "sentence_weights": ("batch",),
    "first": ("batch", "time"),
    "last": ("batch", "time"),
    "characters": ("steps", "rows"),
    "starts": ("two", "steps", "rows"),
    # Empty where the labels are not soft.
    "soft_labels": ("batch", "time", "soft"),
    "soft_transitions": ("batch", "soft", "soft"),
}


def pack_batch(batch: Batch, shapes: Shapes) -> PackedWords:
    """Pack a batch's distinct words; a batch without characters gets empty arrays."""
    if not len(batch.characters):
        none = np.zeros((0, 0), np.int32)
        return PackedWords(none, none[None].repeat(2, 0), 0, none[0:0, 0], none[0:0, 0])
    sizes = batch.token_ids.shape
    rows = shapes.word_rows(sizes[0])
    steps = shapes.word_steps(steps_needed(batch.character_lengths, rows), *sizes) if rows else 0
    return pack_words(batch.characters, batch.character_lengths, rows, steps)


def flatten(batch: Batch, shapes: Shapes, iteration: int = 0) -> np.ndarray:
    """Put a batch into one vector.

    Args:
        batch: the batch.
        shapes: how the packed words' sizes are rounded up.
        iteration: number of the step, from 1.

    Returns:
        int32: the values that ``HEADER`` names, then the arrays that ``LAYOUT`` names; those that
        ``FLOATS`` names as the bits of float32.
    """
    packed = pack_batch(batch, shapes)
    values = arrays_of(batch, packed)
    sizes = (*batch.token_ids.shape, *packed.characters.shape)
    header = (*sizes, packed.used, iteration, batch.soft_labels.shape[2])
    return np.concatenate([np.array(header, np.int32), *(values[n].reshape(-1) for n in LAYOUT)])


def arrays_of(batch: Batch, packed: PackedWords) -> dict[str, np.ndarray]:
    """Return the arrays that ``LAYOUT`` names, int32.

    Args:
        batch: the batch.
        packed: its distinct words, packed.
    """
    # A batch without characters has no positions; they are not used.
    first, last = (
        places[batch.word_index] if len(places) else batch.word_index
        for places in (packed.first, packed.last)
    )
    values = {
        "token_ids": batch.token_ids,
        "labels": batch.labels,
        "lengths": batch.lengths,
        "sentence_weights": batch.sentence_weights,
        "soft_labels": batch.soft_labels,
        "soft_transitions": batch.soft_transitions,
        "first": first,
        "last": last,
        "characters": packed.characters,
        "starts": packed.starts,
    }
    for name in FLOATS:
        values[name] = np.ascontiguousarray(values[name], np.float32).view(np.int32)
    return values
