import dataclasses
import json
import re
from pathlib import Path

import pytest

from neuroner_tl.errors import ParameterError
from neuroner_tl.studies.definition.arms import LAYERS, arm_name, expand_arms, layers_of
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs

ROOT = Path(__file__).resolve().parents[3]
STUDY = """\
[study]
name = trial
kind = layer_ablation
parameters_filepath = {folder}/parameters.ini
arms = cumulative, single, all_but_one
train_sizes = 5, 20
seeds = 0, 1
[sources PRGE]
SSC = {folder}/ssc
[targets PRGE]
IEPA = {folder}/iepa
LocText = {folder}/loctext
"""


@pytest.fixture
def plan(tmp_path):
    def read(
        old="",
        new="",
        parameters="[training]\nlearning_rate = 0.5\n",
        seed=None,
        kind="layer_ablation",
        and_also=("", ""),
    ):
        (tmp_path / "parameters.ini").write_text(parameters)
        path = tmp_path / "study.ini"
        text = STUDY.format(folder=tmp_path).replace("layer_ablation", kind)
        if kind.startswith("source_"):
            text = text.replace("cumulative, single, all_but_one", "baseline, transfer")
        assert old in text
        path.write_text(text.replace(old, new).replace(*and_also))
        return plan_runs(read_definition(path), seed)

    return read


def test_names_of_arms_are_those_of_their_layers():
    assert expand_arms(["cumulative"])[0] == "baseline"
    assert expand_arms(["cumulative"])[-1] == "transfer"
    assert len(expand_arms(["cumulative"])) == 7
    # The lowest layer alone is the first step of the cumulation; all but the highest the last but
    # one: no run is made twice.
    assert len(expand_arms(["cumulative", "single", "all_but_one"])) == 7 + 5 + 5
    assert arm_name(["token_embeddings"]) == "up_to_token_embeddings"
    assert layers_of("without_crf") == set(LAYERS) - {"crf"}
    assert layers_of("only_token_lstm") == {"token_lstm"}


def test_some_corpora_have_the_same_runs_as_in_the_whole_study(plan, tmp_path):
    more = f"\n[sources DISO]\nsilver = {tmp_path}/diso\n[targets DISO]\nNCBI = {tmp_path}/ncbi\n"
    whole = plan("[targets PRGE]", f"{more}[targets PRGE]")
    definition = read_definition(tmp_path / "study.ini")
    some = definition.with_corpora(["LocText"])
    assert list(some.targets) == ["PRGE"]
    expected = [run.id for run in whole if run.corpus in ("SSC", "LocText")]
    assert [run.id for run in plan_runs(some)] == expected
    both = definition.with_corpora(["NCBI", "IEPA"])
    assert {run.corpus for run in plan_runs(both)} == {"SSC", "silver", "NCBI", "IEPA"}
    with pytest.raises(ParameterError, match="--corpora: found 'Loctext', expected .*LocText"):
        definition.with_corpora(["Loctext"])
    with pytest.raises(ParameterError, match="no target corpora"):
        dataclasses.replace(definition, targets={}).with_corpora(["LocText"])


def test_some_corpora_have_the_same_names_whatever_sources_other_classes_have(plan, tmp_path):
    more = f"\n[sources DISO]\none = {tmp_path}/1\nother = {tmp_path}/2\n"
    more += f"[targets DISO]\nNCBI = {tmp_path}/ncbi\n"
    whole = plan("[targets PRGE]", f"{more}[targets PRGE]", kind="transfer_table")
    some = read_definition(tmp_path / "study.ini").with_corpora(["LocText"])
    names = {run.id for run in plan_runs(some)}
    assert any("transfer-from_SSC" in name for name in names)
    assert names < {run.id for run in whole}


def test_a_study_of_models_on_other_corpora_needs_two_of_a_class(plan, tmp_path):
    plan(kind="in_the_wild", and_also=("arms = cumulative, single, all_but_one\n", ""))
    definition = read_definition(tmp_path / "study.ini")
    assert definition.with_corpora(["IEPA", "LocText"]).targets == definition.targets
    with pytest.raises(ParameterError, match="--corpora: found IEPA, expected two or more corpora"):
        definition.with_corpora(["IEPA"])


def test_predictions_alone_have_no_arms_to_choose(plan, tmp_path):
    plan()
    definition = dataclasses.replace(read_definition(tmp_path / "study.ini"), targets={})
    with pytest.raises(ParameterError, match="no target corpora; leave --arms out"):
        definition.with_arms(["baseline"])


def test_a_grid_is_expanded_with_its_source_first(plan):
    runs = plan()
    assert runs[0].is_source and runs[0].corpus == "SSC"
    assert len(runs) == 1 + 17 * 2 * 2 * 2
    assert len({run.id for run in runs}) == len(runs)
    for run in runs[1:]:
        assert (run.source == runs[0].id) == bool(run.layers)
        flags = {name for name in LAYERS if getattr(run.parameters, f"reload_{name}")}
        assert flags == set(run.layers) if run.layers else flags == set(LAYERS)
        assert re.fullmatch(r"[\w.+-]+", run.id)


def test_identifiers_stay_the_same(plan):
    """A change here restarts every unfinished study from scratch."""
    first, second = plan()[:2]
    assert first.id == "SSC-source-seed0-8b99dc93"
    assert second.id == "IEPA-baseline-5pct-seed0-6c76b7ea"


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": "[training]\nlearning_rate = 0.5\ntensorboard = False\n"},
        {"parameters": "[training]\nlearning_rate = 0.50\ndropout_rate = 0.5\n"},
        {"parameters": "[training]\nlearning_rate = 0.5\ncheckpoint_every = 5 minutes\n"},
        {"old": "/ssc", "new": "/elsewhere"},
        {"old": "name = trial", "new": "name = other"},
    ],
)
def test_what_does_not_decide_a_result_does_not_change_identifiers(plan, change):
    assert [run.id for run in plan(**change)] == [run.id for run in plan()]


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": "[training]\nlearning_rate = 0.25\n"},
        {"old": "[sources", "new": "[source]\nlearning_rate = 0.25\n[sources"},
        {"old": "SSC =", "new": "SSC2 ="},
    ],
)
def test_what_decides_a_result_changes_identifiers(plan, change):
    before = {run.id for run in plan() if run.layers}
    assert not before & {run.id for run in plan(**change) if run.layers}


def test_one_seed_for_all(plan):
    assert {run.parameters.seed for run in plan(seed=7)} == {7}
    assert len(plan(seed=7)) == 1 + 17 * 2 * 2


def test_sources_of_several_sizes_and_corpora(plan):
    runs = plan("seeds = 0, 1", "source_documents = 10, 20", seed=0, kind="source_size")
    sources = [run for run in runs if run.is_source]
    assert [run.documents for run in sources] == [10, 20]
    both = plan("SSC =", "B = x\nSSC =", kind="source_noise")
    assert sum(run.is_source for run in both) == 2
    transfers = [run for run in both if run.arm == "transfer"]
    assert {run.source_name for run in transfers} == {"B", "SSC"}
    baselines = [run for run in both if run.arm == "baseline"]
    assert len(baselines) == 8, "the baseline does not depend on the source"


def test_identifiers_name_what_differs_in_the_study(plan):
    def names(**change):
        return {run.id.rpartition("-")[0] for run in plan(**change)}

    one = names()
    assert "SSC-source-seed0" in one and "IEPA-baseline-5pct-seed1" in one
    assert not any("from_" in name or "docs" in name or "split" in name for name in one)
    several = names(old="SSC =", new="B = x\nSSC =", kind="source_noise")
    transfers = {name for name in several if "-transfer" in name}
    assert transfers and all("-from_SSC-" in n or "-from_B-" in n for n in transfers)
    sizes = names(old="seeds = 0, 1", new="source_documents = 10, 20", kind="source_size")
    assert {"SSC-source-10docs-seed0", "SSC-source-20docs-seed0"} <= sizes
    assert any(re.search(r"transfer.*-10docs-5pct-seed0", name) for name in sizes)
    splits = names(old="seeds = 0, 1", new="split_seeds = 0, 1")
    assert "IEPA-baseline-5pct-seed0-split1" in splits
    assert "IEPA-baseline-5pct-seed0" in splits
    whole = names(old="train_sizes = 5, 20\n", new="")
    assert "IEPA-baseline-seed0" in whole


def test_a_study_of_several_splits_shares_the_runs_of_the_first_one(plan):
    one = {run.id for run in plan("seeds = 0, 1", "seeds = 0")}
    several = {run.id for run in plan("seeds = 0, 1", "seeds = 0\nsplit_seeds = 0, 1")}
    assert one < several


def test_splits_are_crossed_with_seeds(plan):
    runs = [run for run in plan("seeds = 0, 1", "seeds = 0, 1\nsplit_seeds = 0, 1, 2")]
    seeds = {(r.parameters.seed, r.parameters.split_seed) for r in runs if not r.is_source}
    assert len(seeds) == 6


def test_a_synthetic_corpus_counts_by_its_content(plan, tmp_path):
    text = (
        "[synthetic a]\nstandard = silver\ndocuments = 5, 1\nseed = {}\n"
        "[sources PRGE]\nSSC = synthetic:a\n"
    )
    old = f"[sources PRGE]\nSSC = {tmp_path}/ssc\n"
    one, other = (plan(old, text.format(seed)) for seed in (1, 2))
    assert one[0].id != other[0].id
    # A baseline has nothing of the source.
    assert one[1].id == other[1].id


def test_runs_are_plain_values(plan):
    run = plan()[0]
    assert dataclasses.replace(run) == run


def test_recorded_runs_of_a_published_study_are_still_those_of_its_definition(monkeypatch):
    """New keys of a study change no identifier of studies without them."""
    monkeypatch.chdir(ROOT)
    values = {"GOLD": "x", "SILVER": "x", "VECTORS": "pubmed-w2v-200d.bin.gz"}
    runs = plan_runs(read_definition(Path("experiments/layer_ablation.ini"), values))
    lines = Path("experiments/results/layer_ablation/runs.jsonl").read_text("utf-8").splitlines()
    recorded = {record["key"]: record["id"] for record in map(json.loads, lines)}
    assert {run.key for run in runs} == set(recorded)
    for run in runs:
        assert run.id.rpartition("-")[0] == recorded[run.key].rpartition("-")[0]


def test_each_seed_takes_one_of_several_source_seeds(plan):
    """Target seeds take source seeds in turn; no run is made twice."""

    def sources(*change):
        runs = plan("arms = cumulative, single, all_but_one", *change)
        seeds = {run.id: run.parameters.seed for run in runs if run.is_source}
        taken = {
            (run.parameters.seed, run.parameters.split_seed, seeds[run.source], run.source_seed)
            for run in runs
            if run.layers
        }
        assert len(runs) == len({run.id for run in runs}) and len(seeds) == len(set(seeds.values()))
        return sorted(seeds.values()), taken

    default = plan("arms = cumulative, single, all_but_one", "arms = baseline, transfer")
    assert sources("arms = transfer") == ([0], {(0, 0, 0, 0), (1, 0, 0, 0)})
    assert sources("source_seeds = 5, 6") == ([5, 6], {(0, 0, 5, 5), (1, 0, 6, 6)})
    # The unit of the statistics is the split, so all seeds of a split take the same source.
    assert sources("split_seeds = 3, 4\nsource_seeds = 5, 6") == (
        [5, 6],
        {(0, 3, 5, 5), (1, 3, 5, 5), (0, 4, 6, 6), (1, 4, 6, 6)},
    )
    same = plan(
        "arms = cumulative, single, all_but_one", "arms = baseline, transfer\nsource_seeds = 0"
    )
    assert [run.id for run in same] == [run.id for run in default]


def test_one_seed_for_all_is_that_of_the_source_too(plan):
    runs = plan("seeds = 0, 1", "seeds = 0, 1\nsource_seeds = 3, 4", seed=7)
    assert [run.parameters.seed for run in runs if run.is_source] == [7]
    assert {run.source_seed for run in runs if run.layers} == {7}


def test_an_arm_may_take_the_sources_of_some_corpora_only(plan, tmp_path):
    arms = "arms = cumulative, single, all_but_one"
    runs = plan(
        "[targets PRGE]",
        "B = x\n[arm of_b]\nsources = B\n[arm transfer]\nsources = SSC\n[targets PRGE]",
        kind="transfer_table",
        and_also=(arms, "arms = baseline, transfer, of_b"),
    )
    taken = {(run.arm, run.source_name) for run in runs if run.layers}
    assert taken == {("transfer", "SSC"), ("of_b", "B")}
    assert all(len(run.layers) == len(LAYERS) for run in runs if run.arm == "of_b")
    assert sum(run.is_source for run in runs) == 2
    only = plan(
        "[targets PRGE]",
        "B = x\n[arm transfer]\nsources = SSC\n[targets PRGE]",
        and_also=(arms, "arms = baseline, transfer"),
    )
    assert [run.corpus for run in only if run.is_source] == ["SSC"]


def test_sources_of_a_class_have_parameters_of_their_own(plan):
    runs = plan("[targets", "[source PRGE]\nlearning_rate = 0.25\n[targets")
    assert {run.parameters.learning_rate for run in runs if run.is_source} == {0.25}
    assert {run.parameters.learning_rate for run in runs if not run.is_source} == {0.5}


def test_sources_have_a_parameter_file_of_their_own(plan, tmp_path):
    (tmp_path / "fast.ini").write_text("[training]\nlearning_rate = 0.25\n")
    runs = plan("arms =", f"source_parameters_filepath = {tmp_path}/fast.ini\narms =")
    assert {run.parameters.learning_rate for run in runs if run.is_source} == {0.25}
    assert {run.parameters.learning_rate for run in runs if not run.is_source} == {0.5}
