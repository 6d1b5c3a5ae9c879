"""Precision and recall by threshold against counts one by one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.calibration import ConfidenceOutcomes
from neuroner_tl.evaluation.thresholds import (
    STEPS,
    ThresholdCurve,
    confidence_json,
    confidence_report,
)

PREDICTIONS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 0.999, 1.0]), st.booleans()), max_size=12
)


@given(
    predictions=PREDICTIONS,
    missed=st.integers(0, 4),
    threshold=st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]),
    precision=st.sampled_from([0.0, 0.5, 0.75, 0.9, 1.0]),
)
@settings(max_examples=100)
def test_any_predictions_against_counting(predictions, missed, threshold, precision):
    gold = sum(hit for _, hit in predictions) + missed
    curve = ThresholdCurve([p for p, _ in predictions], [hit for _, hit in predictions], gold)

    def kept(least):
        return [hit for p, hit in predictions if p >= least]

    hits = kept(threshold)
    counts = curve.at(threshold)
    assert (counts.tp, counts.fp) == (sum(hits), len(hits) - sum(hits))
    assert counts.fn == gold - sum(hits)
    right = [
        step / STEPS
        for step in range(STEPS + 1)
        if kept(step / STEPS) and np.mean(kept(step / STEPS)) >= precision
    ]
    assert curve.threshold_for(precision) == (right[0] if right else None)


def test_a_threshold_is_what_keeps_it():
    curve = ThresholdCurve([0.5], [True], 2)
    assert curve.at(0.5).tp == 1 and curve.at(0.501).tp == 0


@pytest.mark.parametrize(
    "arguments",
    [([1.2], [True], 1), ([0.5], [], 1), ([0.5], [True], 0), ([float("nan")], [True], 1)],
)
def test_values_out_of_range(arguments):
    with pytest.raises(ParameterError, match="expected an outcome for each probability"):
        ThresholdCurve(*arguments)


def entity(start, end, probability=None, certain=True):
    return Entity("DISO", ((start, end),), "x" * (end - start), probability, certain)


def test_outcomes_of_documents():
    """One is right, one is wrong, one is in an unknown region, and one has no probability."""
    text = "x" * 20
    gold = Document("1", text, (entity(0, 3), entity(5, 9), entity(12, 15, certain=False)))
    found = (entity(0, 3, 0.9), entity(0, 3, 0.9), entity(5, 8, 0.4), entity(13, 14, 0.3))
    outcomes = ConfidenceOutcomes()
    outcomes.add(gold, Document("1", text, found))
    assert outcomes.gold == 2 and outcomes.all_known
    assert outcomes.probabilities.tolist() == [0.9, 0.4]
    assert outcomes.correct.tolist() == [True, False]
    outcomes.add(Document("2", text), Document("2", text, (entity(0, 1),)))
    assert outcomes.without == 1 and not outcomes.all_known


def test_report_and_json():
    outcomes = ConfidenceOutcomes()
    text = "x" * 40
    found = tuple(entity(2 * n, 2 * n + 1, 0.5 + n / 40) for n in range(20))
    outcomes.add(Document("1", text, found[8:]), Document("1", text, found))
    lines = [line.split() for line in confidence_report(outcomes).splitlines()]
    assert ["0.50", "12", "8", "0", "60.00", "100.00", "75.00"] in lines
    assert ["95", "%:", "0.676", "12", "0", "0", "100.00", "100.00", "100.00"] in lines
    content = confidence_json(outcomes)
    assert content["thresholds"][0]["threshold"] == 0 and content["thresholds"][0]["fp"] == 8
    assert [row["threshold"] for row in content["for_precision"]][-1] == 0.676
    assert content["calibration"]["error"] == outcomes.calibration().error


def test_a_precision_that_no_threshold_reaches():
    outcomes = ConfidenceOutcomes()
    outcomes.add(Document("1", "xxxx"), Document("1", "xxxx", (entity(0, 3, 0.9),)))
    assert "reached by no threshold: 80 %, 85 %, 90 %" in confidence_report(outcomes)
    assert confidence_json(outcomes)["for_precision"][0]["threshold"] is None
