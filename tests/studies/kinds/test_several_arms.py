"""A table of transfer with several arms, and the arm that the validation score chooses."""

from dataclasses import replace

import pytest

from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.pages.table import Cell
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.report import make_page, write_report
from neuroner_tl.studies.results.study_results import CHOSEN, StudyResults

STUDY = """\
[study]
name = several
kind = transfer_table
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
arms = baseline, transfer, of_b
seeds = 0, 1, 2
{study}
[sources DISO]
a = nowhere
b = nowhere
[targets DISO]
one = nowhere
two = nowhere
[arm transfer]
sources = a
[arm of_b]
sources = b
"""
# F1 on test, 50 documents each right or wrong, and on valid, by arm and seed.
TEST = {"baseline": (25, 26, 27), "transfer": (30, 31, 32), "of_b": (33, 28, 35)}
VALID = {"baseline": (0.1, 0.1, 0.1), "transfer": (0.5, 0.6, 0.7), "of_b": (0.6, 0.5, 0.7)}


def record(run, **more):
    seed = run.parameters.seed
    right = TEST.get(run.arm, TEST["baseline"])[seed]
    counts = {"X": {"tp": right, "fp": 50 - right, "fn": 50 - right}}
    return {
        "id": run.id,
        "key": run.key,
        "content": {},
        "status": "finished",
        "epochs": 2,
        "seconds": 9.0,
        "valid_f1": VALID.get(run.arm, VALID["baseline"])[seed],
        "annotations": {"train": 40, "test": 50},
        "scores": {"test": {"documents": counts, "tags": counts}},
        "test_documents": {
            f"d{i}": [int(i < right), int(i >= right), int(i >= right)] for i in range(50)
        },
        "versions": {"neuroner_tl": "9.9.9"},
        **more,
    }


@pytest.fixture
def results_of(tmp_path):
    def make(study="", keep=lambda run: True, more=lambda run: {}):
        (tmp_path / "parameters.ini").write_text("")
        path = tmp_path / "several.ini"
        path.write_text(STUDY.format(folder=tmp_path, study=study))
        definition = read_definition(path)
        runs = plan_runs(definition)
        records = {run.id: record(run, **more(run)) for run in runs if keep(run)}
        return StudyResults(definition, StudyFolder(definition.folder), runs, records)

    return make


def tables(results):
    return {t.name: t for section in make_page(results).sections for t in section.tables}


def rows(table):
    return [
        dict(zip(table.columns, [c.text if isinstance(c, Cell) else c for c in row]))
        for row in table.rows
    ]


def test_every_arm_is_compared_with_the_baseline(results_of):
    found = tables(results_of())
    by_corpus = rows(found["by_corpus"])
    assert [row["arm"] for row in by_corpus] == 2 * ["baseline", "transfer", "of_b"]
    assert [row["corpus"] for row in by_corpus] == ["one", "", "", "two", "", ""]
    assert [row["F1 gain"] for row in by_corpus[:3]] == ["", "+10.00 ± 0.00", "+12.00 ± 6.93"]
    assert all(row["p corrected"] for row in by_corpus if row["arm"] != "baseline")
    assert "Holm's method over the 4 rows" in found["by_corpus"].note
    bold = [
        [cell.bold for cell in row if isinstance(cell, Cell)] for row in found["by_corpus"].rows
    ]
    assert bold[:3] == [[False] * 3, [False] * 3, [True] * 3]
    by_class = rows(found["by_class"])
    assert [(row["class"], row["corpora"], row["runs"], row["arm"]) for row in by_class] == [
        ("DISO", "2", "6", "baseline"),
        ("", "", "6", "transfer"),
        ("", "", "6", "of_b"),
    ]
    assert [row["F1"] for row in by_class] == ["52.00", "62.00", "64.00"]
    assert "over_corpora_transfer" in found and "over_corpora_of_b" in found
    assert "chosen_on_valid" not in found
    assert "means over all source models" not in make_page(results_of()).lead


def test_valid_chooses_an_arm_for_each_run(results_of):
    """It never looks at test: seed 0 takes of_b, seed 1 transfer, the tie of seed 2 the first."""
    results = results_of("valid_chooses = transfer, of_b")
    chosen = results.select(arm=CHOSEN, corpus="one")
    assert [round(50 * result.f1) for result in chosen] == [33, 31, 32]
    found = tables(results)
    last = rows(found["by_corpus"])[3]
    assert (last["arm"], last["F1"]) == (CHOSEN, "64.00 ± 2.00")
    assert rows(found["over_corpora_chosen_on_valid"])[2]["better on"] == "2"
    for name in ("by_class", "by_corpus"):
        assert "chosen on valid: for each run, that of" in found[name].note
    choice = rows(found["chosen_on_valid"])
    assert [(row["arm"], row["F1 on valid"], row["chosen in"]) for row in choice[:2]] == [
        ("transfer", "60.00 ± 10.00", "2 of 3"),
        ("of_b", "60.00 ± 10.00", "1 of 3"),
    ]
    assert choice[0]["F1 on test as chosen"] == "64.00 ± 2.00"
    # Order decides between equals.
    other = results_of("valid_chooses = of_b, transfer").select(arm=CHOSEN, corpus="one")
    assert [round(50 * result.f1) for result in other] == [33, 31, 35]


def test_nothing_is_chosen_before_all_that_can_be_is_finished(results_of):
    results = results_of(
        "valid_chooses = transfer, of_b",
        keep=lambda run: (run.arm, run.parameters.seed) != ("of_b", 0) and run.corpus != "two",
    )
    assert len(results.select(arm=CHOSEN)) == 2
    assert rows(tables(results)["chosen_on_valid"])[0]["chosen in"] == "2 of 2"
    assert results.definition.with_arms(["transfer"]).valid_chooses == ()


def test_a_corpus_is_named_where_its_first_arm_was_not_planned(results_of):
    results = results_of("valid_chooses = transfer, of_b")
    planned = [run for run in results.runs if (run.arm, run.corpus) != ("transfer", "two")]
    results = replace(results, runs=planned)
    choice = rows(tables(results)["chosen_on_valid"])
    assert [(row["corpus"], row["arm"]) for row in choice] == [
        ("one", "transfer"),
        ("", "of_b"),
        ("two", "of_b"),
    ]
    assert choice[2]["F1 on test as chosen"] == "64.00 ± 7.21"


def test_an_arm_that_lacks_runs_says_on_how_many_corpora_it_was_tested(results_of):
    found = tables(results_of(keep=lambda run: (run.arm, run.corpus) != ("of_b", "two")))
    by_class = rows(found["by_class"])
    assert [row["corpora"] for row in by_class] == ["2", "", "1"]
    assert "over_corpora_of_b" not in found


def test_the_report_says_what_the_sources_were_told(results_of):
    results = results_of()
    known = {"a": {"two": 3, "one": 1}, "b": {}}
    for run in results.runs:
        if run.is_source:
            results.records[run.id]["learned_from"] = known[run.corpus]
    how = dict(make_page(results).how)
    told = "Gold labels that the silver corpora were learned from"
    assert how[told] == "a: 1 document of one, 3 documents of two\nb: none"
    assert dict(make_page(results_of()).how)[told] == "a: not recorded\nb: not recorded"


def test_the_report_says_which_runs_have_other_sources(results_of, tmp_path):
    """Runs whose source models are of an earlier corpus, or recorded in another store."""
    results = results_of()
    assert results.other_sources == {} and "source models that" not in make_page(results).lead
    old = {
        **results.records[next(run.id for run in results.runs if run.is_source)],
        "id": "a-source-seed0-0ldc0de0",
        "corpus": "a",
        "arm": "source",
        "content": {"corpus": "0ldc0de0"},
        "learned_from": {"one": 9},
    }
    records = {old["id"]: old}
    for run in results.runs:
        source = run.source
        if run.corpus == "two" and run.arm == "transfer":
            source = old["id"] if run.parameters.seed else "a-source-seed0-10577057"
        records[run.id] = {**results.records[run.id], "source": source}
    results = replace(results, records=records)
    page = make_page(results)
    assert (
        " 2 runs start from source models whose corpora had other contents than those of the "
        "study's source models (two). 1 run starts from source models that are not recorded here "
        "(two)." in page.lead
    )
    how = dict(page.how)
    assert "a 0ldc0de0" in how["Contents (sha256, first digits)"]
    told = how["Gold labels that the silver corpora were learned from"].split("\n")
    assert "a: 9 documents of one" in told
    write_report(page, results, tmp_path / "copied")
    assert (tmp_path / "copied" / "runs.jsonl").read_text().count("a-source-seed0-0ldc0de0") == 3


def test_what_training_costs(results_of):
    seconds = {"baseline": 100, "transfer": 50, "of_b": 200}

    def cost(run):
        known = run.corpus == "one" or run.parameters.seed or run.arm != "of_b"
        own = seconds.get(run.arm, 1) * (1 + (run.corpus == "two"))
        return {"cpu_seconds_to_best": own + run.parameters.seed} if known else {}

    found = rows(tables(results_of(more=cost))["training_cost"])
    assert [tuple(row.values()) for row in found] == [
        ("one", "3", "baseline", "101", ""),
        ("", "3", "transfer", "51", "0.50"),
        ("", "3", "of_b", "201", "1.99"),
        # One run of of_b on two has no time: the others are compared with their partners.
        ("two", "3", "baseline", "201", ""),
        ("", "3", "transfer", "101", "0.50"),
        ("", "2", "of_b", "402", "1.99"),
        ("geometric mean", "", "transfer", "", "0.50"),
        ("", "", "of_b", "", "1.99"),
    ]


def test_times_of_runs_without_a_partner_are_left_out(results_of):
    """The second seed takes ten times as long, and one arm has not run it yet."""
    found = tables(
        results_of(
            keep=lambda run: run.arm == "transfer" or run.parameters.seed == 0,
            more=lambda run: {"cpu_seconds_to_best": 100.0 if run.parameters.seed else 10.0},
        )
    )["training_cost"]
    assert [tuple(row.values()) for row in rows(found)][:2] == [
        ("one", "1", "baseline", "10", ""),
        ("", "1", "transfer", "10", "1.00"),
    ]


def test_a_model_that_is_kept_untrained_has_no_part_in_the_mean(results_of):
    def more(run):
        untrained = run.corpus == "two" and run.arm == "transfer" and run.parameters.seed == 0
        return {"cpu_seconds_to_best": 1.0 if untrained else 9.0, "best_epoch": int(not untrained)}

    found = tables(results_of(more=more))["training_cost"]
    assert [row["of baseline"] for row in rows(found)[-2:]] == ["–", "1.00"]
    assert "No geometric mean where a run keeps the model that it started from" in found.note


def test_there_is_no_table_of_costs_without_times(results_of):
    assert "training_cost" not in tables(results_of())
    # Without those of the baseline there is nothing to compare with.
    assert "training_cost" not in tables(
        results_of(more=lambda run: {"cpu_seconds_to_best": 9.0} if run.arm == "transfer" else {})
    )
