from __future__ import annotations

from pathlib import Path

import pytest

from neuroner_tl.corpora.check import CorpusCheck, check_corpus
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.statistics import (
    corpus_statistics,
    count_documents,
    count_overlaps,
    csv_table,
    latex_table,
    text_table,
)
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError

ALNUM = get_tokenizer("alnum")


def put(folder: Path, name: str, text: str, ann: str = "") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_bytes(text.encode("utf-8"))
    (folder / f"{name}.ann").write_bytes(ann.encode("utf-8"))


def counts(check: CorpusCheck) -> dict[str, tuple[str, int]]:
    return {f.what: (f.severity, f.count) for f in check.findings.values()}


def test_a_clean_corpus(tmp_path: Path) -> None:
    for part, word in (("train", "gout"), ("valid", "fever"), ("test", "cough")):
        spans = "".join(f"T{i}\tD {i * 6} {i * 6 + len(word)}\t{word}\n" for i in range(12))
        put(tmp_path, f"{part}/{part}", "".join(word.ljust(6) for _ in range(12)), spans)
    check = check_corpus(tmp_path, ALNUM)
    assert check.errors == 0 and check.findings == {}
    assert "nothing is wrong" in check.summary()


def test_every_problem_is_reported(tmp_path: Path) -> None:
    long = "The patients with acute renal failure were treated for two weeks with the new drug."
    put(tmp_path, "train/a", "Gout, flu.\nHigh fever", "T1\tD 0 5\tGout,\nT2\tD 6 9\tflu\n")
    put(tmp_path, "train/b", "Gout", "T1\tD 0 99\tGout\n")
    put(tmp_path, "train/c", "Gout", "T1\tD 0 x\tGout\n")
    put(tmp_path, "train/d", "renal and lung failure", "T1\tD 0 5;15 22\trenal failure\n")
    put(tmp_path, "train/e", "acute gout x", "T1\tD 0 10\tacute gout\nT2\tD 6 10\tgout\n")
    put(tmp_path, "train/f", "goutier\x01 e\u0301", "T1\tD 0 4\tgout\n")
    put(tmp_path, "train/g", " \n")
    put(tmp_path, "train/h", long, "T1\tD 18 37\tacute renal failure\n")
    put(tmp_path, "test/h2", long, "T1\tG 4 12\tpatients\n")
    check = check_corpus(tmp_path, ALNUM)
    assert counts(check) == {
        "no valid part: training holds documents of train out, with split_seed": ("note", 1),
        "document that cannot be read": ("error", 2),
        "type in test that is not in train": ("warning", 1),
        "type with fewer than 10 entities in train": ("warning", 1),
        "entity starts or ends with white space or punctuation": ("warning", 1),
        "discontinuous entity": ("warning", 1),
        "entity nested in or overlapping another one": ("warning", 1),
        "boundary inside a token, widened": ("warning", 1),
        "control character in a text": ("warning", 1),
        "document without text": ("warning", 1),
        "document of test that is in train too": ("warning", 1),
        "text that is not in Unicode's composed form (NFC)": ("note", 1),
    }
    assert check.errors == 2 and check.documents == {"train": 6, "test": 1}
    text = check.summary()
    assert f"{tmp_path / 'train' / 'b.ann'}:1" in text and "test/h2 is train/h (text)" in text
    assert text.index("error:") < text.index("warning:") < text.index("note:")


def test_no_entities_and_no_corpus(tmp_path: Path) -> None:
    put(tmp_path, "train/a", "Gout")
    put(tmp_path, "valid/b", "Flu")
    assert "no entity in train: there is nothing to learn" in counts(check_corpus(tmp_path, ALNUM))
    with pytest.raises(CorpusError, match="no such folder"):
        check_corpus(tmp_path / "none", ALNUM)


def test_a_flat_folder_has_no_parts(tmp_path: Path) -> None:
    put(tmp_path, "a", "Gout", "T1\tD 0 4\tGout\n")
    put(tmp_path, "b", "Flu and gout", "T1\tD 0 3\tFlu\n")
    put(tmp_path, "c", "Gout and flu", "T1\tD 0 4\tGout\n")
    check = check_corpus(tmp_path, ALNUM)
    assert check.errors == 0 and len(check.findings) == 2


def test_train_alone_has_nothing_to_choose_an_epoch_by(tmp_path: Path) -> None:
    put(tmp_path, "train/a", "Gout", "T1\tD 0 4\tGout\n")
    found = counts(check_corpus(tmp_path, ALNUM))
    assert found["no valid part"] == ("error", 1) and found["no test part"] == ("warning", 1)


@pytest.mark.parametrize(("documents", "severity"), [(1, "error"), (2, "error"), (3, "note")])
def test_a_validation_part_can_be_held_out_of_three_documents(
    tmp_path: Path, documents: int, severity: str
) -> None:
    for number in range(documents):
        put(tmp_path, f"train/{number}", "Gout", "T1\tD 0 4\tGout\n")
    put(tmp_path, "test/t", "Gout", "T1\tD 0 4\tGout\n")
    found = check_corpus(tmp_path, ALNUM).findings.values()
    assert [f.severity for f in found if f.what.startswith("no valid part")] == [severity]
    # The check foretells what training does.
    assert ("valid" in read_corpus(tmp_path).parts) is (severity == "note")


def entity(start: int, end: int) -> Entity:
    return Entity("D", ((start, end),), "x" * (end - start))


def test_statistics() -> None:
    document = Document(
        "a",
        "Renal failure. Acute Renal failure!",
        (
            Entity("D", ((0, 13),), "Renal failure"),
            Entity("D", ((15, 20), (27, 34)), "Acute failure"),
            Entity("D", ((21, 34),), "Renal failure"),
        ),
    )
    row = count_documents("c", [document, Document("b", "")], ALNUM)
    assert (row.documents, row.annotated_documents, row.sentences, row.tokens) == (2, 1, 2, 7)
    assert len(row.unique_tokens) == 5
    assert (row.annotations, len(row.by_text), row.annotation_tokens) == (3, 2, 6)
    assert (row.discontinuous, row.nested, row.overlapping) == (1, 1, 0)
    assert row.row()[-2:] == ["2.00", "42.86"]


def test_overlaps() -> None:
    assert count_overlaps([entity(0, 4), entity(4, 6)]) == (0, 0)
    assert count_overlaps([entity(0, 4), entity(1, 3), entity(0, 2)]) == (2, 0)
    assert count_overlaps([entity(0, 4), entity(2, 6)]) == (0, 2)
    assert count_overlaps([entity(0, 4), entity(0, 4)]) == (1, 0)


def test_tables(tmp_path: Path) -> None:
    put(tmp_path / "my_corpus", "train/a", "Gout & flu", "T1\tD 0 4\tGout\n")
    rows = corpus_statistics(tmp_path / "my_corpus", parts=True)
    assert [row.name for row in rows] == ["my_corpus/train", "my_corpus"]
    assert text_table(rows).splitlines()[1].split()[:6] == [
        "my_corpus/train",
        "1",
        "1",
        "3",
        "3",
        "1",
    ]
    assert csv_table(rows).splitlines()[2] == "my_corpus,1,1,3,3,1,1,1,0,0,0,1.00,33.33"
    latex = latex_table(rows)
    assert r"my\_corpus & 1 & 1 & 3" in latex and latex.count(r"\\") == 3
