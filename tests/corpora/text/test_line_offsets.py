"""Offsets that count line ends otherwise than the text has them, for a whole corpus."""

import logging

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.check import check_corpus
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.line_offsets import CONVERTED, CRLF_AS_ONE, LF_AS_TWO, offsets_of
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.brat_folders import evaluate_folders

TEXT = "Flu and\ncold and\nmeasles\n\nof mice.\n"


def annotate(text, *mentions):
    lines = []
    for number, mention in enumerate(mentions, 1):
        start = text.index(mention)
        says = mention.replace("\r", " ").replace("\n", " ")
        lines.append(f"T{number}\tDISO {start} {start + len(mention)}\t{says}\n")
    return "".join(lines).encode()


def write(folder, texts, mentions=("Flu", "cold", "measles")):
    """One document a text, whose annotations count in another text."""
    folder.mkdir(parents=True)
    for number, (text, annotated) in enumerate(texts):
        (folder / f"{folder.name}-{number}.txt").write_bytes(text.encode())
        (folder / f"{folder.name}-{number}.ann").write_bytes(annotate(annotated, *mentions))
    return folder


WINDOWS = TEXT.replace("\n", "\r\n")
# What is on disk, and what the offsets count in.
CASES = {CRLF_AS_ONE: (WINDOWS, TEXT), LF_AS_TWO: (TEXT, WINDOWS)}


@pytest.fixture(params=CASES)
def case(request, tmp_path):
    on_disk, counted = CASES[request.param]
    folder = tmp_path / "corpus"
    for part in ("train", "valid", "test"):
        write(folder / part, [(on_disk, counted)] * 2)
    # This one fits as it is, too: nothing is annotated after a line end.
    (folder / "test" / "test-0.ann").write_bytes(annotate(counted, "Flu"))
    return request.param, folder


def test_the_whole_corpus_is_recognised(case, caplog):
    convention, folder = case
    caplog.set_level(logging.WARNING)
    corpus, report = read_corpus(folder), ImportReport()
    for part in corpus.parts.values():
        for document in part.documents(report):
            for entity in document.entities:
                assert document.text[entity.start : entity.end] == entity.text
            assert [e.text for e in document.entities][:1] == ["Flu"]
    entry = report.by_reason[CONVERTED[convention]]
    assert (entry.effect, entry.count) == ("changed", 5 * 2)
    assert report.annotations_read == report.annotations_kept == 5 * 3 + 1
    assert report.documents == 6
    assert caplog.text.count("in the whole corpus") == 1


def test_convert_writes_the_mended_corpus(case, tmp_path, capsys):
    convention, folder = case
    target = tmp_path / "mended"
    arguments = ["corpus", "convert", folder, "--from", "brat", "--output", target]
    assert main([str(argument) for argument in arguments]) == 0
    assert f"changed: {CONVERTED[convention]}: 10" in capsys.readouterr().out
    report = ImportReport()
    for part, was in zip(read_corpus(target).parts.values(), read_corpus(folder).parts.values()):
        assert list(part.documents(report)) == list(was.documents())
    assert not report.by_reason


def test_check_and_evaluate_know_it(case):
    convention, folder = case
    check = check_corpus(folder, get_tokenizer("alnum"))
    assert check.errors == 0
    assert check.findings[CONVERTED[convention]].severity == "warning"
    scores = evaluate_folders(folder, folder).scores
    assert scores.micro.f1 == 1 and scores.micro.tp == 16


def test_a_mixed_corpus_is_refused(tmp_path):
    """One document needs the offsets as they are, another one needs them converted."""
    folder = write(tmp_path / "corpus", [(WINDOWS, WINDOWS), (WINDOWS, TEXT)])
    with pytest.raises(CorpusError, match="corpus-1.ann:2: the offsets 8 12 cover"):
        list(read_corpus(folder, required=()).parts["train"])
        list(read_corpus(folder, required=()).parts["test"])


def test_another_error_does_not_hide_it(tmp_path):
    folder = write(tmp_path / "corpus" / "train", [(WINDOWS, TEXT)] * 3).parent
    (folder / "train" / "train-2.ann").write_bytes(b"T1\tDISO 0 3\tcat\n")
    documents = iter(read_corpus(folder).parts["train"])
    assert [len(next(documents).entities) for _ in range(2)] == [3, 3]
    with pytest.raises(CorpusError, match="train-2.ann:1: the offsets 0 3 cover 'Flu'"):
        next(documents)


@pytest.mark.parametrize("convention", CASES)
def test_offsets_by_every_position(convention):
    """Every character but a line end has the offset of itself in the other text."""
    on_disk, counted = CASES[convention]
    convert = offsets_of(on_disk, convention)
    letters = [i for i, character in enumerate(counted) if character not in "\r\n"]
    places = [i for i, character in enumerate(on_disk) if character not in "\r\n"]
    assert [convert(i) for i in letters] == places
    # Ends of mentions are exclusive: they may be the offset of a line end.
    assert [convert(i + 1) for i in letters] == [i + 1 for i in places]


def test_an_entity_across_a_line_end(tmp_path):
    folder = write(tmp_path / "corpus" / "train", [(WINDOWS, TEXT)], ["and\ncold", "mice"]).parent
    (document,) = read_corpus(folder).parts["train"]
    assert [e.text for e in document.entities] == ["and\r\ncold", "mice"]
