"""The tables of a study in the wild, from records made up for the purpose."""

import pytest

from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.report import make_page
from neuroner_tl.studies.results.study_results import StudyResults

STUDY = """\
[study]
name = wild
kind = in_the_wild
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
seeds = 0, 1
{study}
[sources DISO]
silver = {folder}/silver
[targets DISO]
one = {folder}/one
two = {folder}/two
[targets CHED]
alone = {folder}/alone
[sources CHED]
chemical = {folder}/chemical
"""


def counts_of(f1):
    """Counts of two documents whose F1 together is this, in percent."""
    return [[f1, 100 - f1, 100 - f1], [f1, 100 - f1, 100 - f1]]


def scores_of(f1):
    total = {"DISO": {"tp": 2 * f1, "fp": 200 - 2 * f1, "fn": 200 - 2 * f1}}
    return {"documents": total, "tags": total}


def record(run):
    """On its own corpus 80 (transfer 84), on others 50 (transfer 60), a source model 40."""
    own = {"baseline": 80, "transfer": 84, "source": 90}[run.arm]
    other = {"baseline": 50, "transfer": 60, "source": 40}[run.arm] + 2 * run.parameters.seed
    names = [name for name in ("one", "two") if name != run.corpus]
    return {
        "id": run.id,
        "key": run.key,
        "status": "finished",
        "epochs": 3,
        "seconds": 1.0,
        "versions": {},
        "scores": {"test": scores_of(own)},
        "test_documents": dict(zip("ab", counts_of(own))),
        "elsewhere": {
            name: {
                "content": None,
                "scores": scores_of(other),
                "documents": dict(zip("ab", counts_of(other))),
                "left_out": 0,
            }
            for name in names
            if run.entity_class == "DISO"
        },
    }


@pytest.fixture
def results(tmp_path):
    def make(study=""):
        (tmp_path / "parameters.ini").write_text("")
        path = tmp_path / "wild.ini"
        path.write_text(STUDY.format(folder=tmp_path, study=study))
        definition = read_definition(path)
        runs = plan_runs(definition)
        records = {run.id: record(run) for run in runs}
        return StudyResults(definition, StudyFolder(definition.folder), runs, records)

    return make


def rows(table):
    return [
        dict(zip(table.columns, [getattr(cell, "text", cell) for cell in row]))
        for row in table.rows
    ]


def test_the_matrix_has_what_a_model_is_worth_elsewhere(results):
    page = make_page(results())
    tables = {t.name: t for section in page.sections for t in section.tables}
    assert "in_the_wild_CHED" not in tables
    found = {(row["arm"], row["trained on"]): row for row in rows(tables["in_the_wild_DISO"])}
    assert found[("source", "silver")]["one"] == "40.00 (1)"
    assert found[("baseline", "one")]["one"] == "[80.00 ± 0.00 (2)]"
    assert found[("baseline", "one")]["two"] == "51.00 ± 1.41 (2)"
    assert found[("transfer", "two")]["one"] == "61.00 ± 1.41 (2)"


def test_a_run_that_learned_nothing_counts_elsewhere_too(results):
    """A mean without it would be that of the lucky runs."""
    made = results()
    (run,) = (
        run
        for run in made.runs
        if (run.arm, run.corpus, run.parameters.seed) == ("baseline", "one", 1)
    )
    nothing = {"DISO": {"tp": 0, "fp": 0, "fn": 200}}
    del made.records[run.id]["elsewhere"]
    made.records[run.id].update(
        learned_nothing="the score stayed 0",
        scores={"test": {"documents": nothing}},
        test_documents={"a": [0, 0, 100], "b": [0, 0, 100]},
    )
    page = make_page(made)
    tables = {t.name: t for section in page.sections for t in section.tables}
    matrix = {(row["arm"], row["trained on"]): row for row in rows(tables["in_the_wild_DISO"])}
    assert matrix[("baseline", "one")]["one"] == "[40.00 ± 56.57 (2, 1 at 0)]"
    assert matrix[("baseline", "one")]["two"] == "25.00 ± 35.36 (2, 1 at 0)"
    by_corpus = rows(tables["by_corpus"])
    assert (by_corpus[0]["runs"], by_corpus[1]["F1 gain"]) == ("2 (1 at 0)", "+36.00 ± 36.77")


def test_gains_are_those_of_pairs_of_corpora(results):
    page = make_page(results())
    tables = {t.name: t for section in page.sections for t in section.tables}
    by_corpus = rows(tables["by_corpus"])
    assert [row["corpus"] for row in by_corpus if row["corpus"]] == ["one on two", "two on one"]
    assert [row["F1 gain"] for row in by_corpus if row["arm"] == "transfer"] == [
        "+10.00 ± 0.00",
        "+10.00 ± 0.00",
    ]
    assert "Baseline and transfer on other corpora" in [s.title for s in page.sections]


def test_train_sizes_have_a_matrix_each(results):
    page = make_page(results("train_sizes = 10, 20"))
    names = {t.name for section in page.sections for t in section.tables}
    assert {"in_the_wild_DISO_10pct", "in_the_wild_DISO_20pct"} <= names


def test_nothing_scored_yet(results):
    made = results()
    for one in made.records.values():
        one.pop("elsewhere")
    page = make_page(made)
    assert "No class has several corpora and models" in page.sections[0].text
