"""Tagging a part: however it is batched and compiled, each sentence gets its own best labels."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from mention_enumeration import enumerate_mentions
from numpy_network import all_paths, sentence_scores
from random_networks import ARCHITECTURES
from tiny_dataset import random_documents, tiny_dataset

from neuroner_tl.dataset.encoding import encode_documents
from neuroner_tl.dataset.new_words import NewVectors
from neuroner_tl.model.entity_lstm import create_network, initial_weights
from neuroner_tl.prediction import tagger as tagger_module
from neuroner_tl.prediction import word_cache as word_cache_module
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.prediction.programs import Programs, prediction_programs
from neuroner_tl.prediction.tagger import Tagger

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


@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=["full", "nochar", "nocrf"])
def test_compiled_equals_step_by_step(vocabulary, architecture):
    network = make_network(vocabulary, architecture)
    table, part = encode(vocabulary, [3, 16, 1, 14, 8, 5, 5])
    compiled = Tagger(network, 4).tag(table, part)
    tf.config.run_functions_eagerly(True)
    try:
        np.testing.assert_array_equal(Tagger(network, 4).tag(table, part), compiled)
    finally:
        tf.config.run_functions_eagerly(False)


def alone(network, table, part):
    """Labels of each sentence when there is no other."""
    labels = []
    for start, stop in zip(part.sentence_offsets[:-1], part.sentence_offsets[1:]):
        single = dataclasses.replace(
            part, words=part.words[start:stop], sentence_offsets=np.array([0, stop - start])
        )
        labels.append(Tagger(network).tag(table, single))
    return np.concatenate(labels)


def test_neither_order_nor_other_texts_matter(vocabulary):
    """Sentences and words of all lengths, those beyond a block's steps among them."""
    network = make_network(vocabulary)
    rng = np.random.default_rng(0)
    words = ["".join(rng.choice(list("abcdé1-"), size)) for size in (1, 2, 63, 64, 65)]
    lengths = [*LENGTHS, 300, 128, 127, *rng.integers(1, 50, 25)]
    table, part = encode(vocabulary, lengths, [*words, "of", "cancer", "p53"])
    expected = alone(network, table, part)
    assert len(set(expected.tolist())) > 2
    np.testing.assert_array_equal(Tagger(network).tag(table, part), expected)
    order = rng.permutation(len(lengths))
    tokens = np.concatenate([np.arange(*part.sentence_offsets[s : s + 2]) for s in order])
    shuffled = dataclasses.replace(
        part,
        words=part.words[tokens],
        sentence_offsets=np.concatenate([[0], np.cumsum(part.lengths[order])]),
    )
    np.testing.assert_array_equal(Tagger(network).tag(table, shuffled), expected[tokens])


def test_slices_of_a_part_do_not_matter(vocabulary, monkeypatch):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, LENGTHS)
    whole = Tagger(network).tag(table, part)
    for tokens in (1, 20, 39, 40):
        monkeypatch.setattr(tagger_module, "TOKENS_AT_ONCE", tokens)
        np.testing.assert_array_equal(Tagger(network).tag(table, part), whole)


@pytest.fixture
def sizes(monkeypatch):
    """The sizes of arrays that programs are called with: each is compiled once."""
    met = {name: set() for name in Programs._fields}

    def spied(architecture, dtype):
        programs = prediction_programs(architecture, dtype)

        def spy(name):
            def call(weights, *arguments):
                shapes = tuple(tuple(a.shape) for a in tf.nest.flatten(arguments))
                met[name].add(shapes)
                return getattr(programs, name)(weights, *arguments)

            return call

        return Programs(*map(spy, Programs._fields))

    monkeypatch.setattr(tagger_module, "prediction_programs", spied)
    return met


def test_few_sizes_whatever_is_given(vocabulary, sizes):
    """Numbers of distinct words, sentences and lengths at random: nothing new after two calls."""
    network = make_network(vocabulary)
    tagger = Tagger(network)
    rng = np.random.default_rng(0)

    def tag(distinct, sentences):
        words = [f"w{number}" for number in rng.integers(0, 9999, distinct)]
        part = encode(vocabulary, rng.integers(1, 100, sentences), words)
        assert all(len(found.labels) for found in tagger.tag_with_marginals(*part, roles))

    expected = {"encode": 2, "label": 2, "lattice": 2, "decode": 0}
    roles = LabelRoles.of(vocabulary.labels)
    tag(30, 2)
    tag(3000, 200)
    assert {name: len(met) for name, met in sizes.items()} == expected
    programs = prediction_programs(network.architecture, tf.float32)
    traces = [program.experimental_get_tracing_count() for program in programs]
    assert traces == [1, 1, 1, 0]
    for _ in range(40):
        tag(int(rng.integers(1, 500)), int(rng.integers(1, 60)))
    assert {name: len(met) for name, met in sizes.items()} == expected
    assert [program.experimental_get_tracing_count() for program in programs] == traces


def test_long_sequences_take_blocks_of_few_rows(vocabulary, sizes):
    """A token of 6,000 characters beside a thousand words, and a sentence of 3,000 tokens."""
    words = [f"w{number}" for number in range(1023)]
    documents = [*random_documents([500] * 4, 1, words), *random_documents([1], 2, ["A" * 6000])]
    table, part = encode_documents([*documents, *random_documents([3000], 3)], vocabulary)
    assert len(table.words) > 800
    Tagger(make_network(vocabulary)).tag(table, part)
    for met in sizes.values():
        for shapes in met:
            steps, rows = shapes[0][:2]
            assert steps * rows <= 1 << 14


def test_vectors_of_new_words_replace_those_of_the_vocabulary(vocabulary):
    network = make_network(vocabulary)
    table, part = encode(vocabulary, [6, 5, 4], ["ζ", "of", "η", "cancer", "θ"])
    new = np.flatnonzero(table.token_ids == 0)
    vectors = np.random.default_rng(2).normal(size=(len(new), 7)).astype(np.float32)
    found = Tagger(network).tag(table, part, NewVectors(new, vectors))
    weights = {
        layer: {name: value.numpy() for name, value in named.items()}
        for layer, named in network.weights.items()
    }
    rows = weights["token_embeddings"]["embedding"]
    weights["token_embeddings"]["embedding"] = np.concatenate([rows, vectors])
    longer = create_network(network.architecture, weights)
    ids = table.token_ids.copy()
    ids[new] = len(rows) + np.arange(len(new))
    expected = one_by_one(longer, dataclasses.replace(table, token_ids=ids), part)
    np.testing.assert_array_equal(found, expected)
    assert (found != Tagger(network).tag(table, part)).any()


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


def test_tagger_uses_the_current_weights(vocabulary):
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


@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=["full", "nochar", "nocrf"])
def test_probabilities_against_numpy(vocabulary, architecture, monkeypatch):
    """Of the labels and the mentions of every sentence, with a temperature, slice by slice."""
    network = make_network(vocabulary, architecture)
    table, part = encode(vocabulary, [3, 1, 5, 2, 4, 1])
    monkeypatch.setattr(tagger_module, "TOKENS_AT_ONCE", 9)
    roles = LabelRoles.of(vocabulary.labels)
    slices = list(Tagger(network, 4).tag_with_marginals(table, part, roles, temperature=1.7))
    assert len(slices) == 2
    labels = np.concatenate([found.labels for found in slices])
    np.testing.assert_array_equal(labels, one_by_one(network, table, part))
    weights = {
        k: {n: v.numpy().astype(float) for n, v in w.items()} for k, w in network.weights.items()
    }
    for sentences, _, marginals in slices:
        offsets = part.sentence_offsets[sentences[0] : sentences[-1] + 2]
        for start, stop in zip(offsets[:-1], offsets[1:]):
            words = part.words[start:stop]
            characters = [
                table.char_ids[table.char_offsets[w] : table.char_offsets[w + 1]] for w in words
            ]
            if not architecture.use_character_lstm:
                characters = None
            scores = sentence_scores(weights, table.token_ids[words], characters)
            crf = weights.get("crf", {})
            expected, _ = enumerate_mentions(scores, crf, vocabulary.labels, 1.7)
            spans = list(expected)
            first = start - offsets[0]
            inside = [(name, first + s, first + e) for name, s, e in spans]
            np.testing.assert_allclose(
                marginals.of_mentions(inside), [expected[span] for span in spans], atol=1e-5
            )


@pytest.mark.parametrize("architecture", ARCHITECTURES[:2], ids=["full", "nochar"])
def test_words_that_are_kept_give_what_they_gave(vocabulary, architecture, monkeypatch):
    """With some of the words kept, all, and more than there is room for."""
    monkeypatch.setattr(word_cache_module, "MAX_WORDS", 12)
    network = make_network(vocabulary, architecture)
    roles = LabelRoles.of(vocabulary.labels)
    keeping = Tagger(network, 4, keep_words=True)
    words = [f"w{number}" for number in range(30)]
    for lengths, some in (([3, 9], words[:9]), ([5, 9, 2], words[4:14]), ([40, 30], words)):
        table, part = encode(vocabulary, lengths, some)
        for _ in range(2):
            for kept, computed in zip(
                keeping.tag_with_marginals(table, part, roles),
                Tagger(network, 4).tag_with_marginals(table, part, roles),
            ):
                np.testing.assert_array_equal(kept.labels, computed.labels)
                np.testing.assert_allclose(
                    kept.marginals.of_labels(), computed.marginals.of_labels(), atol=1e-5
                )


def test_words_that_are_kept_are_not_encoded_again(vocabulary, sizes):
    tagger = Tagger(make_network(vocabulary), keep_words=True)
    table, part = encode(vocabulary, [6, 5], ["of", "cancer", "ζ"])
    tagger.tag(table, part)
    sizes["encode"].clear()
    tagger.tag(*encode(vocabulary, [7], ["cancer", "of"]))
    assert not sizes["encode"]
    tagger.tag(*encode(vocabulary, [7], ["cancer", "new"]))
    assert sizes["encode"]


def test_the_compiler_is_made_quiet_before_it_compiles(vocabulary, monkeypatch):
    calls = []
    monkeypatch.setattr(tagger_module, "compile_quietly_once", lambda: calls.append("quiet"))
    Tagger(make_network(vocabulary))
    assert calls == ["quiet"]
