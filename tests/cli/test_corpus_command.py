"""The corpus and silver commands as a user calls them."""

from __future__ import annotations

import gzip
import json
import logging
import shutil
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main

FIXTURES = Path(__file__).parents[1] / "fixtures" / "corpora" / "formats"


def call(*arguments: object) -> int:
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as error:
        assert isinstance(error.code, int)
        return error.code


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert call(*arguments) == 2
    out, err = capsys.readouterr()
    assert not out and err.count("\n") == 1 and "error: " in err, err
    return err


def test_convert(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out"
    assert call("corpus", "convert", FIXTURES / "iexml.xml", "--from", "iexml", "--to", "brat",
                "--output", target, "--only", "DISO") == 0  # fmt: skip
    printed = capsys.readouterr().out
    assert "8 annotations read, 4 kept, 4 dropped" in printed
    assert "dropped: annotation of a type that was not requested: 4" in printed
    assert (target / "90000001.ann").read_text("utf-8").count("DISO") == 4


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_convert_a_corpus_with_parts(tmp_path: Path, corpora: object) -> None:
    """It used to write an empty folder, and to end with status 0."""
    gold = corpora.gold  # type: ignore[attr-defined]
    target = tmp_path / "out"
    assert call("corpus", "convert", gold, "--from", "brat", "--output", target) == 0
    assert {path.name for path in target.iterdir()} == {"train", "valid", "test"}
    found, was = tree(target), tree(gold)
    assert list(found) == list(was)
    assert all(found[name] == was[name] for name in was if name.endswith(".txt"))
    source = FIXTURES.parent / "conll"
    assert call("corpus", "convert", source, "--from", "conll", "--output", tmp_path / "c") == 0
    assert {path.name for path in (tmp_path / "c").iterdir()} >= {"train", "valid"}


def test_convert_to_another_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "out.xml"
    assert call("corpus", "convert", FIXTURES / "pubtator.txt", "--from", "pubtator",
                "--to", "bioc-xml", "--output", target) == 0  # fmt: skip
    printed = capsys.readouterr().out
    assert printed.startswith("2 documents\n3 annotations read, 3 kept, 0 dropped\n")
    assert target.read_text("utf-8").count("<annotation ") == 3
    assert "already exists" in refused(
        capsys, "corpus", "convert", FIXTURES / "pubtator.txt", "--from", "pubtator",
        "--to", "bioc-xml", "--output", target,
    )  # fmt: skip
    columns = tmp_path / "out.txt"
    assert call("corpus", "convert", target, "--from", "bioc-xml", "--to", "conll",
                "--output", columns) == 0  # fmt: skip
    assert capsys.readouterr().out.startswith("2 documents, 3 sentences, 15 tokens\n")


@pytest.mark.parametrize("form", ["brat", "conll", "jsonl", "pubtator"])
def test_convert_refuses_what_has_no_documents(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    source = tmp_path / "source"
    if form == "brat":
        (source / "dev").mkdir(parents=True)
    else:
        source.write_text("")
    target = tmp_path / "out"
    assert "no documents" in refused(
        capsys, "corpus", "convert", source, "--from", form, "--output", target
    )
    assert not target.exists()


def test_convert_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    source = FIXTURES / "iexml.xml"
    assert "no such file" in refused(
        capsys, "corpus", "convert", tmp_path / "no", "--from", "jsonl", "--output", out
    )
    assert "found 'docx', expected one of bioc-json" in refused(
        capsys, "corpus", "convert", source, "--from", "docx", "--output", out
    )
    assert "expected OLD=NEW" in refused(
        capsys, "corpus", "convert", source, "--from", "iexml", "--output", out, "--rename", "x"
    )
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(
        capsys, "corpus", "convert", source, "--from", "iexml", "--output", tmp_path / "file" / "x"
    )
    assert not out.exists()


def test_only_types_that_are_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A misspelt type used to give a corpus without annotations, and status 0."""
    for part, kind in (("train", "Gene"), ("test", "Chemical")):
        (tmp_path / "in" / part).mkdir(parents=True)
        (tmp_path / "in" / part / "a.txt").write_text("Gout")
        (tmp_path / "in" / part / "a.ann").write_text(f"T1\t{kind} 0 4\tGout\n")
    convert = ("corpus", "convert", tmp_path / "in", "--from", "brat", "--output")
    for to in ("brat", "jsonl"):
        out = tmp_path / to
        message = refused(capsys, *convert, out, "--to", to, "--only", "Genes")
        assert "found no annotation of the type Genes, expected one of Chemical, Gene" in message
        assert "the nearest is Gene" in message and not out.exists()
        assert call(*convert, out, "--to", to, "--only", "Gene", "--only", "GENE") == 0
        assert "no annotation has the type GENE" in caplog.text
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "a.txt").write_text("Gout")
    target = tmp_path / "bare out"
    assert call(*convert[:2], bare, *convert[3:], target, "--only", "Gene") == 0


def test_check(corpora, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert call("corpus", "check", corpora.gold) == 0
    assert "documents: train 6, valid 3, test 4" in capsys.readouterr().out
    broken = shutil.copytree(corpora.gold, tmp_path / "broken")
    next((broken / "train").glob("*.ann")).write_text("T1\tDISO 0 99999\tx\n")
    assert call("corpus", "check", broken) == 1
    assert "error: document that cannot be read: 1" in capsys.readouterr().out
    message = refused(capsys, "corpus", "check", tmp_path / "none")
    assert "no such folder" in message and "dataset_text_folder" not in message


@pytest.mark.parametrize("form", ["text", "csv", "latex"])
def test_stats(corpora, form: str, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    assert call("corpus", "stats", corpora.gold, corpora.silver, "--parts", "--format", form) == 0
    printed = capsys.readouterr().out
    name = "synthetic_gold/train" if form != "latex" else r"synthetic\_gold/train"
    assert name in printed and "unique tokens" in printed


def test_stats_fit_a_page_where_there_is_no_terminal(
    corpora, capsys: pytest.CaptureFixture[str]
) -> None:  # type: ignore[no-untyped-def]
    assert call("corpus", "stats", corpora.gold) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80 and "annotations/100 tokens" in "".join(lines)


def test_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for i in range(10):
        (flat / f"{i}.txt").write_text("Gout")
        (flat / f"{i}.ann").write_text("T1\tD 0 4\tGout\n")
    out = tmp_path / "out"
    assert call("corpus", "split", flat, "--output", out, "--percentages", "50,20,30") == 0
    assert "train 5, valid 2, test 3" in capsys.readouterr().out
    assert {part.name: len(list(part.glob("*.ann"))) for part in out.iterdir()} == {
        "train": 5,
        "valid": 2,
        "test": 3,
    }
    again = tmp_path / "again"
    call("corpus", "split", flat, "--output", again, "--percentages", "50,20,30")
    assert [p.name for p in sorted((again / "test").iterdir())] == [
        p.name for p in sorted((out / "test").iterdir())
    ]
    assert "already has parts" in refused(
        capsys, "corpus", "split", out, "--output", tmp_path / "x"
    )
    assert "three numbers" in refused(
        capsys, "corpus", "split", flat, "--output", tmp_path / "x", "--percentages", "a"
    )
    assert "add up to 100" in refused(
        capsys, "corpus", "split", flat, "--output", tmp_path / "x", "--percentages", "1,2,3"
    )


def test_leaks(corpora, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:  # type: ignore[no-untyped-def]
    source = tmp_path / "source" / "train"
    source.mkdir(parents=True)
    (source / "x.txt").write_text("A text of its own.")
    both = ("corpus", "leaks", "--source", source.parent, "--target", corpora.gold)
    assert call(*both) == 0
    shutil.copyfile(sorted((corpora.gold / "test").glob("*.txt"))[0], source / "planted.txt")
    assert call(*both) == 1
    printed = capsys.readouterr().out
    assert printed.splitlines()[1].startswith("planted\tsynthetic-gold-")
    assert "1 document of" in printed and "is in test of" in printed
    for parts in ("tset", "test,tset", ","):
        refusal = refused(capsys, *both, "--parts", parts)
        assert "expected some of train, valid and test" in refusal
        assert ("no part tset" in refusal) is (parts != ",")


def test_fetch(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert call("corpus", "fetch") == 0
    listed = capsys.readouterr().out
    assert "NCBI_disease" in listed and "4.3 GB, unknown" not in listed
    assert "the nearest is NCBI_disease" in refused(capsys, "corpus", "fetch", "NCBI_diseas")
    registry = tmp_path / "r.ini"
    registry.write_text(
        "[x]\nkind = file\ncontent = c\naddress = http://127.0.0.1:9/x\nlicence = mine\n"
    )
    assert call("corpus", "fetch", "x", "--registry", registry, "--cache", tmp_path / "c") == 2
    out, err = capsys.readouterr()
    assert not out and "terms: mine" in caplog.text and "cannot be reached" in err


def test_annotate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terms = tmp_path / "terms.txt"
    terms.write_text("gout\nα-thalassaemia\n", "utf-8")
    target = tmp_path / "spans.tsv.gz"
    texts = FIXTURES / "documents.jsonl"
    assert call("silver", "annotate", "--terms", terms, "--texts", texts, "--output", target) == 0
    printed = capsys.readouterr().out
    assert "2 terms" in printed and "2 documents, 2 spans" in printed and "documents/s" in printed
    assert gzip.decompress(target.read_bytes()).decode() == (
        "id\tstart\tend\ttext\n90000007\t0\t4\tGout\n90000008\t0\t14\tα-thalassaemia\n"
    )
    broken = tmp_path / "broken.jsonl"
    broken.write_text(json.dumps({"id": "1", "text": "gout"}) + "\n{")
    assert "broken.jsonl:2" in refused(
        capsys, "silver", "annotate", "--terms", terms, "--texts", broken,
        "--output", tmp_path / "x.tsv",
    )  # fmt: skip
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "broken.jsonl",
        "spans.tsv.gz",
        "terms.txt",
    ]


def test_commands_without_an_action(capsys: pytest.CaptureFixture[str]) -> None:
    assert "required" in refused(capsys, "corpus")
    assert "required" in refused(capsys, "silver")
