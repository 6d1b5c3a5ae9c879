"""Sources that are trained on what a target's model completed: teacher and student."""

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from study_records import comparable

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.synthetic.folders import write_silver_corpus
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.runs import attempts
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.running import execution
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.teaching import corpus_of, model_of

pytestmark = pytest.mark.usefixtures("unoptimised")

TAUGHT = """\
[student]
learning_rate = 0.03
[arm taught]
teacher = baseline
sure = 0.8
doubtful = 0.4
"""
BOTH = "arms = baseline, transfer, taught\nvalid_chooses = transfer, taught\nkeep_models = False"


@pytest.fixture
def completed(monkeypatch):
    """What was completed with what; the real work is that of silver/completion.py."""
    calls = []

    def complete(silver, teacher, output, *, sure, doubtful, train_size, split_seed):
        assert (Path(teacher) / "manifest.json").is_file() and split_seed == 0
        calls.append((Path(teacher), sure, doubtful))
        shutil.copytree(silver, output)
        if train_size is not None:
            left_out = read_corpus(silver, train_size=train_size).left_out
            for name in left_out.ids:
                for path in (output / "train").glob(f"{name}.*"):
                    path.unlink()

    module = SimpleNamespace(complete_silver=complete)
    monkeypatch.setitem(sys.modules, "neuroner_tl.silver.completion", module)
    return calls


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "output" / "tiny"


@pytest.fixture
def records(folder):
    def by_arm():
        return {
            (r["arm"], "teacher" in r): r for r in Store(folder / "runs.jsonl").records().values()
        }

    return by_arm


def plan(path, **more):
    return plan_runs(read_definition(path), **more)


def test_each_target_run_has_a_teacher_and_a_student_of_its_own(write_study):
    path = write_study(f"{BOTH}\nseeds = 0, 1\ntrain_sizes = 20, 40", TAUGHT)
    runs = plan(path)
    by_id = {run.id: run for run in runs}
    students = [run for run in runs if run.teacher is not None]
    assert len(students) == 4 and len(runs) == 1 + 3 * 4 + 4 == len(by_id)
    for student in students:
        teacher = by_id[student.teacher]
        assert student.is_source and student.corpus == "silver" and student.source is None
        assert (teacher.arm, teacher.corpus) == ("baseline", "gold")
        assert student.parameters.seed == teacher.parameters.seed
        assert student.parameters.learning_rate == 0.03
        assert student.id.startswith(f"silver-source-taught_by_gold-{teacher.train_size:g}pct-seed")
        (target,) = [run for run in runs if run.source == student.id]
        assert target.arm == "taught" and target.source_seed is None and len(target.layers) == 6
        assert target.train_size == teacher.train_size
        assert target.parameters.seed == teacher.parameters.seed
        # All that it needs comes before it.
        order = list(by_id)
        assert order.index(teacher.id) < order.index(student.id) < order.index(target.id)


def test_a_student_is_identified_by_all_that_it_reads(write_study):
    def students(taught=TAUGHT, study=BOTH, more=""):
        runs = plan(write_study(study, taught + more))
        return {run.id for run in runs if run.teacher is not None}

    first = students()
    for other in (
        students(TAUGHT.replace("0.8", "0.7")),
        students(TAUGHT.replace("0.4", "0.3")),
        students(TAUGHT.replace("0.03", "0.02")),
        students(TAUGHT + "from_source = True\n"),
        students(more="[target]\nlearning_rate = 0.5\n"),
        students(TAUGHT.replace("teacher = baseline", "teacher = transfer")),
    ):
        assert not first & other and len(other) == 1
    assert students(TAUGHT.replace("[arm taught]", "[arm taught]\nlearning_rate = 0.5")) == first
    # The other arms are what they are without it.
    ids = {run.id for run in plan(write_study("arms = baseline, transfer"))}
    assert ids < {run.id for run in plan(write_study(BOTH, TAUGHT))}


def test_a_student_may_start_from_the_source_of_the_corpus_as_it_is(write_study):
    path = write_study(
        f"{BOTH}\nseeds = 0, 1\nsource_seeds = 5, 6", TAUGHT + "from_source = True\n"
    )
    runs = plan(path)
    by_id = {run.id: run for run in runs}
    for student in (run for run in runs if run.teacher is not None):
        source = by_id[student.source]
        assert source.is_source and source.teacher is None
        assert source.parameters.seed == student.parameters.seed + 5 == student.source_seed
        (target,) = [run for run in runs if run.source == student.id]
        assert target.source_seed == student.source_seed


def test_without_an_arm_of_its_own_the_plain_source_is_not_trained(write_study):
    runs = plan(write_study("arms = baseline, taught", TAUGHT))
    assert [run.arm for run in runs] == ["baseline", "source", "taught"]
    fine = plan(write_study("arms = baseline, taught", TAUGHT + "from_source = True\n"))
    assert [run.arm for run in fine] == ["source", "baseline", "source", "taught"]


def test_teacher_student_and_target_are_trained_in_turn(
    write_study, tmp_path, folder, records, completed, caplog
):
    silver = tmp_path / "silver"
    write_silver_corpus(silver, (4, 1), 1, ("DISO",))
    (silver / "report.json").write_text('{"learned_from_documents": {"other": ["a", "b"]}}')
    study = "arms = baseline, taught\nkeep_models = False\nsource_documents = 2"
    path = write_study(study, TAUGHT, source=str(silver))
    # Its model is kept for the teaching to come, whatever keep_models says.
    assert main(["study", "run", str(path), "--arms", "baseline"]) == 0
    assert len(records()) == 1 and not completed
    assert main(["study", "run", str(path)]) == 0
    found = records()
    assert len(found) == 3 and {r["status"] for r in found.values()} == {"finished"}
    student, baseline = found["source", True], found["baseline", False]
    assert student["teacher"] == baseline["id"] and student["documents"] == 2
    # Only what is trained on is completed.
    imported = json.loads((folder / student["folder"] / "import_report.json").read_text())
    assert imported["train"]["documents"] == 2
    assert completed == [(folder / baseline["folder"] / "model", 0.8, 0.4)]
    assert found["taught", False]["source"] == student["id"]
    report = folder / found["taught", False]["folder"] / "transfer_report.json"
    assert json.loads(report.read_text())["source"] == str(folder / student["folder"] / "model")
    assert not list((folder / "corpora").glob("completed-*")), "it is needed no more"
    assert not [m for m in caplog.messages if "leak check cannot" in m or "does not know" in m]
    assert (folder / baseline["folder"] / "model").is_dir()
    assert not (folder / found["taught", False]["folder"] / "model").exists()
    assert student["learned_from"] == {"other": 2}
    text = (folder / "reports/tiny/report.md").read_text()
    assert "silver, source model of a teacher" in text
    assert "silver: 2 documents of other; completed by a model of the target's train" in text
    # Nothing is made twice.
    assert main(["study", "run", str(path)]) == 0
    assert len(completed) == 1


@pytest.mark.slow
def test_an_interrupted_student_resumes_on_the_same_corpus(
    write_study, folder, records, completed, monkeypatch
):
    path = write_study("arms = baseline, taught", TAUGHT, epochs=2)
    assert main(["study", "run", str(path)]) == 0
    expected = {key: comparable(record) for key, record in records().items()}
    shutil.rmtree(folder)

    train = attempts.train_run

    def fail_after(parameters):
        if "taught_by" in parameters.experiment_name:
            raise CorpusError("no disk")
        return train(parameters)

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "train_run", fail_after)
        assert main(["study", "run", str(path)]) == 0
    assert records()["source", True]["status"] == "failed" and ("taught", False) not in records()
    assert list((folder / "corpora").glob("completed-*"))
    assert main(["study", "run", str(path), "--retry-failed"]) == 0
    # The corpus was completed before: it is taken as it is.
    assert len(completed) == 2
    assert {key: comparable(record) for key, record in records().items()} == expected


def test_a_teacher_without_a_model_is_the_error_of_its_student(write_study, folder, tmp_path):
    definition = read_definition(write_study("arms = baseline, taught", TAUGHT))
    teacher, student, _ = plan_runs(definition)
    job = Job(student, tmp_path / "silver", StudyFolder(folder))
    with pytest.raises(ParameterError, match="its teacher model gold-baseline.* is not in"):
        corpus_of(job)
    made = {"id": teacher.id, "status": "finished", "epochs": 1, "scores": {}, "seconds": 1.0}
    job.study.store.append({**made, "versions": {}, "folder": "runs/removed"})
    with pytest.raises(ParameterError) as caught:
        corpus_of(job)
    assert "found no model of its teacher gold-baseline" in str(caught.value)
    assert "remove its line" in str(caught.value)


def test_a_teacher_is_found_that_was_recorded_under_other_words(write_study, folder, tmp_path):
    """The scheduler takes it for finished, by its hash: its student must find its model."""
    *_, student, _ = plan(write_study(BOTH, TAUGHT))
    name = student.teacher.replace("baseline", "from_scratch")
    more = {"epochs": 1, "seconds": 1.0, "scores": {}, "versions": {}, "folder": "runs/one"}
    StudyFolder(folder).store.append({"id": name, "status": "finished", **more})
    (folder / "runs" / "one" / "model").mkdir(parents=True)
    job = Job(student, tmp_path, StudyFolder(folder))
    assert model_of(job, student.teacher, "teacher") == folder / "runs" / "one" / "model"


@pytest.mark.slow
def test_a_teacher_completes_a_silver_corpus_in_a_study(
    write_study, tmp_path, folder, records, corpora, monkeypatch
):
    """With the work of silver/completion.py itself."""
    monkeypatch.setattr(execution, "remove_completed", lambda job: None)
    path = write_study(
        "arms = baseline, taught",
        TAUGHT + "from_source = True\n",
        source=str(corpora.silver),
        target=str(corpora.gold),
        epochs=2,
    )
    assert main(["study", "run", str(path)]) == 0
    assert {r["status"] for r in records().values()} == {"finished"}
    (completed,) = (folder / "corpora").glob("completed-*")
    plain, whole = read_corpus(corpora.silver), read_corpus(completed)
    assert {p: part.ids for p, part in whole.items()} == {p: part.ids for p, part in plain.items()}
    report = json.loads((completed / "report.json").read_text())
    train = list(read_corpus(corpora.gold)["train"].ids)
    assert report["learned_from_documents"] == {corpora.gold.name: train}
    assert report["completion"]["sure"] == 0.8
