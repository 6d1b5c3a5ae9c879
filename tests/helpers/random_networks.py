"""Random networks and batches for the tests of the model."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from neuroner_tl.dataset.batches import Batch
from neuroner_tl.dataset.packed_words import pack_words
from neuroner_tl.model.entity_lstm import Architecture, create_network, initial_weights
from neuroner_tl.model.sequence_optimisation import tfa_text

VOCABULARY, ALPHABET = 30, 20

with_addons = pytest.mark.skipif(tfa_text is None, reason="tensorflow-addons is not installed")
# Both ways to compute the loss of layer 6.
CRF_WAYS = pytest.mark.parametrize(
    "closed_form",
    [pytest.param(True, id="closed"), pytest.param(False, id="addons", marks=with_addons)],
)

ARCHITECTURES = [
    Architecture(
        labels=5,
        token_dimension=7,
        token_hidden=6,
        character_dimension=4,
        character_hidden=3,
        use_character_lstm=characters,
        use_crf=crf,
        peepholes=peepholes,
    )
    for peepholes, (characters, crf) in itertools.product(
        ("full", "diagonal", "none"), [(True, True), (False, True), (True, False)]
    )
]


def architecture_id(a):
    characters = "char" if a.use_character_lstm else "nochar"
    linear = f"-linear{a.token_linear}" if a.token_linear else ""
    return f"{a.peepholes}-{characters}-{'crf' if a.use_crf else 'softmax'}{linear}"


def random_network(architecture, seed=0, dtype=tf.float64, closed_form=True):
    weights = initial_weights(architecture, VOCABULARY, ALPHABET, seed)
    rng = np.random.default_rng(seed + 1000)
    # Away from the starting point, where biases are zero and gradients could hide.
    weights = {
        layer: {name: value + 0.3 * rng.standard_normal(value.shape) for name, value in w.items()}
        for layer, w in weights.items()
    }
    return create_network(architecture, weights, dtype, closed_form)


def values_by_name(variables):
    """Return arrays by LAYER/NAME, of weights or whatever is kept for each of them."""
    return {f"{k}/{n}": v.numpy() for k, named in variables.items() for n, v in named.items()}


def random_batch(lengths, longest_word=5, seed=0, labels=5, pad_time=0, pad_words=0):
    rng = np.random.default_rng(seed)
    batch, time = len(lengths), max(lengths) + pad_time
    words = max(1, batch * time // 2) + pad_words
    character_lengths = rng.integers(1, longest_word + 1, words).astype(np.int32)
    characters = rng.integers(2, ALPHABET, (words, longest_word + 1)).astype(np.int32)
    characters[np.arange(longest_word + 1) >= character_lengths[:, None]] = 0
    return Batch(
        token_ids=rng.integers(0, VOCABULARY, (batch, time)).astype(np.int32),
        word_index=rng.integers(0, words - pad_words, (batch, time)).astype(np.int32),
        characters=characters,
        character_lengths=character_lengths,
        lengths=np.array(lengths, np.int32),
        labels=rng.integers(0, labels, (batch, time)).astype(np.int32),
        sentence_weights=np.ones(batch, np.float32),
    )


def decode(layer, scores, lengths):
    """Best labels ``[batch, time]`` of a batch with a sentence a row, 0 in the padding."""
    time, lengths = scores.shape[1], np.asarray(lengths)
    steps = np.arange(time)[:, None]
    starts = np.stack([(steps == 0) | (steps == lengths), steps == lengths - 1])
    scores = tf.transpose(scores, [1, 0, 2])
    best = layer.decode(scores, tf.constant(starts), tf.constant(time))
    return best.numpy().T * (np.arange(time) < lengths[:, None])


def encode_words(network, batch, rows=0):
    """What layer 3 makes of a batch's words, ``[batch, time, 2 * hidden]``, packed in groups."""
    packed = pack_words(batch.characters, batch.character_lengths, rows)
    return network.encode_words(
        network.character_embedding(tf.constant(packed.characters)),
        tf.constant(packed.starts),
        tf.constant(packed.used),
        tf.constant(packed.first[batch.word_index]),
        tf.constant(packed.last[batch.word_index]),
    )
