"""A miniature study from the command line."""

import json

import pytest

from neuroner_tl.__main__ import main

PARAMETERS = """\
[ann]
use_character_lstm = False
token_embedding_dimension = 8
token_lstm_hidden_state_dimension = 8
[training]
optimizer = adam
learning_rate = 0.02
batch_size = 16
maximum_number_of_epochs = 1
jit_compile = False
[advanced]
tensorboard = False
"""
STUDY = """\
[study]
name = miniature
parameters_filepath = {folder}/parameters.ini
output_folder = {folder}/output
[corpora]
source = {source}
target = {target}
[synthetic]
silver_documents = 4, 1
gold_documents = 2, 1, 1
"""


@pytest.fixture
def study(tmp_path):
    def write(source="synthetic:silver", target="synthetic:gold"):
        (tmp_path / "parameters.ini").write_text(PARAMETERS)
        path = tmp_path / "study.ini"
        path.write_text(STUDY.format(folder=tmp_path, source=source, target=target))
        return path

    return write


def test_a_study_trains_three_models_and_prints_the_table_last(study, tmp_path, capsys):
    assert main(["study", "run", str(study()), "--seed", "5"]) == 0
    (folder,) = (tmp_path / "output").iterdir()
    printed = capsys.readouterr().out
    assert printed.strip().endswith((folder / "report.txt").read_text().strip())
    content = json.loads((folder / "report.json").read_text())
    assert [run["parameters"]["seed"] for run in content["runs"].values()] == [5, 5, 5]
    runs = {name: folder / run["folder"] for name, run in content["runs"].items()}
    report = json.loads((runs["transfer"] / "transfer_report.json").read_text())
    assert report["source"] == str(runs["source"] / "model")
    assert not (runs["baseline"] / "transfer_report.json").exists()
    for name in ("baseline", "transfer"):
        results = json.loads((runs[name] / "results.json").read_text())
        counts = results["scores"]["test"]["conll"]["micro"]
        assert content["test"][name]["tp"] == counts["tp"]
    assert (folder / "study.ini").read_text() == (tmp_path / "study.ini").read_text()


@pytest.mark.parametrize(
    "corpora, words",
    [
        ({"source": "nowhere"}, "nowhere: no such folder"),
        ({"target": "{folder}/without_test"}, "no test part"),
    ],
)
def test_a_corpus_that_cannot_be_used_is_refused_before_anything_is_trained(
    study, tmp_path, capsys, corpora, words
):
    for part in ("train", "valid"):
        (tmp_path / "without_test" / part).mkdir(parents=True)
        (tmp_path / "without_test" / part / "a.txt").write_text("Flu.")
        (tmp_path / "without_test" / part / "a.ann").write_text("T1\tDISO 0 3\tFlu\n")
    named = {name: value.format(folder=tmp_path) for name, value in corpora.items()}
    assert main(["study", "run", str(study(**named))]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not (tmp_path / "output").exists()
