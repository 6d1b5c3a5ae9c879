"""The paper's tables and figures in miniature, from the definitions in experiments/miniature."""

import csv
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.studies.records.store import FINISHED, PRUNED, Store

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {
    "transfer_table": (),
    "gain_by_size": ("gain_by_size",),
    "error_overlap": ("error_overlap_DISO", "error_overlap_CHED"),
    "unseen_mentions": ("unseen_mentions_DISO", "unseen_mentions_CHED"),
    "learning_curve": ("learning_curves", "labels_saved"),
    "layer_ablation": ("layer_ablation_large_DISO", "single_layers_large_DISO"),
    "source_size": ("source_size",),
    "source_noise": ("source_noise",),
    "in_the_wild": ("in_the_wild_DISO",),
    "recipes": ("recipes",),
    "tuning": ("history", "epochs", "importance", "parallel_coordinates"),
}


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_whole_paper_in_miniature(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    reports = tmp_path / "miniature" / "reports"
    tables = {}
    for name, figures in FIGURES.items():
        file = f"experiments/miniature/{name}.ini"
        assert main(["study", "run", file, "--output", str(tmp_path), "--workers", "2"]) == 0
        for figure in figures:
            for suffix in ("png", "pdf"):
                assert (reports / name / "figures" / f"{figure}.{suffix}").stat().st_size > 5000
        for path in (reports / name / "tables").glob("*.csv"):
            tables[f"{name}/{path.stem}"] = read(path)
    records = Store(tmp_path / "miniature" / "runs.jsonl").records()
    trials = [record for record in records.values() if "trial" in record]
    assert len(trials) == 12 and {record["status"] for record in trials} <= {FINISHED, PRUNED}
    records = {name: record for name, record in records.items() if "trial" not in record}
    assert {record["status"] for record in records.values()} == {FINISHED}
    # Every run learns something: a gain over a baseline that never began to is none.
    for record in records.values():
        found = record["scores"]["test" if record["arm"] != "source" else "valid"]["documents"]
        assert sum(counts["tp"] for counts in found.values()) > 0, record["id"]
    # gain_by_size, error_overlap and unseen_mentions are made from the runs of transfer_table.
    assert len([r for r in records.values() if r["arm"] == "source" and not r["documents"]]) == 4

    classes = tables["transfer_table/by_class"]
    assert [row["class"] for row in classes[::2]] == ["DISO", "CHED", "all"]
    assert all(float(row["F1 gain"]) > 0 for row in classes[1::2])
    assert all(float(row["F1 gain"]) > 0 for row in tables["gain_by_size/gain_by_size"])
    found = {row["set"]: row for row in tables["error_overlap/overlap_DISO"]}
    missed, right = found["false negatives"], found["true positives"]
    # What only one system finds, only the other misses.
    assert missed["only baseline"] == right["only transfer"]
    assert float(right["only transfer"]) > float(right["only baseline"])
    recall = {
        row["the mention's text is"]: row for row in tables["unseen_mentions/unseen_mentions_DISO"]
    }
    assert float(recall["unseen, annotated in silver"]["gain"]) > 0
    curve = tables["learning_curve/learning_curves"]
    assert [row["train size (%)"] for row in curve] == ["5", "10", "20", "60"]
    assert float(curve[0]["gain"]) > 0 and len(tables["learning_curve/labels_saved"]) == 4
    ablation = tables["layer_ablation/layer_ablation_large_DISO"]
    assert len(ablation) == 7 and float(ablation[-1]["gain, 10 %"]) > 0
    assert len(tables["layer_ablation/single_layers_large_DISO"]) == 14
    sizes = [float(row["F1 transfer"].split()[0]) for row in tables["source_size/source_size"]]
    assert sizes[-1] > sizes[0], "a larger silver corpus gives a better source"
    noise = [float(row["F1 transfer"].split()[0]) for row in tables["source_noise/source_noise"]]
    wild = tables["in_the_wild/in_the_wild_DISO"]
    assert [row["arm"] for row in wild] == ["source"] + 3 * ["baseline"] + 3 * ["transfer"]
    assert noise[0] > noise[2], "a clean silver corpus gives a better source than a noisy one"
