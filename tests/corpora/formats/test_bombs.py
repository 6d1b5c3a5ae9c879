"""Small crafted files that would fill the memory or the disk are refused in one line."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from neuroner_tl.corpora.convert import READERS
from neuroner_tl.corpora.formats import bounded, conll
from neuroner_tl.corpora.formats.standoff import read_standoff
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.public.archive import unpack
from neuroner_tl.corpora.public.registry import read_registry
from neuroner_tl.dataset.word_vectors.word_vector_file import read_word_vectors
from neuroner_tl.errors import CorpusError, NeuroNERError, ParameterError
from neuroner_tl.parameters.ini_syntax import read_ini
from neuroner_tl.silver.annotators.lexicon import read_terms

MIB = 1 << 20


def packed(path: Path, pieces: Iterable[bytes]) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for piece in pieces:
            file.write(piece)
    return path


def refusal(read: Callable[[], object], expected: type[Exception] = CorpusError) -> str:
    """Read, within a few megabytes of the bound, and return the one line of the refusal."""
    tracemalloc.start()
    try:
        with pytest.raises(expected) as caught:
            read()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * MIB
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    return str(caught.value)


def consume(form: str, path: Path) -> Callable[[], object]:
    return lambda: sum(1 for _ in READERS[form](path, ImportReport()))


COMMENT = b"<!--" + b"a" * MIB + b"-->"
XML_HEAD = b"<collection><MedlineCitation><PMID>1</PMID><document><id>1</id>"
# What comes first, and a megabyte of what follows again and again.
ONE_RECORD = {
    "jsonl": (b'{"id": "a", "text": "', b"a" * MIB),
    "pubtator": (b"1|t|", b"a" * MIB),
    "conll": (b"a ", b"b" * MIB),
    "iexml": (XML_HEAD, COMMENT),
    "medline": (XML_HEAD, COMMENT),
    "bioc-xml": (XML_HEAD, COMMENT),
    "bioc-json": (b'{"documents": [', b"[]," * (MIB // 3)),
}


@pytest.mark.parametrize("form", ONE_RECORD)
def test_an_endless_record(tmp_path: Path, form: str) -> None:
    start, more = ONE_RECORD[form]
    path = packed(tmp_path / "bomb.gz", [start, *[more] * 20])
    assert path.stat().st_size < 3 * MIB
    message = refusal(consume(form, path))
    assert str(path) in message and "more than" in message


MANY_RECORDS = {
    "jsonl": b'{"id": "a", "text": ""}\n' + b" " * 20_000 + b"\n",
    "pubtator": b"1|t|a\n1|a|b\n" + b" " * 20_000 + b"\n",
    "conll": b"a O\n" + b" " * 20_000 + b"\n",
    "iexml": b"<MedlineCitation><PMID>1</PMID></MedlineCitation>" + b" " * 20_000,
}


@pytest.mark.parametrize("form", MANY_RECORDS)
def test_decompression_bombs(tmp_path: Path, form: str) -> None:
    block = MANY_RECORDS[form] * (MIB // len(MANY_RECORDS[form]))
    start = b"<a>" if form == "iexml" else b""
    path = packed(tmp_path / "bomb.gz", [start, *[block] * 20])
    assert "unpacks to more than 50 times its size" in refusal(consume(form, path))


def test_lists_and_rows_that_unpack_without_end(tmp_path: Path) -> None:
    path = packed(tmp_path / "bomb.gz", [b" " * MIB + b"\n"] * 20)
    assert "50 times" in refusal(lambda: sum(1 for _ in read_terms(path)))
    assert "50 times" in refusal(
        lambda: len(read_standoff(packed(path, [b" " * MIB + b"\n"] * 20)))
    )


def test_an_ordinary_compressed_file_is_read(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.gz", (f'{{"id": {i}, "text": "a"}}\n'.encode() for i in range(99)))
    assert consume("jsonl", path)() == 99


def test_one_document_of_too_many_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conll, "MAX_TOKENS", 10)
    path = tmp_path / "train.txt"
    path.write_text("-DOCSTART-\n" + "a O\n" * 8 + "-DOCSTART-\n" + "a O\n" * 11)
    message = refusal(consume("conll", path))
    assert f"{path}:21: found a document of more than 10 tokens" in message


def test_a_text_of_brat_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with open(path, "wb") as file:
        file.truncate(1 << 40)  # of holes
    assert f"more than {bounded.LARGEST_FILE} bytes" in refusal(lambda: read_text(path))


REPEATED = "x" * 30_000
MANY = range(3_000)


@pytest.mark.parametrize("form", ["bioc-xml", "iexml"])
def test_annotations_that_repeat_the_text(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.xml"
    if form == "iexml":
        alternatives = "|".join(f":::G{number}" for number in MANY)
        inner = f'<ArticleTitle><e id="{alternatives}">{REPEATED}</e></ArticleTitle>'
        path.write_text(f"<MedlineCitation><PMID>1</PMID>{inner}</MedlineCitation>")
    else:
        annotations = "".join(
            f'<annotation id="{number}"><infon key="type">G{number}</infon>'
            f'<location offset="0" length="{len(REPEATED)}"/></annotation>'
            for number in MANY
        )
        path.write_text(
            "<collection><document><id>1</id><passage><offset>0</offset>"
            f"<text>{REPEATED}</text>{annotations}</passage></document></collection>"
        )
    assert "cover more than" in refusal(consume(form, path))


ENTITIES = '<!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y SYSTEM "secret.txt">]>'
LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize("form", ["bioc-xml", "iexml"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "head", [ENTITIES, f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGHS}]>'], ids=["external", "laughs"]
)
def test_entities_are_not_expanded(tmp_path: Path, form: str, encoding: str, head: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    body = "<MedlineCitation><PMID>1</PMID></MedlineCitation><document><id>1</id></document>"
    path = tmp_path / "a.xml"
    path.write_bytes(f"{head}<collection>{body}&l9;&y;</collection>".encode(encoding))
    assert "<!ENTITY" in refusal(consume(form, path))


@pytest.mark.parametrize("form", ["bioc-xml", "iexml"])
def test_references_without_meaning(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(
        '<!DOCTYPE collection SYSTEM "BioC.dtd"><collection><MedlineCitation><PMID>1</PMID>&nbsp;'
        "</MedlineCitation><document><id>1</id>&nbsp;</document></collection>"
    )
    assert "&nbsp; has no meaning" in refusal(consume(form, path))


@pytest.mark.parametrize(
    "content",
    [b"9" * 5000 + b" 2\na 1 2\n", b"1 " + b"9" * 5000 + b"\na 1 2\n", b"a 1 2\n" + b"b" * 9 * MIB],
    ids=["words", "dimension", "line"],
)
@pytest.mark.parametrize("name", ["vectors.txt", "vectors.txt.gz"])
def test_word_vectors(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    assert str(path) in refusal(lambda: read_word_vectors(path, {"a"}, 2))


def test_parameter_files(tmp_path: Path) -> None:
    path = tmp_path / "a.ini"
    path.write_text("[training]\n" + "a" + " " * 200_000 + "b\n")
    message = refusal(lambda: read_ini(path, "a parameter file"), ParameterError)
    assert f"{path}:2: found a line of 200002 characters" in message
    path.write_text("[training]\n" * 200_000)
    assert "bytes" in refusal(lambda: read_ini(path, "a parameter file"), ParameterError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bytes", "²"),
        ("bytes", "9" * 5000),
        ("address", "http://[::1"),
        ("address", "http://a:b/x"),
        ("address", "http:///x"),
    ],
)
def test_registry(tmp_path: Path, name: str, value: str) -> None:
    values = {"kind": "file", "content": "x", "address": "http://a/b", "licence": "x", name: value}
    path = tmp_path / "registry.ini"
    path.write_text("[a]\n" + "".join(f"{key} = {text}\n" for key, text in values.items()), "utf-8")
    with pytest.raises(NeuroNERError, match=name):
        read_registry(path)


def test_registry_names_that_lead_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "registry.ini"
    rest = "kind = file\ncontent = x\nlicence = x\naddress = http://a/b/.."
    path.write_text(f"[..]\n{rest}\n")
    with pytest.raises(ParameterError, match="begins with a dot"):
        read_registry(path)
    path.write_text(f"[good]\n{rest}\n")
    assert read_registry(path)["good"].file_name == "good"


def header(kind: bytes, size: int) -> bytes:
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, size
    return info.tobuf(tarfile.GNU_FORMAT)


def zeros(size: int) -> Iterator[bytes]:
    yield from [bytes(MIB)] * (size // MIB)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_endless_headers(tmp_path: Path, kind: bytes) -> None:
    path = packed(tmp_path / "a.tar.gz", [header(kind, 1 << 30), *zeros(20 * MIB)])
    message = refusal(lambda: unpack(path, tmp_path / "out"))
    assert "a header of 1073741824 bytes" in message


def test_files_that_are_not_kept_count(tmp_path: Path) -> None:
    size = 20 * MIB
    path = packed(tmp_path / "a.tar.gz", [header(tarfile.REGTYPE, size), *zeros(size)])
    message = refusal(lambda: unpack(path, tmp_path / "out", 1000, keep=lambda _: False))
    assert "more than 1000 bytes" in message


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, gzip.compress, bytes])
def test_every_way_to_pack(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        info = tarfile.TarInfo("train/a.txt")
        info.size = 300_000
        archive.addfile(info, io.BytesIO(b"gout. " * 50_000))
    path = tmp_path / "a.tar.x"
    path.write_bytes(pack(file.getvalue()))
    unpack(path, tmp_path / "out")
    assert (tmp_path / "out" / "train" / "a.txt").read_bytes() == b"gout. " * 50_000
    path.write_bytes(pack(file.getvalue())[:-20_000] if pack is bytes else pack(b"x" * 5000))
    with pytest.raises(CorpusError):
        unpack(path, tmp_path / "out2")
