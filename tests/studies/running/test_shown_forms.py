"""What runs were shown of the texts of their gold mentions: counted in their corpora."""

import dataclasses
import os
import signal

import pytest

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.evaluation.error_sets import AnnotatedPart
from neuroner_tl.evaluation.surface_forms import Occurrences
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.matching import digest_of
from neuroner_tl.studies.records.mentions import Shown
from neuroner_tl.studies.running import shown_forms
from neuroner_tl.studies.running.record import failure
from neuroner_tl.studies.running.shown_forms import count_shown_forms
from neuroner_tl.system.interruption import Interrupted

STUDY = """\
[study]
name = shown
kind = unseen_mentions
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
{study}
[sources DISO]
silver = {folder}/silver
{sources}
[targets DISO]
gold = {folder}/gold
{targets}
"""


def write(folder, name, text, *mentions):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text)
    lines = []
    for number, mention in enumerate(mentions, 1):
        start = text.index(mention)
        lines.append(f"T{number}\tDISO {start} {start + len(mention)}\t{mention}\n")
    (folder / f"{name}.ann").write_text("".join(lines))


@pytest.fixture
def study(tmp_path):
    """A definition whose runs are finished, with mentions of the target runs."""
    gold, silver = tmp_path / "gold", tmp_path / "silver"
    write(gold / "train", "a", "Gout is common.", "Gout")
    write(gold / "train", "h", "Scurvy is rare.", "Scurvy")
    write(gold / "valid", "b", "Flu is common.", "Flu")
    text = "Gout, flu, renal failure, scurvy."
    write(gold / "test", "c", text, "Gout", "flu", "renal failure", "scurvy")
    write(silver / "train", "d", "The flu, or influenza.", "flu")
    write(silver / "train", "e", "Renal failure and flu.", "flu")
    write(silver / "train", "f", "No renal  failure.", "failure")
    write(silver / "valid", "g", "Scurvy is rare.", "Scurvy")
    (tmp_path / "parameters.ini").write_text("")

    def make(study="", keep=lambda run: True, seed=None, **more):
        path = tmp_path / "shown.ini"
        parts = {"sources": "", "targets": "", "study": study, **more}
        path.write_text(STUDY.format(folder=tmp_path, **parts))
        definition = read_definition(path)
        folder = StudyFolder(definition.folder)
        folder.path.mkdir(parents=True, exist_ok=True)
        runs = planned(definition, seed)
        for run in filter(keep, runs):
            folder.store.append(record(run))
            if not run.is_source:
                part = read_corpus(tmp_path / run.corpus).parts["test"]
                test = AnnotatedPart.of(part.documents())
                nothing = AnnotatedPart({document: {} for document in part.ids})
                folder.mentions.write(run.id, test, nothing, set())
        return definition, folder, {run.arm: run for run in runs}

    return make


def planned(definition, seed=None):
    return plan_runs(definition, seed, Contents.remembered(definition.output_folder))


def record(run):
    scores = {"test": {"documents": {"DISO": {"tp": 4, "fp": 0, "fn": 0}}}}
    return {
        "id": run.id,
        "key": run.key,
        "corpus": run.corpus,
        "class": run.entity_class,
        "arm": run.arm,
        "status": "finished",
        "epochs": 1,
        "seconds": 1.0,
        "versions": {},
        "scores": scores,
    }


def by_text(shown):
    return {text: one for (_, text), one in shown.items()}


def test_train_and_silver_are_counted(study):
    definition, folder, runs = study()
    assert count_shown_forms(definition) == 1
    assert by_text(folder.mentions.read_shown(runs["transfer"].id)) == {
        "gout": Shown(True, Occurrences(0, 0)),
        "flu": Shown(False, Occurrences(2, 2)),
        "renal failure": Shown(False, Occurrences(2, 0)),
        "scurvy": Shown(True, Occurrences(0, 0)),
    }
    assert folder.mentions.read_shown(runs["baseline"].id) is None


def test_only_the_documents_of_the_source_model_count(study):
    definition, folder, runs = study("source_documents = 1")
    count_shown_forms(definition)
    shown = by_text(folder.mentions.read_shown(runs["transfer"].id))
    whole = {"d": (1, 0), "e": (1, 1), "f": (0, 1)}
    found = (shown["flu"].silver.number, shown["renal failure"].silver.number)
    assert found in whole.values() and shown["scurvy"].silver.number == 0


def test_each_source_model_counts_in_its_own_corpus(study, tmp_path):
    other = tmp_path / "other"
    write(other / "train", "i", "Scurvy, scurvy, gout.", "Scurvy")
    write(other / "valid", "j", "Flu.", "Flu")
    definition, folder, _ = study(sources=f"other = {other}")
    assert count_shown_forms(definition) == 2
    found = {
        run.source_name: by_text(folder.mentions.read_shown(run.id))["scurvy"].silver
        for run in planned(definition)
        if run.source is not None
    }
    assert found == {"silver": Occurrences(0, 0), "other": Occurrences(2, 1)}


def test_of_a_student_the_documents_before_the_teacher_count(study):
    arm = "[arm taught]\nteacher = baseline\nfrom_source = True"
    definition, folder, runs = study(f"arms = baseline, taught\n{arm}")
    assert count_shown_forms(definition) == 1
    shown = by_text(folder.mentions.read_shown(runs["taught"].id))
    assert shown["flu"] == Shown(False, Occurrences(2, 2))


def test_of_a_flat_silver_corpus_only_the_train_part_counts(study, tmp_path):
    flat = tmp_path / "flat"
    for number in range(10):
        write(flat, f"d{number}", "Gout.", "Gout")
    percentages = "[source]\nsplit_percentages = 50, 30, 20"
    definition, folder, _ = study(
        "arms = baseline, own", sources=f"flat = {flat}\n{percentages}\n[arm own]\nsources = flat"
    )
    count_shown_forms(definition)
    (run,) = (r for r in planned(definition) if r.arm == "own")
    shown = by_text(folder.mentions.read_shown(run.id))
    assert shown["gout"].silver == Occurrences(5, 5)


def test_the_texts_of_all_target_corpora_are_counted(study, tmp_path):
    more = tmp_path / "more"
    for part in ("train", "valid", "test"):
        write(more / part, f"{part}1", "Influenza.", "Influenza")
    definition, folder, _ = study(targets=f"more = {more}")
    assert count_shown_forms(definition) == 2
    found = {
        text: one.silver.number
        for run in planned(definition)
        if run.source is not None
        for text, one in by_text(folder.mentions.read_shown(run.id)).items()
    }
    assert (found["influenza"], found["flu"]) == (1, 2)


def test_only_the_documents_of_the_run_count_as_train(study):
    definition, folder, runs = study("train_sizes = 25")
    assert count_shown_forms(definition) == 1
    shown = by_text(folder.mentions.read_shown(runs["transfer"].id))
    assert shown["gout"].in_train != shown["scurvy"].in_train


def test_without_a_source_train_alone_is_known(study):
    definition, folder, runs = study("arms = baseline")
    assert count_shown_forms(definition) == 1
    shown = by_text(folder.mentions.read_shown(runs["baseline"].id))
    assert shown["gout"] == Shown(True, None) and shown["flu"] == Shown(False, None)


def test_a_seed_of_the_command_is_that_of_the_runs(study):
    definition, folder, runs = study(seed=7)
    assert count_shown_forms(definition) == 0
    assert count_shown_forms(definition, seed=7) == 1
    assert folder.mentions.has_shown(runs["transfer"].id)


def test_nothing_is_counted_twice(study, monkeypatch):
    definition, _, _ = study()
    count_shown_forms(definition)
    monkeypatch.setattr(shown_forms, "_count", None)
    assert count_shown_forms(definition) == 0


def test_a_run_that_another_study_named_is_counted(study):
    """Names of runs differ in words, such as the arm's; the hash says what a run is."""
    definition, folder, runs = study(keep=lambda run: run.arm != "transfer")
    named = dataclasses.replace(
        runs["transfer"], id="other-words-" + digest_of(runs["transfer"].id)
    )
    folder.store.append(record(named))
    baseline = folder.mentions.read(runs["baseline"].id)
    folder.mentions.write(named.id, baseline.gold, baseline.predicted, set())
    assert count_shown_forms(definition) == 1
    assert folder.mentions.has_shown(named.id)


def test_runs_that_are_missing_or_without_mentions_are_left_out(study):
    definition, folder, runs = study(keep=lambda run: run.arm != "transfer")
    assert count_shown_forms(definition) == 0
    folder.store.append(record(runs["transfer"]))
    assert count_shown_forms(definition) == 0
    baseline = folder.mentions.read(runs["baseline"].id)
    folder.mentions.write(runs["transfer"].id, baseline.gold, baseline.predicted, set())
    folder.store.append(failure(runs["transfer"], "the loss is not a number"))
    assert count_shown_forms(definition) == 0
    assert not folder.mentions.has_shown(runs["transfer"].id)


def test_an_interruption_keeps_what_was_counted(study, tmp_path, monkeypatch):
    """The signal arrives while the second of two silver corpora is being counted."""
    other = tmp_path / "other"
    write(other / "train", "i", "Scurvy.", "Scurvy")
    write(other / "valid", "j", "Flu.", "Flu")
    definition, folder, _ = study(sources=f"other = {other}")
    count, calls = shown_forms.count_occurrences, []

    def interrupted(*given):
        calls.append(given)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)
            # Not reached: the signal ends the work at once.
            calls.append(None)
        return count(*given)

    monkeypatch.setattr(shown_forms, "count_occurrences", interrupted)
    with pytest.raises(Interrupted, match="interrupted; the same command counts the others"):
        count_shown_forms(definition)
    assert len(calls) == 2
    assert len(list(folder.mentions.folder.glob("forms-*"))) == 1
    assert count_shown_forms(definition) == 1
