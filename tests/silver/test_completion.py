"""A silver corpus completed by a teacher: what becomes a mention, what is unknown or refused."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.prediction.predictor import Analysis
from neuroner_tl.silver import completion, teacher
from neuroner_tl.silver.completion import CompletionRule, complete_document, complete_silver
from neuroner_tl.silver.teacher import lessons_of

TEXT = "acute renal failure after aspirin and renal injury"
TOKENS = [(0, 5), (6, 11), (12, 19), (20, 25), (26, 33), (34, 37), (38, 43), (44, 50)]


def entity(text, kind="DISO", **more):
    start = TEXT.index(text)
    return Entity(kind, ((start, start + len(text)),), text, **more)


def analysis(candidates, inside, types=("DISO",)):
    """What a teacher finds: candidates, and the probability of each token for the first type."""
    probabilities = np.zeros((len(TOKENS), len(types)))
    probabilities[:, 0] = inside
    starts, ends = np.array(TOKENS).T
    return Analysis(Document("1", TEXT, tuple(candidates)), starts, ends, types, probabilities)


def completed(silver, found, types=("DISO",), **rule):
    counts: Counter[str] = Counter()
    result = complete_document(silver, found, types, CompletionRule(**rule), counts)
    return result, counts


def texts_of(entities):
    return [e.text for e in entities]


SURE = 3 * [0.95] + 5 * [0.01]


def test_what_the_teacher_is_sure_of_is_added_where_the_corpus_is_silent():
    silver = Document("1", TEXT, (entity("renal injury"),))
    found = analysis([entity("acute renal failure", probability=0.93)], SURE)
    result, counts = completed(silver, found)
    assert texts_of(result.entities) == ["acute renal failure", "renal injury"]
    assert [e.probability for e in result.entities] == [0.93, None]
    assert result.unknown == ()
    assert counts[completion.ADDED] == 1 and counts[completion.RESULT] == 2


@pytest.mark.parametrize("probability, added", [(0.9, True), (0.89, False)])
def test_the_threshold_of_sure(probability, added):
    found = analysis([entity("acute renal failure", probability=probability)], SURE)
    result, _ = completed(Document("1", TEXT), found)
    assert bool(result.entities) is added
    # Tokens that are all but certainly in some mention, but not in which, are unknown.
    assert texts_of(result.unknown) == ([] if added else ["acute renal failure"])


def test_of_overlapping_spans_the_most_probable():
    spans = [
        entity("renal failure", probability=0.55),
        entity("acute renal failure", probability=0.6),
    ]
    result, _ = completed(Document("1", TEXT), analysis(spans, SURE), sure=0.5)
    assert texts_of(result.entities) == ["acute renal failure"]


def test_what_it_doubts_is_unknown_token_by_token():
    """Also where no single span is probable enough; tokens of mentions are left to these."""
    silver = Document("1", TEXT, (entity("renal failure"),))
    inside = [0.3, 0.9, 0.9, 0.29, 0.1, 0.0, 0.5, 0.7]
    result, counts = completed(silver, analysis([], inside))
    assert texts_of(result.entities) == ["renal failure"]
    assert texts_of(result.unknown) == ["acute", "renal injury"]
    assert [e.probability for e in result.unknown] == pytest.approx([0.3, 0.7])
    assert not any(e.certain for e in result.unknown)
    assert counts[completion.DOUBTED] == counts[completion.ALL_REGIONS] == 2


def test_longer_spans_decide_the_boundaries():
    silver = Document("1", TEXT, (entity("failure"), entity("renal injury")))
    found = analysis([entity("acute renal failure", probability=0.95)], SURE)
    result, counts = completed(silver, found)
    assert texts_of(result.entities) == ["acute renal failure", "renal injury"]
    assert counts[completion.LONGER] == counts[completion.WIDENED] == 1
    result, counts = completed(silver, found, longer_spans=False)
    assert texts_of(result.entities) == ["failure", "renal injury"]
    # The rest of the longer span is neither a mention nor outside.
    assert texts_of(result.unknown) == ["acute renal"]


def test_shorter_spans_and_other_types_do_not():
    found = analysis([entity("renal failure", probability=0.95)], [0, 0.96, 0.96, 0, 0, 0, 0, 0])
    for silver in (entity("acute renal failure"), entity("failure", "CHED")):
        result, _ = completed(Document("1", TEXT, (silver,)), found)
        assert result.entities == (silver,)


def test_confirmed_mentions_keep_the_higher_probability():
    found = analysis([entity("acute renal failure", probability=0.95)], SURE)
    for own, expected in ((0.5, 0.95), (0.97, 0.97), (None, None)):
        silver = Document("1", TEXT, (entity("acute renal failure", probability=own),))
        result, counts = completed(silver, found)
        assert [e.probability for e in result.entities] == [expected]
        assert counts[completion.CONFIRMED] == 1


def test_mentions_that_it_finds_unlikely_become_unknown_on_request():
    silver = Document("1", TEXT, (entity("renal failure"), entity("aspirin"), entity("injury")))
    inside = [0.0, 0.02, 0.004, 0.0, 0.009, 0.0, 0.9, 0.0]
    result, counts = completed(silver, analysis([], inside), unlikely=0.01)
    assert texts_of(result.entities) == ["renal failure"]
    assert texts_of(result.unknown) == ["aspirin", "renal", "injury"]
    assert counts[completion.REJECTED] == 2
    result, _ = completed(silver, analysis([], inside))
    assert texts_of(result.entities) == ["renal failure", "aspirin", "injury"]


def test_unknown_regions_of_the_corpus_stay_unless_the_teacher_is_sure():
    regions = (entity("renal failure", certain=False), entity("injury", certain=False))
    silver = Document("1", TEXT, (), unknown=regions)
    found = analysis([entity("acute renal failure", probability=0.95)], SURE)
    result, counts = completed(silver, found)
    assert texts_of(result.entities) == ["acute renal failure"]
    assert result.unknown == (regions[1],)
    assert counts[completion.REGIONS] == 2 and counts[completion.ALL_REGIONS] == 1


def test_types_that_the_corpus_does_not_have_are_left_out():
    spans = [entity("aspirin", "CHED", probability=0.99)]
    found = analysis(spans, np.zeros(8), types=("DISO", "CHED"))
    found.probabilities[4, 1] = 0.99
    result, _ = completed(Document("1", TEXT), found)
    assert result.entities == result.unknown == ()


@pytest.mark.parametrize(
    "rule", [{"sure": 1.1}, {"doubtful": 0}, {"sure": 0.2}, {"unlikely": 0.5}, {"unlikely": 0}]
)
def test_probabilities_out_of_order(rule):
    with pytest.raises(ParameterError, match="found .*, expected"):
        CompletionRule(**rule)


@pytest.fixture(scope="module")
def silver(corpora, tmp_path_factory):
    """The gold corpus with every third mention left out, as a silver corpus with a report."""
    folder = tmp_path_factory.mktemp("completion") / "silver"
    parts = {
        name: [
            dataclasses.replace(d, entities=tuple(e for n, e in enumerate(d.entities) if n % 3))
            for d in part
        ]
        for name, part in read_corpus(corpora.gold).items()
    }
    write_brat_parts(folder, parts)
    report = {"steps": [], "mentions": 1, "learned_from_documents": {"NCBI": ["7"]}}
    (folder / "report.json").write_text(json.dumps(report))
    (folder / "report.txt").write_text("silver corpus small\n")
    return folder


def all_of(folder, what):
    corpus = read_corpus(folder)
    return {(name, d.id): getattr(d, what) for name, part in corpus.items() for d in part}


def test_a_corpus_is_completed_and_says_by_whom(silver, source_run, corpora, tmp_path, capsys):
    output = tmp_path / "done"
    command = ["silver", "complete", str(silver), "--model", str(source_run.folder.path)]
    assert main([*command, "--output", str(output), "--sure", "0.4", "--doubtful", "0.15"]) == 0
    printed = capsys.readouterr().out
    before, after = all_of(silver, "entities"), all_of(output, "entities")
    assert list(before) == list(after)
    added = [e for key, entities in after.items() for e in entities if e not in before[key]]
    assert added and all(e.probability >= 0.4 for e in added)
    assert all(e.probability is None for key, es in after.items() for e in es if e in before[key])
    regions = [e for unknown in all_of(output, "unknown").values() for e in unknown]
    assert regions and all(e.probability >= 0.15 for e in regions)
    report = json.loads((output / "report.json").read_text())
    counts = report["completion"]["counts"]
    assert counts[completion.ADDED] + counts[completion.LONGER] == len(added)
    assert report["mentions"] == counts[completion.RESULT] == sum(map(len, after.values()))
    assert report["unknown_regions"] == counts[completion.ALL_REGIONS] == len(regions)
    strings = {e.text.lower() for entities in after.values() for e in entities}
    assert report["unique_mentions"] == len(strings)
    taught = sorted(read_corpus(corpora.silver)["train"].ids)
    assert report["learned_from_documents"] == {"NCBI": ["7"], corpora.silver.name: taught}
    assert sorted(report["learned_from_texts"][corpora.silver.name]) == taught
    text = (output / "report.txt").read_text()
    assert text.startswith("silver corpus small\n") and completion.ADDED in text
    assert f"written to {output}" in printed and completion.ADDED in printed
    with pytest.raises(CorpusError, match="already exists .* with --replace"):
        complete_silver(silver, source_run.folder.path, output)
    again = complete_silver(silver, source_run.folder.path, output, sure=1, replace=True)
    assert again.counts[completion.ADDED] == 0


def test_no_more_documents_are_completed_than_a_run_is_trained_on(silver, source_run, tmp_path):
    output = tmp_path / "done"
    complete_silver(silver, source_run.folder.path, output, train_size=20, split_seed=3)
    wanted = read_corpus(silver, train_size=20, split_seed=3)
    found = read_corpus(output)
    assert {name: part.ids for name, part in found.items()} == {
        name: part.ids for name, part in wanted.items()
    }
    assert len(found["train"]) < len(read_corpus(silver)["train"])
    report = json.loads((output / "report.json").read_text())
    assert report["documents"] == sum(map(len, wanted.values()))


def test_what_is_no_silver_corpus_or_no_teacher_is_warned_of(
    silver, source_run, tmp_path, caplog, monkeypatch
):
    complete_silver(silver, source_run.folder.path, tmp_path / "done")
    assert "silver corpora alone" not in caplog.text and "report.json" not in caplog.text
    plain = shutil.copytree(silver, tmp_path / "plain")
    for name in ("report.json", "report.txt"):
        (plain / name).unlink()
    monkeypatch.setattr(teacher, "lessons_of", lambda *_: teacher.Lessons())
    complete_silver(plain, source_run.folder.path, tmp_path / "other")
    assert f"{plain}: has no report.json of silver build" in caplog.text
    assert f"{source_run.folder.path}: was trained on silver corpora alone" in caplog.text


def test_a_teacher_of_the_corpus_itself_is_refused(source_run, corpora, tmp_path):
    with pytest.raises(CorpusError, match="that the teacher .* was trained on, expected none"):
        complete_silver(corpora.silver, source_run.folder.path, tmp_path / "done")
    assert not (tmp_path / "done").exists()


def test_a_teacher_whose_corpus_is_gone_is_refused(silver, source_run, tmp_path, monkeypatch):
    def gone(*_, **__):
        raise CorpusError("corpus: no such folder")

    monkeypatch.setattr(teacher, "open_corpus", gone)
    refusal = "not known which labels this model has seen: corpus: no such folder; put the corpus"
    with pytest.raises(CheckpointError, match=refusal):
        complete_silver(silver, source_run.folder.path, tmp_path / "done")


def test_a_type_that_the_teacher_does_not_know(silver, source_run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(silver, other)
    path = sorted(Path(other / "train").glob("*.ann"))[0]
    text = path.with_suffix(".txt").read_text()
    path.write_text(f"T1\tGENE 0 4\t{text[:4]}\n")
    with pytest.raises(ParameterError, match="found the type GENE, which the teacher"):
        complete_silver(other, source_run.folder.path, tmp_path / "done")


def test_a_corpus_that_does_not_say_what_it_learned_from(silver, source_run, tmp_path):
    """What the teacher adds to the record must not hide that other labels are unknown."""
    other = tmp_path / "other"
    shutil.copytree(silver, other)
    (other / "report.json").write_text(json.dumps({"steps": [], "learned_from": {"NCBI": 40}}))
    with pytest.raises(CorpusError, match="found no learned_from_documents"):
        complete_silver(other, source_run.folder.path, tmp_path / "done")
    (other / "report.json").write_text(json.dumps({"steps": [], "learned_from": {}}))
    complete_silver(other, source_run.folder.path, tmp_path / "done")


def test_a_teacher_may_start_from_a_source_of_the_same_corpus(source_run, corpora, tmp_path):
    """Its own documents are what counts; it knows those of its source's corpora, too."""
    target = tmp_path / "target"
    target.mkdir()
    parameters = load_parameters(source_run.folder.model / "parameters.ini")
    changed = {
        "dataset_text_folder": corpora.gold,
        "use_pretrained_model": True,
        "pretrained_model_folder": source_run.folder.path,
    }
    write_parameters(parameters.model_copy(update=changed), target / "parameters.ini")
    lessons = lessons_of(target, corpora.silver)
    taught = sorted(read_corpus(corpora.gold)["train"].ids)
    assert lessons.learned_from.documents == {corpora.gold.name: taught}
    assert not list(lessons.index().find(read_corpus(corpora.silver)["train"]))
    # For any other corpus, the source's is one that it was taught.
    lessons = lessons_of(target, tmp_path)
    assert set(lessons.learned_from.documents) == {corpora.gold.name, corpora.silver.name}


def test_teachers_of_two_corpora_of_one_name_know_the_documents_of_both():
    first, second = (
        teacher.Lessons(documents=[Document("1", text)], labels=["gold/train/1"])
        for text in ("a text", "another text")
    )
    for lessons in (second, second, first):
        first.add(lessons)
    assert [document.text for document in first.documents] == ["a text", "another text"]


def test_a_corpus_is_never_completed_in_its_own_place(silver, tmp_path):
    (tmp_path / "link").symlink_to(silver)
    for place in (silver, tmp_path / "link"):
        with pytest.raises(CorpusError, match="the silver corpus itself"):
            complete_silver(silver, tmp_path, place, replace=True)
