"""Models as annotators: trained by the build without gold documents, once, and cross-fitted."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from brat_documents import write_brat_document

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.runs import attempts
from neuroner_tl.runs.folder import RunFolder
from neuroner_tl.silver.annotators import trained_annotator
from neuroner_tl.silver.annotators.model_annotator import ModelAnnotator
from neuroner_tl.silver.annotators.remembered_tags import RememberedTags
from neuroner_tl.silver.build import build_silver
from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.definition import read_silver_definition
from neuroner_tl.system.interruption import Interrupted

DISEASES = ["gout", "asthma", "flu", "renal failure"]
FILLERS = "we saw many patients whose symptoms were treated with drugs and care".split()

DEFINITION = """
[silver]
name = small
type = DISO
data_folder = {data}
texts = texts.jsonl
output_folder = {output}
valid_percent = 10

[annotators]
terms = lexicon:terms.txt
tagger = {tagger}

[harmonise]
threshold = 1

[gold]
corpora = gold, other
learn_from = gold

[clean]
min_annotations = 0
"""


def document_of(rng: random.Random, name: str) -> Document:
    text, entities = "", []
    for _ in range(4):
        text += " ".join(rng.choices(FILLERS, k=6)) + " "
        disease = rng.choice(DISEASES)
        entities.append(Entity("DISO", ((len(text), len(text) + len(disease)),), disease))
        text += f"{disease} . "
    return Document(name, text.rstrip(), tuple(entities))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, tiny: dict[str, Any]) -> Path:
    """Texts, a gold corpus, another one, and a corpus for training that shares a document."""
    folder = tmp_path_factory.mktemp("trained")
    rng = random.Random(3)
    (folder / "terms.txt").write_text("gout\nasthma\n")
    texts = [document_of(rng, f"text{i}") for i in range(12)]
    (folder / "texts.jsonl").write_text(
        "".join(json.dumps({"id": d.id, "text": d.text}) + "\n" for d in texts)
    )
    gold = {
        part: [document_of(rng, f"{part}{i}") for i in range(size)]
        for part, size in (("train", 10), ("valid", 2), ("test", 3))
    }
    for part, members in gold.items():
        (folder / "gold" / part).mkdir(parents=True)
        for document in members:
            write_brat_document(document, folder / "gold" / part)
    for name in ("extra", "other"):
        (folder / name).mkdir()
        for i in range(8):
            write_brat_document(document_of(rng, f"{name}{i}"), folder / name)
    leak = Document("under_another_name", gold["test"][0].text, gold["test"][0].entities)
    write_brat_document(leak, folder / "extra")
    settings = {**tiny, "maximum_number_of_epochs": 2, "split_percentages": "70, 15, 15"}
    lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (folder / "parameters.ini").write_text(f"[training]\n{lines}")
    return folder


def define(data: Path, folder: Path, tagger: str = "") -> Path:
    path = folder / "silver.ini"
    tagger = tagger or f"train:extra with {data / 'parameters.ini'}"
    path.write_text(DEFINITION.format(data=data, output=folder / "out", tagger=tagger))
    return path


@pytest.fixture
def trained_before(source_run: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Have a run that is there take the place of training; the list gets its parameters."""
    asked = []

    def copy_run(parameters: Any) -> Any:
        asked.append(parameters)
        folder = parameters.output_folder / f"{parameters.experiment_name}_1"
        shutil.copytree(source_run.folder.path, folder)
        return dataclasses.replace(source_run, folder=RunFolder(folder))

    monkeypatch.setattr(attempts, "train_run", copy_run)
    return asked


@pytest.mark.slow
def test_a_model_is_trained(data: Path, tmp_path: Path) -> None:
    content = build_silver(define(data, tmp_path)).content
    assert content["annotators"]["tagger"]["models"][0]["best_epoch"] in (1, 2)
    assert "tagger" in content["scores"]["gold"]


def test_a_model_is_trained_once_without_gold_documents(
    data: Path, tmp_path: Path, trained_before: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = define(data, tmp_path)
    result = build_silver(path)
    record = result.content["annotators"]["tagger"]
    assert record["left_out"] == {"under_another_name": "gold/test/test0"}
    assert (record["kind"], record["corpus"], record["documents"]) == ("train", "extra", 8)
    assert [model["fold"] for model in record["models"]] == [None]
    assert "tagger: trained on 8 documents of extra, epoch" in result.report
    assert "1 document left out that gold corpora have" in result.report
    assert result.content["learned_from_documents"] == {"extra": [f"extra{i}" for i in range(8)]}
    assert list(result.content["learned_from_texts"]["extra"]) == [f"extra{i}" for i in range(8)]
    assert "tagger" in result.content["scores"]["gold"]
    assert [parameters.seed for parameters in trained_before] == [3]
    (corpus,) = (tmp_path / "out" / ".annotators").glob("*/corpus")
    names = {name for part in read_corpus(corpus).values() for name in part.ids}
    assert names == {f"extra{i}" for i in range(8)}
    # The second build neither trains nor tags.
    monkeypatch.setattr(attempts, "train_run", None)
    monkeypatch.setattr("neuroner_tl.prediction.predictor.Predictor._predict_chunk", None)
    again = build_silver(path, replace=True)
    assert again.content == result.content


def test_other_content_or_parameters_make_another_model(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from neuroner_tl.silver.annotators import trained_models

    keys = []

    def key(parts: trained_models.Parts, parameters: Any) -> str:
        keys.append(trained_models_key(parts, parameters))
        raise Interrupted("not trained here")

    trained_models_key = trained_models._key
    monkeypatch.setattr(trained_models, "_key", key)
    copy = shutil.copytree(data, tmp_path / "data")
    path = define(copy, tmp_path)

    def build() -> str:
        with pytest.raises(Interrupted):
            build_silver(path)
        return keys[-1]

    first = build()
    assert build() == first
    parameters = (copy / "parameters.ini").read_text()
    (copy / "parameters.ini").write_text(parameters + "output_folder = elsewhere\n")
    assert build() == first
    (copy / "parameters.ini").write_text(parameters.replace("seed = 3", "seed = 4"))
    assert build() != first
    (copy / "parameters.ini").write_text(parameters)
    assert build() == first
    (copy / "extra" / "extra0.ann").write_text("")
    assert build() != first


@pytest.mark.parametrize("place", ["gold", "link"])
def test_gold_documents_are_tagged_by_models_that_have_not_seen_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    trained: list[set[str]] = []

    class Trained:
        folder = Path("model")

        def __init__(self, texts: set[str]) -> None:
            self.texts = texts

        def to_json(self) -> dict[str, Any]:
            return {"best_epoch": 1, "valid_f1": 0.5}

    def train(parts: Any, *_: Any) -> Trained:
        texts = {document.text for members in parts.values() for document in members}
        trained.append(texts)
        model = Trained(texts)
        model.folder = Path(str(len(trained) - 1))
        return model

    class Model:
        def __init__(self, folder: Path, *_: Any) -> None:
            self.texts = trained[int(str(folder))]

        def annotate(self, documents: list[Document]) -> Any:
            # What it has seen is marked.
            return [[Mark(0, 2)] * (document.text in self.texts) for document in documents]

    monkeypatch.setattr(trained_annotator, "train_model_on", train)
    monkeypatch.setattr(trained_annotator, "ModelAnnotator", Model)
    # A document of the other gold corpus is one of this one's, under another name.
    copy = shutil.copytree(data, tmp_path / "data")
    for name in ("txt", "ann"):
        shutil.copy(copy / "gold" / "train" / f"train3.{name}", copy / "other" / f"same.{name}")
    (copy / "link").symlink_to(copy / "gold")
    path = define(copy, tmp_path, f"train:{place} with {copy / 'parameters.ini'}")
    path.write_text(path.read_text().replace("learn_from = gold", "learn_from = gold, other"))
    content = build_silver(path).content
    assert [len(texts) for texts in trained] == [10, 8, 8, 8, 8, 8]
    assert content["scores"]["gold"]["tagger"]["fp"] == 0
    assert content["scores"]["other"]["tagger"]["fp"] == 0
    assert sorted(content["learned_from_documents"]) == ["gold"]
    assert [model["fold"] for model in content["annotators"]["tagger"]["models"]] == [
        None,
        0,
        1,
        2,
        3,
        4,
    ]
    held_out = {d.text for part in ("valid", "test") for d in read_corpus(data / "gold")[part]}
    assert not any(texts & held_out for texts in trained)


@pytest.mark.parametrize(
    ("tagger", "error", "words"),
    [
        ("train:other with {}", CorpusError, "a gold corpus of which nothing is learned"),
        ("train:copy with {}", CorpusError, "all of the 8 documents of"),
        ("train:extra with none.ini", CorpusError, "none.ini"),
        ("train:extra", ParameterError, "expected a corpus and a parameter file"),
        ("train: with {}", ParameterError, "expected a corpus and a parameter file"),
        ("train:empty with {}", CorpusError, "has no entity of type DISO"),
    ],
)
def test_what_cannot_be_trained(
    data: Path, tmp_path: Path, tagger: str, error: type[Exception], words: str
) -> None:
    copy = shutil.copytree(data, tmp_path / "data")
    shutil.copytree(copy / "other", copy / "copy")
    shutil.copytree(copy / "extra", copy / "empty")
    for path in (copy / "empty").glob("*.ann"):
        path.write_text("")
    path = define(copy, tmp_path, tagger.format(copy / "parameters.ini"))
    with pytest.raises(error, match=words):
        build_silver(path)
    assert not (tmp_path / "out" / "small").exists()


def test_a_model_that_starts_from_another_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "transfer.ini").write_text(
        "[mode]\nuse_pretrained_model = True\npretrained_model_folder = model\n"
    )
    path = define(data, tmp_path, f"train:extra with {tmp_path / 'transfer.ini'}")
    with pytest.raises(ParameterError, match="expected True and False"):
        build_silver(path)


def test_a_model_that_has_learned_from_gold_is_refused(
    data: Path, tmp_path: Path, corpora: Any, source_run: Any
) -> None:
    """It used to be scored on the documents that it had learned from."""
    path = define(data, tmp_path, f"model:{source_run.folder.path}")
    text = path.read_text()
    path.write_text(text.replace("gold, other", f"gold, other, {corpora.silver}"))
    with pytest.raises(CorpusError, match=r"was trained on 15 documents of gold corpora .*train:"):
        build_silver(path)
    path.write_text(text)
    content = build_silver(path).content
    record = content["annotators"]["tagger"]
    assert record == {"kind": "model", "learned_from": [corpora.silver.name]}
    # Its train documents taught the silver corpus; validation documents did not.
    taught = content["learned_from_documents"][corpora.silver.name]
    assert taught == sorted(read_corpus(corpora.silver)["train"].ids)


def test_what_a_model_was_told_by_a_silver_corpus_is_passed_on(
    data: Path, tmp_path: Path, corpora: Any, source_run: Any
) -> None:
    """A model trained on a corpus that was learned from gold knows these labels."""
    report = corpora.silver / "report.json"
    path = define(data, tmp_path, f"model:{source_run.folder.path}")
    try:
        report.write_text(json.dumps({"learned_from_documents": {"NCBI": ["b", "a"]}}))
        content = build_silver(path).content
        assert content["learned_from_documents"] == {"NCBI": ["a", "b"]}
        # One that does not say from which documents could hide them.
        report.write_text(json.dumps({"learned_from": {"NCBI": 2}}))
        with pytest.raises(CorpusError, match=r"found no learned_from_documents.*build it again"):
            build_silver(path, replace=True)
    finally:
        report.unlink()


def test_an_interrupted_training_is_resumed(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = define(data, tmp_path)

    class Result:
        class folder:
            path = tmp_path

        results = {"status": "interrupted"}

    with monkeypatch.context() as patched:
        patched.setattr(attempts, "train_run", lambda _: Result)
        with pytest.raises(Interrupted, match="the annotator tagger on 8 .* resumes it"):
            build_silver(path)
    assert read_silver_definition(path).models_folder.is_dir()
    assert not (tmp_path / "out" / "small").exists()


@pytest.mark.parametrize(
    "damage",
    [
        '"marks": [[0, 4, NaN]]',
        '"marks": [[0, 4, Infinity]]',
        '"marks": [[0, 4, 1.5]]',
        '"marks": [[Infinity, 4, 1]]',
        '"marks": [[0, 1e999, 1]]',
        '"marks": [[0, 400, 1]]',
        '"marks": [[-4, 4, 1]]',
        '"marks": [[3, 3, 1]]',
        '"marks": [[0, 4, 1], [2, 5, 1]]',
        '"marks": [[0.5, 4, 1]]',
        '"marks": [["0", "4", "1"]]',
        '"marks": [[true, 4, 1]]',
        '"marks": [[0, 4]]',
        '"marks": 7',
        '"mark": []',
    ],
)
def test_damaged_tags_are_made_again(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "tags.jsonl"
    RememberedTags(path).add([("Gout.", [Mark(0, 4, 0.5)]), ("Flu.", [Mark(0, 3)])])
    first, second = path.read_text().splitlines()
    broken = json.dumps({"text": json.loads(first)["text"]})[:-1] + f", {damage}}}"
    path.write_text(f"{broken}\n[]\n{'[' * 100_000}\n{second}\n")
    tags = RememberedTags(path)
    assert tags.get("Gout.") is None and tags.get("Gout.") is None
    assert tags.get("Flu.") == [Mark(0, 3)]
    (record,) = caplog.records
    assert "tags.jsonl: found damaged lines" in record.getMessage()
    tags.add([("Gout.", [Mark(0, 4, 0.25)])])
    assert RememberedTags(path).get("Gout.") == tags.get("Gout.") == [Mark(0, 4, 0.25)]


def test_tags_after_a_line_that_was_cut_off_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    path.write_bytes(b'{"text": "cut o')
    RememberedTags(path).add([("Gout.", [Mark(0, 4)])])
    assert RememberedTags(path).get("Gout.") == [Mark(0, 4)]


def test_tags_that_cannot_be_read_are_made_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "tags.jsonl").mkdir()
    tags = RememberedTags(tmp_path / "tags.jsonl")
    assert tags.get("Gout.") is None
    tags.add([("Gout.", [])])
    assert tags.get("Gout.") == []
    assert "tags.jsonl: cannot be read" in caplog.text


def test_two_documents_of_one_id_are_refused(data: Path, tmp_path: Path) -> None:
    """Without a part for validation, the parts of a corpus are one, and one of two was left out."""
    folder = tmp_path / "extra"
    for part, text in (("train", "Gout was seen."), ("test", "Asthma was seen.")):
        write_brat_document(Document("same", text), folder / part)
    path = define(data, tmp_path, f"train:{folder} with {data / 'parameters.ini'}")
    with pytest.raises(CorpusError, match="extra: document 'same' occurs twice with different"):
        build_silver(path)
    write_brat_document(Document("same", "Gout was seen."), folder / "test")
    with pytest.raises(CorpusError, match="extra has no entity of type DISO"):
        build_silver(path)


def test_tags_are_remembered_by_text(tmp_path: Path) -> None:
    path = tmp_path / "tags.jsonl"
    tags = RememberedTags(path)
    tags.add([("Gout.", [Mark(0, 4, 0.5)]), ("No\ud800.", [])])
    with open(path, "ab") as file:
        file.write(b'{"text": "damaged')
    again = RememberedTags(path)
    assert len(again) == 2
    assert again.get("Gout.") == [Mark(0, 4, 0.5)] and again.get("No\ud800.") == []
    assert again.get("Other.") is None


def test_tagging_some_texts_again_tags_the_others(
    source_run: Any, corpora: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = source_run.folder.path
    documents = list(read_corpus(corpora.gold)["test"])
    documents.append(documents[0])
    plain = list(ModelAnnotator(folder, ["DISO"]).annotate(documents))
    first = list(ModelAnnotator(folder, ["DISO"], memory=tmp_path).annotate(documents[:2]))
    both = list(ModelAnnotator(folder, ["DISO"], memory=tmp_path).annotate(documents))
    assert both == plain and both[:2] == first
    other = list(ModelAnnotator(folder, ["CHED"], memory=tmp_path).annotate(documents))
    assert other == list(ModelAnnotator(folder, ["CHED"]).annotate(documents)) != both
