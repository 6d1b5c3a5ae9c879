"""An update that is a program of its own does what one inside the program does, compiled once."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from random_networks import ARCHITECTURES, random_batch, random_network, values_by_name

from neuroner_tl.training.steps.averaging import ExponentialAverages
from neuroner_tl.training.steps.program import training_program
from neuroner_tl.training.steps.step import TrainingStep
from neuroner_tl.training.steps.step_settings import StepSettings

FULL, NO_CHARACTERS = ARCHITECTURES[:2]
SETTINGS = StepSettings(optimiser="adam", clip_norm=0.4, weight_decay=0.1, averaging_decay=0.9)
# Of two sizes.
BATCHES = [random_batch([3, 5, 2], seed=0), random_batch([3, 20, 2], seed=1)]


def trained(settings):
    step = TrainingStep(random_network(FULL, dtype=tf.float64), settings, 0.1, 7)
    losses = [float(step(batch)) for batch in BATCHES]
    assert isinstance(step.averages, ExponentialAverages)
    return losses, *(
        values_by_name(some) for some in (step.weights, step.slots, step.averages.variables)
    )


@pytest.mark.usefixtures("eagerly")
def test_an_update_apart_is_the_same_update(monkeypatch):
    assert SETTINGS.updates_apart
    found = trained(SETTINGS)
    training_program.cache_clear()
    monkeypatch.setattr(StepSettings, "updates_apart", property(lambda _: False))
    expected = trained(SETTINGS)
    training_program.cache_clear()
    assert found[0] == pytest.approx(expected[0], rel=1e-12)
    for some, others in zip(found[1:], expected[1:]):
        assert some.keys() == others.keys()
        for name, value in others.items():
            np.testing.assert_allclose(some[name], value, rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize(
    "changes, apart",
    [
        ({}, False),
        ({"clip_norm": 1.0}, False),
        ({"averaging_decay": 0.9}, True),
        ({"optimiser": "adam"}, True),
        ({"optimiser": "adadelta"}, True),
    ],
)
def test_updates_of_many_operations_are_apart(changes, apart):
    assert dataclasses.replace(StepSettings(), **changes).updates_apart == apart


@pytest.mark.usefixtures("unoptimised")
def test_the_update_is_traced_once_for_all_sizes(monkeypatch):
    made = []
    whole = tf.function

    def noted(function, **options):
        made.append(whole(function, **options))
        return made[-1]

    training_program.cache_clear()
    monkeypatch.setattr(tf, "function", noted)
    step = TrainingStep(random_network(NO_CHARACTERS, dtype=tf.float32), SETTINGS, 0.1, 7)
    monkeypatch.undo()
    gradients, update, _ = made  # The last is the outer level, which is not compiled.
    for batch in BATCHES:
        step(batch)
    # What the step is traced with has no sizes; each program is specialised to those that it meets.
    assert update.experimental_get_tracing_count() == 1
    assert gradients.experimental_get_tracing_count() >= 1
