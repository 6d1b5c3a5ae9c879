"""`silver init`: a definition from term lists, texts and annotations, each checked and counted."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neuroner_tl import build_silver, init_silver
from neuroner_tl.__main__ import main
from neuroner_tl.corpora.convert import WRITERS, convert_corpus
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.formats.standoff import format_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.silver.definition import read_silver_definition
from neuroner_tl.silver.sections import GoldSection

NAMES = ["catalase", "pepsin", "trypsin", "hexokinase", "RNA polymerase", "thrombin"]
TEXTS = {
    str(number): f"We studied {NAMES[number % 6]}.\nThe activity of {NAMES[(number + 1) % 6]} rose."
    for number in range(30)
}


def tagged(name: str, kind: str = "Enzyme", space: str = "\n") -> Document:
    """A text as a tagger gives it back: white space may differ, types are its own."""
    text = TEXTS[name].replace("\n", space)
    start = len("We studied ")
    entity = Entity(kind, ((start, text.index(".")),), text[start : text.index(".")])
    other = Entity("Verb", ((3, 10),), "studied")
    return Document(name, text, (other, entity))


def write_tagged(path: Path, form: str = "pubtator", **options: Any) -> str:
    documents = [tagged(name, **options) for name in ("1", "2")] + [Document("x", "Another.")]
    path.write_text("".join(WRITERS[form](documents, ImportReport())))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "enzymes.txt").write_text("\n".join(NAMES) + "\n")
    (tmp_path / "abstracts").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "abstracts" / f"{name}.txt").write_text(text)
    return tmp_path


def made(*arguments: str, **options: Any) -> Any:
    return init_silver("my class.ini", "ENZYME", ["abstracts"], **options)


def test_from_a_list_and_a_folder_to_a_corpus(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = "silver init enzyme.ini --type ENZYME --terms enzymes.txt --texts abstracts"
    assert main(arguments.split()) == 0
    shown = capsys.readouterr().out
    assert "texts: 30 documents (folder of .txt files)" in shown
    assert "enzymes: 6 terms, 60 matches in 30 of 30 texts" in shown
    assert "neuroner-tl silver build enzyme.ini" in shown
    definition = read_silver_definition(Path("enzyme.ini"))
    assert (definition.silver.name, definition.silver.type) == ("enzyme", "ENZYME")
    assert (definition.harmonise.method, definition.harmonise.threshold) == ("tolerant", 1)
    assert main(["silver", "build", "enzyme.ini"]) == 0
    shown = capsys.readouterr().out
    assert "agreement" not in shown and "annotator  documents  spans" in shown
    corpus = read_corpus("output/enzyme", required=("train", "valid"))
    documents = [document for part in corpus.values() for document in part]
    assert len(documents) == 30
    found = [entity for document in documents for entity in document.entities]
    assert len(found) == 60 and {entity.type for entity in found} == {"ENZYME"}
    assert {entity.text for entity in found} == set(NAMES)


def test_every_choice_has_its_reason(folder: Path) -> None:
    """A comment stands above each value, but for those that say it all."""
    (folder / "more.txt").write_text("papain\n")
    made(terms=["enzymes.txt", "more.txt"], annotations=[write_tagged(Path("t.pubtator"))])
    lines = Path("my class.ini").read_text().splitlines()
    values = [number for number, line in enumerate(lines) if " =" in line and line[0] != "#"]
    plain = {"type", "output_folder", "threshold", "corpora"}
    for number in values:
        name = lines[number].split(" =")[0]
        assert name in plain or lines[number - 1].startswith("#"), name


@pytest.mark.parametrize("form", ["pubtator", "bioc-xml", "bioc-json", "jsonl"])
def test_annotations_of_a_tagger(folder: Path, form: str) -> None:
    given = write_tagged(
        Path("My tagger (v2).out"), form, space="\n" if form == "pubtator" else " "
    )
    result = made(terms=["enzymes.txt"], annotations=[given], tagger_types=["Enzyme"])
    (name, found) = next(iter(result.taggers.items()))
    assert name == "my_tagger_v2_.out"
    assert (found.kind, found.documents, found.covered, found.mentions) == (form, 3, 2, 2)
    source = read_silver_definition(result.path).annotators[1]
    assert (source.name, source.kind, source.types) == (name, form, ("Enzyme",))
    content = build_silver(result.path).content
    assert content["agreement"]["contributions"][name]["documents"] == 2
    assert content["agreement"]["contributions"][name]["exact"] == 2


def test_stand_off_and_brat_annotations_too(folder: Path) -> None:
    Path("spans.tsv").write_text("".join(format_standoff([("1", 11, 17, "pepsin")])))
    (folder / "abstracts" / "2.ann").write_text("T1\tENZYME 11 18\ttrypsin\n")
    result = made(annotations=["spans.tsv", "brat:abstracts"])
    assert [found.kind for found in result.taggers.values()] == ["standoff", "brat"]
    assert [found.covered for found in result.taggers.values()] == [1, 30]
    assert [found.mentions for found in result.taggers.values()] == [1, 1]
    definition = read_silver_definition(result.path)
    assert not any(source.types for source in definition.annotators)
    assert build_silver(definition).content["mentions"] == 2


def test_a_stand_off_row_has_a_space_for_a_line_break_of_the_text(folder: Path) -> None:
    (folder / "abstracts" / "1.txt").write_text("We purified renal\nrenin.")
    Path("spans.tsv").write_text("".join(format_standoff([("1", 12, 23, "renal\nrenin")])))
    assert made(annotations=["spans.tsv"]).taggers["spans"].covered == 1


def write_parts(folder: Path) -> None:
    """A corpus of some of the texts in parts, as gold corpora come."""
    for part, names in (("train", "12"), ("test", "3")):
        write_brat_parts(folder / part, {"": [tagged(name, kind="ENZYME") for name in names]})


@pytest.mark.parametrize("form", ["brat", "conll", "jsonl", "pubtator"])
@pytest.mark.parametrize("given", ["parts", "{form}:parts"])
def test_annotations_that_have_parts(folder: Path, form: str, given: str) -> None:
    write_parts(Path("brat parts"))
    if form == "brat":
        Path("brat parts").rename("parts")
    else:
        convert_corpus("brat parts", "brat", "parts", to=form)
    result = made(annotations=[given.format(form=form)])
    found = result.taggers["parts"]
    assert (found.kind, found.documents, found.covered, found.mentions) == (form, 3, 3, 3)
    assert build_silver(result.path).content["mentions"] == 3


def test_texts_that_have_parts(folder: Path) -> None:
    """Each folder of texts is named, so that it is seen in the definition."""
    write_parts(Path("parts"))
    with pytest.raises(NeuroNERError, match=r"parts: found the folders train and test, expected t"):
        init_silver("a.ini", "ENZYME", ["parts"], terms=["enzymes.txt"])
    result = init_silver("a.ini", "ENZYME", ["parts/train", "parts/test"], terms=["enzymes.txt"])
    assert len(result.texts.hashes) == 3
    convert_corpus("parts", "brat", "columns", to="conll")
    with pytest.raises(NeuroNERError, match="columns: found a folder, expected a file in the form"):
        init_silver("b.ini", "ENZYME", ["columns"], terms=["enzymes.txt"])


def test_a_text_that_is_given_twice_counts_once(folder: Path) -> None:
    (folder / "more").mkdir()
    (folder / "more" / "1.txt").write_text(TEXTS["1"])
    result = init_silver("a.ini", "ENZYME", ["abstracts", "more"], terms=["enzymes.txt"])
    assert len(result.texts.hashes) == len(result.texts.first) == 30
    assert "60 matches in 30 of 30 texts" in result.summary()


def test_files_beside_the_texts_are_mentioned(folder: Path) -> None:
    for name in ("a.pdf", "b.pdf", "c.docx", "1.ann", ".hidden", "annotation.conf"):
        (folder / "abstracts" / name).write_text("")
    assert made(terms=["enzymes.txt"]).notes[0] == (
        "abstracts: 2 .pdf files and 1 .docx file are left out, since a text is a .txt file"
    )


def test_a_tagger_that_found_nothing(folder: Path) -> None:
    with pytest.raises(NeuroNERError, match="abstracts: found no annotation of any of the texts"):
        made(annotations=["abstracts"])


def test_the_names_of_annotators_differ(folder: Path) -> None:
    for place in ("a", "b"):
        (folder / place).mkdir()
        (folder / place / "Enzymes.txt.gz").symlink_to(folder / "plain")
    (folder / "plain").write_text("")
    (folder / "plain").write_bytes(gzip.compress(b"catalase\n"))
    result = made(terms=["enzymes.txt", "a/Enzymes.txt.gz", "b/Enzymes.txt.gz"])
    assert list(result.terms) == ["enzymes", "enzymes_2", "enzymes_3"]
    definition = read_silver_definition(result.path)
    assert [source.name for source in definition.annotators] == list(result.terms)
    assert definition.silver.name == "my_class"
    assert definition.harmonise.threshold == 2


@pytest.mark.parametrize(
    ("lists", "taggers", "expected"),
    [
        (1, 0, ("tolerant", 1)),
        (2, 0, ("tolerant", 1)),
        (3, 0, ("tolerant", 2)),
        (0, 1, ("tolerant", 1)),
        (1, 1, ("tolerant", 1)),
        (1, 2, ("hmm", 0.1)),
        (2, 1, ("hmm", 0.1)),
    ],
)
def test_the_method_is_chosen_by_what_there_is(
    folder: Path, lists: int, taggers: int, expected: tuple[str, float]
) -> None:
    """Two votes where three lists may give them, a label model where taggers have a say."""
    terms = [f"list{number}.txt" for number in range(lists)]
    for name in terms:
        (folder / name).write_text("\n".join(NAMES))
    annotations = [write_tagged(Path(f"tagger{number}")) for number in range(taggers)]
    result = made(terms=terms, annotations=annotations, tagger_types=["Enzyme"])
    definition = read_silver_definition(result.path)
    assert (definition.harmonise.method, definition.harmonise.minimum) == expected
    assert build_silver(definition).content["documents"] == (30 if lists else 2)


def test_gold_corpora_are_kept_out_and_learned_from(folder: Path) -> None:
    gold = folder / "gold"
    gold.mkdir()
    for name in [*"0123456789", "x"]:
        text = TEXTS.get(name, "We bought thrombin.")
        start = len("We studied ") if name != "x" else len("We bought ")
        word = text[start : text.index(".")]
        (gold / f"{name}.txt").write_text(text)
        (gold / f"{name}.ann").write_text(f"T1\tENZYME {start} {start + len(word)}\t{word}\n")
    result = made(terms=["enzymes.txt"], gold=["gold"])
    assert result.gold["gold"] > 0 and not result.notes
    definition = read_silver_definition(result.path)
    assert definition.gold.corpora == definition.gold.learn_from == ("gold",)
    assert definition.harmonise.method == "learned"
    assert build_silver(definition).content["documents_shared_with_gold"] == 0
    result.path.unlink()
    with pytest.raises(NeuroNERError, match="gold: found the types ENZYME in its train part, exp"):
        init_silver("other.ini", "Enzyme", ["abstracts"], terms=["enzymes.txt"], gold=["gold"])
    assert not Path("other.ini").exists()


def test_gold_corpora_from_which_nothing_is_learned(folder: Path) -> None:
    text = "A long sentence about the purification of enzymes from the liver of many old rats, {}."
    documents = [Document("a", text.format("first")), Document("b", text.format("last"))]
    write_brat_parts(Path("alike"), {"train": documents[:1], "test": documents[1:]})
    write_brat_parts(Path("only"), {"test": documents})
    for name, words in (
        ("alike", "alike: found its 1 train document in a validation or test part as well, expe"),
        ("alike/train", "alike/train: found a part of a corpus, expected the whole one; gi"),
    ):
        with pytest.raises(NeuroNERError, match=words):
            made(terms=["enzymes.txt"], gold=[name])
    result = made(terms=["enzymes.txt"], gold=["only"])
    assert not result.gold and result.notes == (
        "only: found no train part, so that its documents are kept out and nothing is learned from "
        "them",
    )
    definition = read_silver_definition(result.path)
    assert (definition.gold.corpora, definition.gold.learn_from) == (("only",), ())
    assert definition.harmonise.method == "tolerant"
    assert build_silver(definition).content["documents"] == 30
    definition = replace(definition, gold=GoldSection(corpora="only", learn_from="only"))
    with pytest.raises(NeuroNERError, match="only: no train part, found test; expected one to l"):
        build_silver(definition, replace=True)


def test_many_texts_are_balanced_and_sampled(folder: Path) -> None:
    with open("pool.jsonl", "w") as file:
        for number in range(20_001):
            file.write(json.dumps({"id": str(number), "text": "The catalase."}) + "\n")
    result = init_silver("big.ini", "ENZYME", ["pool.jsonl"], terms=["enzymes.txt"])
    assert result.texts.form == "jsonl"
    assert "6 terms, 1000 matches in 1000 of the first 1000 texts" in result.summary()
    definition = read_silver_definition(result.path)
    assert (definition.clean.documents, definition.clean.topics) == (20_000, 50)
    assert definition.silver.valid_percent == 2


def test_what_to_know_is_said(folder: Path) -> None:
    (folder / "abstracts" / "30.txt").write_text(" \n")
    Path("birds.txt").write_text("robin\nwren\n")
    notes = made(terms=["birds.txt"]).notes
    assert [note.split(":")[0] for note in notes] == [
        "1 text is empty",
        "birds.txt",
        "no gold corpus is given",
    ]


BAD_LISTS = {
    "empty": ("", "no terms; expected one per line"),
    "numbers": ("1\n2\n", "found 2 lines and no name with a letter"),
    "tabs": ("id\tname\n1\tpepsin\nx", r"columns separated by tabs such as 'id\\tname'"),
    "commas": ("a,b\n" * 2 + "c,d\ne,f\ng,h\ni,j\n", "columns separated by commas such as 'a,b'"),
    "csv": (
        "id,name\n" + "1,pepsin\n3,amylase\n4,lipase\n5,renin\n" + '2,"a, b"\n',
        "columns separated by commas such as",
    ),
    "long": (f"{'word ' * 30}\n", "found lines of 149 characters, expected a term list"),
    "jsonl": ('{"id": "1", "text": "a"}\n', "found a file in the format jsonl, expected a term"),
    "latin": (b"\xe9t\xe9\n", "not UTF-8"),
    "comments": ("# Enzymes.\n# Of my lab.\n", "no terms; expected one per line"),
    "utf-16": (
        "pepsin\n".encode("utf-16"),
        "found text in UTF-16, expected text in UTF-8; save it",
    ),
    "utf-16 without mark": (
        "a\npepsin\n".encode("utf-16-le"),
        "found a NUL character, expected a text file in",
    ),
    "pdf": (b"%PDF-1.4\n\xe2\xe3", "found a PDF file, expected text in UTF-8; extract its text"),
    "office": (b"PK\x03\x04\xff", "found a file of Office or a .zip archive, expected text"),
}


@pytest.mark.parametrize("name", BAD_LISTS)
def test_a_list_that_is_none(folder: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    content, words = BAD_LISTS[name]
    path = folder / "bad.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(NeuroNERError, match=rf"bad\.txt(:1)?: .*{words}") as caught:
        made(terms=["enzymes.txt", "bad.txt"])
    assert "\n" not in str(caught.value) and not Path("my class.ini").exists()


def test_lists_as_they_are_saved(folder: Path) -> None:
    """Excel writes a mark and its own line ends; lines that begin with # are comments."""
    content = "# Enzymes.\r\n" + "\r\n".join(NAMES) + "\r\n"
    Path("saved.txt").write_bytes(content.encode("utf-8-sig"))
    found = made(terms=["saved.txt"]).terms["saved"]
    assert (found.terms, found.matches) == (6, 60)


def test_what_is_odd_about_a_list_is_said(folder: Path) -> None:
    Path("table.csv").write_text("id,name\n1,pepsin\n")
    Path("quoted.csv").write_text('"1,2-lyase"\npepsin\n"a ""b"""\n')
    notes = made(terms=["table.csv", "quoted.csv"]).notes
    assert notes[0] == (
        "table.csv: no term, such as 'id,name', is in the first 30 texts: check that each line is "
        "a name alone, and that list and texts are about the same things"
    )
    assert notes[1] == (
        "quoted.csv: 2 terms are in double quotes, such as '\"1,2-lyase\"', which are taken as "
        "part of the name: remove them"
    )


def test_names_may_have_commas(folder: Path) -> None:
    Path("chemicals.txt").write_text("1,2-dichloroethane\n2,4-D\nN,N-dimethyl\na,b\nethanol\nx,y\n")
    assert made(terms=["chemicals.txt"]).terms["chemicals"].terms == 6


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"terms": ["none.txt"]}, "none.txt: found no such file, expected a term list"),
        ({"terms": ["abstracts"]}, "abstracts: found a folder, expected a term list"),
        ({"terms": []}, "found neither term lists nor annotations"),
        ({"terms": ["enzymes.txt", "enzymes.txt"]}, "--terms: found enzymes.txt twice"),
        ({"annotations": ["none.xml"]}, "none.xml: no such file or folder"),
        ({"annotations": ["enzymes.txt"]}, "enzymes.txt: found none of the formats"),
        ({"gold": ["none"]}, "none: no such folder"),
        (
            {"gold": ["enzymes.txt"]},
            "enzymes.txt: found a file, expected a corpus: a folder, or a",
        ),
        ({"gold": ["abstracts"]}, "abstracts: found no annotation in its train part, expected"),
        ({"texts_format": "jsonl"}, "abstracts: found a folder, expected a file in the format jso"),
    ],
)
def test_what_is_refused(folder: Path, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(NeuroNERError, match=words) as caught:
        made(**{"terms": ["enzymes.txt"], **changes})
    assert "\n" not in str(caught.value) and not Path("my class.ini").exists()


@pytest.mark.parametrize(
    ("kind", "given", "words"),
    [
        ("Enzyme", [], r"found the types Verb \(2\), Enzyme \(2\), expected ENZYM; say which"),
        ("Enzyme", ["Protein"], r"expected ENZYM or Protein; say which of them are ENZYM with"),
    ],
)
def test_types_that_are_not_known(folder: Path, kind: str, given: list[str], words: str) -> None:
    path = write_tagged(Path("tagged"), kind=kind)
    with pytest.raises(NeuroNERError, match=words):
        init_silver("a.ini", "ENZYM", ["abstracts"], annotations=[path], tagger_types=given)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "7",
            "tagged: none of its 1 document, such as '7', is among the texts, whose ids are .*; 1 ",
        ),
        ("7", "1 has the id of a text and another text: give annotations of the same texts, which"),
        ("x7", "such as 'x7', is among .*'10' ...; give annotations of these texts, with the same"),
    ],
)
@pytest.mark.parametrize("form", ["pubtator", "standoff"])
def test_annotations_of_other_texts(folder: Path, name: str, words: str, form: str) -> None:
    content = f"{name}|t|Another text\n{name}|a|here.\n{name}\t0\t7\tAnother\tENZYME\n\n"
    if form == "standoff":
        content = "".join(format_standoff([(name, 0, 7, "Another")]))
    Path("tagged").write_text(content)
    with pytest.raises(NeuroNERError, match=words):
        made(annotations=["tagged"])


def test_texts_that_are_none(folder: Path) -> None:
    (folder / "blank").mkdir()
    with pytest.raises(NeuroNERError, match="blank: found no .txt file in the folder"):
        init_silver("a.ini", "ENZYME", ["blank"], terms=["enzymes.txt"])
    (folder / "blank" / "a.txt").write_text("\n")
    with pytest.raises(NeuroNERError, match="blank: found 1 document and no text"):
        init_silver("a.ini", "ENZYME", ["blank"], terms=["enzymes.txt"])
    Path("twice.jsonl").write_text('{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}\n')
    with pytest.raises(NeuroNERError, match="document '1' occurs twice with different texts"):
        init_silver("a.ini", "ENZYME", ["twice.jsonl"], terms=["enzymes.txt"])
    with pytest.raises(NeuroNERError, match="twice.jsonl: found the format jsonl, expected brat"):
        init_silver("a.ini", "ENZYME", ["abstracts", "twice.jsonl"], terms=["enzymes.txt"])
    Path("spans.tsv").write_text("".join(format_standoff([("1", 0, 1, "a")])))
    with pytest.raises(NeuroNERError, match="found stand-off annotations, which have no texts"):
        init_silver("a.ini", "ENZYME", ["spans.tsv"], terms=["enzymes.txt"])


def test_the_file_and_its_type(folder: Path) -> None:
    made(terms=["enzymes.txt"])
    before = Path("my class.ini").read_text()
    with pytest.raises(NeuroNERError, match="my class.ini: exists already and is not overwritten"):
        made(terms=["enzymes.txt"])
    assert Path("my class.ini").read_text() == before
    with pytest.raises(NeuroNERError, match="found no folder none, expected one"):
        init_silver("none/a.ini", "ENZYME", ["abstracts"], terms=["enzymes.txt"])
    with pytest.raises(NeuroNERError, match="--type: found 'AN ENZYME', expected an entity type"):
        init_silver("a.ini", "AN ENZYME", ["abstracts"], terms=["enzymes.txt"])


@pytest.mark.parametrize("name", ["a,b.txt", 'a"b.txt', "${HOME}.txt"])
def test_paths_that_a_definition_cannot_hold(folder: Path, name: str) -> None:
    (folder / "enzymes.txt").rename(folder / name)
    (folder / "abstracts").rename(folder / "a, b")
    with pytest.raises(NeuroNERError, match="found a path that a definition cannot hold"):
        init_silver("a.ini", "ENZYME", ["a, b"], terms=[name])


def test_paths_with_comment_signs_are_quoted(folder: Path) -> None:
    (folder / "enzymes.txt").rename(folder / "enzymes #1.txt")
    result = made(terms=["enzymes #1.txt"])
    assert build_silver(result.path).content["documents"] == 30
