import json
from pathlib import Path

import pytest

from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.runs.result import RunResult
from neuroner_tl.studies.comparison import Comparison, counts_of
from neuroner_tl.studies.definition import StudyDefinition
from neuroner_tl.studies.report import text_report, write_reports
from neuroner_tl.studies.runner import StudyResult


def test_gain_and_error_reduction():
    # F1 of 0.8 and 0.9: half of the 20 points of error are gone.
    comparison = Comparison(Counts(8, 2, 2), Counts(9, 1, 1))
    assert comparison.f1_gain == pytest.approx(10)
    assert comparison.error_reduction == pytest.approx(50)


def test_a_worse_model_has_a_negative_reduction():
    comparison = Comparison(Counts(9, 1, 1), Counts(8, 2, 2))
    assert comparison.error_reduction == pytest.approx(-100)


def test_without_an_error_there_is_no_reduction():
    assert Comparison(Counts(9, 0, 0), Counts(9, 0, 0)).error_reduction is None


@pytest.fixture
def result(tmp_path):
    def run(name, counts):
        return RunResult(
            RunFolder(tmp_path / f"{name}_now"),
            "finished",
            {
                "best_epoch": 3,
                "epochs": 5,
                "seconds": 12.3,
                "best_score": 0.5,
                "parameters": {"seed": 7},
                "scores": {"test": {"conll": {"micro": counts.to_json()}}},
            },
        )

    runs = {
        "source": run("source", Counts()),
        "baseline": run("baseline", Counts(8, 2, 2)),
        "transfer": run("transfer", Counts(9, 1, 1)),
    }
    corpora = {"source": "some/silver", "target": "some/gold"}
    definition = StudyDefinition(Path("s.ini"), "trial", Path("p.ini"), tmp_path, corpora)
    comparison = Comparison(*(counts_of(runs[n].results) for n in ("baseline", "transfer")))
    return StudyResult(definition, RunFolder(tmp_path), runs, comparison)


def test_the_table_says_all_that_was_asked_for(result):
    text = text_report(result)
    assert "trial: test part of gold, exact match of entities, seed 7" in text
    rows = [line.split() for line in text.split("\n")]
    assert ["baseline", "80.00", "80.00", "80.00"] in rows
    assert ["transfer", "90.00", "90.00", "90.00"] in rows
    assert ["F1", "gain", "+10.00"] in rows
    assert ["error", "reduction", "(%)", "50.00"] in rows
    assert str(result.folder.path) in text and "transfer_now/" in text
    assert "synthetic" not in text


def test_reports_are_written_and_agree(result):
    write_reports(result)
    folder = result.folder.path
    assert (folder / "report.txt").read_text().strip() == text_report(result)
    markdown = (folder / "report.md").read_text()
    assert "| transfer | 90.00 | 90.00 | 90.00 |" in markdown
    content = json.loads((folder / "report.json").read_text())
    assert content["test"]["baseline"]["tp"] == 8
    assert content["test"]["error_reduction"] == pytest.approx(50)
    assert content["runs"]["source"]["folder"] == "source_now"
