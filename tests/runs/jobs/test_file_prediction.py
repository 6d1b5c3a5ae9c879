"""Files of texts and the files of what is found in them."""

import json
from pathlib import Path

import pytest

from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.jobs.file_prediction import job_of

GOLDEN = Path(__file__).parents[2] / "golden" / "sealed_model"


@pytest.fixture(scope="module")
def predictor():
    return Predictor(GOLDEN)


def test_parts_are_of_one_ensemble_and_its_options(predictor):
    """What an interrupted job has kept is not taken by another one."""
    pair = [predictor, predictor]
    predictors = [
        [EnsemblePredictor(pair)],
        [EnsemblePredictor(pair, temperature=3.0)],
        [EnsemblePredictor(pair, abbreviations=True)],
        [predictor, EnsemblePredictor(pair)],
        [EnsemblePredictor(pair), predictor],
        [EnsemblePredictor([*pair, predictor])],
        [*pair, predictor],
    ]
    jobs = [json.dumps(job_of(JointPredictor(some))) for some in predictors]
    assert len(set(jobs)) == len(jobs)
