"""Figures of probabilities: files that are there and whole, for any outcomes."""

import csv

import numpy as np
import pytest
from scipy.stats import binomtest

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.evaluation.calibration import ConfidenceOutcomes
from neuroner_tl.evaluation.thresholds import ThresholdCurve
from neuroner_tl.studies.pages.confidence import (
    _wilson,
    reliability_figure,
    write_confidence_figures,
)


def outcomes_of(probabilities, correct):
    text = "x" * (2 * len(probabilities))
    found = tuple(
        Entity("DISO", ((2 * n, 2 * n + 1),), "x", float(p)) for n, p in enumerate(probabilities)
    )
    gold = tuple(entity for entity, hit in zip(found, correct) if hit)
    outcomes = ConfidenceOutcomes()
    outcomes.add(Document("1", text, gold), Document("1", text, found))
    return outcomes


@pytest.mark.parametrize("number", [1, 200])
def test_figures_and_table(tmp_path, number):
    rng = np.random.default_rng(0)
    values = rng.uniform(size=number)
    outcomes = outcomes_of(values, rng.uniform(size=number) < values)
    files = write_confidence_figures(outcomes, tmp_path / "deep" / "figures")
    assert sorted(path.name for path in files) == sorted(
        path.name for path in (tmp_path / "deep" / "figures").iterdir()
    )
    assert all(path.stat().st_size > 1000 for path in files)
    with open(tmp_path / "deep" / "figures" / "thresholds.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 1001
    at = ThresholdCurve.of(outcomes).at(0.5)
    assert (rows[500]["threshold"], int(rows[500]["tp"]), int(rows[500]["fp"])) == (
        "0.5",
        at.tp,
        at.fp,
    )


def test_the_diagram_draws_bins_that_are_used():
    outcomes = outcomes_of([0.95, 0.97, 0.25], [True, False, False])
    left, right = reliability_figure(outcomes.calibration()).draw().axes
    line = left.containers[0].lines[0]
    assert line.get_xdata() == pytest.approx([0.25, 0.96])
    assert line.get_ydata() == pytest.approx([0, 0.5])
    assert [bar.get_height() for bar in right.patches] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 2]


@pytest.mark.parametrize(("hits", "number"), [(0, 1), (3, 7), (50, 50)])
def test_intervals_are_wilsons(hits, number):
    expected = binomtest(hits, number).proportion_ci(0.95, "wilson")
    assert _wilson(hits / number, number) == pytest.approx(tuple(expected), abs=1e-4)
