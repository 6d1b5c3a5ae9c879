"""Marginals of drawn sentences under a drawn CRF, in the layout of prediction."""

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.packed_sequences import BlockSizes, Shape, lay_out
from neuroner_tl.model.sequence_optimisation import LabelSequenceOptimisation
from neuroner_tl.prediction.marginals import LabelRoles, Marginals

SIZES = BlockSizes(Shape(4, 2), Shape(4, 3), 64)


def marginals_of(sentences, crf, names, temperature=1.0, sizes=SIZES):
    """The marginals of sentences in packed layout; float64, step by step."""
    layer = LabelSequenceOptimisation({name: tf.constant(value) for name, value in crf.items()})
    lengths = [len(scores) for scores in sentences]
    offsets, classes = np.cumsum([0, *lengths]), len(names)
    arrays = np.full((3, offsets[-1], classes), np.nan)
    flat = np.concatenate(sentences)
    for block in lay_out(offsets, np.arange(len(sentences)), sizes):
        # What is in the padding must not matter.
        scores = np.full((block.starts[0].size, classes), 1e4)
        scores[block.cells] = flat[block.elements]
        found = layer.lattice(
            tf.constant(scores.reshape(*block.starts.shape[1:], classes)),
            tf.constant(block.starts != 0),
            tf.constant(block.used),
            tf.constant(temperature, tf.float64),
        )
        for array, values in zip(arrays, found):
            array[block.elements] = values.numpy().reshape(-1, classes)[block.cells]
    first, last = np.zeros((2, offsets[-1]), bool)
    first[offsets[:-1]], last[offsets[1:] - 1] = True, True
    transitions = crf["transitions"] / temperature if crf else np.zeros((classes, classes))
    return Marginals(*arrays, transitions, first, last, LabelRoles.of(names))


def draw(seed, names, lengths, scale=2.0, crf=True):
    rng = np.random.default_rng(seed)
    classes = len(names)
    shapes = {"transitions": (classes, classes), "start": (classes,), "end": (classes,)}
    weights = {name: scale * rng.normal(size=shape) for name, shape in shapes.items()}
    sentences = [scale * rng.normal(size=(length, classes)) for length in lengths]
    return sentences, weights if crf else {}
