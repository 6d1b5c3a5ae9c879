"""Readers of other formats: what they read, what they refuse, and that nothing else can happen."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from pathlib import Path
from typing import Any, Optional

import pytest
from bioc import biocjson, biocxml
from bioc.biocxml.encoder import encode_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from neuroner_tl.cli.corpus import convert
from neuroner_tl.corpora.convert import FORMATS, READERS, TARGETS, convert_corpus, read_documents
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.annotations import MISMATCH, OUTSIDE
from neuroner_tl.corpora.formats.bioc_elements import document_of_xml, documents_of_json
from neuroner_tl.corpora.formats.bioc_writer import bioc_json_text, bioc_xml_text
from neuroner_tl.corpora.formats.iexml import iterate_iexml
from neuroner_tl.corpora.formats.standoff import (
    REPLACED,
    UNKNOWN_DOCUMENT,
    format_standoff,
    iterate_standoff,
)
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError, ParameterError

FIXTURES = Path(__file__).parents[2] / "fixtures" / "corpora" / "formats"
FILES = {
    "iexml": "iexml.xml",
    "medline": "medline.xml",
    "text": "spans.tsv",
    "bioc-xml": "bioc.xml",
    "bioc-json": "bioc.json",
    "pubtator": "pubtator.txt",
    "jsonl": "documents.jsonl",
}


def read(form: str, path: Optional[Path] = None) -> tuple[list[Document], ImportReport]:
    report = ImportReport()
    return list(read_documents(path or FIXTURES / FILES[form], form, report)), report


def said(document: Document) -> list[tuple[str, str]]:
    return [(entity.type, entity.text) for entity in document.entities]


def ascii_bioc_json(name: str, kind: str) -> str:
    """A document whose only word is annotated, with other characters than ASCII escaped."""
    entity = Entity(kind, ((0, 4),), "Gout")
    text = "".join(bioc_json_text([Document(name, "Gout", (entity,))], ImportReport()))
    return json.dumps(json.loads(text))


def test_iexml() -> None:
    documents, report = read("iexml")
    assert [d.id for d in documents] == ["90000001", "90000002"]
    first = documents[0]
    assert first.text == (
        "Tetanus and tetanus antitoxin.\nMice (Mus musculus) lack insulin receptor & "
        "α-thalassaemia.\nNo  fever was seen."
    )
    assert said(first) == [
        ("DISO", "Tetanus"),
        ("DISO", "tetanus"),
        ("CHED", "tetanus antitoxin"),
        ("LIVB", "Mus musculus"),
        ("PRGE", "insulin receptor"),
        ("PRGE", "receptor"),
        ("DISO", "thalassaemia"),
        ("DISO", "fever"),
    ]
    for entity in first.entities:
        assert first.text[entity.start : entity.end] == entity.text
    assert report.annotations_read == report.annotations_kept == 8
    assert documents[1] == Document("90000002", "Nothing here.")


def iexml(body: str, head: str = "") -> str:
    return (
        f"{head}<MedlineCitationSet><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>{body}"
        "</ArticleTitle></Article></MedlineCitation></MedlineCitationSet>"
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (iexml('a <e id="diso">x</e>'), "source:concept:type:group"),
        (iexml('a <e id=":::">x</e>'), "found the annotation id ':::'"),
        (iexml("a <e>x</e>"), "source:concept:type:group"),
        (iexml('a <e id=":::diso:3"><w id="1">x</w></e>'), "names the word '3'"),
        (iexml("a <e"), "not well-formed"),
        ("<other/>", "no MedlineCitation"),
        ("", "not well-formed"),
        (iexml("").replace("<PMID>1</PMID>", ""), "without PMID"),
        (iexml("&nbsp;", '<!DOCTYPE a SYSTEM "a.dtd">'), "&nbsp; has no meaning"),
        (
            iexml("&x;", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'),
            "<!ENTITY",
        ),
    ],
)
def test_iexml_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content, "utf-8")
    with pytest.raises(CorpusError, match="x.xml") as caught:
        list(iterate_iexml(path, ImportReport()))
    assert words in str(caught.value)


def test_words_that_are_not_adjacent_become_fragments(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    body = '<e id=":::diso:1,3|:::diso:2,3"><w id="1">lung</w> and <w id="2">breast</w> '
    path.write_text(iexml(body + '<w id="3">cancer</w></e>'), "utf-8")
    (document,) = iterate_iexml(path, ImportReport())
    assert [e.fragments for e in document.entities] == [((0, 4), (16, 22)), ((9, 22),)]


def test_bioc_xml() -> None:
    (document,), report = read("bioc-xml")
    assert document.text == "Gout and flu.\nLung and breast cancer."
    assert said(document) == [("Disease", "Gout"), ("Disease", "flu"), ("Disease", "Lung cancer")]
    assert report.by_reason[MISMATCH].count == report.by_reason[OUTSIDE].count == 1
    assert report.by_reason["relation skipped"].count == 1
    assert (report.annotations_read, report.annotations_kept) == (5, 3)


def test_comments_in_xml_leave_the_text_whole(tmp_path: Path) -> None:
    content = (FIXTURES / "bioc.xml").read_text("utf-8")
    path = tmp_path / "x.xml"
    divided = "Go<!-- a comment -->u<?and an instruction?>t"
    path.write_text(content.replace("Gout", divided), "utf-8")
    assert read("bioc-xml", path)[0] == read("bioc-xml")[0]


def test_bioc_json() -> None:
    (document,), report = read("bioc-json")
    assert document.text == "Gout. Flu is not. End."
    assert said(document) == [("Disease", "Gout"), ("Disease", "Flu")]
    assert report.annotations_dropped == 0


@pytest.mark.parametrize("form", ["bioc-xml", "bioc-json"])
def test_bioc_annotations_may_lack_an_id(tmp_path: Path, form: str) -> None:
    """The DTD does not ask for one."""
    content = (FIXTURES / FILES[form]).read_text("utf-8")
    path = tmp_path / "x"
    path.write_text(re.sub(r'(?<=<annotation) id="\d"|"id": "\d", ', "", content))
    assert path.read_text("utf-8") != content
    assert read(form, path)[0] == read(form)[0]


def test_bioc_json_may_be_a_list_of_collections(tmp_path: Path) -> None:
    """The service of PubMed Central sends one."""
    content = (FIXTURES / "bioc.json").read_text("utf-8")
    path = tmp_path / "x.json"
    path.write_text(f"[{content}, {content}]", "utf-8")
    assert read("bioc-json", path)[0] == read("bioc-json")[0] * 2
    path.write_text("[]", "utf-8")
    with pytest.raises(CorpusError, match="no documents"):
        read("bioc-json", path)


def test_pubtator(capsys: pytest.CaptureFixture[str]) -> None:
    documents, report = read("pubtator")
    assert documents[0].text == "Gout and 5-fluorouracil\nNo flu in E. coli."
    assert said(documents[0]) == [
        ("Disease", "Gout"),
        ("Chemical", "5-fluorouracil"),
        ("Disease", "flu"),
    ]
    assert documents[1] == Document("90000006", "Only a title")
    assert report.by_reason["relation skipped"].count == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("form", "content", "words"),
    [
        ("pubtator", "1|t|a\nnonsense\n", ":2: found 'nonsense'"),
        ("pubtator", "1|t|a\n1\tx\t2\ta\tD\tid\n", "expected PubTator"),
        ("pubtator", "1|t|a\n1\t0\t1\ta\n", "4 columns"),
        ("pubtator", "1|t|a\n2\t0\t1\ta\tD\tid\n", "has an annotation of 2"),
        ("pubtator", "1\t0\t1\ta\tD\tid\n", "expected a title"),
        ("pubtator", "1|t|a\n1|t|b\n", ":2: found a second line '1|t|b'"),
        ("pubtator", "1|t|a\n2|a|b\n", "expected a title"),
        ("pubtator", "\n\n", "no documents"),
        ("jsonl", '{"id": "1"}\n', ":1: found"),
        ("jsonl", '{"id": "1", "text": "a"}\n{"id" 1}\n', ":2: not JSON"),
        ("jsonl", '{"id": "1", "text": "\\ud800"}\n', "lone surrogate"),
        ("jsonl", "[" * 10000, "not JSON"),
        ("jsonl", "", "no documents"),
        ("jsonl", '{"id": "1", "text": "a", "entities": 7}', ":1: found the entity '7'"),
        ("jsonl", '{"id": "1", "text": "a", "entities": [{"type": "D"}]}', "expected such as in"),
        (
            "jsonl",
            '{"id": "1", "text": "ab", "entities": [{"type": "D", "fragments": [[0, true]]}]}',
            "or remove the member",
        ),
        (
            "jsonl",
            '{"id": "1", "text": "a", "entities": [{"type": "\\ud800", "fragments": [[0, 1]]}]}',
            "lone surrogate",
        ),
        ("bioc-json", ascii_bioc_json("\ud800", "Disease"), "lone surrogate"),
        ("bioc-json", ascii_bioc_json("1", "\ud800"), "type: character 0"),
        ("bioc-json", "{}", "no 'source'"),
        ("bioc-json", "[1, 2", "expected a BioC collection"),
        ("bioc-xml", "<collection/>", "no documents"),
        ("bioc-xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<!ENTITY"),
        (
            "bioc-xml",
            "<collection><document><id>1</id><passage><offset>999999999999</offset>"
            "<text>a</text></passage></document></collection>",
            "offset 999999999999",
        ),
    ],
)
def test_refused(tmp_path: Path, form: str, content: str, words: str) -> None:
    path = tmp_path / "broken"
    path.write_text(content, "utf-8")
    with pytest.raises(CorpusError, match="broken") as caught:
        read(form, path)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_packed_files(tmp_path: Path) -> None:
    for form, name in FILES.items():
        packed = tmp_path / f"{name}.gz"
        packed.write_bytes(gzip.compress((FIXTURES / name).read_bytes()))
        assert read(form, packed)[0] == read(form)[0]
        packed.write_bytes(packed.read_bytes()[:-20])
        with pytest.raises(CorpusError, match="damaged|cannot be read"):
            read(form, packed)


def test_standoff() -> None:
    report = ImportReport()
    texts, _ = read("jsonl")
    documents = list(iterate_standoff(FIXTURES / "spans.tsv", texts, None, report))
    assert [said(d) for d in documents] == [
        [("DISO", "Gout"), ("DISO", "flu")],
        [("DISO", "α-thalassaemia")],
    ]
    assert report.by_reason[UNKNOWN_DOCUMENT].count == 1
    assert (report.annotations_read, report.annotations_kept) == (4, 3)


def test_annotations_of_the_texts_are_replaced(tmp_path: Path) -> None:
    """They are lost, so the report counts them as dropped."""
    texts, rows = tmp_path / "texts.jsonl", tmp_path / "rows.tsv"
    entities = [{"type": "D", "fragments": [[0, 4]]}, {"type": "D", "fragments": [[9, 12]]}]
    texts.write_text(json.dumps({"id": "1", "text": "Gout and flu", "entities": entities}) + "\n")
    rows.write_text("1\t9\t12\tflu\n")
    report = convert_corpus(rows, "standoff", tmp_path / "out", texts=texts, entity_type="DISO")
    assert (tmp_path / "out" / "1.ann").read_text() == "T1\tDISO 9 12\tflu\n"
    assert (report.annotations_read, report.annotations_kept) == (3, 1)
    assert report.by_reason[REPLACED].count == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("90000007\t0\t4\tgout\n", "cover 'Gout'"),
        ("90000007\t0\t400\tGout\n", "cover"),
        ("90000007\t4\t4\t\n", "not before end"),
        ("90000007\t-1\t4\tGout\n", "expected the columns"),
        ("90000007\t0\t4\n", "expected the columns"),
    ],
)
def test_standoff_refused(tmp_path: Path, rows: str, words: str) -> None:
    path = tmp_path / "s.tsv"
    path.write_text(rows, "utf-8")
    with pytest.raises(CorpusError, match="s.tsv:1") as caught:
        list(iterate_standoff(path, read("jsonl")[0], "DISO", ImportReport()))
    assert words in str(caught.value)


def test_standoff_without_type(tmp_path: Path) -> None:
    path = tmp_path / "s.tsv"
    path.write_text("90000007\t0\t4\tGout\n", "utf-8")
    with pytest.raises(CorpusError, match="found the type None"):
        list(iterate_standoff(path, read("jsonl")[0], None, ImportReport()))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40),
    data=st.data(),
)
def test_standoff_round_trip(tmp_path: Path, text: str, data: st.DataObject) -> None:
    spans = data.draw(
        st.sets(
            st.tuples(st.integers(0, len(text) - 1), st.integers(1, 10)).map(
                lambda pair: (pair[0], min(len(text), sum(pair)))
            ),
            max_size=6,
        )
    )
    path = tmp_path / "s.tsv"
    rows = [("a", start, end, text[start:end]) for start, end in sorted(spans)]
    path.write_bytes("".join(format_standoff(rows)).encode())
    # A carriage return or form feed inside a row cannot be told from a line end; the writer makes
    # spaces of them and the reader accepts that.
    (document,) = iterate_standoff(path, [Document("a", text)], "X", ImportReport())
    assert [(e.start, e.end) for e in document.entities] == sorted(spans)


def test_convert(tmp_path: Path) -> None:
    report = convert_corpus(
        FIXTURES / "pubtator.txt",
        "pubtator",
        tmp_path / "out",
        rename={"Disease": "DISO", "Chemical": "CHED"},
        only=["DISO"],
    )
    corpus = read_corpus(tmp_path / "out", required=())
    found = [e for part in corpus.parts.values() for d in part for e in d.entities]
    assert [(e.type, e.text) for e in found] == [("DISO", "Gout"), ("DISO", "flu")]
    assert (report.annotations_read, report.annotations_kept) == (3, 2)
    with pytest.raises(CorpusError, match="already exists"):
        convert_corpus(FIXTURES / "pubtator.txt", "pubtator", tmp_path / "out")


def test_convert_standoff_needs_texts(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="--texts"):
        convert_corpus(FIXTURES / "spans.tsv", "standoff", tmp_path / "out")
    convert_corpus(
        FIXTURES / "spans.tsv", "standoff", tmp_path / "out", texts=FIXTURES / "documents.jsonl"
    )
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": "a/b", "text": "x"}\n{"id": "a_b", "text": "y"}\n', "utf-8")
    with pytest.raises(CorpusError, match="occurs twice"):
        convert_corpus(path, "jsonl", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["x.jsonl"]


def test_formats_of_the_command_line() -> None:
    assert FORMATS == convert.FORMATS and TARGETS == convert.TARGETS
    with pytest.raises(ParameterError, match="unknown"):
        read_documents(FIXTURES, "docx", ImportReport())
    with pytest.raises(CorpusError, match="no such file"):
        read_documents(FIXTURES / "none", "jsonl", ImportReport())


CORPORA = FIXTURES.parent
SEEDS = {form: (FIXTURES / name).read_bytes() for form, name in FILES.items()}
SEEDS["conll"] = (CORPORA / "conll" / "train.txt").read_bytes()
SEEDS["brat"] = (CORPORA / "brat_parts" / "train" / "a2.ann").read_bytes()
PIECES = [
    b"<e id='",
    b"</e>",
    b"|t|",
    b"\t",
    b"\n",
    b"\x00",
    b"\xff",
    b'"',
    b"{",
    b"}",
    b"-1",
    b"&",
    b"99999999999999999999",
    b"<w id='1'>",
    b"null",
    b"\xef\xbb\xbf",
    b"[",
    b"]]>",
    b"<!--",
]


@st.composite
def mutated(draw: st.DrawFn, form: str) -> bytes:
    """A fixture with pieces cut out, doubled, or put in."""
    content = SEEDS[form]
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.integers(0, 30)))
        middle = draw(
            st.one_of(
                st.sampled_from(PIECES), st.binary(max_size=4), st.just(content[start:end] * 2)
            )
        )
        content = content[:start] + middle + content[end:]
    return content


@pytest.mark.parametrize("form", sorted(SEEDS))
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_files_give_a_result_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, form: str, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = folder / "x.ann" if form == "brat" else folder / "x"
    path.write_bytes(data.draw(mutated(form)))
    if form == "brat":
        shutil.copyfile(CORPORA / "brat_parts" / "train" / "a2.txt", folder / "x.txt")
        path = folder
    report = ImportReport()
    try:
        for document in READERS[form](path, report):
            for entity in document.entities:
                pieces = [document.text[start:end] for start, end in entity.fragments]
                assert entity.text == " ".join(pieces) and all(pieces)
            document.text.encode("utf-8")
    except CorpusError as error:
        assert str(path) in str(error)
    finally:
        shutil.rmtree(folder)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.binary(max_size=80))
def test_any_standoff_file_gives_a_result_or_a_clear_error(tmp_path: Path, rows: bytes) -> None:
    path = tmp_path / "s.tsv"
    path.write_bytes(b"id\tstart\tend\ttext\n90000007\t0\t4\tGout\n" + rows)
    try:
        list(iterate_standoff(path, [Document("90000007", "Gout and flu.")], "X", ImportReport()))
    except CorpusError as error:
        assert str(path) in str(error)


def test_pubtator_counts_white_space_at_the_end_of_a_title(tmp_path: Path) -> None:
    path = tmp_path / "x.pubtator"
    path.write_text("1|t|Gout. \n1|a|No flu. \n1\t10\t13\tflu\tDisease\tD1\n")
    (document,), report = read("pubtator", path)
    assert document.text == "Gout. \nNo flu. "
    assert said(document) == [("Disease", "flu")] and not report.annotations_dropped


def test_pubtator_annotations_may_lack_a_concept(tmp_path: Path) -> None:
    path = tmp_path / "x.pubtator"
    mentions = "1\t0\t4\tGout\tDisease\t\n1\t9\t12\tflu\tDisease\n"
    path.write_text(f"1|t|Gout and flu\n{mentions}1\tCID\tD1\tD2\n1\tAssociation\t1\t2\tNovel\n")
    (document,), report = read("pubtator", path)
    assert said(document) == [("Disease", "Gout"), ("Disease", "flu")]
    assert report.by_reason["relation skipped"].count == 2


def of_library(collection: Any) -> list[Any]:
    """What the library `bioc` reads, in the form of `BioCDocument`."""

    def annotations(holder: Any) -> tuple[Any, ...]:
        return tuple(
            (a.id, a.text, a.infons, tuple((p.offset, p.length) for p in a.locations))
            for a in holder.annotations
        )

    def passage(of: Any) -> Any:
        sentences = tuple(map(passage, getattr(of, "sentences", ())))
        return (of.offset, of.text or None, sentences, annotations(of), len(of.relations))

    return [
        (d.id, tuple(map(passage, d.passages)), annotations(d), len(d.relations))
        for d in collection.documents
    ]


def test_bioc_is_read_as_its_library_reads_it() -> None:
    xml = (FIXTURES / "bioc.xml").read_text("utf-8")
    found = etree.fromstring(xml.encode()).findall("document")
    assert list(map(document_of_xml, found)) == of_library(biocxml.loads(xml))
    text = (FIXTURES / "bioc.json").read_text("utf-8")
    assert documents_of_json(json.loads(text)) == of_library(biocjson.loads(text))


def test_bioc_is_written_so_that_its_library_reads_it() -> None:
    documents, _ = read("bioc-json")
    documents += read("pubtator")[0]
    whole = "".join(bioc_json_text(documents, ImportReport()))
    collection = biocjson.loads(whole)
    assert json.loads(biocjson.dumps(collection)) == json.loads(whole)
    assert of_library(collection) == documents_of_json(json.loads(whole))
    xml = "".join(bioc_xml_text(documents, ImportReport()))
    root = etree.fromstring(xml.encode())
    assert list(map(document_of_xml, root.findall("document"))) == of_library(biocxml.loads(xml))
    # The DTD's order of elements is what the library writes.
    for element, document in zip(root.findall("document"), biocxml.loads(xml).documents):
        element.tail = None
        assert etree.tostring(element) == etree.tostring(encode_document(document))
