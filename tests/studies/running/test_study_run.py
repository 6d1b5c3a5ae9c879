"""Small studies from the command line, and what happens to runs that fail or are interrupted."""

import errno
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from study_records import comparable

from neuroner_tl.__main__ import main
from neuroner_tl.errors import ParameterError, TrainingError
from neuroner_tl.runs import attempts
from neuroner_tl.runs.scoring import Scorer
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.claims import Claims
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.running.runner import check_definition, run_missing

# For a handful of tokens, improving a graph takes far longer than computing.
pytestmark = pytest.mark.usefixtures("unoptimised")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "output" / "tiny"


@pytest.fixture
def store(folder):
    return Store(folder / "runs.jsonl")


def call(*arguments):
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        return error.code


def test_a_study_from_the_first_run_to_the_report(write_study, tmp_path, folder, store, capsys):
    path = write_study("keep_models = False\nsource_documents = 2")
    assert call("study", "run", path, "--seed", 5) == 0
    printed = capsys.readouterr().out
    records = store.records()
    source, baseline, transfer = records.values()
    assert [r["status"] for r in records.values()] == ["finished"] * 3
    assert [r["seed"] for r in records.values()] == [5, 5, 5]
    assert (baseline["source"], transfer["source"]) == (None, source["id"])
    assert source["documents"] == 2
    imported = json.loads((folder / source["folder"] / "import_report.json").read_text())
    assert imported["train"]["documents"] == 2
    report = json.loads((folder / transfer["folder"] / "transfer_report.json").read_text())
    assert report["source"] == str(folder / source["folder"] / "model")
    assert not (folder / baseline["folder"] / "transfer_report.json").exists()

    # The record says what the run's own results say.
    for record in (baseline, transfer):
        results = json.loads((folder / record["folder"] / "results.json").read_text())
        for name, measure in (("documents", "documents"), ("tags", "conll")):
            counts = results["scores"]["test"][measure]["micro"]
            own = record["scores"]["test"][name].values()
            assert sum(one["tp"] for one in own) == counts["tp"]
            assert sum(one["fn"] for one in own) == counts["fn"]
        by_document = record["test_documents"].values()
        headline = results["scores"]["test"]["documents"]["micro"]
        sums = [sum(column) for column in zip(*by_document)]
        assert len(by_document) == 2 and sums == [headline[n] for n in ("tp", "fp", "fn")]
        assert record["code"]["version"] == record["versions"]["neuroner_tl"]
        assert list((folder / record["predictions"]).glob("*.ann"))
        assert set(record["annotations"]) == {"train", "valid", "test"}
    # Models that are not needed are removed; that of the source is kept.
    assert (folder / source["folder"] / "model").is_dir()
    assert not (folder / transfer["folder"] / "model").exists()
    assert not (folder / transfer["folder"] / "last").exists()
    assert str(tmp_path) not in json.dumps(records), "a folder of this machine in a record"

    # The report: one page that needs no other file, Markdown, tables.
    reports = folder / "reports" / "tiny"
    page = (reports / "report.html").read_text()
    assert "<table>" in page and 'src="http' not in page and "tensorflow" in page
    assert f"neuroner-tl study run {path} --seed 5" in page
    assert "by_class" in {p.stem for p in (reports / "tables").glob("*.csv")}
    assert "baseline" in printed and "synthetic" in printed

    # Nothing is made twice.
    before = store.path.read_bytes()
    assert call("study", "run", path, "--seed", 5) == 0
    assert store.path.read_bytes() == before
    capsys.readouterr()
    assert call("study", "status", path, "--seed", 5) == 0
    assert "3 runs: 3 done, 0 running, 0 failed, 0 missing" in capsys.readouterr().out

    # From the records alone the same report can be made elsewhere.
    assert call("study", "report", path, "--seed", 5, "--to", tmp_path / "r") == 0
    shutil.rmtree(folder)
    again = ["--records", tmp_path / "r" / "runs.jsonl", "--to", tmp_path / "again"]
    assert call("study", "report", path, "--seed", 5, *again) == 0
    written = [path for path in (tmp_path / "r").rglob("*") if path.is_file()]
    assert "by_corpus.csv" in {path.name for path in written}
    for path in written:
        other = tmp_path / "again" / path.relative_to(tmp_path / "r")
        assert path.read_bytes() == other.read_bytes(), path.name
    assert "95 % interval and p: t statistic" in (tmp_path / "again" / "report.md").read_text()


@pytest.mark.slow
def test_a_failed_run_is_recorded_and_the_others_continue(write_study, store, capsys, monkeypatch):
    train = attempts.train_run

    def fail_first(parameters):
        if parameters.seed == 0:
            raise TrainingError("the run\nlearns nothing")
        return train(parameters)

    monkeypatch.setattr(attempts, "train_run", fail_first)
    path = write_study("arms = baseline\nseeds = 0, 1")
    assert call("study", "run", path) == 0
    statuses = {r["seed"]: r["status"] for r in store.records().values()}
    assert statuses == {0: "failed", 1: "finished"}
    printed = capsys.readouterr().out
    assert "1 of 2 runs are finished, 1 failed" in printed
    call("study", "status", path)
    assert "1 failed, 0 missing" in (printed := capsys.readouterr().out)
    assert "the run learns nothing" in printed

    # It is repeated only on request.
    monkeypatch.setattr(attempts, "train_run", train)
    before = store.path.read_bytes()
    assert call("study", "run", path) == 0
    assert store.path.read_bytes() == before
    assert call("study", "run", path, "--retry-failed") == 0
    assert {r["status"] for r in store.records().values()} == {"finished"}


def test_a_run_whose_score_stays_zero_counts_with_it(write_study, store, folder, monkeypatch):
    monkeypatch.setattr(Scorer, "validate", lambda self, mode: (0.0, {}))
    path = write_study("arms = baseline", "[target]\ngive_up_after_sentences = 1\n")
    assert call("study", "run", path) == 0
    (record,) = store.records().values()
    assert record["status"] == "finished" and "learns nothing" in record["learned_nothing"]
    assert record["valid_f1"] == 0 and record["best_epoch"] is None
    (counts,) = record["scores"]["test"]["documents"].values()
    assert counts["tp"] == counts["fp"] == 0 and counts["fn"] > 0
    assert sum(row[2] for row in record["test_documents"].values()) == counts["fn"]
    mentions = StudyFolder(folder).mentions.read(record["id"])
    assert len(mentions.gold.all) == counts["fn"] and not mentions.predicted.all


def test_recipes_of_which_one_learns_nothing_are_all_trained(
    write_study, store, monkeypatch, caplog
):
    caplog.set_level("INFO")
    monkeypatch.setattr(Scorer, "validate", lambda self, mode: (0.0, {}))
    more = "[target]\ngive_up_after_sentences = 1\n"
    path = write_study("arms = baseline\nseeds = 0, 1", more, kind="recipes")
    assert call("study", "run", path) == 0
    assert [r["status"] for r in store.records().values()] == ["finished"] * 2
    lines = [r.getMessage() for r in caplog.records if "finished, valid F1 0.00" in r.getMessage()]
    assert len(lines) == 2


def test_a_source_that_learns_nothing_has_failed(write_study, store, monkeypatch):
    monkeypatch.setattr(Scorer, "validate", lambda self, mode: (0.0, {}))
    path = write_study("arms = transfer", "[source]\ngive_up_after_sentences = 1\n")
    assert call("study", "run", path) == 0
    (record,) = store.records().values()
    assert record["status"] == "failed" and "learns nothing" in record["error"]


@pytest.mark.slow
def test_a_corpus_that_changes_while_a_study_runs_is_noticed(write_study, tmp_path, store, corpora):
    gold = shutil.copytree(corpora.gold, tmp_path / "gold")
    train = attempts.train_run

    def change(parameters):
        result = train(parameters)
        (gold / "train" / "added.txt").write_text("Flu.")
        return result

    path = write_study("arms = baseline", target=str(gold))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(attempts, "train_run", change)
        assert call("study", "run", path) == 0
    (record,) = store.records().values()
    assert record["status"] == "failed" and "found other files" in record["error"]
    # The changed corpus is another run, which is made.
    assert call("study", "run", path) == 0
    assert [r["status"] for r in store.records().values()] == ["failed", "finished"]


def test_what_a_programming_error_says_is_recorded_too(write_study, store, monkeypatch):
    def fail(parameters):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(attempts, "train_run", fail)
    assert call("study", "run", write_study("arms = baseline")) == 0
    (record,) = store.records().values()
    assert record["error"] == "ZeroDivisionError: division by zero"


@pytest.mark.slow
def test_an_interrupted_study_resumes_with_the_same_result(
    write_study, folder, store, capsys, monkeypatch
):
    from neuroner_tl.runs import training

    path = write_study("arms = baseline", epochs=3)
    assert call("study", "run", path) == 0
    (expected,) = map(comparable, store.records().values())

    # The run was scored, but its process ended before the record was written.
    store.path.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(attempts, "train_run", None)
        assert call("study", "run", path) == 0
    assert list(map(comparable, store.records().values())) == [expected]
    shutil.rmtree(folder)

    class Interrupted(training.TrainingLoop):
        def __iter__(self):
            self.stop_requested = lambda: self.progress.epoch > 2
            return super().__iter__()

    capsys.readouterr()
    with monkeypatch.context() as patched:
        patched.setattr(training, "TrainingLoop", Interrupted)
        assert call("study", "run", path) == 130
    assert "1 run left; the same command resumes" in capsys.readouterr().out
    assert not store.records()
    with monkeypatch.context() as patched:
        patched.setattr(attempts, "train_run", None)  # It is resumed, not restarted.
        assert call("study", "run", path) == 0
    assert list(map(comparable, store.records().values())) == [expected]


def test_some_corpora_are_a_part_of_the_study(write_study, capsys):
    path = write_study(target="synthetic:gold\ntwin = nowhere")
    assert call("study", "status", path, "--corpora", "twin, gold") == 0
    assert "5 runs: 0 done" in capsys.readouterr().out
    assert call("study", "status", path, "--corpora", "gold", "--arms", "baseline") == 0
    assert "1 run: 0 done" in capsys.readouterr().out
    assert call("study", "status", path, "--corpora", "silver") == 2
    assert "--corpora: found 'silver', expected one of gold, twin" in capsys.readouterr().err


def test_a_corpus_with_a_split_of_its_own_has_no_others(write_study, corpora, tmp_path, capsys):
    several = "split_seeds = 0, 1"
    for target in ("synthetic:gold", str(corpora.gold)):
        definition = read_definition(write_study(several, target=target))
        with pytest.raises(ParameterError, match="split_seeds: found several, and gold, which has"):
            check_definition(definition, plan_runs(definition))
        # Samples of the train part are drawn with the seed.
        definition = read_definition(write_study(f"{several}\ntrain_sizes = 30", target=target))
        check_definition(definition, plan_runs(definition))
    flat = tmp_path / "flat"
    flat.mkdir()
    for part in ("train", "valid", "test"):
        for path in (corpora.gold / part).iterdir():
            shutil.copy(path, flat / path.name)
    definition = read_definition(write_study(several, target=str(flat)))
    check_definition(definition, plan_runs(definition))


def test_records_of_another_study_are_not_an_empty_report(write_study, tmp_path, capsys):
    records = Path(__file__).parents[3] / "experiments" / "results" / "slow_source" / "runs.jsonl"
    number = len(records.read_text("utf-8").splitlines())
    arguments = ["study", "report", write_study(), "--records", records, "--to", tmp_path / "to"]
    assert call(*arguments) == 2
    said = capsys.readouterr().err
    assert f"runs.jsonl: found {number} records, expected some of the study's 3 runs" in said
    assert "word vectors pubmed-w2v-200d.bin.gz, and the study None" in said
    assert not (tmp_path / "to").exists()


def test_a_run_that_is_finished_under_other_words_is_not_made_again(write_study, store, folder):
    path = write_study()
    assert call("study", "run", path, "--arms", "baseline") == 0
    (record,) = store.records().values()
    name = record["id"].replace("-baseline-", "-baseline-from_silver-")
    store.path.write_text(json.dumps({**record, "id": name}) + "\n")
    definition = read_definition(path).with_arms(["baseline"])
    assert run_missing(definition).left == 0
    assert list(store.records()) == [name]


def test_what_is_left_out_needs_no_variables(write_study, capsys):
    path = write_study(target="synthetic:gold\ntwin = ${NOWHERE}/twin", source="${SILVER}/s")
    assert call("study", "run", path, "--arms", "baseline") == 2
    assert "twin: found ${NOWHERE}, expected a variable that is set" in capsys.readouterr().err
    assert call("study", "run", path, "--corpora", "gold") == 2
    assert "silver: found ${SILVER}, expected a variable" in capsys.readouterr().err
    assert call("study", "run", path, "--corpora", "gold", "--arms", "baseline") == 0


@pytest.mark.parametrize("option", ["--arms", "--corpora"])
def test_no_name_is_not_all_names(write_study, capsys, option):
    path = write_study(target="synthetic:gold\ntwin = nowhere")
    for text in ("", " , "):
        assert call("study", "status", path, option, text) == 2
        assert "expected names with commas; leave the option out for all" in capsys.readouterr().err
    names = ("baseline", "transfer") if option == "--arms" else ("gold", "twin")
    assert call("study", "status", path, option, names[0], option, names[1]) == 0
    assert "5 runs: 0 done" in capsys.readouterr().out


def test_status_tells_what_is_running_and_missing(write_study, folder, capsys):
    path = write_study("seeds = 0, 1")
    call("study", "status", path)
    printed = capsys.readouterr().out
    assert "5 runs: 0 done, 0 running, 0 failed, 5 missing" in printed
    assert "unknown until" in printed
    name = next(line.split()[1] for line in printed.splitlines() if "missing gold" in line)
    with Claims(folder / ".claims").claim(name):
        call("study", "status", path)
        assert f"running {name} for" in (printed := capsys.readouterr().out)
        assert "1 running, 0 failed, 4 missing" in printed


@pytest.mark.slow
def test_some_arms_can_be_run_before_the_sources_of_the_others_exist(
    write_study, store, capsys, corpora, tmp_path
):
    path = write_study(source=str(tmp_path / "silver"))
    assert call("study", "run", path, "--arms", "baseline") == 0
    assert "--arms baseline" in (tmp_path / "output/tiny/reports/tiny/report.md").read_text()
    assert [record["arm"] for record in store.records().values()] == ["baseline"]
    assert call("study", "run", path) == 2
    assert "silver: no such folder" in capsys.readouterr().err
    shutil.copytree(corpora.silver, tmp_path / "silver")
    assert call("study", "status", path) == 0
    assert "3 runs: 1 done, 0 running, 0 failed, 2 missing" in capsys.readouterr().out
    assert call("study", "status", path, "--arms", "baselin") == 2
    assert "--arms: found 'baselin', expected one of baseline, transfer" in capsys.readouterr().err


@pytest.mark.parametrize(
    "corpora, words",
    [
        ({"source": "nowhere"}, "nowhere: no such folder"),
        ({"target": "{folder}/without_test"}, "no test part"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_refused_before_anything_is_trained(
    write_study, tmp_path, capsys, corpora, words
):
    for part in ("train", "valid"):
        (tmp_path / "without_test" / part).mkdir(parents=True)
        (tmp_path / "without_test" / part / "a.txt").write_text("Flu.")
        (tmp_path / "without_test" / part / "a.ann").write_text("T1\tDISO 0 3\tFlu\n")
    named = {name: value.format(folder=tmp_path) for name, value in corpora.items()}
    assert call("study", "run", write_study(**named)) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["report"], "runs.jsonl: no such file, expected the records of the study"),
        (["report", "--records", "no.jsonl"], "error: no.jsonl: no such file, expected records of"),
        (["run", "--workers", "0"], "expected 1 or more"),
        (["run", "-D", "GOLD"], "expected NAME=VALUE"),
        (["run", "--seed", "x"], "found 'x', expected a whole number"),
    ],
)
def test_wrong_arguments_are_one_line(write_study, tmp_path, capsys, arguments, words):
    action, *options = arguments
    assert call("study", action, write_study(), *options) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not (tmp_path / "output").exists()


def test_more_source_documents_than_there_are_is_the_error_of_that_run(write_study, store):
    assert call("study", "run", write_study("source_documents = 9\narms = transfer")) == 0
    (record,) = store.records().values()
    assert record["arm"] == "source" and "found 9, but the train part" in record["error"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["load_data", "pretrained_model"])
def test_a_signal_while_a_run_is_set_up_ends_the_study(
    name, write_study, store, capsys, monkeypatch
):
    """Not only the run: no other one is begun, and the same command makes them all."""
    from neuroner_tl.runs import training

    path = write_study("arms = baseline\nseeds = 0, 1")
    real, calls = getattr(training, name), []

    def interrupted(*arguments):
        calls.append(name)
        signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(training, name, interrupted)
        assert call("study", "run", path) == 130
    assert "2 runs left; the same command resumes the study" in capsys.readouterr().out
    assert len(calls) == 1 and not store.records()
    assert call("study", "run", path) == 0
    assert len(store.records()) == 2


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_full_disk_ends_the_study_and_is_not_the_runs_fault(
    wrapped, write_study, folder, store, capsys, monkeypatch
):
    def full(parameters):
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/last/weights-3-0")
        if wrapped:
            raise TrainingError("the run cannot be saved") from error
        raise error

    path = write_study("arms = baseline\nseeds = 0, 1")
    monkeypatch.setattr(attempts, "train_run", full)
    assert call("study", "run", path) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "error: /data/last/weights-3-0: No space left on device; free some space" in error
    assert not store.records()
    assert not Claims(folder / ".claims").holders()


def test_the_log_of_recipes_shows_no_score_on_test(write_study, caplog):
    caplog.set_level("INFO")
    assert call("study", "run", write_study("arms = baseline", kind="recipes")) == 0
    (line,) = [r.getMessage() for r in caplog.records if "-baseline-" in r.getMessage()][-1:]
    assert "finished, valid F1 " in line
