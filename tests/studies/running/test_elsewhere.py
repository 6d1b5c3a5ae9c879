"""Models of a study on the other corpora of their class."""

import json
import shutil

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.runs.evaluation import evaluate_model
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.running import elsewhere

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")

OTHER = """\
other = synthetic:other
[synthetic other]
standard = gold
documents = 2, 1, 2
seed = 5
"""
FINISHED = {
    "status": "finished",
    "epochs": 1,
    "seconds": 1.0,
    "scores": {"test": {}},
    "versions": {},
}


def call(*arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


def write_other(path):
    text = path.read_text().replace("[synthetic silver]", OTHER + "[synthetic silver]", 1)
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def made(write_study_into, tmp_path_factory):
    """A finished study: its file, its folder, and the records."""
    folder = tmp_path_factory.mktemp("wild")
    path = write_other(
        write_study_into(folder, "source_documents = 4", kind="in_the_wild", epochs=6)
    )
    assert call("study", "run", path, "--quiet") == 0
    study = folder / "output" / "tiny"
    return path, study, Store(study / "runs.jsonl").records()


def corpus(study, name):
    (folder,) = (study / "corpora").glob(f"{name}-*")
    return folder


@pytest.mark.slow
def test_models_are_scored_on_the_corpora_that_they_were_not_trained_on(made):
    _, study, records = made
    found = {(r["arm"], r["corpus"]): sorted(r["elsewhere"]) for r in records.values()}
    assert found == {
        ("source", "silver"): ["gold", "other"],
        ("baseline", "gold"): ["other"],
        ("baseline", "other"): ["gold"],
        ("transfer", "gold"): ["other"],
        ("transfer", "other"): ["gold"],
    }
    for record in records.values():
        for name, scores in record["elsewhere"].items():
            expected = evaluate_model(study / record["folder"], corpus(study, name))
            counts = {k: [c.tp, c.fp, c.fn] for k, c in expected.per_document.items()}
            assert scores["documents"] == counts and len(counts) == 2
            assert scores["left_out"] == 0
            micro = expected.scores.micro
            sums = [sum(c[n] for c in scores["scores"]["documents"].values()) for n in ("tp", "fp")]
            assert sums == [micro.tp, micro.fp]
    assert any(
        sum(map(sum, s["documents"].values()))
        for r in records.values()
        for s in r["elsewhere"].values()
    )


@pytest.mark.slow
def test_nothing_is_scored_twice(made, capsys, monkeypatch):
    path, study, records = made
    before = (study / "runs.jsonl").read_bytes()
    monkeypatch.setattr(elsewhere, "_score", None)
    assert call("study", "run", path, "--quiet") == 0
    assert (study / "runs.jsonl").read_bytes() == before


@pytest.mark.slow
def test_documents_that_taught_a_model_are_left_out(made, tmp_path, monkeypatch):
    """The other corpus has a test document that is in the train part of a model's corpus."""
    path, study, records = made
    places = {name: tmp_path / name for name in ("gold", "other")}
    for name, place in places.items():
        shutil.copytree(corpus(study, name), place)
    shared = sorted((places["gold"] / "train").glob("*.txt"))[0]
    for suffix in (".txt", ".ann"):
        shutil.copy(shared.with_suffix(suffix), places["other"] / "test" / f"again{suffix}")
    monkeypatch.setattr(
        elsewhere,
        "corpus_folders",
        lambda definition, folder: {**places, "silver": corpus(study, "silver")},
    )
    definition = read_definition(path)
    for run in plan_runs(definition):
        if run.corpus != "other":
            left = 1 if run.corpus == "gold" else 0
            (scores,) = elsewhere._score(
                definition, StudyFolder(study), run, records[run.id], ["other"]
            ).values()
            assert scores["left_out"] == left and len(scores["documents"]) == 3 - left
    assert len(read_corpus(places["other"]).parts["test"]) == 3


@pytest.mark.slow
def test_the_report_has_both_directions(made, capsys):
    path, study, _ = made
    capsys.readouterr()
    assert call("study", "report", path, "--json") == 0
    tables = json.loads(capsys.readouterr().out)["tables"]
    assert {"in_the_wild_DISO", "by_corpus"} <= set(tables)
    assert (study / "reports" / "tiny" / "figures" / "in_the_wild_DISO.png").is_file()


@pytest.mark.parametrize(
    "study, other, message",
    [
        ("", False, "kind: found in_the_wild and no class with several target corpora"),
        ("keep_models = False", True, "keep_models: found False, expected True"),
    ],
)
def test_what_is_refused(write_study, capsys, study, other, message):
    path = write_study(study, kind="in_the_wild")
    if other:
        write_other(path)
    assert call("study", "run", path) == 2
    assert message in capsys.readouterr().err


def test_a_run_that_another_study_recorded_under_other_words_is_scored(write_study, monkeypatch):
    """A second silver corpus changes the words of a name, not the run; its report finds it."""
    definition = read_definition(write_other(write_study(kind="in_the_wild")))
    runs = [run for run in plan_runs(definition) if not run.is_source]
    store = StudyFolder(definition.folder).store
    names = [run.id.replace("-transfer", "-transfer-from_silver") for run in runs]
    for name in names:
        store.append({"id": name, **FINISHED})
    assert runs[-1].id != names[-1]
    given = []

    def score(definition, study, run, record, others):
        given.append((record["id"], others))
        return {other: {"scores": {}, "documents": {}} for other in others}

    monkeypatch.setattr(elsewhere, "_score", score)
    assert elsewhere.score_elsewhere(definition) == len(names) == 4
    assert [name for name, _ in given] == names
    assert all(store.records()[name]["elsewhere"] for name in names)
    assert elsewhere.score_elsewhere(definition) == 0
