"""An ensemble distilled into one model: soft labels are written beside a corpus and trained on."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from interrupted_runs import fit, interrupt_after
from same_runs import assert_same_run

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.dataset.soft_labels import SOFT_LABELS, read_soft_labels
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.settings import supervision_of
from neuroner_tl.runs.training import resume_run
from neuroner_tl.silver.completion import complete_silver


@pytest.fixture(scope="module")
def softened(corpora, source_run, tmp_path_factory):
    """A silver corpus that two teachers have completed."""
    folder = tmp_path_factory.mktemp("softened")
    parts = {name: list(part) for name, part in read_corpus(corpora.gold).items()}
    write_brat_parts(folder / "silver", parts)
    (folder / "silver" / "report.json").write_text('{"learned_from_documents": {}}')
    model = ["--model", str(source_run.folder.path)]
    command = ["silver", "complete", str(folder / "silver"), *model, *model, "--soft-labels"]
    assert main([*command, "--doubtful", "0.15", "--output", str(folder / "done")]) == 0
    return folder / "done"


def test_soft_labels_are_those_of_the_train_part(softened, source_run, tmp_path):
    soft = read_soft_labels(softened / SOFT_LABELS)
    assert soft.documents.tolist() == list(read_corpus(softened)["train"].ids)
    completion = json.loads((softened / "report.json").read_text())["completion"]
    assert completion["soft_labels"] == SOFT_LABELS
    assert completion["teacher"] == ", ".join([str(source_run.folder.path)] * 2)
    parameters = Parameters(
        dataset_text_folder=softened, output_folder=tmp_path, soft_label_share=0.4
    )
    data = load_data(parameters)
    labels, train = data.dataset.vocabulary.labels, data.dataset.parts["train"]
    assert len(train.unknown_tokens)
    found = supervision_of(parameters, train, labels, softened)
    assert not found.is_partial
    np.testing.assert_allclose(found.targets.labels.sum(axis=1), 1, atol=1e-5)
    # As often as a label is followed, it is expected at a token that is not the last.
    last = np.zeros(train.number_of_tokens, bool)
    last[train.sentence_offsets[1:] - 1] = True
    inner = np.where(last[:, None], 0, found.targets.labels)
    of_sentences = np.add.reduceat(inner, train.sentence_offsets[:-1])
    np.testing.assert_allclose(found.targets.transitions.sum(axis=2), of_sentences, atol=0.02)


def test_what_a_run_needs(corpora, softened, source_run, tmp_path):
    with pytest.raises(CorpusError, match="no such file, which soft_label_share needs"):
        supervision_of(
            Parameters(soft_label_share=1),
            load_data(
                Parameters(dataset_text_folder=corpora.gold, output_folder=tmp_path)
            ).dataset.parts["train"],
            ("O",),
            corpora.gold,
        )
    parts = {
        name: [
            dataclasses.replace(d, entities=tuple(e for e in d.entities if e.type == "DISO"))
            for d in part
        ]
        for name, part in read_corpus(corpora.gold).items()
    }
    other = tmp_path / "other"
    write_brat_parts(other, parts)
    (other / "report.json").write_text('{"learned_from_documents": {}}')
    with pytest.raises(ParameterError, match="knows the types CHED, DISO, expected those of"):
        complete_silver(other, source_run.folder.path, tmp_path / "x", soft_labels=True)
    shutil.rmtree(other / "train")
    with pytest.raises(CorpusError, match="other: no train part; add train/"):
        complete_silver(other, source_run.folder.path, tmp_path / "x", soft_labels=True)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
def test_a_resumed_student_is_the_same_bit_for_bit(compiled, softened, tiny, tmp_path, monkeypatch):
    corpus = shutil.copytree(softened, tmp_path / "corpus")
    settings = {
        **tiny,
        "dataset_text_folder": corpus,
        "jit_compile": compiled,
        "soft_label_share": 0.7,
        "optimizer": "adam",
        "learning_rate": 0.005,
        "batch_size": 16,
        "maximum_number_of_epochs": 2,
    }
    whole = fit(settings, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        stopped = fit(settings, tmp_path / "stopped")
    assert stopped.status == "interrupted"
    content = (corpus / SOFT_LABELS).read_bytes()
    soft = read_soft_labels(corpus / SOFT_LABELS)
    soft.marginals[:] = soft.marginals[::-1]
    with open(corpus / SOFT_LABELS, "wb") as file:
        soft.write(file)
    with pytest.raises(CorpusError, match="word vectors have changed since the run"):
        resume_run(stopped.folder.path, {})
    (corpus / SOFT_LABELS).write_bytes(content)
    resume_run(stopped.folder.path, {})
    assert_same_run(stopped.folder.path, whole.folder.path)
