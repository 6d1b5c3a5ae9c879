"""Tagging a part: however it is batched and compiled, each sentence gets its own best labels."""

import numpy as np
import pytest
import tensorflow as tf
from numpy_network import all_paths, sentence_scores
from random_networks import ARCHITECTURES
from tiny_dataset import random_documents, tiny_dataset

from neuroner_tl.dataset.encoding import encode_documents
from neuroner_tl.model.entity_lstm import create_network, initial_weights
from neuroner_tl.model.tagger import Tagger

LENGTHS = [3, 17, 1, 8, 5, 5, 40, 2, 16, 12, 33, 1]


@pytest.fixture(scope="module")
def vocabulary():
    return tiny_dataset().vocabulary


def make_network(vocabulary, architecture=ARCHITECTURES[0], seed=0):
    weights = initial_weights(
        architecture, len(vocabulary.tokens), len(vocabulary.characters), seed
    )
    rng = np.random.default_rng(seed)
    weights = {
        layer: {name: value + 0.5 * rng.normal(size=value.shape) for name, value in w.items()}
        for layer, w in weights.items()
    }
    return create_network(architecture, weights, tf.float32)


def encode(vocabulary, lengths, words=None):
    more = {} if words is None else {"words": words}
    return encode_documents(random_documents(lengths, 5, **more), vocabulary)


def one_by_one(network, table, part):
    """Best labels by enumeration or argmax, sentence by sentence, in NumPy."""
    weights = {
        k: {n: v.numpy().astype(float) for n, v in w.items()} for k, w in network.weights.items()
    }
    labels = []
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        words = part.words[start:stop]
        characters = [
            table.char_ids[table.char_offsets[w] : table.char_offsets[w + 1]] for w in words
        ]
        if not network.architecture.use_character_lstm:
            characters = None
        scores = sentence_scores(weights, table.token_ids[words], characters)
        if "crf" in weights:
            crf = weights["crf"]
            paths = all_paths(scores, crf["transitions"], crf["start"], crf["end"])
            labels += max(paths, key=lambda item: item[1])[0]
        else:
            labels += scores.argmax(axis=1).tolist()
    return np.array(labels)


@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=["full", "nochar", "nocrf"])
def test_labels_against_numpy_in_the_parts_order(vocabulary, architecture):
    network = make_network(vocabulary, architecture)
    table, part = encode(vocabulary, [3, 1, 5, 2, 4, 1])
    found = Tagger(network, 4).tag(table, part)
    assert found.shape == (16,) and found.dtype == np.int16
    np.testing.assert_array_equal(found, one_by_one(network, table, part))


def test_batch_size_does_not_matter(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, LENGTHS)
    single = Tagger(network, 1).tag(table, part)
    for size in (2, 5, 64):
        np.testing.assert_array_equal(Tagger(network, size).tag(table, part), single)
    assert len(set(single.tolist())) > 1


def test_compiled_equals_plain(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, [3, 16, 1, 14, 8, 5, 5])
    plain = Tagger(network, 4).tag(table, part)
    compiled = Tagger(network, 4, jit_compile=True).tag(table, part)
    np.testing.assert_array_equal(compiled, plain)


@pytest.mark.slow
def test_compiled_with_sentences_beyond_the_largest_bucket(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, [*LENGTHS, 300, 129, 128, 700])
    plain = Tagger(network, 4).tag(table, part)
    compiled = Tagger(network, 4, jit_compile=True).tag(table, part)
    np.testing.assert_array_equal(compiled, plain)


def test_very_long_sentence(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, [300, 2])
    both = Tagger(network).tag(table, part)
    assert len(both) == 302
    table, alone = encode(vocabulary, [300])
    np.testing.assert_array_equal(Tagger(network).tag(table, alone), both[:300])


def test_nothing_to_tag(vocabulary):
    table, part = encode(vocabulary, [])
    assert Tagger(make_network(vocabulary)).tag(table, part).shape == (0,)


def test_words_and_characters_never_seen(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, [4, 3], ["ζζ", "Ω", "never", "\U0001f9ec"])
    assert not table.token_ids.any()
    found = Tagger(network, 2).tag(table, part)
    np.testing.assert_array_equal(found, one_by_one(network, table, part))


def test_tagger_sees_the_weights_of_the_moment(vocabulary):
    network = make_network(vocabulary)
    tagger = Tagger(network, 4)
    table, part = encode(vocabulary, [4, 5])
    tagger.tag(table, part)
    other = make_network(vocabulary, seed=9)
    for layer, named in network.weights.items():
        for name, variable in named.items():
            variable.assign(other.weights[layer][name])
    np.testing.assert_array_equal(tagger.tag(table, part), one_by_one(network, table, part))


def test_several_networks_share_the_programs(vocabulary):
    table, part = encode(vocabulary, [4, 1, 3])
    for seed in (1, 2):
        network = make_network(vocabulary, seed=seed)
        np.testing.assert_array_equal(
            Tagger(network, 2).tag(table, part), one_by_one(network, table, part)
        )
