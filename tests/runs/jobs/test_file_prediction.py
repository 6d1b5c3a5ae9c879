"""Files of texts and the files of what is found in them."""

import json
from pathlib import Path

import pytest

from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.jobs.entity_counts import EntityCounts
from neuroner_tl.runs.jobs.file_prediction import job_of, predict_files

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


def test_a_document_that_cannot_be_written_is_not_counted(eagerly, predictor, tmp_path):
    text = json.loads((GOLDEN.parent / "expected.json").read_text("utf-8"))[0]["text"][:200]
    lines = [json.dumps({"id": name, "text": text}) + "\n" for name in ("a", "A")]
    (tmp_path / "in.jsonl").write_text("".join(lines))
    alone = EntityCounts()
    (tmp_path / "one.jsonl").write_text(lines[0])
    one = predict_files(predictor, tmp_path / "one.jsonl", tmp_path / "one", observers=[alone.add])
    both = predict_files(predictor, tmp_path / "in.jsonl", tmp_path / "out")
    assert (one.documents, one.bad) == (both.documents, both.bad - 1) == (1, 0)
    assert both.entities == one.entities == sum(count.entities for count in alone.sorted()) > 0


def test_what_is_left_alone_is_not_said_to_lack_the_ending_of_a_text(eagerly, predictor, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"id": "a", "text": "Gout."}\n')
    (tmp_path / "in" / "c.pdf").write_text("")
    summary = predict_files(predictor, tmp_path / "in", tmp_path / "out").summary()
    assert "c.pdf" in summary and ".txt" not in summary
