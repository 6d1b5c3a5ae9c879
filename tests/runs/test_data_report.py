"""What training says of a corpus before it begins, and on which corpora it does not."""

import logging
import shutil

import pytest

from neuroner_tl.corpora.check import check_corpus
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.neuroner import NeuroNER
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import load_data
from neuroner_tl.runs.data_report import check_data, report_lines


@pytest.fixture
def corpus(corpora, tmp_path):
    """A corpus that the test may change."""
    shutil.copytree(corpora.gold, tmp_path / "corpus")
    return tmp_path / "corpus"


def loaded(corpus, output, **changes):
    parameters = {"dataset_text_folder": corpus, "output_folder": output, **changes}
    return load_data(load_parameters(None, parameters))


def empty(part):
    for path in part.glob("*.ann"):
        path.write_text("")


def test_no_annotation_at_all_is_refused_at_once(corpus, tiny, tmp_path):
    """It used to start, and to learn nothing for hours."""
    empty(corpus / "train")
    with pytest.raises(
        CorpusError, match="no entity in train: there is nothing to learn"
    ) as caught:
        with NeuroNER(dataset_text_folder=corpus, output_folder=tmp_path / "out", **tiny) as ner:
            ner.fit()
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "out").glob("[!.]*"))
    assert check_corpus(corpus, get_tokenizer("alnum")).errors == 1


def test_annotations_that_tags_cannot_represent_are_refused(corpus, tmp_path):
    for path in (corpus / "train").glob("*.ann"):
        text = path.with_suffix(".txt").read_text("utf-8")
        path.write_text(f"T1\tDISO 0 1;4 5\t{text[0]} {text[4]}\n", "utf-8")
    with pytest.raises(CorpusError, match="no entity in train that tags can represent"):
        check_data(loaded(corpus, tmp_path))
    check = check_corpus(corpus, get_tokenizer("alnum"))
    assert check.errors == 1
    assert "no entity in train that tags can represent" in check.summary()


def test_documents_in_two_parts_are_a_warning_once(corpus, tmp_path, caplog):
    """The corpus is listed again after it was read, and at the end: to see whether it changed."""
    for path in sorted((corpus / "train").iterdir())[:2]:
        shutil.copy(path, corpus / "test")
    data = loaded(corpus, tmp_path / "out")
    assert data.changed() is None
    said = [r.getMessage() for r in caplog.records if "in two parts" in r.getMessage()]
    assert said == ["1 document has the same name in two parts: scores on them are too good"]


def test_a_valid_part_without_entities_is_a_warning(corpus, tmp_path, caplog):
    empty(corpus / "valid")
    check_data(loaded(corpus, tmp_path))
    assert "no entity in valid: the best epoch cannot be chosen" in caplog.text
    assert "no entity in valid" in check_corpus(corpus, get_tokenizer("alnum")).summary()


def test_the_table(corpus, tmp_path, caplog):
    (corpus / "deploy").mkdir()
    (corpus / "deploy" / "new.txt").write_text("New text. Two sentences.")
    path = sorted((corpus / "test").glob("*.ann"))[0]
    _, place, says = path.read_text("utf-8").splitlines()[0].split("\t")
    kind, start, end = place.split()
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"T99\t{kind} {start} {int(start) + 2}\t{says[:2]}\n")
    for _ in range(2):  # The second time from the cache.
        data = loaded(corpus, tmp_path / "out")
        lines = {line.split()[0]: line.split()[1:] for line in report_lines(data)}
        assert lines["part"] == ["train", "valid", "test", "deploy"]
        assert lines["documents"] == ["6", "3", "4", "1"]
        assert lines["sentences"][-1] == "2"
        mentions = [
            sum(len(p.read_text("utf-8").splitlines()) for p in (corpus / part).glob("*.ann"))
            for part in ("train", "valid", "test")
        ]
        assert lines["mentions"] == [*map(str, mentions), "-"]
        types = [[int(n) for n in lines[kind][:3]] for kind in ("CHED", "DISO")]
        assert [sum(column) for column in zip(*types)] == mentions
        (left_out,) = [line for line in report_lines(data) if line.startswith("test: dropped")]
        assert left_out.startswith("test: dropped: entity nested in or overlapping another one: 1")
    with caplog.at_level(logging.INFO):
        check_data(data)
    assert "documents" in caplog.text and left_out in caplog.text


def test_documents_left_out_by_train_size_are_reported(corpus, tmp_path):
    lines = report_lines(loaded(corpus, tmp_path, train_size=15))
    assert "corpus: noted: train document left out by train_size: 4" in lines


def test_types_that_look_like_typos(corpus, tmp_path, caplog):
    path = sorted((corpus / "train").glob("*.ann"))[2]
    lines = path.read_text("utf-8").splitlines()
    number, rest = lines[0].split("\t", 1)
    lines[0] = f"{number}\tDIS0 {rest.split(' ', 1)[1]}"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    check_data(loaded(corpus, tmp_path))
    expected = f"and DIS0 (1: train/{path.stem})"
    assert "typos of each other: DISO (" in caplog.text and expected in caplog.text
    assert expected in check_corpus(corpus, get_tokenizer("alnum")).summary()
