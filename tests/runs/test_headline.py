"""The headline is against all gold annotations, also those that tags cannot represent."""

import json

import pytest
from unoptimised_graphs import unoptimised_graphs

from neuroner_tl.corpora.reader import BratPart
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.evaluation.scoring import MEASURES
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.runs.summary import run_summary


@pytest.fixture(scope="module")
def corpus(corpora, tmp_path_factory):
    """The gold corpus, with a nested and a discontinuous annotation more in each test document."""
    import shutil

    folder = tmp_path_factory.mktemp("nested") / "corpus"
    shutil.copytree(corpora.gold, folder)
    for path in (folder / "test").glob("*.ann"):
        text = path.with_suffix(".txt").read_text("utf-8")
        lines = path.read_text("utf-8")
        _, place, _ = lines.splitlines()[0].split("\t")
        kind, start, _ = place.split()
        inside = text[int(start) : int(start) + 2]
        first, second = text[:3], text[8:10]
        lines += f"T98\t{kind} {start} {int(start) + 2}\t{inside}\n"
        lines += f"T99\t{kind} 0 3;8 10\t{first} {second}\n"
        path.write_text(lines, "utf-8")
    (folder / "deploy").mkdir()
    (folder / "deploy" / "new.txt").write_text(next((folder / "test").glob("*.txt")).read_text())
    return folder


@pytest.fixture(scope="module")
def trained(corpus, tiny, tmp_path_factory):
    with (
        unoptimised_graphs(),
        NeuroNER(
            dataset_text_folder=corpus,
            output_folder=tmp_path_factory.mktemp("runs"),
            **{**tiny, "maximum_number_of_epochs": 2},
        ) as ner,
    ):
        return ner.fit()


def gold_annotations(corpus, part):
    return sum(len(p.read_text("utf-8").splitlines()) for p in (corpus / part).glob("*.ann"))


def gold_of(scores):
    return scores["micro"]["tp"] + scores["micro"]["fn"]


def test_annotations_that_tags_cannot_represent_are_missed(trained, corpus):
    scores = trained.results["scores"]["test"]
    assert gold_of(scores["documents"]) == gold_annotations(corpus, "test")
    # Two a document, which tags do not hold.
    assert gold_of(scores["conll"]) == gold_of(scores["documents"]) - 2 * 4


def test_both_measures_are_named(trained):
    assert trained.results["measures"] == {"headline": "documents", **MEASURES}


def test_the_counts_of_each_document(trained, corpus):
    counts = json.loads((trained.folder.path / "document_counts.json").read_text("utf-8"))
    assert list(counts) == ["train", "valid", "test"]
    for part, documents in counts.items():
        assert sorted(documents) == sorted(p.stem for p in (corpus / part).glob("*.txt"))
        micro = trained.results["scores"][part]["documents"]["micro"]
        summed = [sum(column) for column in zip(*documents.values())]
        assert summed == [micro["tp"], micro["fp"], micro["fn"]]


def test_the_table_shows_the_headline_and_the_other_beside_it(trained):
    table = run_summary(trained.results)
    scores = trained.results["scores"]["test"]
    row = next(line for line in table.splitlines() if line.startswith("test")).split()
    assert row[3] == f"{100 * scores['documents']['micro']['f1']:.2f}"
    assert row[4] == f"{100 * scores['conll']['micro']['f1']:.2f}"
    assert row[3] != row[4]
    assert MEASURES["documents"] in table and MEASURES["conll"] in table


def test_prediction_mode_has_both_measures(trained, corpus, tiny, tmp_path):
    with NeuroNER(
        dataset_text_folder=corpus,
        output_folder=tmp_path,
        train_model=False,
        use_pretrained_model=True,
        pretrained_model_folder=trained.folder.model,
        **tiny,
    ) as ner:
        result = ner.fit()
    found, expected = result.results["scores"]["test"], trained.results["scores"]["test"]
    assert found["documents"] == expected["documents"]
    assert found["conll"]["micro"] == expected["conll"]["micro"]
    counts = json.loads((result.folder.path / "document_counts.json").read_text("utf-8"))
    assert list(counts) == ["test"]
    assert "F1 on tags" in run_summary(result.results)


@pytest.fixture(scope="module")
def recogniser(trained):
    with NeuroNER(
        train_model=False, use_pretrained_model=True, pretrained_model_folder=trained.folder.model
    ) as ner:
        yield ner


def test_evaluate_scores_the_test_part(recogniser, trained, corpus):
    expected = trained.results["scores"]["test"]["documents"]
    assert recogniser.evaluate(corpus).to_json() == expected


def test_evaluate_scores_the_parts_asked_for(recogniser, trained, corpus):
    scores = trained.results["scores"]
    found = recogniser.evaluate(corpus, ("valid", "test"))
    for name in ("tp", "fp", "fn"):
        wanted = sum(scores[part]["documents"]["micro"][name] for part in ("valid", "test"))
        assert getattr(found.micro, name) == wanted


def test_evaluate_takes_a_folder_without_parts_as_one(recogniser, trained, corpus):
    expected = trained.results["scores"]["test"]["documents"]
    assert recogniser.evaluate(corpus / "test").to_json() == expected


def test_evaluate_counts_documents_of_one_name_in_two_parts(recogniser, tmp_path):
    for part in ("valid", "test"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "a.txt").write_text("Flu")
        (tmp_path / part / "a.ann").write_text("T1\tDISO 0 3\tFlu\n")
    counts = recogniser.evaluate(tmp_path, ("valid", "test")).micro
    assert counts.tp + counts.fn == 2


def test_evaluate_refuses_parts_without_gold(recogniser, corpus, tmp_path):
    with pytest.raises(ParameterError, match="deploy, whose documents have no gold annotations"):
        recogniser.evaluate(corpus, ("test", "deploy"))
    with pytest.raises(CorpusError, match="no .ann files, so there are no gold annotations"):
        recogniser.evaluate(corpus / "deploy")
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "a.txt").write_text("Flu")
    (tmp_path / "test" / "a.ann").write_text("T1\tDISO 0 3\tFlu\n")
    with pytest.raises(CorpusError, match="no valid part, found test"):
        recogniser.evaluate(tmp_path, ("valid",))
    with pytest.raises(ParameterError, match="expected names of parts"):
        recogniser.evaluate(tmp_path, "test")


def test_evaluate_reads_each_document_once(recogniser, corpus, monkeypatch):
    read = []
    documents = BratPart.documents

    def counted(part, report=None):
        for document in documents(part, report):
            read.append(document.id)
            yield document

    monkeypatch.setattr(BratPart, "documents", counted)
    recogniser.evaluate(corpus, ("valid", "test"))
    expected = [p.stem for part in ("valid", "test") for p in (corpus / part).glob("*.txt")]
    assert sorted(read) == sorted(expected)
