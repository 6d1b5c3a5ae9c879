"""A search on a tiny corpus: drawn, pruned, interrupted and resumed, reported."""

import csv
import json
import math
import shutil
import sys
from pathlib import Path

import pytest
from study_records import comparable

from neuroner_tl.__main__ import main
from neuroner_tl.errors import ParameterError, TrainingError
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs import attempts, training
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.pages import figures
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.running.runner import Execution
from neuroner_tl.studies.running.search import run_search
from neuroner_tl.studies.running.search_database import SearchDatabase
from neuroner_tl.system.locks import lock

optuna = pytest.importorskip("optuna", reason="Optuna is not installed; pip install '.[tuning]'")

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")

ROOT = Path(__file__).resolve().parents[3]
BASELINE = "arms = baseline"
SPACE = """\
[space]
learning_rate = 0.01 to 0.1, log
dropout_rate = 0.1 to 0.5, step 0.1
[search]
trials = {trials}
pruning = {pruning}
{more}
"""


@pytest.fixture(autouse=True)
def no_figures(monkeypatch):
    """Each takes a fifth of a second; tests/studies/kinds/test_tuning.py draws them."""
    monkeypatch.setattr(figures.Figure, "save", lambda self, folder: b"")


@pytest.fixture
def made_up_scores(monkeypatch):
    """Scores of parameters and steps, since nothing is learned from two documents."""

    def validate(self, step):
        found = 0.8 - abs(math.log10(self.run.parameters.learning_rate) + 1.5) / 2
        return found - 0.1 / (1 + step.iteration), {}

    monkeypatch.setattr(training._Training, "_validate", validate)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "output" / "tiny"


@pytest.fixture
def write_search(write_study):
    """A function that writes the file of a search."""

    def write(trials=3, pruning="none", more="", after="", study=BASELINE, **options):
        space = SPACE.format(trials=trials, pruning=pruning, more=more)
        return write_study(study, space + after, kind="tuning", **options)

    return write


def call(*words):
    return main([str(word) for word in words])


def records(folder):
    return list(Store(folder / "runs.jsonl").records().values())


def states(folder):
    """The trials in Optuna's database: state, values of the parameters, scores."""
    (name,) = optuna.get_all_study_names(f"sqlite:///{folder}/search.db")
    study = optuna.load_study(study_name=name, storage=f"sqlite:///{folder}/search.db")
    return [(t.state.name, t.params, t.value, t.intermediate_values) for t in study.trials]


class PruneSecond(optuna.pruners.BasePruner):
    """Ends the trial number 1 after its first epoch."""

    def prune(self, study, trial):
        return trial.number == 1


@pytest.fixture
def second_is_pruned(monkeypatch):
    monkeypatch.setattr(SearchDatabase, "_pruner", lambda self: PruneSecond())


class Interruption(training.TrainingLoop):
    """Interrupts the second trial after its first step."""

    trials = 0

    def __iter__(self):
        Interruption.trials += self.progress.epoch == 1
        own = self.stop_requested
        self.stop_requested = lambda: (
            own()
            or (Interruption.trials == 2 and (self.progress.epoch, self.progress.batch) == (1, 1))
        )
        return super().__iter__()


def test_a_search_scores_valid_alone(write_search, folder, capsys, made_up_scores):
    assert call("study", "run", write_search(epochs=2)) == 0
    assert "3 of 3 trials made: 3 complete, 0 pruned, 0 failed" in capsys.readouterr().out
    found = records(folder)
    assert [record["trial"]["number"] for record in found] == [0, 1, 2]
    for record in found:
        assert set(record["scores"]) == {"valid"} and not record["test_documents"]
        assert [epoch for epoch, _ in record["epoch_scores"]] == [1, 2]
        assert record["valid_f1"] == max(score for _, score in record["epoch_scores"])
        run = folder / record["folder"]
        assert {path.name for path in (run / "predictions").iterdir()} == {"valid"}
        assert set(json.loads((run / "results.json").read_text())["scores"]) == {"valid"}
        assert not (run / "model").exists() and not (run / "last").exists()
    assert not (folder / "mentions").exists()
    for (state, values, score, epochs), record in zip(states(folder), found):
        assert (state, score) == ("COMPLETE", record["valid_f1"])
        assert values == record["trial"]["values"]
        assert epochs == dict(map(tuple, record["epoch_scores"]))
    best = max(found, key=lambda record: record["valid_f1"])
    own = load_parameters(folder / "reports" / "tiny" / "best.ini")
    assert own.learning_rate == best["trial"]["values"]["learning_rate"]


@pytest.mark.slow
def test_training_with_the_best_parameters_repeats_the_best_trial(write_search, folder, tmp_path):
    path = write_search(epochs=3)
    path.write_text(path.read_text().replace("documents = 2, 1, 2", "documents = 16, 3, 2"))
    assert call("study", "run", path) == 0
    best = max(record["valid_f1"] for record in records(folder))
    assert best > 0
    file = folder / "reports" / "tiny" / "best.ini"
    assert call("train", "--parameters_filepath", file, "--output_folder", tmp_path / "best") == 0
    (results,) = (tmp_path / "best").glob("tiny_best_*/results.json")
    results = json.loads(results.read_text())
    assert results["best_score"] == best and "test" in results["scores"]


@pytest.mark.slow
def test_a_finished_search_trains_nothing_and_more_trials_continue_it(
    write_search, folder, monkeypatch, made_up_scores
):
    assert call("study", "run", write_search(trials=2)) == 0
    before = records(folder)
    with monkeypatch.context() as patched:
        patched.setattr(attempts, "train_run", None)
        assert call("study", "run", write_search(trials=2)) == 0
    assert records(folder) == before
    assert call("study", "run", write_search(trials=3)) == 0
    assert records(folder)[:2] == before and len(records(folder)) == 3


@pytest.mark.slow
def test_an_interrupted_search_resumes_with_the_same_result(
    write_search, folder, capsys, monkeypatch, tmp_path, made_up_scores
):
    path = write_search(epochs=3, pruning="hyperband")
    assert call("study", "run", path) == 0
    whole, expected = [comparable(record) for record in records(folder)], states(folder)
    report = (folder / "reports/tiny/tables/trials.csv").read_text()
    shutil.rmtree(folder)

    monkeypatch.setattr(Interruption, "trials", 0)
    with monkeypatch.context() as patched:
        patched.setattr(training, "TrainingLoop", Interruption)
        assert call("study", "run", path) == 130
    assert "2 runs left; the same command resumes the study" in capsys.readouterr().out
    assert [state for state, *_ in states(folder)] == ["COMPLETE", "RUNNING"]
    call("study", "status", path)
    assert "3 runs: 1 done, 0 running, 0 failed, 2 missing" in capsys.readouterr().out
    assert call("study", "run", path) == 0
    assert [comparable(record) for record in records(folder)] == whole
    assert states(folder) == expected
    assert len(list((folder / "runs").glob("*/resumed.jsonl"))) == 1
    columns = [row[:4] + row[5:] for row in csv.reader(report.splitlines())]
    again = (folder / "reports/tiny/tables/trials.csv").read_text()
    assert [row[:4] + row[5:] for row in csv.reader(again.splitlines())] == columns


@pytest.mark.slow
def test_a_pruned_trial_ends_and_is_recorded(write_search, folder, capsys, second_is_pruned):
    path = write_search(epochs=3)
    assert call("study", "run", path) == 0
    printed = capsys.readouterr().out
    assert "3 of 3 trials made: 2 complete, 1 pruned, 0 failed" in printed
    found = records(folder)
    assert [record["status"] for record in found] == ["finished", "pruned", "finished"]
    assert found[1]["epochs"] == 1 and len(found[1]["epoch_scores"]) == 1
    assert "scores" not in found[1]
    assert [state for state, *_ in states(folder)] == ["COMPLETE", "PRUNED", "COMPLETE"]
    call("study", "status", path)
    assert "3 runs: 3 done, 0 running, 0 failed, 0 missing" in capsys.readouterr().out


@pytest.mark.slow
def test_a_trial_killed_between_verdict_and_end_is_pruned_when_it_is_resumed(
    write_search, folder, monkeypatch, second_is_pruned
):
    path = write_search(trials=2, epochs=3)
    write = training.results_of

    def killed(run, folder, step, progress, stopped, seconds):
        if stopped.status == "pruned":
            raise KeyboardInterrupt
        return write(run, folder, step, progress, stopped, seconds)

    with monkeypatch.context() as patched:
        patched.setattr(training, "results_of", killed)
        assert call("study", "run", path) == 130
    assert len(records(folder)) == 1
    assert call("study", "run", path) == 0
    assert records(folder)[1]["status"] == "pruned"
    assert len(records(folder)[1]["epoch_scores"]) == 1


@pytest.mark.slow
def test_a_repeated_combination_is_not_trained_again(
    write_study, folder, monkeypatch, made_up_scores
):
    trained = []
    train = attempts.train_run

    def count(parameters, **judge):
        trained.append(parameters.batch_size)
        return train(parameters, **judge)

    monkeypatch.setattr(attempts, "train_run", count)
    more = "[space]\nbatch_size = 8, 16\n[search]\ntrials = 5\nsampler = random\n"
    path = write_study(BASELINE, more, kind="tuning")
    assert call("study", "run", path) == 0
    assert sorted(trained) == [8, 16]
    found = records(folder)
    assert sorted(record["trial"]["number"] for record in found) == [0, 1, 2, 3, 4]
    assert {state for state, *_ in states(folder)} == {"COMPLETE"}
    scores = {record["trial"]["values"]["batch_size"]: record["valid_f1"] for record in found}
    for _, values, score, epochs in states(folder):
        assert score == scores[values["batch_size"]] == epochs[1]

    # Without the database the search is drawn again, and no trial is trained again.
    trained.clear()
    (folder / "search.db").unlink()
    assert call("study", "run", path) == 0
    assert not trained and records(folder) == found


@pytest.mark.slow
def test_values_that_contradict_others_fail_and_the_search_continues(write_study, folder, capsys):
    frozen = "".join(
        f"freeze_{layer} = True\n" for layer in ("token_embeddings", "token_lstm", "crf")
    )
    space = "[space]\nfreeze_feedforward = True, False\n[search]\ntrials = 4\nsampler = random\n"
    path = write_study(BASELINE, f"{space}[target]\n{frozen}", kind="tuning")
    assert call("study", "run", path) == 0
    statuses = {r["trial"]["values"]["freeze_feedforward"]: r["status"] for r in records(folder)}
    assert statuses == {"True": "failed", "False": "finished"}
    printed = capsys.readouterr().out
    assert "nothing would be trained" in printed and "4 of 4 trials made" in printed


@pytest.mark.slow
def test_failed_trials_are_tried_again_on_request_only(write_search, folder, capsys, monkeypatch):
    train, calls = attempts.train_run, []

    def fail_first(parameters, **judge):
        calls.append(parameters.experiment_name)
        if len(calls) == 1:
            raise TrainingError("no such luck")
        return train(parameters, **judge)

    monkeypatch.setattr(attempts, "train_run", fail_first)
    path = write_search(trials=2)
    assert call("study", "run", path) == 0
    assert "2 of 2 trials made: 1 complete, 0 pruned, 1 failed" in capsys.readouterr().out
    assert call("study", "run", path) == 0 and len(calls) == 2
    assert call("study", "run", path, "--retry-failed") == 0
    assert len(calls) == 3 and calls[2] == calls[0]
    assert {record["status"] for record in records(folder)} == {"finished"}
    assert call("study", "run", path, "--retry-failed") == 0 and len(calls) == 3


@pytest.mark.slow
def test_a_trial_that_learns_nothing_counts_with_0(write_search, folder, capsys, monkeypatch):
    monkeypatch.setattr(Scorer, "validate", lambda self, mode: (0.0, {}))
    path = write_search(trials=2, after="[target]\ngive_up_after_sentences = 1\n")
    assert call("study", "run", path) == 0
    assert {record["status"] for record in records(folder)} == {"finished"}
    assert all("learns nothing" in record["learned_nothing"] for record in records(folder))
    assert [(state, score) for state, _, score, _ in states(folder)] == [("COMPLETE", 0.0)] * 2
    printed = capsys.readouterr().out
    assert "2 of the complete ones scored 0 or diverged" in printed
    assert "none learned anything" in printed
    assert not (folder / "reports/tiny/best.ini").exists()


@pytest.mark.slow
def test_a_trial_that_diverges_counts_with_0(write_search, folder, monkeypatch):
    class Diverges(training.TrainingLoop):
        def __iter__(self):
            yield from (event for event in super().__iter__() if self.progress.epoch < 3)
            yield training.Stopped("failed", "the loss diverges", sound=False)

    monkeypatch.setattr(training, "TrainingLoop", Diverges)
    assert call("study", "run", write_search(trials=1, epochs=5)) == 0
    (record,) = records(folder)
    assert record["status"] == "finished" and record["valid_f1"] == 0
    assert record["learned_nothing"] == "the loss diverges"


@pytest.mark.slow
def test_a_search_starts_from_the_source_model_of_its_arm(
    made_up_scores, write_search, folder, tmp_path
):
    path = write_study_of_transfer(write_search)
    assert call("study", "run", path) == 0
    source, *trials = records(folder)
    assert source["arm"] == "source" and len(trials) == 2
    assert all(trial["source"] == source["id"] for trial in trials)
    assert [epoch for epoch, _ in trials[0]["epoch_scores"]] == [0, 1]
    best = load_parameters(folder / "reports/tiny/best.ini")
    assert best.use_pretrained_model
    assert best.pretrained_model_folder == folder / source["folder"] / "model"
    assert best.pretrained_model_folder.is_dir()


def write_study_of_transfer(write_search):
    space = "[space]\ndropout_rate = 0.1 to 0.5\n[search]\ntrials = 2\n"
    path = write_search(study="arms = transfer")
    text = path.read_text()
    begin = text.index("[space]")
    path.write_text(text[:begin] + space)
    return path


def test_two_processes_do_not_draw_trials_of_one_search(write_search, folder):
    path = write_search()
    with lock(folder / ".search.db.lock") as mine:
        assert mine
        with pytest.raises(ParameterError, match="another process is executing this search"):
            run_search(read_definition(Path(path)))
    assert not (folder / "search.db").exists()


@pytest.mark.slow
def test_a_report_needs_the_records_alone(made_up_scores, write_search, folder, tmp_path, corpora):
    path = write_search(trials=4, target=str(shutil.copytree(corpora.gold, tmp_path / "gold")))
    assert call("study", "run", path) == 0
    assert call("study", "report", path, "--to", tmp_path / "r") == 0
    shutil.rmtree(folder)
    shutil.rmtree(tmp_path / "gold")
    more = ["--records", tmp_path / "r" / "runs.jsonl", "--to", tmp_path / "again"]
    assert call("study", "report", path, *more) == 0
    written = {p.relative_to(tmp_path / "r") for p in (tmp_path / "r").rglob("*") if p.is_file()}
    assert {"best.ini", "tables/trials.csv", "tables/importance.csv"} <= set(map(str, written))
    for name in written:
        assert (tmp_path / "r" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


@pytest.mark.slow
def test_a_changed_corpus_is_another_search(write_search, folder, tmp_path, corpora, capsys):
    gold = shutil.copytree(corpora.gold, tmp_path / "gold")
    path = write_search(trials=2, target=str(gold))
    assert call("study", "run", path) == 0
    (gold / "train" / "added.txt").write_text("Flu.")
    (gold / "train" / "added.ann").write_text("")
    capsys.readouterr()
    assert call("study", "report", path) == 0
    assert "0 of 2 trials made" in (printed := " ".join(capsys.readouterr().out.split()))
    assert "2 trials are recorded with other contents and not used" in printed
    assert call("study", "run", path) == 0
    assert len(records(folder)) == 4


def test_without_optuna_the_remedy_is_one_line(write_search, folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert call("study", "run", write_search()) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert 'install it with: pip install ".[tuning]"' in error
    assert not folder.exists()


def test_a_damaged_database_is_one_line(write_search, folder, capsys):
    folder.mkdir(parents=True)
    (folder / "search.db").write_bytes(b"This is not a database, it is text. " * 100)
    assert call("study", "run", write_search()) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "search.db" in error and "not a database" in error and "remove it" in error


@pytest.mark.slow
def test_a_cluster_makes_all_trials(write_search, folder, monkeypatch):
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install '.[cluster]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2})
    ray.init(address=cluster.address, log_to_driver=False)
    try:
        definition = read_definition(Path(write_search(trials=3, epochs=2)))
        progress = run_search(definition, Execution(workers=0, address=cluster.address))
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert (progress.counts["finished"], progress.left) == (3, 0)
    assert [state for state, *_ in states(folder)] == ["COMPLETE"] * 3
    assert all(set(epochs) == {1, 2} for *_, epochs in states(folder))


@pytest.mark.slow
def test_two_workers_make_all_trials(write_search, folder):
    definition = read_definition(Path(write_search(trials=4, epochs=2)))
    progress = run_search(definition, Execution(workers=2))
    assert (progress.counts["finished"] + progress.counts["pruned"], progress.left) == (4, 0)
    assert sorted(record["trial"]["number"] for record in records(folder)) == [0, 1, 2, 3]
    assert all(len(epochs) >= 1 for *_, epochs in states(folder))
