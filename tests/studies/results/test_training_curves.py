"""F1 on valid against CPU time: the curve of a run; test_recipes.py has the figure."""

from types import SimpleNamespace

import pytest

from neuroner_tl.studies.results.training_curves import Curve, curve_of


def result(**members):
    return SimpleNamespace(record=members)


def test_a_curve_never_falls_and_its_times_add_up():
    own = result(epoch_cpu_seconds=[10.0, 2.5, 2.5], epoch_scores=[[1, 0.5], [2, 0.25], [3, 0.75]])
    assert curve_of(own) == Curve((10.0, 12.5, 15.0), (50.0, 50.0, 75.0))


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"epoch_scores": [[1, 0.5]]},
        {"epoch_cpu_seconds": [], "epoch_scores": []},
        {"epoch_cpu_seconds": [1.0, 1.0], "epoch_scores": [[1, 0.5]]},
    ],
)
def test_a_record_without_the_times_of_its_epochs_has_no_curve(members):
    assert curve_of(result(**members)) is None
