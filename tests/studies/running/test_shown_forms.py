"""What runs were shown of the texts of their gold mentions: counted in their corpora."""

import dataclasses

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
from neuroner_tl.studies.running.shown_forms import count_shown_forms

STUDY = """\
[study]
name = shown
kind = unseen_mentions
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
{study}
[sources DISO]
silver = {folder}/silver
[targets DISO]
gold = {folder}/gold
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

    def make(study="", keep=lambda run: True):
        path = tmp_path / "shown.ini"
        path.write_text(STUDY.format(folder=tmp_path, study=study))
        definition = read_definition(path)
        folder = StudyFolder(definition.folder)
        folder.path.mkdir(parents=True, exist_ok=True)
        test = AnnotatedPart.of(read_corpus(gold).parts["test"].documents())
        runs = plan_runs(definition, None, Contents.remembered(definition.output_folder))
        for run in filter(keep, runs):
            folder.store.append(record(run))
            if not run.is_source:
                folder.mentions.write(run.id, test, test, set())
        return definition, folder, {run.arm: run for run in runs}

    return make


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
    assert not folder.mentions.has_shown(runs["transfer"].id)
