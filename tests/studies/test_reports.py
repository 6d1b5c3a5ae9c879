"""Every kind of study from records made up for the purpose: no training."""

import json
import re
import shlex
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from neuroner_tl.evaluation.statistics import error_reduction, summarise
from neuroner_tl.studies.definition.arms import LAYER_TITLES, LAYERS
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.kinds import gain_by_size
from neuroner_tl.studies.kinds.gain_by_size import Gain
from neuroner_tl.studies.kinds.learning_curve import savings_of, size_needed
from neuroner_tl.studies.pages import figures
from neuroner_tl.studies.pages.table import Cell, Table, signed
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.report import make_page, write_report
from neuroner_tl.studies.results.comparisons import compare
from neuroner_tl.studies.results.study_results import StudyResults

ROOT = Path(__file__).resolve().parents[2]
VALUES = {
    "GOLD": "somewhere",
    "DATA": "somewhere",
    "SILVER": "some where",
    "VECTORS": "vectors.bin",
}


def f1_of(run):
    """An F1 that depends on what the run is, in a way that tests can say beforehand."""
    value = 40 + (run.train_size or 60) / 2 + 5 * len(run.layers) * (run.arm != "source")
    value += (run.source_documents or 0) / 2000 + 2 * (run.parameters.seed % 2)
    return min(value, 99)


def made_up(name, keep=lambda run: True, path=None):
    path = path or ROOT / "experiments" / f"{name}.ini"
    definition = read_definition(path, VALUES)
    runs = plan_runs(definition)
    records = {run.id: record(run) for run in runs if keep(run)}
    return StudyResults(definition, StudyFolder(definition.folder), runs, records)


def record(run):
    right = round(100 * f1_of(run))
    # With as many false as missed, F1 is TP / 10000.
    wrong = 10000 - right
    counts = {"X": {"tp": right, "fp": wrong, "fn": wrong}}
    # Ten documents on which systems differ in the same direction, but not by the same number.
    shares = np.array([0.05, 0.15, 0.1, 0.1, 0.02, 0.18, 0.11, 0.09, 0.12, 0.08])
    documents = np.round(np.outer(shares, [right, wrong, wrong])).astype(int)
    documents[-1] += np.array([right, wrong, wrong]) - documents.sum(0)
    return {
        "id": run.id,
        "key": run.key,
        "content": dict(run.content),
        "status": "finished",
        "epochs": 20,
        "seconds": 90.0,
        "valid_f1": 0.75,
        "annotations": {"train": 100 * (1 + len(run.corpus)), "test": 50},
        "scores": {"test": {"tags": counts, "documents": counts}},
        "test_documents": {f"d{i}": row.tolist() for i, row in enumerate(documents)},
        "versions": {"neuroner_tl": "9.9.9"},
        "code": {"version": "9.9.9", "commit": "0123456789abcdef", "changed": False},
        "predictions": "runs/none",
    }


def tables(results):
    return {t.name: t for section in make_page(results).sections for t in section.tables}


def rows(table):
    return [[c.text if isinstance(c, Cell) else c for c in row] for row in table.rows]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)
    # Nobody looks at these figures.
    monkeypatch.setitem(figures.STYLE, "savefig.dpi", 30)


@pytest.mark.parametrize(
    "name",
    [
        "transfer_table",
        "learning_curve",
        "gain_by_size",
        "layer_ablation",
        "source_size",
        "source_noise",
    ],
)
def test_every_kind_writes_its_report(name, tmp_path):
    results = made_up(name)
    page = make_page(results, ["--seed", "3"])
    written = write_report(page, results, tmp_path)
    html = (tmp_path / "report.html").read_text()
    drawn = [figure for section in page.sections for figure in section.figures]
    assert html.count("data:image/png;base64,") == len(drawn)
    assert not re.search(r'(src|href)="(?!data:)', html), "the page needs another file"
    (command,) = re.findall(r"neuroner-tl study run .*?(?=</pre>)", unescape(html))
    words = shlex.split(command)
    assert words[:4] == ["neuroner-tl", "study", "run", f"experiments/{name}.ini"]
    text = (ROOT / "experiments" / f"{name}.ini").read_text()
    used = {f"{key}={value}" for key, value in VALUES.items() if f"${{{key}}}" in text}
    assert used == set(words[5:10:2]) and len(used) == 3
    assert words[10:] == ["--seed", "3"]
    assert "9.9.9, commit 0123456789ab" in html
    assert "neuroner_tl 9.9.9" in html and "hours" in html
    markdown = (tmp_path / "report.md").read_text()
    for figure in drawn:
        assert f"figures/{figure.name}.png" in markdown
        assert (tmp_path / "figures" / f"{figure.name}.png").read_bytes()[:4] == b"\x89PNG"
        assert (tmp_path / "figures" / f"{figure.name}.pdf").read_bytes()[:4] == b"%PDF"
        if name != "gain_by_size":
            assert "error bars" in figure.caption or "nothing is saved" in figure.caption
    for table in (t for section in page.sections for t in section.tables):
        assert (tmp_path / "tables" / f"{table.name}.csv").is_file()
        assert "\\toprule" in (tmp_path / "tables" / f"{table.name}.tex").read_text()
    assert len((tmp_path / "runs.jsonl").read_text().splitlines()) == len(results.records)
    assert any("runs.jsonl" in line for line in written)


def test_a_study_that_has_just_begun_has_a_report(tmp_path):
    results = made_up("learning_curve", keep=lambda run: run.is_source)
    page = make_page(results)
    assert "What is missing is left out" in page.lead
    write_report(page, results, tmp_path)


def test_reports_are_the_same_byte_for_byte(tmp_path):
    results = made_up("source_size")
    for folder in ("a", "b"):
        write_report(make_page(results), results, tmp_path / folder)
    files = [p for p in (tmp_path / "a").rglob("*") if p.is_file()]
    assert len(files) > 6
    for path in files:
        other = tmp_path / "b" / path.relative_to(tmp_path / "a")
        assert path.read_bytes() == other.read_bytes(), path.name


def test_the_table_of_classes_averages_corpora_and_marks_the_better():
    found_tables = tables(made_up("transfer_table"))
    table = found_tables["by_class"]
    found = rows(table)
    assert [row[0] for row in found[::2]] == ["CHED", "DISO", "LIVB", "PRGE", "all"]
    # Seeds 0, 1 and 2: the baseline has 70, 72 and 70, transfer 99 at most.
    assert found[0][6] == f"{np.mean([70, 72, 70]):.2f}" and found[1][6] == "99.00"
    assert found[1][7] == f"+{99 - 212 / 3:.2f}"
    assert found[1][8] == f"+{error_reduction(212 / 3, 99):.2f}"
    assert table.rows[1][6].bold and not table.rows[0][6].bold
    over = rows(found_tables["over_corpora"])
    assert over[2][:3] == ["F1", "16", "0"]
    assert over[2][4:6] == [found[-1][7], "–"], "all corpora gain the same"
    assert over[3][:3] == ["error reduction (%)", "16", "0"] and over[3][4] == found[-1][8]
    assert not any("{" in table.note for table in found_tables.values())
    by_corpus = rows(found_tables["by_corpus"])
    assert by_corpus[0][1] == "3" and by_corpus[0][5] == "70.67 ± 1.15"


def test_labels_saved_are_read_off_the_baselines_curve():
    curve = [(10, summarise([40])), (20, summarise([60])), (40, summarise([70]))]
    assert size_needed(curve, 50) == 15
    assert size_needed(curve, 65) == 30
    assert size_needed(curve, 39) == 10
    assert size_needed(curve, 71) is None
    found = rows(tables(made_up("learning_curve"))["labels_saved"])
    assert found[0][0] == "CDR_CHED" and found[0][-1] == "> 60"


def test_what_the_smallest_size_reaches_is_a_bound_on_the_labels_needed():
    baseline = [(10, summarise([40])), (20, summarise([60]))]
    other = [(5, summarise([38])), (10, summarise([50])), (20, summarise([70]))]
    assert [saving.text for saving in savings_of(baseline, other)] == ["≤ 10", "15.0", "> 20"]


def test_the_ablation_shows_every_layer_and_its_gain(tmp_path):
    text = (ROOT / "experiments" / "layer_ablation.ini").read_text("utf-8")
    for was, now in (
        ("arms = cumulative\n", "arms = cumulative, single, all_but_one\n"),
        ("seeds = 0, 1\n", "seeds = 0\n"),
    ):
        assert was in text
        text = text.replace(was, now)
    path = tmp_path / "layer_ablation.ini"
    path.write_text(text, "utf-8")
    found_tables = tables(made_up("layer_ablation", path=path))
    table = found_tables["layer_ablation_IEPA_PRGE"]
    found = rows(table)
    assert len(found) == 1 + len(LAYERS)
    assert found[0][1:3] == ["42.50", "–"], "one run of each kind: no number of runs"
    assert [row[2] for row in found[1:]] == [f"+{5 * n + 2.5:.2f}" for n in range(1, 7)]
    steps = rows(found_tables["gain_by_step_IEPA_PRGE"])
    titles = list(LAYER_TITLES.values())
    expected = [f"{title}, {size} %" for title in titles for size in (5, 10, 20)]
    assert [row[0] for row in steps] == expected
    assert [row[3] for row in steps] == 3 * ["+7.50"] + 15 * ["+5.00"]
    single = rows(found_tables["single_layers_IEPA_PRGE"])
    assert [row[0] for row in single[:2]] == ["none", "only token embeddings"]
    assert single[-1][:2] == ["all", found[-1][1]] and len(single) == 14


def test_gains_are_grouped_by_annotations():
    found = rows(tables(made_up("gain_by_size"))["gain_by_size"])
    numbers = [int(row[2]) for row in found]
    assert numbers == sorted(numbers)
    assert all((row[3] == "up to 2,000") == (int(row[2]) <= 2000) for row in found)


def test_gains_over_corpora_have_means_and_intervals():
    results = made_up("transfer_table")
    for run in results.runs:
        counts = results.records[run.id]["scores"]["test"]["documents"]["X"]
        if run.arm == "transfer":
            counts["tp"] -= 200 * len(run.corpus)
    compared = compare(results, None)
    over = rows(tables(results)["over_corpora"])
    for row, values in (
        (over[2], [item.gain for item in compared]),
        (over[3], [item.reduction for item in compared]),
    ):
        assert row[4:6] == mean_and_interval(values) and row[5] != "–"


def mean_and_interval(values):
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    return [signed(float(np.mean(values))), f"{signed(low)} to {signed(high)}"]


def test_gains_have_means_and_intervals_by_annotations(monkeypatch):
    gains = [
        Gain("DISO", f"corpus{annotations}", annotations, gain, 3, reduction=2 * gain)
        for annotations, gain in ((500, 9.0), (2000, -1.0), (2001, 4.0), (5000, 5.0), (5001, 0.5))
    ]
    monkeypatch.setattr(gain_by_size, "gains_of", lambda results: gains)
    found = {row[0]: row[1:] for row in rows(tables(made_up("gain_by_size"))["gain_by_group"])}
    expected = {
        "up to 2,000": gains[:2],
        "2,001 to 5,000": gains[2:4],
        "above 5,000": gains[4:],
        "up to 5,000": gains[:4],
        "all": gains,
    }
    assert list(found) == list(expected)
    for name, members in expected.items():
        values = [gain.gain for gain in members]
        if len(members) == 1:
            assert found[name] == ["1", "+0.50", "–", "+1.00", "–"]
        else:
            doubled = [2 * value for value in values]
            wanted = [*mean_and_interval(values), *mean_and_interval(doubled)]
            assert found[name] == [str(len(members)), *wanted]


def test_the_gain_of_every_source_is_over_the_baseline():
    found = rows(tables(made_up("source_size"))["source_size"])
    assert [row[3] for row in found[:5]] == ["500", "1000", "2000", "4000", "8000"]
    gains = [float(row[-1]) for row in found[:5]]
    assert gains == sorted(gains) and gains[1] == pytest.approx(30.5)
    noise = rows(tables(made_up("source_noise"))["source_noise"])
    assert [row[2] for row in noise] == ["one_vote", "two_votes", "three_votes", "no_blacklist"]


def test_the_papers_measure_of_error():
    # F1 of 80 and 90: half of the 20 points of error are gone.
    assert error_reduction(80, 90) == pytest.approx(50)
    assert error_reduction(90, 80) == pytest.approx(-100)
    assert error_reduction(100, 100) is None


def test_forms_of_a_table():
    table = Table(
        "t", "A & B", ("name", "value"), (("x_1", Cell("1.50", True)), ("a|b", "−2.00")), "50 %"
    )
    assert "\\textbf{1.50}" in table.to_latex() and "x\\_1" in table.to_latex()
    assert "A \\& B. 50 \\%" in table.to_latex() and "$-$2.00" in table.to_latex()
    assert table.to_csv() == "name,value\nx_1,1.50\na|b,-2.00\n"
    assert "| x_1 | **1.50** |" in table.to_markdown() and "a\\|b" in table.to_markdown()
    assert "---:" in table.to_markdown()
    assert "<td class=n><b>1.50</b></td>" in table.to_html()
    assert "1.50*" in table.to_text()


def test_records_are_json(tmp_path):
    results = made_up("source_size")
    write_report(make_page(results), results, tmp_path)
    assert all(json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines())
