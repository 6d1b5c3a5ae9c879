"""Identifiers cover what a run reads; records belong to runs by them, or by their keys."""

import dataclasses
import os
import subprocess
import time

import pytest

import neuroner_tl
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records import code_version
from neuroner_tl.studies.records.claims import Claims
from neuroner_tl.studies.records.matching import match_records, outdated_runs, recorded_name
from neuroner_tl.studies.running.status import status_of

STUDY = """\
[study]
name = trial
kind = transfer_table
parameters_filepath = {folder}/parameters.ini
[sources DISO]
silver = {folder}/silver
[targets DISO]
gold = {folder}/gold
other = {folder}/other
[target]
token_pretrained_embedding_filepath = {folder}/vectors.txt
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("silver/train", "silver/valid", "gold", "other"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "a.txt").write_text("Flu.")
        (tmp_path / name / "a.ann").write_text("T1\tDISO 0 3\tFlu\n")
    (tmp_path / "vectors.txt").write_text("flu 1 2\n")
    (tmp_path / "parameters.ini").write_text("")
    (tmp_path / "study.ini").write_text(STUDY.format(folder=tmp_path))
    return tmp_path


def planned(folder, memory=None):
    return plan_runs(read_definition(folder / "study.ini"), contents=Contents(memory))


def changed(before, after):
    return {(one.corpus, one.arm) for one, other in zip(before, after) if one.id != other.id}


def test_what_a_transfer_starts_from_is_part_of_its_content(folder):
    source, *runs = planned(folder)
    for run in runs:
        assert run.content.get("source") == (source.id if run.arm == "transfer" else None)
    (folder / "silver" / "train").rename(folder / "elsewhere")
    (folder / "silver" / "valid").rename(folder / "elsewhere too")
    (folder / "silver").rmdir()
    source, *runs = planned(folder)
    assert not source.is_known
    for run in runs:
        assert ("source" in run.content) == (run.arm == "transfer")
        assert run.is_known == (run.arm != "transfer") and run.content.get("source") is None


def test_another_content_is_another_run(folder):
    runs = planned(folder)
    assert changed(runs, planned(folder)) == set()
    (folder / "gold" / "a.ann").write_text("T1\tDISO 0 4\tFlu.\n")
    assert changed(runs, planned(folder)) == {("gold", "baseline"), ("gold", "transfer")}


def test_what_a_source_read_counts_for_what_is_transferred_from_it(folder):
    runs = planned(folder)
    (folder / "silver" / "train" / "b.txt").write_text("Gout.")
    expected = {("silver", "source"), ("gold", "transfer"), ("other", "transfer")}
    assert changed(runs, planned(folder)) == expected


def test_word_vectors_count_by_content(folder):
    runs = planned(folder)
    (folder / "vectors.txt").write_text("flu 1 3\n")
    assert {corpus for corpus, _ in changed(runs, planned(folder))} == {"gold", "other"}


def test_what_a_run_does_not_read_does_not_count(folder):
    runs = planned(folder)
    (folder / "gold" / "README.md").write_text("about")
    (folder / "gold" / ".hidden.txt").write_text("about")
    assert changed(runs, planned(folder)) == set()


def test_the_place_does_not_count(folder):
    runs = planned(folder)
    (folder / "gold").rename(folder / "moved")
    text = (folder / "study.ini").read_text()
    (folder / "study.ini").write_text(text.replace("/gold", "/moved"))
    assert changed(runs, planned(folder)) == set()


def test_files_are_read_again_only_if_one_of_them_changed(folder, monkeypatch):
    for path in folder.rglob("*.*"):
        os.utime(path, ns=(1, 1))
    # Times of change cannot be set back: what was written just now is not remembered.
    monkeypatch.setattr(time, "time_ns", lambda real=time.time_ns: real() + 10**10)
    memory = folder / "memory.json"
    runs = planned(folder, memory)

    def refuse(file):
        raise AssertionError("read again")

    with monkeypatch.context() as patched:
        patched.setattr("neuroner_tl.system.fingerprint.file_digest", refuse)
        assert changed(runs, planned(folder, memory)) == set()
    (folder / "gold" / "a.txt").write_text("Flu!")
    assert changed(runs, planned(folder, memory)) == {("gold", "baseline"), ("gold", "transfer")}


def records_of(runs):
    return {run.id: {"id": run.id, "key": run.key, "content": dict(run.content)} for run in runs}


def test_records_are_found_without_the_corpora(folder):
    runs = planned(folder)
    records = records_of(runs)
    for name in ("gold", "silver", "other", "vectors.txt"):
        (folder / name).rename(folder / f"no_{name}")
    matched, notes = match_records(planned(folder), records)
    assert [run.id for run in matched] == [run.id for run in runs] and notes == []
    (folder / "no_gold").rename(folder / "gold")
    matched, notes = match_records(planned(folder), records)
    assert [run.id for run in matched] == [run.id for run in runs] and notes == []


def test_records_under_a_name_of_other_words_are_the_same_runs(folder):
    """A second source of the class renames the runs of transfer from the first."""
    before = planned(folder)
    text = (folder / "study.ini").read_text()
    (folder / "study.ini").write_text(text.replace("[targets", "second = nowhere\n[targets"))
    after = planned(folder)
    kept = [run for run in after if run.source_name != "second" and run.corpus != "second"]
    assert {run.id for run in kept} != {run.id for run in before}
    matched, notes = match_records(after, records_of(before))
    assert {run.id for run in before} <= {run.id for run in matched} and notes == []
    assert outdated_runs(after, records_of(before)) == {}


def test_the_latest_of_several_other_words_is_the_same_run_for_all(folder):
    run = planned(folder)[-1]
    names = [f"{word}-{run.id.rpartition('-')[2]}" for word in ("first", "second")]
    records = {name: {"id": name, "key": run.key, "content": {}} for name in names}
    assert [found.id for found in match_records([run], records)[0]] == [names[1]]
    assert recorded_name(run.id, records) == names[1]


def test_records_of_other_contents_are_not_used_without_a_word(folder):
    before = planned(folder)
    records = records_of(before)
    (folder / "gold" / "a.txt").write_text("Flu!")
    after = planned(folder)
    matched, notes = match_records(after, records)
    assert [run.id for run in matched] == [run.id for run in after]
    assert "2 runs are recorded with contents other than the current ones and not used" in notes[0]
    # A report from records that are given is made from them.
    matched, notes = match_records(after, records, any_content=True)
    assert [run.id for run in matched] == [run.id for run in before]
    assert "2 runs are recorded with contents other than the current ones, and used" in notes[0]
    # Without the corpus, the latest of both; that there are two is said.
    records.update(records_of(after))
    (folder / "gold").rename(folder / "gone")
    matched, notes = match_records(planned(folder), records)
    assert [run.id for run in matched] == [run.id for run in after]
    assert "2 runs are recorded with several contents, the latest of which is used" in notes[0]
    assert len(notes) == 1 and notes[0].endswith("(gold).")


def test_runs_that_no_longer_match_what_they_read_are_named(folder):
    before = planned(folder)
    records = records_of(before)
    assert outdated_runs(before, records) == {}
    (folder / "gold" / "a.txt").write_text("Flu!")
    after = planned(folder)
    outdated = outdated_runs(after, records)
    assert outdated == {
        run.id: "corpus changed since it was recorded" for run in after if run.corpus == "gold"
    }
    # Once they are recorded again, they match.
    assert outdated_runs(after, {**records, **records_of(after)}) == {}
    (folder / "silver" / "a.txt").write_text("Flu?")
    found = outdated_runs(planned(folder), records_of(after))
    assert set(found.values()) == {
        "corpus changed since it was recorded",
        "source changed since it was recorded",
    }


def test_runs_of_another_definition_are_named(folder):
    before = planned(folder)
    (folder / "parameters.ini").write_text("[a]\ndropout_rate = 0.3\n")
    after = planned(folder)
    outdated = outdated_runs(after, records_of(before))
    assert set(outdated) == {run.id for run in after}
    assert set(outdated.values()) == {
        "the definition or its parameters changed since it was recorded"
    }
    assert outdated_runs(after, records_of([*before, *after])) == {}
    others = [dataclasses.replace(r, id=f"my-{r.id}", key=f"my{r.key}") for r in before]
    assert outdated_runs(after, records_of(others)) == {}


def test_status_finds_runs_that_are_being_made_without_their_corpora(folder):
    definition = read_definition(folder / "study.ini")
    definition = dataclasses.replace(definition, output_folder=folder / "output")
    claimed = planned(folder)[1].id
    for name in ("gold", "silver", "other", "vectors.txt"):
        (folder / name).rename(folder / f"no_{name}")
    with Claims(definition.folder / ".claims").claim(claimed):
        assert list(status_of(definition).running) == [claimed]


def test_the_code_is_known_by_version_and_commit(tmp_path, monkeypatch):
    def git(*arguments):
        options = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        subprocess.run(["git", "-C", tmp_path, *options, *arguments], check=True)

    package = tmp_path / "package"
    package.mkdir()
    (package / "a.py").write_text("")
    monkeypatch.setattr(code_version, "_PACKAGE", package)
    version = neuroner_tl.__version__
    found = code_version.code_version.__wrapped__
    assert found() == {"version": version}
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    code = found()
    assert len(code["commit"]) == 40 and code["changed"] is False
    words = code_version.describe_code(code)
    assert words == f"{version}, commit {code['commit'][:12]}"
    (tmp_path / "notes.txt").write_text("not of the package")
    assert found()["changed"] is False
    (package / "a.py").write_text("1")
    assert code_version.describe_code(found()) == f"{words}, changed since"
