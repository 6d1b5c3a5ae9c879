"""The report of a search from records made up for the purpose: no training."""

import json
import re
from pathlib import Path

import pytest

from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.search import Choices, Range
from neuroner_tl.studies.kinds.tuning import best_of, best_parameters, importance_of, trials_of
from neuroner_tl.studies.kinds.tuning_figures import TrialResult, _height
from neuroner_tl.studies.pages import figures
from neuroner_tl.studies.pages.table import Cell
from neuroner_tl.studies.report import load_results, make_page, write_report

pytest.importorskip("optuna", reason="Optuna is not installed; pip install '.[tuning]'")

ROOT = Path(__file__).resolve().parents[3]
VALUES = {"GOLD": "somewhere", "VECTORS": "vectors.bin"}
SPACE = (
    "[space]\nlearning_rate = 0.001 to 0.1, log\noptimizer = sgd, adam\n"
    "token_lstm_hidden_state_dimension = 8 to 16, step 4\n[search]\ntrials = 12\n"
)


@pytest.fixture(autouse=True)
def small_figures(monkeypatch):
    monkeypatch.setitem(figures.STYLE, "savefig.dpi", 20)


@pytest.fixture
def search(write_study, tmp_path):
    """A function that writes records of trials and returns the results of their search."""
    path = write_study("arms = baseline", SPACE, kind="tuning")
    definition = read_definition(path)
    store = tmp_path / "output" / "tiny" / "runs.jsonl"
    store.parent.mkdir(parents=True)
    store.touch()
    plan = load_results(definition).plan

    def load(rows):
        lines = []
        for number, (status, score, rate, optimizer) in enumerate(rows):
            values = {
                "learning_rate": rate,
                "optimizer": optimizer,
                "token_lstm_hidden_state_dimension": 8 + 4 * (number % 3),
            }
            run = plan.run(number, values)
            lines.append(
                {
                    "id": f"{run.id}{number}",
                    "key": run.key,
                    "status": status,
                    "trial": run.trial.to_json(),
                    "error": "it failed",
                    "valid_f1": score,
                    "best_epoch": 2,
                    "epochs": 2,
                    "epoch_scores": [[1, score / 2], [2, score]],
                    "scores": {"valid": {}},
                    "seconds": 3.0,
                    "versions": {"neuroner_tl": "9.9.9"},
                    "code": {"version": "9.9.9"},
                }
            )
        store.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return load_results(definition)

    return load


ROWS = [
    ("finished", 0.5, 0.001, "sgd"),
    ("pruned", 0.9, 0.002, "sgd"),
    ("finished", 0.8, 0.03, "adam"),
    ("failed", 0.0, 0.1, "adam"),
    ("finished", 0.8, 0.04, "adam"),
    ("finished", 0.6, 0.01, "sgd"),
    ("finished", 0.0, 0.09, "adam"),
]


def tables(results):
    return {t.name: t for section in make_page(results).sections for t in section.tables}


def texts(row):
    return [cell.text if isinstance(cell, Cell) else cell for cell in row]


def test_the_report_has_its_tables_and_figures(search, tmp_path):
    results = search(ROWS)
    page = make_page(results)
    assert page.lead.startswith("7 of 12 trials made: 5 complete, 1 pruned, 1 failed. 1 of the")
    assert "Failed: it failed." in page.lead
    written = write_report(page, results, tmp_path / "r")
    assert "best.ini" in written and "runs.jsonl (7 records)" in written
    names = {path.stem for path in (tmp_path / "r" / "figures").glob("*.png")}
    assert names == {"history", "epochs", "importance", "parallel_coordinates"}
    html = (tmp_path / "r" / "report.html").read_text()
    assert html.count("data:image/png;base64,") == 4
    assert not re.search(r'(src|href)="(?!data:)', html)
    assert "F1 on test" not in html
    again = tmp_path / "again"
    write_report(make_page(results), results, again)
    for path in (tmp_path / "r").rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(tmp_path / "r")).read_bytes()


def test_the_best_trial_is_complete_and_the_first_of_equals(search):
    results = search(ROWS)
    trials = trials_of(results)
    assert best_of(trials).number == 2
    found = [texts(row) for row in tables(results)["best_trials"].rows]
    assert [row[0] for row in found] == ["2", "4", "5", "0", "6"]
    assert found[0][:5] == ["2", "80.00", "2", "0.03", "adam"]
    every = [texts(row) for row in tables(results)["trials"].rows]
    assert [row[1] for row in every[:4]] == ["complete", "pruned", "complete", "failed"]
    assert every[3][2] == "–"


def test_the_best_parameters_are_a_parameter_file(search, tmp_path):
    results = search(ROWS)
    write_report(make_page(results), results, tmp_path / "r")
    best = load_parameters(tmp_path / "r" / "best.ini")
    assert best == best_parameters(results)
    assert (best.learning_rate, best.optimizer) == (0.03, "adam")
    # From the parameter file of the study.
    assert best.token_embedding_dimension == 8 and best.train_model
    assert best.experiment_name == "tiny_best" and not best.use_pretrained_model
    # A later report without a best trial does not leave it there.
    results = search(ROWS[3:4])
    assert "best.ini" not in write_report(make_page(results), results, tmp_path / "r")
    assert not (tmp_path / "r" / "best.ini").exists()


@pytest.mark.parametrize("rows", [[], ROWS[1:2], ROWS[3:4], ROWS[6:], ROWS[:1], ROWS[:3]])
def test_a_search_that_has_just_started_has_a_report(rows, search, tmp_path):
    results = search(rows)
    page = make_page(results)
    assert f"{len(rows)} of 12 trials made" in page.lead
    write_report(page, results, tmp_path / "r")
    assert "importance" not in tables(results)


def test_importance_is_that_of_the_parameter_that_decides():
    search = read_space()
    trials = [
        TrialResult(n, {"learning_rate": 0.001 * 10 ** (n / 10), "optimizer": kind}, "finished", s)
        for n in range(20)
        for kind, s in (("sgd", n / 20), ("adam", n / 20))
    ]
    found = importance_of(search, trials)
    assert list(found) == ["learning_rate", "optimizer"] and found["learning_rate"] > 0.9
    assert sum(found.values()) == pytest.approx(1)
    assert importance_of(search, trials) == found
    assert not importance_of(search, trials[:3])
    equal = [TrialResult(t.number, t.values, t.status, 0.5) for t in trials]
    assert not importance_of(search, equal)


def read_space():
    from neuroner_tl.studies.definition.search import Search

    space = {
        "learning_rate": Range(0.001, 0.1, log=True),
        "optimizer": Choices(("sgd", "adam")),
    }
    return Search(space)


def test_positions_on_the_axes():
    assert _height(Range(0.001, 0.1, log=True), 0.01) == pytest.approx(0.5)
    assert _height(Range(10, 20, whole=True), 15) == 0.5
    assert [_height(Choices(("a", "b", "c")), name) for name in "abc"] == [0, 0.5, 1]


def test_the_search_on_a_real_corpus_can_be_planned(monkeypatch):
    monkeypatch.chdir(ROOT)
    definition = read_definition(Path("experiments/tuning.ini"), VALUES)
    assert definition.search.pruning == "hyperband" and len(definition.search.space) > 3
