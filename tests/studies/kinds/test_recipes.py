"""Arms compared on valid alone: means, gains, CPU time, and no word of the test part."""

import pytest

from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.report import make_page
from neuroner_tl.studies.results.study_results import StudyResults

STUDY = """\
[study]
name = parts
kind = recipes
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
arms = baseline, averaging, frozen
train_sizes = {sizes}
seeds = 0, 1
[targets DISO]
one = nowhere
two = nowhere
[arm averaging]
weight_averaging = exponential
[arm frozen]
freeze_token_embeddings = True
"""
# F1 on valid in percent, by arm and corpus, for two seeds.
VALID = {
    ("baseline", "one"): (50, 54),
    ("baseline", "two"): (70, 70),
    ("averaging", "one"): (53, 55),
    ("averaging", "two"): (74, 76),
    ("frozen", "one"): (40, 40),
    ("frozen", "two"): (71, 71),
}


def record(run, cpu=True, more=None):
    score = VALID[run.arm, run.corpus][run.parameters.seed]
    # On test all is wrong, which no table may show.
    counts = {"X": {"tp": 11, "fp": 89, "fn": 89}}
    times = {"cpu_seconds": 90.0, "cpu_seconds_to_best": 10.0 + score} if cpu else {}
    return {
        "id": run.id,
        "key": run.key,
        "content": {},
        "status": "finished",
        "epochs": 4,
        "best_epoch": 2 + run.parameters.seed,
        "seconds": 9.0,
        **times,
        **(more or {}),
        "valid_f1": score / 100,
        "annotations": {"train": 40, "test": 50},
        "scores": {"test": {"documents": counts, "tags": counts}},
        "test_documents": {},
        "versions": {"neuroner_tl": "9.9.9"},
    }


@pytest.fixture
def page_of(tmp_path):
    def make(sizes="", keep=lambda run: True, **how):
        (tmp_path / "parameters.ini").write_text("")
        path = tmp_path / "parts.ini"
        text = STUDY.format(folder=tmp_path, sizes=sizes or "10")
        path.write_text(text if sizes else text.replace("train_sizes = 10\n", ""))
        definition = read_definition(path)
        runs = plan_runs(definition)
        assert not any(run.is_source for run in runs)
        records = {run.id: record(run, **how) for run in runs if keep(run)}
        return make_page(StudyResults(definition, StudyFolder(definition.folder), runs, records))

    return make


def rows(page, name):
    (table,) = (t for section in page.sections for t in section.tables if t.name == name)
    return [dict(zip(table.columns, row)) for row in table.rows]


def test_each_arm_by_corpus(page_of):
    found = rows(page_of(), "recipes")
    assert [row["corpus"] for row in found] == ["one", "", "", "two", "", ""]
    assert [row["arm"] for row in found] == 2 * ["baseline", "averaging", "frozen"]
    first = found[1]
    assert first["runs"] == "2"
    assert first["F1 on valid"] == "54.00 ± 1.41"
    assert first["gain"] == "+2.00 ± 1.41"
    assert first["best epoch"] == "2.5"
    assert first["CPU s to best"] == "64"
    assert found[0]["gain"] == ""


def test_means_over_corpora(page_of):
    found = rows(page_of(), "recipes_over_corpora")
    assert [tuple(row.values()) for row in found] == [
        ("baseline", "61.00", "", "", "142"),
        ("averaging", "64.50", "+3.50", "2 of 2", "149"),
        ("frozen", "55.50", "−5.50", "1 of 2", "131"),
    ]


def test_nothing_is_shown_of_the_test_part(page_of):
    page = page_of()
    tables = [t for s in page.sections for t in s.tables]
    # F1 of 11 percent is that of all runs on test.
    assert not any("11.00" in str(cell) for table in tables for row in table.rows for cell in row)


def test_an_arm_that_lacks_a_corpus_has_no_mean_and_is_named(page_of):
    page = page_of(keep=lambda run: (run.arm, run.corpus) != ("frozen", "two"))
    found = rows(page, "recipes_over_corpora")
    assert [row["F1 on valid"] for row in found] == ["61.00", "64.50"]
    (table,) = (t for s in page.sections for t in s.tables if t.name == "recipes_over_corpora")
    assert table.note.endswith("Left out, with runs on some of the corpora: frozen.")
    assert len(rows(page, "recipes")) == 5


def test_a_corpus_without_the_baseline_is_in_no_mean(page_of):
    page = page_of(keep=lambda run: (run.arm, run.corpus) != ("baseline", "two"))
    found = rows(page, "recipes_over_corpora")
    assert [row["F1 on valid"] for row in found] == ["52.00", "54.00", "40.00"]


def test_without_any_run_of_the_baseline_there_are_no_gains(page_of):
    page = page_of(keep=lambda run: run.arm != "baseline")
    assert [row["corpus"] for row in rows(page, "recipes")] == ["one", "", "two", ""]
    (section,) = (s for s in page.sections if s.title.startswith("Recipes"))
    assert [table.name for table in section.tables] == ["recipes"]
    assert "recipes" not in [figure.name for figure in section.figures]


def test_an_arm_without_runs_leaves_the_means_of_the_others(page_of):
    found = rows(page_of(keep=lambda run: run.arm != "frozen"), "recipes_over_corpora")
    assert [(row["arm"], row["F1 on valid"]) for row in found] == [
        ("baseline", "61.00"),
        ("averaging", "64.50"),
    ]


def test_records_without_cpu_time(page_of):
    page = page_of(cpu=False)
    assert {row["CPU s to best"] for row in rows(page, "recipes")} == {"–"}
    assert {row["CPU s to best"] for row in rows(page, "recipes_over_corpora")} == {"–"}


def test_a_section_for_each_size_with_its_figure(page_of):
    page = page_of(sizes="10, 20")
    names = [f.name for section in page.sections for f in section.figures]
    assert names == ["recipes_10pct", "recipes_20pct"]
    canvas = page.sections[0].figures[0].draw()
    (axes,) = canvas.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["averaging", "frozen"]
    marks = [pytest.approx(list(line.get_xdata())) for line in axes.lines[:2]]
    assert marks == [[2.0, -12.0], [5.0, 1.0]]


def figures(page):
    return {figure.name: figure for section in page.sections for figure in section.figures}


def test_there_is_a_figure_where_times_are_known(page_of):
    assert set(figures(page_of())) == {"recipes"}
    times = {"epoch_cpu_seconds": [3.0, 1.0], "epoch_scores": [[1, 0.25], [2, 0.5]]}
    found = figures(page_of(more=times))
    assert set(found) == {"recipes", "training_curves"}
    axes = found["training_curves"].draw().axes
    assert [one.get_title() for one in axes] == ["one", "two"]
    # Three arms with two runs each; the mark is at the epoch whose model was saved.
    assert len(axes[0].lines) == 6
    line = axes[0].lines[0]
    assert line.get_xdata().tolist() == [3.0, 4.0] and line.get_ydata().tolist() == [25.0, 50.0]
    assert line.get_markevery() == [1]
    labels = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert labels == ["baseline", "averaging", "frozen"]


def test_a_baseline_alone_has_no_figure_of_gains(page_of, tmp_path, monkeypatch):
    page = page_of()
    assert "recipes" in figures(page)
    monkeypatch.setattr(
        "test_recipes.STUDY",
        STUDY.replace("baseline, averaging, frozen", "baseline").partition("[arm")[0],
    )
    assert not figures(page_of())


def test_the_size_of_the_train_set_is_in_name_and_caption(page_of):
    times = {"epoch_cpu_seconds": [3.0], "epoch_scores": [[1, 0.25]]}
    found = figures(page_of(sizes="20", more=times))
    assert "20 % of the corpus" in found["training_curves_20pct"].caption


def test_an_arm_without_runs_on_the_first_corpus_is_in_the_legend(page_of):
    def keep(run):
        return (run.arm, run.corpus) != ("averaging", "one")

    times = {"epoch_cpu_seconds": [3.0], "epoch_scores": [[1, 0.25]]}
    canvas = figures(page_of(keep=keep, more=times))["training_curves"].draw()
    legends = [axes.get_legend() for axes in canvas.axes if axes.get_legend() is not None]
    labels = [text.get_text() for legend in legends for text in legend.get_texts()]
    assert labels == ["baseline", "averaging", "frozen"]
    colours = {line.get_label(): line.get_color() for line in canvas.axes[1].lines}
    drawn = [line.get_color() for legend in legends for line in legend.get_lines()]
    assert drawn == [colours[label] for label in labels]
