"""The six layers together: their weights, their starting values, and what they compute."""

import numpy as np
import pytest
import tensorflow as tf
from numpy_network import all_paths, sentence_scores
from random_networks import (
    ARCHITECTURES,
    architecture_id,
    decode,
    encode_words,
    random_batch,
    random_network,
)

from neuroner_tl.model.bilstm import initial_bilstm
from neuroner_tl.model.entity_lstm import (
    LAYER_NAMES,
    Architecture,
    EntityLSTM,
    create_network,
    initial_weights,
    weight_shapes,
)
from neuroner_tl.model.reference import ReferenceModel
from neuroner_tl.model.token_embedding import TokenEmbedding

LABELS, TOKENS, ALPHABET = 5, 30, 20
D, N, DC, NC = 7, 6, 4, 3


def make(**changes):
    sizes = {
        "labels": LABELS,
        "token_dimension": D,
        "token_hidden": N,
        "character_dimension": DC,
        "character_hidden": NC,
    }
    return Architecture(**{**sizes, **changes})


def bilstm_shapes(d, n, peepholes):
    shapes = {"input": (d, 3 * n), "recurrent": (n, 3 * n), "bias": (3 * n,)}
    shapes.update(initial_h=(n,), initial_c=(n,))
    if peepholes != "none":
        shape = (n, n) if peepholes == "full" else (n,)
        shapes.update(peephole_i=shape, peephole_o=shape)
    return {f"{way}_{k}": v for way in ("forward", "backward") for k, v in shapes.items()}


@pytest.mark.parametrize("peepholes", ["full", "diagonal", "none"])
@pytest.mark.parametrize("characters", [True, False])
@pytest.mark.parametrize("crf", [True, False])
def test_shapes_of_all_weights(peepholes, characters, crf):
    architecture = make(peepholes=peepholes, use_character_lstm=characters, use_crf=crf)
    width = D + (2 * NC if characters else 0)
    expected = {"token_embeddings": {"embedding": (TOKENS, D)}}
    if characters:
        expected["character_embeddings"] = {"embedding": (ALPHABET, DC)}
        expected["character_lstm"] = bilstm_shapes(DC, NC, peepholes)
    expected["token_lstm"] = {
        **bilstm_shapes(width, N, peepholes),
        "projection": (2 * N, N),
        "projection_bias": (N,),
    }
    expected["feedforward"] = {"kernel": (N, LABELS), "bias": (LABELS,)}
    if crf:
        expected["crf"] = {
            "transitions": (LABELS, LABELS),
            "start": (LABELS,),
            "end": (LABELS,),
        }
    network = create_network(architecture, initial_weights(architecture, TOKENS, ALPHABET, 0))
    found = {
        layer: {name: tuple(v.shape) for name, v in named.items()}
        for layer, named in network.weights.items()
    }
    assert found == weight_shapes(architecture, TOKENS, ALPHABET) == expected
    assert list(found) == [name for name in LAYER_NAMES if name in expected]
    assert architecture.input_size == width
    assert all(v.dtype == tf.float32 for named in network.weights.values() for v in named.values())


def test_number_of_weights_of_the_papers_network():
    # Two directions; three gates with input, recurrent and bias; two peepholes; initial states.
    architecture = Architecture(labels=5)
    weights = initial_weights(architecture, 1000, 100, 0)
    counts = {layer: sum(v.size for v in w.values()) for layer, w in weights.items()}
    cell = 3 * (25 * 25 + 25 * 25 + 25) + 2 * 25 * 25 + 2 * 25
    token_cell = 3 * (250 * 200 + 200 * 200 + 200) + 2 * 200 * 200 + 2 * 200
    assert counts == {
        "token_embeddings": 1000 * 200,
        "character_embeddings": 100 * 25,
        "character_lstm": 2 * cell,
        "token_lstm": 2 * token_cell + 400 * 200 + 200,
        "feedforward": 200 * 5 + 5,
        "crf": 5 * 5 + 5 + 5,
    }


class TestInitialValues:
    big = Architecture(40, 60, 50, 30, 20)

    @pytest.fixture(scope="class")
    def weights(self):
        return initial_weights(self.big, 300, 80, 1)

    def test_biases(self, weights):
        for layer, n in (("character_lstm", 20), ("token_lstm", 50)):
            for way in ("forward", "backward"):
                bias = weights[layer][f"{way}_bias"]
                # NeuroNER's forget bias of 1: i = 1 - sigmoid(f + 1) = sigmoid(-f - 1).
                assert (bias[:n] == -1).all() and (bias[n:] == 0).all()
        assert not weights["token_lstm"]["projection_bias"].any()
        assert not weights["feedforward"]["bias"].any()

    @pytest.mark.parametrize(
        ("layer", "name", "fans"),
        [
            ("token_embeddings", "embedding", 300 + 60),
            ("character_embeddings", "embedding", 80 + 30),
            ("character_lstm", "forward_input", 30 + 20 + 60),
            ("token_lstm", "forward_input", 100 + 50 + 150),
            ("token_lstm", "backward_recurrent", 100 + 50 + 150),
            ("token_lstm", "forward_peephole_i", 100),
            ("token_lstm", "projection", 100 + 50),
            ("feedforward", "kernel", 50 + 40),
            ("crf", "transitions", 2 * (40 + 2)),
        ],
    )
    def test_glorot_limits(self, weights, layer, name, fans):
        values, limit = weights[layer][name], np.sqrt(6 / fans)
        assert np.abs(values).max() <= limit
        assert np.abs(values).max() > 0.97 * limit
        assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
        assert abs(values.mean()) < 0.1 * limit

    @pytest.mark.parametrize("name", ["initial_h", "initial_c"])
    def test_glorot_limits_of_initial_states(self, name):
        """A state of size n is a matrix ``[1, n]``; limits differ most where n is 1."""
        rng, limit = np.random.default_rng(0), np.sqrt(6 / (1 + 1))
        drawn = [initial_bilstm(rng, 1, 1, "none")[f"forward_{name}"][0] for _ in range(300)]
        assert 0.97 * limit < np.abs(drawn).max() <= limit

    def test_no_two_weights_are_equal(self, weights):
        cell = weights["token_lstm"]
        assert not np.array_equal(cell["forward_input"], cell["backward_input"])
        assert not np.array_equal(cell["forward_peephole_i"], cell["forward_peephole_o"])

    def test_same_seed_same_weights(self, weights):
        again, other = (initial_weights(self.big, 300, 80, seed) for seed in (1, 2))
        for layer, named in weights.items():
            for name, value in named.items():
                np.testing.assert_array_equal(value, again[layer][name])
                if value.std() > 0 and "bias" not in name:
                    assert not np.array_equal(value, other[layer][name])

    def test_layers_do_not_depend_on_each_other(self, weights):
        other = initial_weights(self.big, 17, 23, 1)
        for layer in ("character_lstm", "token_lstm", "feedforward", "crf"):
            for name, value in weights[layer].items():
                np.testing.assert_array_equal(value, other[layer][name])
        without = initial_weights(Architecture(40, 60, 50, 30, 20, use_crf=False), 300, 80, 1)
        np.testing.assert_array_equal(
            without["feedforward"]["kernel"], weights["feedforward"]["kernel"]
        )

    def test_word_vectors_are_placed(self):
        vectors = np.arange(TOKENS * D, dtype=np.float32).reshape(TOKENS, D)
        found = np.arange(TOKENS) % 3 == 1
        table = initial_weights(make(), TOKENS, ALPHABET, 0, vectors, found)
        plain = initial_weights(make(), TOKENS, ALPHABET, 0)
        table, plain = (w["token_embeddings"]["embedding"] for w in (table, plain))
        np.testing.assert_array_equal(table[found], vectors[found])
        np.testing.assert_array_equal(table[~found], plain[~found])

    def test_word_vectors_are_not_placed_unless_it_is_known_where(self):
        plain, *others = (
            TokenEmbedding.initial(np.random.default_rng(0), TOKENS, D, *given)["embedding"]
            for given in [(), (np.ones((TOKENS, D)), None), (None, np.ones(TOKENS, bool))]
        )
        for other in others:
            np.testing.assert_array_equal(other, plain)


def numpy_weights(network):
    return {k: {n: v.numpy() for n, v in w.items()} for k, w in network.weights.items()}


def network_scores(network, batch, rows=0):
    words = None
    if network.architecture.use_character_lstm:
        words = encode_words(network, batch, rows)
    rows = network.token_embedding(tf.constant(batch.token_ids))
    return network.scores(rows, words, tf.constant(batch.lengths))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=architecture_id)
@pytest.mark.parametrize("rows", [0, 2], ids=["together", "in-groups"])
def test_whole_network_against_numpy(architecture, rows):
    """Scores, losses and best labels of each sentence by itself, without any padding."""
    network = random_network(architecture)
    batch = random_batch([4, 1, 3], pad_time=3, pad_words=2)
    lengths = tf.constant(batch.lengths)
    scores = network_scores(network, batch, rows)
    losses = network.loss(scores, tf.constant(batch.labels), lengths).numpy()
    best = decode(network.sequence_optimisation, scores, lengths)
    weights = numpy_weights(network)
    for row, length in enumerate(batch.lengths):
        words = None
        if architecture.use_character_lstm:
            words = [
                batch.characters[w, : batch.character_lengths[w]]
                for w in batch.word_index[row, :length]
            ]
        expected = sentence_scores(weights, batch.token_ids[row, :length], words)
        np.testing.assert_allclose(scores.numpy()[row, :length], expected, rtol=1e-9, atol=1e-12)
        gold = tuple(batch.labels[row, :length])
        if architecture.use_crf:
            crf = weights["crf"]
            paths = dict(all_paths(expected, crf["transitions"], crf["start"], crf["end"]))
            log_z = np.logaddexp.reduce(list(paths.values()))
            assert losses[row] == pytest.approx(log_z - paths[gold], rel=1e-9)
            assert tuple(best[row, :length]) == max(paths, key=paths.get)
        else:
            log_p = expected - np.log(np.exp(expected).sum(axis=1, keepdims=True))
            assert losses[row] == pytest.approx(-log_p[np.arange(length), list(gold)].mean())
            assert best[row, :length].tolist() == expected.argmax(axis=1).tolist()
        assert not best[row, length:].any()


@pytest.mark.parametrize("architecture", ARCHITECTURES[:3], ids=architecture_id)
def test_best_labels_equal_the_reference(architecture):
    network = random_network(architecture)
    batch = random_batch([6, 1, 9, 4], pad_time=1)
    lengths = tf.constant(batch.lengths)
    reference = ReferenceModel(architecture, network.weights)
    scores = reference.scores(
        tf.constant(batch.token_ids),
        tf.constant(batch.word_index),
        tf.constant(batch.characters),
        tf.constant(batch.character_lengths),
        lengths,
    )
    expected = reference.decode(scores, lengths).numpy()
    found = decode(network.sequence_optimisation, network_scores(network, batch), lengths)
    inside = np.arange(found.shape[1]) < batch.lengths[:, None]
    np.testing.assert_array_equal(found[inside], expected[inside])


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=architecture_id)
def test_packed_sentences_of_projected_words_are_labelled_like_padded_ones(architecture):
    """What prediction computes equals what training does, with two sentences in a row."""
    network = random_network(architecture)
    batch = random_batch([4, 1, 3])
    words = None
    if architecture.use_character_lstm:
        words = tf.reshape(encode_words(network, batch), [-1, 2 * NC])
    rows = network.token_embedding(tf.constant(batch.token_ids.ravel()))
    # The second and the third sentence share a row; indices are of [3, 4] tokens.
    places = tf.constant([[0, 4], [1, 8], [2, 9], [3, 10]])
    projected = tuple(tf.gather(values, places) for values in network.project(rows, words))
    first = [[1, 1], [0, 1], [0, 0], [0, 0]]
    last = [[0, 1], [0, 0], [0, 0], [1, 1]]
    starts, steps = tf.constant([first, last]), tf.constant(4)

    padded = network_scores(network, batch)
    scores = network.label_prediction(
        network.token_lstm.read(projected, steps, tf.not_equal(starts, 0))
    )
    expected = tf.gather(tf.reshape(padded, [-1, LABELS]), places)
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-12)
    best = decode(network.sequence_optimisation, padded, batch.lengths)
    found = network.label(projected, starts, steps)[0].numpy()
    np.testing.assert_array_equal(found, best.ravel()[places.numpy()])


def test_closed_form_and_addons_share_their_variables():
    network = random_network(ARCHITECTURES[0])
    other = EntityLSTM(network.architecture, network.weights, closed_form=False)
    assert other.weights["crf"]["start"] is network.weights["crf"]["start"]
