"""What all layers share: their variables, and how weights are drawn."""

import numpy as np
import pytest

from neuroner_tl.model.layer import Layer, glorot


@pytest.mark.parametrize(
    ("shape", "fans", "total"),
    [
        ((30, 20), (), 30 + 20),
        ((7, 30, 20), (), 30 + 20),
        ((300,), (), 2 * 300),
        ((300,), (150,), 150),
        ((30, 20), (90,), 90),
    ],
)
def test_bounds_of_glorot_initialisation(shape, fans, total):
    limit = np.sqrt(6 / total)
    values = glorot(np.random.default_rng(0), shape, *fans)
    assert values.shape == shape
    assert 0.97 * limit < np.abs(values).max() <= limit
    assert values.min() < -0.9 * limit and values.max() > 0.9 * limit
    assert values.std() == pytest.approx(limit / np.sqrt(3), rel=0.1)
    np.testing.assert_array_equal(values, glorot(np.random.default_rng(0), shape, *fans))


def test_a_layer_keeps_its_variables_under_their_names():
    variables = {"kernel": 1, "bias": 2}
    layer = Layer(variables)
    assert layer.weights == variables and layer.weights is not variables
