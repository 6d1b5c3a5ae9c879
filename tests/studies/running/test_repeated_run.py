"""A sample that is the whole train part is not trained on again."""

import pytest
from study_records import comparable

from neuroner_tl.errors import CorpusError
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.running import repeated_run
from neuroner_tl.studies.running.runner import run_missing

pytestmark = pytest.mark.usefixtures("eagerly")

# Two of the corpus's five documents are its train part.
SIZES = "train_sizes = 40\nruns = tiny\nkeep_models = False"
WHOLE = "runs = tiny\nkeep_models = False"


def run(path):
    definition = read_definition(path)
    assert run_missing(definition).left == 0
    return StudyFolder(definition.folder)


def folders(study):
    return {path.name for path in study.runs.iterdir() if path.is_dir()}


def test_its_record_is_what_training_would_give(write_study_into, tmp_path):
    (tmp_path / "trained").mkdir()
    (tmp_path / "repeated").mkdir()
    alone = "arms = baseline\n"
    trained = run(write_study_into(tmp_path / "trained", alone + SIZES))
    whole = run(write_study_into(tmp_path / "repeated", alone + WHOLE))
    made = set(whole.store.records())
    before = folders(whole)
    repeated = run(write_study_into(tmp_path / "repeated", alone + SIZES))
    (name,) = repeated.store.records().keys() - made
    (expected,) = trained.store.records().values()
    record = repeated.store.records()[name]
    assert record["repeats"] in made and record["seconds"] == 0
    assert comparable(record) == comparable(dict(expected, repeats=record["repeats"]))
    assert repeated.mentions.read(name) == trained.mentions.read(name)
    assert folders(repeated) == before


def test_the_run_that_it_repeats_is_that_of_a_study_without_sizes(write_study_into, tmp_path):
    sizes = plan_runs(read_definition(write_study_into(tmp_path, SIZES)))
    whole = plan_runs(read_definition(write_study_into(tmp_path, WHOLE)))
    for arm in ("baseline", "transfer"):
        (name,) = {one.id for one in whole if one.arm == arm}
        assert {one.whole for one in sizes if one.arm == arm} == {name}
    assert {one.whole for one in (*whole, *sizes) if one.is_source} == {None}


@pytest.mark.parametrize("size, keep", [(20, False), (40, True)], ids=["a sample", "a kept model"])
def test_what_the_other_run_does_not_have_is_trained(write_study_into, tmp_path, size, keep):
    alone = "arms = baseline\nruns = tiny\nkeep_models = "
    before = run(write_study_into(tmp_path, f"{alone}False")).store.records()
    study = run(write_study_into(tmp_path, f"{alone}{keep}\ntrain_sizes = {size}"))
    (name,) = study.store.records().keys() - before.keys()
    assert "repeats" not in study.store.records()[name]


def test_a_corpus_that_cannot_be_read_fails_its_run_alone(write_study_into, tmp_path, monkeypatch):
    alone = "arms = baseline\nruns = tiny\nkeep_models = False"
    before = run(write_study_into(tmp_path, alone)).store.records()

    def unreadable(job, part):
        raise CorpusError("it is gone")

    monkeypatch.setattr(repeated_run, "corpus_with", unreadable)
    definition = read_definition(write_study_into(tmp_path, f"{alone}\ntrain_sizes = 40"))
    progress = run_missing(definition)
    assert progress.counts["failed"] == 1 and not progress.interrupted
    records = StudyFolder(definition.folder).store.records()
    (name,) = records.keys() - before.keys()
    assert records[name]["error"] == "it is gone"
