"""The estimate of memory: what it counts, and that nothing is drawn for it."""

import numpy as np
import pytest
from random_networks import ARCHITECTURES

from neuroner_tl.model.entity_lstm import Architecture, initial_weights, weight_shapes
from neuroner_tl.model.layer import glorot
from neuroner_tl.model.token_embedding import TokenEmbedding
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.needed_memory import needed_megabytes


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_shapes_are_those_of_the_weights(architecture):
    drawn = initial_weights(architecture, 30, 20, seed=0)
    shapes = {k: {n: value.shape for n, value in named.items()} for k, named in drawn.items()}
    assert weight_shapes(architecture, 30, 20) == shapes


def test_shapes_of_a_network_that_no_machine_holds():
    shapes = weight_shapes(Architecture(5, token_hidden=200_000), 10**9, 100)
    assert shapes["token_lstm"]["forward_recurrent"] == (200_000, 600_000)
    assert shapes["token_embeddings"]["embedding"] == (10**9, 200)


def test_estimate():
    small, large = Architecture(5), Architecture(5, token_hidden=400)

    def megabytes(architecture, optimizer="sgd", tokens=1000, batch_size=1):
        parameters = Parameters(optimizer=optimizer, batch_size=batch_size)
        return needed_megabytes(parameters, architecture, tokens, 80, 500, 60)[1]

    weights = needed_megabytes(Parameters(), small, 1000, 80, 500, 60)[0]
    drawn = initial_weights(small, 1000, 80, seed=0)
    assert weights == sum(value.size for named in drawn.values() for value in named.values())
    assert megabytes(large) > 2 * megabytes(small)
    assert megabytes(small, "adam") > megabytes(small)
    # A table of a million rows: once drawn, once in the network, 800 MB each.
    assert megabytes(small, tokens=10**6) == pytest.approx(1526, rel=0.05)
    # No batch is larger than the corpus.
    assert megabytes(small, batch_size=500) == megabytes(small, batch_size=5000)
    assert megabytes(small, batch_size=500) > megabytes(small)
    by_tokens = needed_megabytes(Parameters(batch_tokens=60 * 50), small, 1000, 80, 500, 60)[1]
    assert by_tokens == megabytes(small, batch_size=50)


def test_the_table_is_drawn_in_blocks_of_the_same_numbers(monkeypatch):
    monkeypatch.setattr("neuroner_tl.model.token_embedding._ROWS", 7)
    whole = glorot(np.random.default_rng(3), (30, 4))
    vectors, found = np.ones((30, 4), np.float32), np.arange(30) % 3 == 0
    table = TokenEmbedding.initial(np.random.default_rng(3), 30, 4, vectors, found)["embedding"]
    assert table.dtype == np.float32
    np.testing.assert_array_equal(table[~found], whole[~found].astype(np.float32))
    assert (table[found] == 1).all()
