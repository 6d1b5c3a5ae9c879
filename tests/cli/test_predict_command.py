"""`neuroner-tl predict`: every format in and out, files, folders and the standard streams."""

import csv
import gzip
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.convert import TARGETS, WRITERS, read_documents
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CheckpointError
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.jobs import prediction_job
from neuroner_tl.runs.jobs.file_prediction import predict_files
from neuroner_tl.runs.jobs.prediction_output import SUFFIXES

FORMATS = Path(__file__).parents[1] / "fixtures" / "corpora" / "formats"


@pytest.fixture(scope="module")
def expected(source_run, corpora):
    """The documents with what the model finds in them."""
    texts = list(iterate_brat_folder(corpora.gold / "test", ImportReport()))
    found = list(Predictor(source_run.folder.model).predict(texts))
    assert sum(len(d.entities) for d in found) > 5
    return found


@pytest.fixture
def predict(source_run, capsys):
    def run(source, output, *options, status=0):
        arguments = ["--model", source_run.folder.model, "--input", source, "--output", output]
        assert main(["predict", *map(str, [*arguments, *options])]) == status
        return capsys.readouterr()

    return run


def read(path, form):
    return list(read_documents(path, form, ImportReport()))


@pytest.mark.parametrize("packed", ["", ".gz"])
@pytest.mark.parametrize("form", sorted({*TARGETS} - {"brat", "conll"}))
def test_one_file(predict, corpora, expected, tmp_path, form, packed):
    """What is written is what the model finds, with its probability where there is a place."""
    target = tmp_path / f"found{SUFFIXES[form]}{packed}"
    predict(corpora.gold / "test", target)
    found = read(target, form)
    # PubTator has one line break, between title and abstract.
    assert [d.id for d in found] == [d.id for d in expected]
    assert [d.entities for d in found] == [d.entities for d in expected]
    for mine, theirs in zip(found, expected):
        assert mine.text.split() == theirs.text.split()
        for entity, other in zip(mine.entities, theirs.entities):
            assert mine.text[entity.start : entity.end] == entity.text
            if form != "pubtator":
                assert entity.probability == pytest.approx(other.probability, abs=1e-5)


def test_conll(predict, corpora, expected, tmp_path):
    predict(corpora.gold / "test", tmp_path / "found.conll")
    found = read(tmp_path / "found.conll", "conll")
    # Texts of a CoNLL file are tokens with blanks between them.
    assert [_mentions(d) for d in found] == [_mentions(d) for d in expected]


def _mentions(document):
    return [(entity.type, "".join(entity.text.split())) for entity in document.entities]


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_formats_read(predict, expected, tmp_path, form):
    """The same texts in any format, with or without annotations, give the same entities."""
    source = tmp_path / f"texts{SUFFIXES[form]}"
    texts = [Document(d.id, d.text.replace("\n", " ")) for d in expected]
    source.write_text("".join(WRITERS[form](texts, ImportReport())), "utf-8")
    predict(source, tmp_path / "found.jsonl")
    found = read(tmp_path / "found.jsonl", "jsonl")
    assert [d.text for d in found] == [d.text for d in texts]
    plain = tmp_path / "plain"
    plain.mkdir()
    for document in texts:
        (plain / f"{document.id}.txt").write_text(document.text, "utf-8", newline="")
    predict(plain, tmp_path / "plain.jsonl")
    assert read(tmp_path / "plain.jsonl", "jsonl") == sorted(found, key=lambda d: f"{d.id}.txt")


def test_medline(predict, tmp_path):
    predict(FORMATS / "medline.xml", tmp_path / "out", "--format", "brat")
    names = sorted(path.name for path in (tmp_path / "out").glob("*.txt"))
    assert names == ["90000021.2.txt", "90000021.txt", "90000022.txt"]


def test_a_folder_of_files_gives_one(predict, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    content = (FORMATS / "documents.jsonl").read_bytes()
    (source / "a.jsonl").write_bytes(content)
    (source / "b.jsonl.gz").write_bytes(gzip.compress(content))
    (source / "notes").write_text("not a text")
    printed = predict(source, tmp_path / "out", "--format", "bioc-xml")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.xml", "b.xml.gz"]
    ids = [d.id for d in read(source / "a.jsonl", "jsonl")]
    for name in ("a.xml", "b.xml.gz"):
        assert [d.id for d in read(tmp_path / "out" / name, "bioc-xml")] == ids
    assert "notes" in printed.out
    predict(source, tmp_path / "one.jsonl")
    assert [d.id for d in read(tmp_path / "one.jsonl", "jsonl")] == ids * 2


def test_standard_streams(predict, expected, monkeypatch):
    content = "".join(WRITERS["jsonl"](expected, ImportReport())).encode()
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))
    monkeypatch.setattr("sys.stdin", stream)
    printed = predict("-", "-", "--input-format", "jsonl")
    records = [json.loads(line) for line in printed.out.splitlines()]
    assert [len(r["entities"]) for r in records] == [len(d.entities) for d in expected]


def test_two_models_and_a_threshold(predict, source_run, corpora, expected, tmp_path):
    options = ("--model", source_run.folder.model, "--min-confidence", 0.6)
    predict(corpora.gold / "test", tmp_path / "found.jsonl", *options)
    found = read(tmp_path / "found.jsonl", "jsonl")
    sure = [tuple(e for e in d.entities if e.probability >= 0.6) for d in expected]
    assert [d.entities for d in found] == sure


def test_losses_are_said(predict, corpora, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "1", "text": "One.\\nTwo.\\nThree."}\n')
    printed = predict(tmp_path / "in.jsonl", tmp_path / "found.pubtator")
    assert "line break that PubTator cannot represent, replaced: 1" in printed.out


def test_table(predict, corpora, expected, tmp_path):
    predict(corpora.gold / "test", tmp_path / "found.tsv")
    with open(tmp_path / "found.tsv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    entities = [(d, e) for d in expected for e in d.entities]
    assert len(rows) == len(entities)
    for row, (document, entity) in zip(rows, entities):
        start, end = int(row["start"]), int(row["end"])
        assert (row["document"], start, end) == (document.id, entity.start, entity.end)
        assert (row["type"], row["text"]) == (entity.type, document.text[start:end])
        assert float(row["confidence"]) == pytest.approx(entity.probability, abs=1e-4)
        assert row["text"] in row["sentence"] and row["sentence"] in document.text


def test_page(predict, corpora, expected, tmp_path):
    predict(corpora.gold / "test", tmp_path / "found.html")
    content = (tmp_path / "found.html").read_text("utf-8")
    assert content.count("<article>") == len(expected)
    assert content.count("data-type=") == sum(len(d.entities) for d in expected)


def test_brat_opens_the_output(predict, source_run, corpora, tmp_path):
    """Its annotation.conf has the types of the model, found or not, and is the user's to change."""
    source, output = corpora.gold / "test", tmp_path / "out"
    predict(source, output)
    configuration = output / "annotation.conf"
    lines = configuration.read_text().splitlines()
    assert lines[1:4] == ["[entities]", "CHED", "DISO"]
    assert {"[relations]", "[events]", "[attributes]"} < set(lines)
    configuration.write_text("[entities]\nmine\n")
    predict(source, output)
    assert configuration.read_text() == "[entities]\nmine\n"
    printed = predict(output, tmp_path / "again")
    assert "annotation.conf" not in printed.out


def test_summary(predict, corpora, expected, tmp_path):
    mentions = Counter((e.type, " ".join(e.text.split())) for d in expected for e in d.entities)
    (kind, text), number = max(mentions.items(), key=lambda item: (item[1], item[0]))
    printed = predict(corpora.gold / "test", tmp_path / "found.jsonl", "--summary").out
    assert "entities  documents  type" in printed
    table = tmp_path / "counts.tsv"
    predict(corpora.gold / "test", tmp_path / "found.jsonl", "--summary", table)
    with open(table, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, dialect="excel-tab"))
    assert {(row["type"], row["text"]): int(row["entities"]) for row in rows} == mentions
    printed = predict(corpora.gold / "test", tmp_path / "found.jsonl", "--summary", "--json").out
    assert {"type": kind, "text": text, "entities": number}.items() <= max(
        json.loads(printed)["summary"], key=lambda row: (row["entities"], row["type"], row["text"])
    ).items()


def test_refused(predict, tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "1", "text": "One."}\n')
    for output, options, words in (
        (source, (), "is a file of texts, which would be overwritten"),
        (tmp_path, ("--format", "jsonl"), "is a file of texts, which would be overwritten"),
        ("-", ("--format", "brat"), "brat needs a folder"),
        ("-", ("--json",), "both write to the standard output"),
        (tmp_path / "o.jsonl", ("--min-confidence", "2"), "min_confidence: found 2"),
    ):
        assert words in predict(source, output, *options, status=2).err
    assert source.read_text() == '{"id": "1", "text": "One."}\n'


@pytest.mark.parametrize("option", ["--errors", "--summary"])
def test_a_file_beside_the_output_replaces_no_other(predict, tmp_path, option):
    """Not the texts, not the output; a device and a folder are no files."""
    folder = tmp_path / "texts"
    folder.mkdir()
    source, output = folder / "in.jsonl", tmp_path / "found.jsonl"
    source.write_text('{"id": "1", "text": "One."}\n')
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(source)
    for texts, place, other, words in (
        (source, output, source, "is a file of texts, which would be overwritten"),
        (folder, output, tmp_path / "link", "is a file of texts, which would be overwritten"),
        (source, output, output, "is the output"),
        (source, output, tmp_path, "is not a regular file"),
        (source, output, tmp_path / "pipe", "is not a regular file"),
    ):
        refused = predict(texts, place, option, other, status=2).err
        assert f"{option} {other}: {words}" in refused and refused.count("\n") == 1
    assert source.read_text() == '{"id": "1", "text": "One."}\n' and not output.exists()
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()


def test_a_model_whose_folder_is_gone(source_run, tmp_path):
    """It was loaded from there, but cannot be told from another one when the job is resumed."""
    shutil.copytree(source_run.folder.model, tmp_path / "model")
    predictor = Predictor(tmp_path / "model")
    shutil.rmtree(tmp_path / "model")
    (tmp_path / "a.txt").write_text("Gout.")
    with pytest.raises(CheckpointError, match="manifest.json: cannot be read"):
        predict_files(predictor, tmp_path / "a.txt", tmp_path / "found.jsonl")


def test_only_a_list_of_errors_is_removed(predict, long_input, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("What I found.\n")
    predict(long_input, tmp_path / "found.jsonl", "--errors", notes)
    assert notes.read_text() == "What I found.\n"


def test_an_ending_that_no_format_has(predict, tmp_path):
    """It is a mistake, and not the name of a folder of brat files."""
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": "1", "text": "One."}\n')
    for name in ("found.csv", "found.jsnol.gz", "found.txt"):
        refused = predict(source, tmp_path / name, status=2).err
        assert "is the ending of no format" in refused and ".jsonl" in refused
        assert not (tmp_path / name).exists()
    predict(source, tmp_path / "found.v2")
    predict(source, tmp_path / "found.csv", "--format", "brat")
    predict(source, tmp_path / "found.csv")
    assert {path.name for path in (tmp_path / "found.csv").iterdir()} > {"1.txt", "1.ann"}


def text_of(number):
    return f'{{"id": "{number}", "text": "Case {number}: gout and tetanus."}}\n'


@pytest.fixture
def long_input(tmp_path, monkeypatch):
    """Documents of several parts."""
    monkeypatch.setattr(prediction_job, "PART_DOCUMENTS", 4)
    path = tmp_path / "in.jsonl"
    path.write_text("".join(text_of(number) for number in range(30)))
    return path


def files(path):
    if path.is_file():
        return path.read_bytes()
    return {inside.name: inside.read_bytes() for inside in path.iterdir()}


@pytest.mark.parametrize("name", ["found.jsonl", "found.xml", "found"])
def test_interrupted_and_continued(predict, long_input, tmp_path, monkeypatch, name):
    """What is missing is tagged, and the output is that of a run without interruption."""
    whole, output = tmp_path / "whole" / name, tmp_path / name
    whole.parent.mkdir()
    predict(long_input, whole)
    real, tagged = JointPredictor.predict_counted, []

    def counted(self, documents):
        tagged.append(len(documents))
        if len(tagged) == 4:
            raise KeyboardInterrupt
        yield from real(self, documents)

    monkeypatch.setattr(JointPredictor, "predict_counted", counted)
    said = predict(long_input, output, status=130).err
    parts = tmp_path / f"{name}.parts"
    assert f"what is done is in {parts}; run the same command again to resume" in said
    if name == "found":  # Whole documents in brat's format are in place at once.
        assert {path.suffix for path in output.iterdir()} <= {".txt", ".ann", ".conf"}
    else:
        assert not output.exists()
    threshold = predict(long_input, output, "--min-confidence", "0.5", status=2).err
    assert "with other models or options" in threshold
    printed = predict(long_input, output).out
    assert sum(tagged[4:]) == 30 - 3 * 4
    assert files(output) == files(whole)
    assert "30 documents" in printed and not parts.exists()


def test_bad_documents(predict, long_input, tmp_path):
    """They are in a file of their own, and the others are tagged."""
    good = predict(long_input, tmp_path / "good.jsonl") and files(tmp_path / "good.jsonl")
    lines = long_input.read_bytes().splitlines(keepends=True)
    long_input.write_bytes(b"".join([*lines[:9], b"{}\n", *lines[9:20], b"\xff\n", *lines[20:]]))
    printed = predict(long_input, tmp_path / "found.jsonl", status=3)
    assert files(tmp_path / "found.jsonl") == good
    errors = tmp_path / "found.jsonl.errors.jsonl"
    assert f"2 documents could not be used: see {errors}" in printed.out
    first, second = map(json.loads, errors.read_text().splitlines())
    assert first["source"] == str(long_input) and f"{long_input}:10: found '{{}}'" in first["error"]
    assert f"{long_input}:22: not JSON" in second["error"]
    long_input.write_bytes(b"".join(lines))
    predict(long_input, tmp_path / "found.jsonl")
    assert not errors.exists()


def test_bad_files(predict, tmp_path, caplog):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.txt").write_bytes(b"Gout.")
    (source / "b.txt").write_bytes(b"na\xefve")
    (source / "c.txt").write_bytes(b"Flu.")
    predict(source, output, "--errors", tmp_path / "bad.jsonl", status=3)
    assert sorted(path.name for path in output.glob("*.txt")) == ["a.txt", "c.txt"]
    (line,) = (tmp_path / "bad.jsonl").read_text().splitlines()
    assert "b.txt: not UTF-8 at byte offset 2" in json.loads(line)["error"]
    printed = predict(source, "-", status=3)
    assert len(printed.out.splitlines()) == 2 and "b.txt: not UTF-8" in caplog.text
    (source / "a.txt").unlink()
    (source / "c.txt").unlink()
    assert "b.txt: not UTF-8" in predict(source, tmp_path / "none", status=2).err


@pytest.mark.slow
def test_workers(predict, long_input, tmp_path):
    predict(long_input, tmp_path / "one.jsonl")
    predict(long_input, tmp_path / "two.jsonl", "--workers", 2)
    assert files(tmp_path / "two.jsonl") == files(tmp_path / "one.jsonl")
    assert "workers: found 0" in predict(long_input, "-", "--workers", 0, status=2).err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "workers"), [(signal.SIGKILL, 1), (signal.SIGTERM, 2)])
def test_killed_and_continued(predict, source_run, tmp_path, number, workers):
    """The command itself, in a process of its own."""
    source, output = tmp_path / "in.jsonl", tmp_path / "found.jsonl"
    with open(source, "w") as file:
        for document in range(5 * prediction_job.PART_DOCUMENTS):
            file.write(text_of(document))
    command = [sys.executable, "-m", "neuroner_tl", "predict", "--workers", workers]
    command += ["--model", source_run.folder.model, "--input", source, "--output", output]
    with open(tmp_path / "log", "wb") as log:
        process = subprocess.Popen([*map(str, command)], stdout=log, stderr=log)
    parts = tmp_path / "found.jsonl.parts"
    while not (parts / "000000.json").exists():
        assert process.poll() is None, (tmp_path / "log").read_text()
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(60) == (-number if number == signal.SIGKILL else 130)
    assert not output.exists()
    assert 1 <= len(list(parts.glob("0*.json"))) < 5
    predict(source, tmp_path / "whole.jsonl")
    predict(source, output)
    assert files(output) == files(tmp_path / "whole.jsonl")
