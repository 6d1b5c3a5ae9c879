"""Expected calibration error against a count by hand."""

import numpy as np
import pytest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.calibration import calibration, mention_calibration


def test_error_by_hand():
    """Two bins of ten are used: 3 of 4 at a mean of 0.95, 0 of 1 at 0.25."""
    found = calibration([0.91, 0.93, 0.97, 0.99, 0.25], [True, True, False, True, False])
    assert found.error == pytest.approx(4 / 5 * (0.95 - 0.75) + 1 / 5 * 0.25)
    used = [entry for entry in found.bins if entry.number]
    assert [(b.lower, b.upper, b.number) for b in used] == [(0.2, 0.3, 1), (0.9, 1.0, 4)]
    assert used[1].confidence == pytest.approx(0.95) and used[1].precision == 0.75
    assert found.to_json()["bins"][9]["number"] == 4


def test_bounds_belong_to_the_bin_below():
    found = calibration([0.0, 0.5, 0.500001, 1.0], [True] * 4, bins=2)
    assert [entry.number for entry in found.bins] == [2, 2]


def test_what_comes_true_as_often_as_said_has_no_error():
    rng = np.random.default_rng(0)
    values = rng.uniform(size=200_000)
    correct = rng.uniform(size=len(values)) < values
    assert calibration(values, correct).error < 0.01
    assert calibration(values**3, correct).error > 0.1


def test_nothing_predicted():
    found = calibration([], [])
    assert found.error == 0 and len(found.bins) == 10


@pytest.mark.parametrize(
    "arguments", [([1.2], [True]), ([float("nan")], [True]), ([0.5], []), ([0.5], [True], 0)]
)
def test_values_out_of_range(arguments):
    with pytest.raises(ParameterError, match="expected an outcome for each probability"):
        calibration(*arguments)


def test_mentions_are_correct_with_type_and_boundaries():
    def entity(start, end, probability=None, kind="DISO"):
        return Entity(kind, ((start, end),), "x" * (end - start), probability)

    text = "x" * 20
    gold = Document("1", text, (entity(0, 3), entity(5, 9)))
    said = (entity(0, 3, 0.75), entity(5, 8, 0.75), entity(5, 9, 0.75, "CHED"), entity(12, 14))
    found = mention_calibration([(gold, Document("1", text, said))])
    assert found.bins[7].number == 3 and found.error == pytest.approx(0.75 - 1 / 3)
