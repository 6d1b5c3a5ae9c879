"""Reports on paper, without colour, on a narrow screen, and of a single arm."""

import itertools

import pytest
from matplotlib.colors import to_rgb

from neuroner_tl.studies.definition.arms import LAYER_TITLES, LAYERS
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.kinds import layer_ablation
from neuroner_tl.studies.kinds.error_overlap import FILLS
from neuroner_tl.studies.pages.page import Page, Section
from neuroner_tl.studies.pages.table import Cell, Table, signed
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.report import make_page
from neuroner_tl.studies.results.study_results import StudyResults


@pytest.fixture
def made_up(write_study):
    """A function that makes the results of a study from what each run scored."""

    def make(kind, study, f1_of):
        definition = read_definition(write_study(study, kind=kind))
        runs = plan_runs(definition)
        records = {run.id: record(run, f1_of(run)) for run in runs}
        return StudyResults(definition, StudyFolder(definition.folder), runs, records)

    return make


def record(run, f1):
    right = round(100 * f1)
    counts = {"X": {"tp": right, "fp": 10000 - right, "fn": 10000 - right}}
    return {
        "id": run.id,
        "key": run.key,
        "content": {},
        "status": "finished",
        "epochs": 2,
        "seconds": 1.0,
        "valid_f1": 0.5,
        "annotations": {"train": 1, "test": 1},
        "scores": {"test": {"tags": counts, "documents": counts}},
        "test_documents": {"d": [right, 10000 - right, 10000 - right]},
        "versions": {},
        "code": {},
    }


def tables(results):
    return {t.name: t for section in make_page(results).sections for t in section.tables}


def test_a_learning_curve_of_the_baseline_alone_has_no_gains(made_up):
    study = "arms = baseline\ntrain_sizes = 10, 20, 40\n"
    results = made_up("learning_curve", study, lambda run: 50 + (run.train_size or 0) / 2)
    found = tables(results)
    assert found["learning_curves"].columns == ("corpus", "train size (%)", "F1")
    assert set(found) == {"learning_curves", "runs"}
    section = make_page(results).sections[0]
    assert " gain" not in f"{found['learning_curves'].note} {section.text} {section.figures}"
    assert "F1 is 55.00 with 10 % of the documents and 70.00 with 40 %" in section.text
    assert "from 20 % to 40 %, changes it by +10.00 points" in section.text
    assert "changes it by +10.00 points" in make_page(results).to_text(80)


def test_tables_and_figures_have_the_same_names_of_layers(made_up):
    study = "arms = baseline, cumulative, single, all_but_one\n"
    results = made_up("layer_ablation", study, lambda run: 50 + len(run.layers))
    found = tables(results)
    names = list(LAYER_TITLES.values())
    assert list(LAYER_TITLES) == list(LAYERS) and names[-2:] == ["label prediction", "CRF"]
    cumulative = [row[0] for row in found["layer_ablation_gold"].rows]
    assert [str(text).removeprefix("up to ") for text in cumulative][1:] == names
    single = [str(row[0]) for row in found["single_layers_gold"].rows]
    assert single[0] == "none" and single[-1] == "all"
    assert single[1:-1] == [f"{group} {name}" for group in ("only", "all but") for name in names]
    ticks = layer_ablation._draw_cumulative(results, "gold").axes[0].get_xticklabels()
    assert [tick.get_text().replace("\n", " ") for tick in ticks][1:] == names
    ticks = layer_ablation._draw_single(results, "gold").axes[0].get_yticklabels()
    assert [tick.get_text() for tick in ticks] == names


def test_a_study_of_single_layers_compares_them_and_shows_no_steps(made_up):
    study = "arms = baseline, transfer, single, all_but_one\n"
    results = made_up("layer_ablation", study, lambda run: 50 + len(run.layers))
    found = tables(results)
    assert "layer_ablation_gold" not in found
    compared = {str(row[0]).split(",")[0] for row in found["gain_by_layers_gold"].rows}
    named = {f"{group} {name}" for group in ("only", "all but") for name in LAYER_TITLES.values()}
    assert compared == {*named, "all layers"}


def test_an_arm_of_both_figures_is_compared_once(made_up):
    study = "arms = baseline, cumulative, single, all_but_one\n"
    results = made_up("layer_ablation", study, lambda run: 50 + len(run.layers))
    compared = [str(row[0]) for row in tables(results)["gain_by_layers_gold"].rows]
    # The lowest layer, and all but the highest, are steps of the ladder too.
    assert len(compared) == len(set(compared)) == len(results.definition.train_sizes) * 16
    assert not [text for text in compared if text.startswith(("only token emb", "all but CRF"))]


def test_diagrams_differ_without_colour():
    greys = [sum(w * c for w, c in zip((0.299, 0.587, 0.114), to_rgb(f))) for f in FILLS.values()]
    assert min(abs(a - b) for a, b in itertools.combinations(greys, 2)) > 0.18


def page_of(rows):
    table = Table("t", "A title", ("name", "F1"), tuple(("x", "1.00") for _ in range(rows)), "Note")
    return Page("p", "Lead", [Section("s", "One.\n\nTwo.", (table,))], [("Command", "a " * 300)])


def test_a_page_is_made_for_paper_too():
    html = page_of(3).to_html({})
    style, _, body = html.partition("</style>")
    assert "@media print" in style and "break-after: avoid" in style
    assert "white-space: pre-wrap" in style, "commands are wrapped"
    assert '<div class="table short"><h3>A title</h3>' in body, "a heading stays with its table"
    assert "<p>One.</p>\n<p>Two.</p>" in body
    assert '<div class="table">' in page_of(100).to_html({}), "which no page can hold whole"


def test_a_wide_table_is_divided_on_the_screen_alone():
    columns = tuple(f"heading {number}" for number in range(14))
    rows = ((Cell("a corpus"), *(Cell(f"{n}.25", n == 3) for n in range(13))),)
    table = Table("t", "Title", columns, rows, keys=1)
    text = table.to_text(80)
    assert max(map(len, text.split("\n"))) <= 80 and text.count("a corpus") > 1
    assert "3.25*" in text and table.to_text().count("a corpus") == 1
    assert table.to_csv().count("a corpus") == 1


def test_nothing_is_less_than_zero_and_zero():
    assert signed(-0.001) == signed(0.001) == signed(0.0) == "0.00"
    assert (signed(-1.5), signed(1.5), signed(None)) == ("−1.50", "+1.50", "–")
