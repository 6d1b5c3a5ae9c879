"""Files of texts: found in folders, their formats told from their endings."""

from __future__ import annotations

import gzip
import io
import shutil
from pathlib import Path
from typing import Optional

import pytest

from neuroner_tl.cli import predict
from neuroner_tl.corpora.convert import READERS, TARGETS
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import check_names, find_sources
from neuroner_tl.errors import CorpusError, ParameterError

FORMATS = Path(__file__).parents[1] / "fixtures" / "corpora" / "formats"


def forms(path: Path, form: Optional[str] = None) -> list[tuple[str, str]]:
    return [(source.path.name, source.form) for source in find_sources(path, form)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of several formats, one of them packed, and what is left alone."""
    for name in ("bioc.xml", "bioc.json", "documents.jsonl", "iexml.xml", "medline.xml"):
        shutil.copyfile(FORMATS / name, tmp_path / name)
    packed = gzip.compress((FORMATS / "medline.xml").read_bytes())
    (tmp_path / "z.xml.gz").write_bytes(packed)
    (tmp_path / "README").write_text("nothing")
    (tmp_path / ".hidden.jsonl").write_text("nothing")
    return tmp_path


def test_formats_by_ending_and_beginning(folder: Path) -> None:
    assert forms(folder) == [
        ("bioc.json", "bioc-json"),
        ("bioc.xml", "bioc-xml"),
        ("documents.jsonl", "jsonl"),
        ("iexml.xml", "iexml"),
        ("medline.xml", "medline"),
        ("z.xml.gz", "medline"),
    ]
    assert forms(folder / "z.xml.gz") == [("z.xml.gz", "medline")]
    assert [s.name for s in find_sources(folder)][-1] == "z"
    assert forms(folder, "jsonl") == [("documents.jsonl", "jsonl")]
    for source in find_sources(folder):
        assert list(source.documents(ImportReport()))


def test_texts_come_first(folder: Path) -> None:
    (folder / "b.txt").write_text("Gout.")
    (folder / "a.txt.gz").write_bytes(gzip.compress("Grippe, fièvre.\r\n".encode()))
    assert forms(folder) == forms(folder, "brat") == [("a.txt.gz", "text"), ("b.txt", "text")]
    found = [d for source in find_sources(folder) for d in source.documents(ImportReport())]
    assert [(d.id, d.text) for d in found] == [("a", "Grippe, fièvre.\r\n"), ("b", "Gout.")]
    (folder / "c.ann").write_text("")
    with pytest.raises(CorpusError, match=r"there is no c\.txt beside it"):
        find_sources(folder)


def test_names_that_would_be_one_file(tmp_path: Path) -> None:
    for name in ("a.txt", "a.txt.gz"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(CorpusError, match=r"those of a\.txt; rename"):
        check_names(find_sources(tmp_path))


@pytest.mark.parametrize("form", ["text", "jsonl", "pubtator", "medline", "bioc-json", "bioc-xml"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(form: str, pack, monkeypatch: pytest.MonkeyPatch) -> None:
    name = {"jsonl": "documents.jsonl", "pubtator": "pubtator.txt", "text": "spans.tsv"}
    path = FORMATS / name.get(form, form.replace("-", ".").replace("medline", "medline.xml"))
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(pack(path.read_bytes()))))
    monkeypatch.setattr("sys.stdin", stream)
    (source,) = find_sources(Path("-"), form)
    found = [document.text for document in source.documents(ImportReport())]
    assert found == [d.text for d in READERS[form](path, ImportReport())]
    assert not stream.buffer.closed


def test_refused(tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_text("")
    with pytest.raises(CorpusError, match="unknown ending, expected a text; give a .txt file"):
        find_sources(tmp_path / "x.docx")
    with pytest.raises(CorpusError, match="no .txt files"):
        find_sources(tmp_path)
    for form, ending in (("jsonl", ".jsonl"), ("conll", ".conll"), ("medline", ".xml")):
        expected = f"no files in the format {form}, whose names end with {ending}; rename"
        with pytest.raises(CorpusError, match=expected):
            find_sources(tmp_path, form)
    with pytest.raises(ParameterError, match="'docx' is unknown"):
        find_sources(tmp_path, "docx")


def test_formats_of_the_command_line() -> None:
    assert predict.TARGETS == TARGETS and tuple(sorted(READERS)) == predict.READERS
