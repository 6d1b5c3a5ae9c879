"""A source that knows more labels than its targets have is refused, unless told."""

import dataclasses
import json
import shutil

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import ParameterError
from neuroner_tl.silver.labels import text_digest
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.definition.plan import plan_runs
from neuroner_tl.studies.running.informed import KnownLabels, check_informed, known_labels


@pytest.fixture
def silver(tmp_path, corpora):
    return shutil.copytree(corpora.silver, tmp_path / "silver")


@pytest.fixture
def check(write_study, silver, corpora):
    """A function that checks a study of the source with this report."""

    def run(study, **report):
        (silver / "report.json").write_text(json.dumps(report))
        path = write_study(study, source=str(silver), target=str(corpora.gold))
        definition = read_definition(path)
        check_informed(definition, plan_runs(definition))

    return run


def ids(corpora, size=None, split_seed=0):
    corpus = read_corpus(corpora.gold, train_size=size, split_seed=split_seed)
    return list(corpus.parts["train"].ids)


def refusal(check, study, **report):
    with pytest.raises(ParameterError) as caught:
        check(study, **report)
    message = str(caught.value)
    assert "\n" not in message and "allow_informed_sources = True" in message
    return message


def test_gold_that_a_corpus_was_only_scored_on_taught_it_nothing(check, corpora):
    name = corpora.gold.name
    check("train_sizes = 16", learned_from={name: 6}, learned_from_documents={})


def test_the_documents_learned_from_must_be_in_the_smallest_sample(check, corpora):
    name = corpora.gold.name
    few, all_of_them = ids(corpora, 16), ids(corpora)
    assert len(few) == 2 and len(all_of_them) == 6
    check("train_sizes = 16, 40", learned_from_documents={name: few}, learned_from={name: 2})
    message = refusal(
        check,
        "train_sizes = 40, 16",
        learned_from_documents={name: all_of_them},
        learned_from={name: 6},
    )
    assert "source silver, which knows the labels of 6 documents, 1 of them" in message
    assert "(the same corpus name and id; the first is" in message and "(train_size" in message
    check("", learned_from_documents={name: all_of_them})
    check("train_sizes = 16", learned_from_documents={"other": all_of_them, name: []})
    check(
        "train_sizes = 16\nallow_informed_sources = True",
        learned_from_documents={name: all_of_them},
    )
    check("train_sizes = 16\narms = baseline", learned_from_documents={name: all_of_them})


def test_another_split_has_other_documents(check, corpora):
    for seed in range(1, 20):
        if ids(corpora, 16, seed) != ids(corpora, 16):
            break
    report = {"learned_from_documents": {corpora.gold.name: ids(corpora, 16)}}
    assert f"split_seed {seed}" in refusal(
        check, f"train_sizes = 16\nsplit_seeds = 0, {seed}", **report
    )


def test_an_older_report_has_numbers_only(check, corpora):
    name = corpora.gold.name
    check("", learned_from={name: 6})
    check("train_sizes = 16", learned_from={name: 0})
    message = refusal(check, "train_sizes = 16", learned_from={name: 6})
    assert "of which only the number is recorded" in message and "(train_size 16, " in message
    # Even as many as the sample has may be others.
    refusal(check, "train_sizes = 16", learned_from={name: 2})


def texts(corpora, names):
    train = read_corpus(corpora.gold)["train"]
    return {d.id: text_digest(d.text) for d in train if d.id in names}


@pytest.mark.parametrize("recorded", ["renamed", "an archive of it"])
def test_a_corpus_is_recognised_by_its_texts(check, corpora, recorded):
    few, all_of_them = ids(corpora, 16), ids(corpora)
    known = {f"other-{name}": digest for name, digest in texts(corpora, all_of_them).items()}
    report = {
        "learned_from_documents": {recorded: list(known)},
        "learned_from_texts": {recorded: known},
    }
    message = refusal(check, "train_sizes = 16", **report)
    assert f"6 documents (recorded as {recorded}), 4 of them documents of gold that" in message
    assert "(the same text; the first is" in message
    check("", **report)
    known = texts(corpora, few)
    check(
        "train_sizes = 16",
        learned_from_documents={recorded: few},
        learned_from_texts={recorded: known},
    )


def test_a_link_to_a_corpus_is_that_corpus(write_study, silver, corpora, tmp_path):
    (tmp_path / "linked").symlink_to(corpora.gold)
    known = {"learned_from_documents": {corpora.gold.name: ids(corpora)}}
    (silver / "report.json").write_text(json.dumps(known))
    study = write_study("train_sizes = 16", source=str(silver), target=str(tmp_path / "linked"))
    study.write_text(study.read_text().replace("\ngold = ", "\nmine = "))
    definition = read_definition(study)
    with pytest.raises(
        ParameterError, match="4 of them documents of mine .*the same corpus name and id"
    ):
        check_informed(definition, plan_runs(definition))


def test_a_corpus_is_recognised_by_pubmed_ids(write_study, silver, corpora, tmp_path):
    renamed = tmp_path / "renamed"
    parts = read_corpus(corpora.gold)
    numbered = {
        name: [dataclasses.replace(d, id=f"{90000 + n}{len(name)}") for n, d in enumerate(part)]
        for name, part in parts.items()
    }
    write_brat_parts(renamed, numbered)
    test = [f"PMID{document.id}" for document in numbered["test"]]
    known = {"learned_from_documents": {"NCBI": [*test, "12345"]}}
    (silver / "report.json").write_text(json.dumps(known))
    definition = read_definition(write_study(source=str(silver), target=str(renamed)))
    with pytest.raises(ParameterError, match="4 of them .*the same PubMed id; the first"):
        check_informed(definition, plan_runs(definition))


def test_other_texts_under_the_same_name_teach_nothing(check, corpora):
    known = {"a": text_digest("Another text."), "b": text_digest("And another one.")}
    check(
        "train_sizes = 16",
        learned_from_documents={corpora.gold.name: list(known)},
        learned_from_texts={corpora.gold.name: known},
    )
    # Of the same ids and name, texts were corrected.
    changed = dict.fromkeys(ids(corpora), text_digest("Corrected."))
    message = refusal(
        check,
        "train_sizes = 16",
        learned_from_documents={corpora.gold.name: list(changed)},
        learned_from_texts={corpora.gold.name: changed},
    )
    assert "4 of them" in message


def test_white_space_is_no_part_of_a_text():
    assert text_digest("A  tumour\n(T).") == text_digest("A tumour ( T ) .")
    assert text_digest("tumour") != text_digest("Tumour")


def test_what_a_corpus_was_told(tmp_path):
    assert known_labels(tmp_path) is None
    (tmp_path / "report.json").write_text("{")
    assert known_labels(tmp_path) is None
    (tmp_path / "report.json").write_text('{"learned_from": {"a": 2, "b": 0, "c": "x"}}')
    assert known_labels(tmp_path) == {"a": KnownLabels(2)}
    (tmp_path / "report.json").write_text(
        '{"learned_from": {"a": 2}, "learned_from_documents": {"a": ["x", "y"]}}'
    )
    assert known_labels(tmp_path) == {"a": KnownLabels(2, frozenset("xy"))}


def test_a_study_refuses_such_a_source_before_it_trains_anything(
    write_study, silver, corpora, tmp_path, capsys
):
    known = {corpora.gold.name: ids(corpora)}
    (silver / "report.json").write_text(json.dumps({"learned_from_documents": known}))
    path = write_study("train_sizes = 16", source=str(silver), target=str(corpora.gold))
    assert main(["study", "run", str(path)]) == 2
    error = capsys.readouterr().err
    assert "which knows the labels of 6 documents" in error and error.count("\n") == 1
    assert not (tmp_path / "output").exists()
