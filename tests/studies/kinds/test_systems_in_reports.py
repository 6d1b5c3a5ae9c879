"""Reports and status of studies with arms of other systems, from made-up records."""

import pytest

from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import Store
from neuroner_tl.studies.report import make_page
from neuroner_tl.studies.results.study_results import StudyResults
from neuroner_tl.studies.running.status import status_of

STUDY = """\
[study]
name = beside
kind = {kind}
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
arms = baseline, best, spacy, published
train_sizes = 10, 40
[targets DISO]
one = nowhere
[arm best]
parameters_filepath = {folder}/best.ini
[arm spacy]
system = spacy
[arm published]
predictions = nowhere
"""
SECONDS = {"baseline": 400.0, "best": 300.0, "spacy": 50.0, "published": 0.5}
# F1 on test in percent with 10 % and 40 % of the documents.
TEST = {"baseline": (30, 60), "best": (35, 65), "spacy": (25, 55), "published": (45, 45)}


def record(run):
    right = TEST[run.arm][run.train_size == 40]
    counts = {"X": {"tp": right, "fp": 100 - right, "fn": 100 - right}}
    return {
        "id": run.id,
        "key": run.key,
        "content": {"corpus": "c0ffee", "predictions": "decade", "teacher": "one-baseline-seed0"}
        if run.arm == "published"
        else {"corpus": "c0ffee", "word_vectors": "facade"},
        "status": "finished",
        "epochs": 2,
        "seconds": SECONDS[run.arm],
        "valid_f1": None if run.arm == "published" else 0.5,
        "annotations": {"train": 40, "test": 50},
        "scores": {"test": {"documents": counts}},
        "test_documents": {},
        "versions": {"neuroner_tl": "9.9.9"},
    }


@pytest.fixture
def definition_of(tmp_path):
    def make(kind="learning_curve"):
        (tmp_path / "parameters.ini").write_text("[training]\nseed = 3\n")
        (tmp_path / "best.ini").write_text("[training]\nlearning_rate = 0.125\n")
        path = tmp_path / "beside.ini"
        path.write_text(STUDY.format(folder=tmp_path, kind=kind))
        return read_definition(path)

    return make


@pytest.fixture
def page_of(definition_of):
    def make(kind="learning_curve"):
        definition = definition_of(kind)
        runs, known = [], {}
        for run in plan_runs(definition):
            known[run.id] = record(run)
            run.content.update(known[run.id]["content"])
            runs.append(run)
        return make_page(StudyResults(definition, StudyFolder(definition.folder), runs, known))

    return make


def test_contents_are_called_what_they_are(page_of):
    found = dict(page_of().how)["Contents (sha256, first digits)"].splitlines()
    assert found == ["one c0ffee", "predictions of published on one decade", "word vectors facade"]


def test_parameter_files_of_arms_are_in_the_report(page_of):
    assert "learning_rate = 0.125" in dict(page_of().how)["best.ini"]


def test_labels_are_not_saved_by_predictions_of_unknown_training(page_of):
    (table,) = (t for s in page_of().sections for t in s.tables if t.name == "labels_saved")
    assert {row[1] for row in table.rows} == {"best", "spacy"}


@pytest.mark.parametrize(
    "done, left",
    [
        ({"baseline"}, None),  # Nothing is known of spaCy.
        ({"published"}, None),
        # With 10 % of the documents, best takes as long as the network's other arm there; with
        # 40 %, each arm as long as with 10 %. Nothing is trained for what is published.
        ({"baseline", "spacy"}, 400 + 400 + 400 + 50),
        ({"baseline", "best", "spacy", "published"}, 400 + 300 + 50),
    ],
)
def test_the_time_left_is_guessed_from_runs_of_the_same_system(definition_of, done, left):
    definition = definition_of()
    store = Store(definition.folder / "runs.jsonl")
    for run in plan_runs(definition):
        if run.train_size == 10 and run.arm in done:
            store.append(record(run))
    assert status_of(definition).seconds_left == left


@pytest.mark.parametrize("kind", ["transfer_table", "learning_curve", "gain_by_size"])
def test_arms_without_layers_are_not_called_transfer(page_of, kind):
    sections = [s for s in page_of(kind).sections if s.title != "Runs"]
    shown = [table for section in sections for table in section.tables]
    words = [s.title for s in sections] + [table.title for table in shown]
    captions = [figure.caption for section in sections for figure in section.figures]
    assert shown and not [text for text in (*words, *captions) if "transfer" in text]


def test_the_first_arm_is_called_by_its_name(definition_of, tmp_path):
    path = definition_of("transfer_table").path
    path.write_text(path.read_text().replace("arms = baseline, best, ", "arms = "))
    text = path.read_text()
    path.write_text(text.replace(f"[arm best]\nparameters_filepath = {tmp_path}/best.ini\n", ""))
    definition = read_definition(path)
    runs = plan_runs(definition)
    known = {run.id: record(run) for run in runs}
    page = make_page(StudyResults(definition, StudyFolder(definition.folder), runs, known))
    table = page.sections[0].tables[0]
    assert "a share of spacy's distance to 100" in table.note
