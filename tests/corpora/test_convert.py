"""Corpora of one format in another: what comes back, and the account of what does not."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.convert import RENAMED, TARGETS, convert_corpus, read_documents
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.bioc_writer import NOT_XML
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.formats.part_files import SUFFIXES
from neuroner_tl.corpora.formats.pubtator import FRAGMENTS, LINE_BREAK, UNKNOWN
from neuroner_tl.corpora.import_report import UNKNOWN_REGION, ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tagging import tag_document, taggable_entities
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError, ParameterError

FILES = tuple(SUFFIXES)
TOKENIZER = get_tokenizer("alnum")


@st.composite
def documents(draw: st.DrawFn) -> list[Document]:
    """Documents with any text that UTF-8 holds; entities nested, discontinuous, of white space."""
    made = []
    for number in range(draw(st.integers(1, 3))):
        alphabet = st.one_of(
            st.sampled_from("ab .\n\r\t|"), st.characters(blacklist_categories=["Cs"])
        )
        text = draw(st.text(alphabet, max_size=30))
        entities = {}  # by what tells annotations of a file apart
        for _ in range(draw(st.integers(0, 4)) if len(text) > 3 else 0):
            ends = draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=4))
            bounds = sorted(ends)[: len(ends) // 2 * 2]
            fragments = tuple(zip(bounds[::2], bounds[1::2]))
            says = " ".join(text[start:end] for start, end in fragments)
            kind = draw(st.sampled_from(["DISO", "Größe"]))
            probability = draw(st.sampled_from([None, 0.0, 0.125, 1.0]))
            certain = draw(st.sampled_from([True, True, False]))
            entities[fragments, kind] = Entity(kind, fragments, says, probability, certain)
        ordered = tuple(entities[key] for key in sorted(entities))
        made.append(Document(f"d {number}", text, ordered))
    return made


def converted(
    folder: Path, given_documents: list[Document], to: str
) -> tuple[list[Document], ImportReport]:
    """Write documents as brat files, convert them, and read what was written."""
    write_brat_parts(folder / "brat", {"train": given_documents})
    report = convert_corpus(folder / "brat", "brat", folder / "out", to=to)
    path = folder / "out" / f"train{SUFFIXES[to]}"
    return list(read_documents(path, to, ImportReport())), report


def probabilities(some: list[Document]) -> list[list[Optional[float]]]:
    """Of all annotations; equal entities may differ in them."""
    return [[entity.probability for entity in document.annotations] for document in some]


ANY_TEXT = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize(
    ("to", "name"), [("brat", "a_b  c"), ("jsonl", "a_b  c"), ("conll", "a_b c")]
)
def test_a_document_that_is_renamed_is_counted(tmp_path: Path, to: str, name: str) -> None:
    """Its id would be a path, or have blanks that a line of CoNLL does not keep."""
    source, target = tmp_path / "source.jsonl", tmp_path / "target"
    source.write_text('{"id": "a/b  c", "text": "Flu."}\n')
    report = convert_corpus(source, "jsonl", target, to=to)
    assert [d.id for d in read_documents(target, to, ImportReport())] == [name]
    assert report.by_reason[RENAMED].examples == [f"'a/b  c' to {name!r}"]


@pytest.mark.parametrize("to", ["jsonl", "bioc-json"])
@ANY_TEXT
@given(made=documents())
def test_json_holds_everything(
    tmp_path_factory: pytest.TempPathFactory, to: str, made: list[Document]
) -> None:
    found, report = converted(tmp_path_factory.mktemp("convert"), made, to)
    assert found == made
    assert probabilities(found) == probabilities(made)
    assert report.annotations_kept == report.annotations_read == sum(len(d.entities) for d in made)


def fits_xml(character: str) -> bool:
    code = ord(character)
    return character in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or (
        0x10000 <= code
    )  # fmt: skip


@ANY_TEXT
@given(made=documents())
def test_xml_represents_all_but_some_characters(
    tmp_path_factory: pytest.TempPathFactory, made: list[Document]
) -> None:
    found, report = converted(tmp_path_factory.mktemp("convert"), made, "bioc-xml")
    changed = 0
    for document, again in zip(made, found):
        held = "".join(c if fits_xml(c) else " " for c in document.text)
        changed += sum(a != b for a, b in zip(held, document.text))
        assert (again.id, again.text) == (document.id, held)
        assert [(e.type, e.fragments) for e in again.entities] == [
            (e.type, e.fragments) for e in document.entities
        ]
        assert [e.fragments for e in again.unknown] == [e.fragments for e in document.unknown]
    assert probabilities(found) == probabilities(made)
    assert (report.by_reason[NOT_XML].count if changed else 0) == changed
    assert (NOT_XML in report.by_reason) == bool(changed)


def test_xml_replaces_characters_of_types_too(tmp_path):
    made = [Document("a", "Gout", (Entity("D\x02E", ((0, 4),), "Gout"),))]
    found, report = converted(tmp_path, made, "bioc-xml")
    assert [e.type for e in found[0].entities] == ["D_E"]
    assert report.by_reason[NOT_XML].count == 1


@ANY_TEXT
@given(made=documents())
def test_pubtator_represents_one_line_break_and_no_fragments(
    tmp_path_factory: pytest.TempPathFactory, made: list[Document]
) -> None:
    found, report = converted(tmp_path_factory.mktemp("convert"), made, "pubtator")
    changed = dropped = unknown = 0
    for document, again in zip(made, found):
        assert len(again.text) == len(document.text)
        differing = [(a, b) for a, b in zip(document.text, again.text) if a != b]
        assert all(a in "\r\n" and b in " \n" for a, b in differing)
        assert again.text.count("\n") == min(1, len([c for c in document.text if c in "\r\n"]))
        changed += len(differing)
        unknown += len(document.unknown)
        assert not again.unknown
        whole = [e for e in document.entities if len(e.fragments) == 1]
        dropped += len(document.entities) - len(whole)
        assert [(e.type, e.fragments) for e in again.entities] == [
            (e.type, e.fragments) for e in whole
        ]
    counts = {reason: entry.count for reason, entry in report.by_reason.items()}
    expected = {FRAGMENTS: dropped, LINE_BREAK: changed, UNKNOWN: unknown, UNKNOWN_REGION: unknown}
    assert counts == {reason: n for reason, n in expected.items() if n}
    assert report.annotations_dropped == dropped


@ANY_TEXT
@given(made=documents())
def test_conll_represents_what_tags_represent(
    tmp_path_factory: pytest.TempPathFactory, made: list[Document]
) -> None:
    found, report = converted(tmp_path_factory.mktemp("convert"), made, "conll")
    kept = 0
    for document, again in zip(made, found):
        expected = taggable_entities(document, TOKENIZER)
        kept += len(expected)
        assert again.id == document.id
        cut = tag_document(document, TOKENIZER)
        same = tag_document(again, TOKENIZER)
        assert [s.unknown for s in same.sentences] == [s.unknown for s in cut.sentences]

        def tokens(text: str) -> list[str]:
            return [
                text[token.start : token.end] for token in TOKENIZER.tokenize(text, 0, len(text))
            ]

        assert again.text.split() == tokens(document.text)
        assert [(e.type, e.text.split()) for e in again.entities] == [
            (e.type, tokens(e.text)) for e in expected
        ]
    assert report.annotations_kept == kept
    assert report.tokens == sum(len(d.text.split()) for d in found)


TWO = [
    Document("a", "Gout.\nFlu", (Entity("DISO", ((0, 4),), "Gout"),)),
    Document("b", "Cold"),
]


@pytest.mark.parametrize("to", TARGETS)
def test_parts_survive_a_round_trip(tmp_path: Path, to: str) -> None:
    parts = {"train": TWO, "test": TWO[1:]}
    write_brat_parts(tmp_path / "brat", parts)
    convert_corpus(tmp_path / "brat", "brat", tmp_path / "there", to=to)
    convert_corpus(tmp_path / "there", to, tmp_path / "back")
    back = read_corpus(tmp_path / "back").parts
    assert set(back) == set(parts)
    for name, expected in parts.items():
        found = list(back[name])
        assert [d.id for d in found] == [d.id for d in expected]
        assert [[(e.type, e.text) for e in d.entities] for d in found] == [
            [(e.type, e.text) for e in d.entities] for d in expected
        ]
    if to in ("brat", "conll"):
        assert set(read_corpus(tmp_path / "there").parts) == set(parts)


@pytest.mark.parametrize("to", FILES)
def test_a_corpus_without_parts_becomes_a_file(tmp_path: Path, to: str) -> None:
    write_brat_parts(tmp_path / "brat", {"": TWO})
    plain, packed = tmp_path / "out", tmp_path / "new" / "out.gz"
    for target in (plain, packed):
        convert_corpus(tmp_path / "brat", "brat", target, to=to)
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert [d.id for d in read_documents(packed, to, ImportReport())] == ["a", "b"]
    before = plain.read_bytes()
    with pytest.raises(CorpusError, match="already exists"):
        convert_corpus(tmp_path / "brat", "brat", plain, to=to)
    (tmp_path / "folder").mkdir()
    with pytest.raises(CorpusError, match="is a folder, expected the name of a new file"):
        convert_corpus(tmp_path / "brat", "brat", tmp_path / "folder", to=to)
    assert plain.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"brat", "out", "new", "folder"}


@pytest.mark.parametrize("to", FILES)
def test_a_failure_leaves_nothing(tmp_path: Path, to: str) -> None:
    source = tmp_path / "x.jsonl"
    source.write_text('{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}\n')
    with pytest.raises(CorpusError, match="occurs twice"):
        convert_corpus(source, "jsonl", tmp_path / "out", to=to)
    assert [path.name for path in tmp_path.iterdir()] == ["x.jsonl"]


@pytest.mark.parametrize("form", FILES)
def test_a_folder_without_files_of_the_format(tmp_path: Path, form: str) -> None:
    with pytest.raises(CorpusError, match="no documents"):
        convert_corpus(tmp_path, form, tmp_path / "out")


def test_a_part_that_is_there_packed_and_unpacked(tmp_path: Path) -> None:
    """One of the two may be out of date."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "train.jsonl").write_text('{"id": "new", "text": "Gout."}\n')
    (folder / "train.jsonl.gz").write_bytes(gzip.compress(b'{"id": "old", "text": "Gout."}\n'))
    with pytest.raises(CorpusError, match=r"train\.jsonl\.gz: found train\.jsonl beside it"):
        convert_corpus(folder, "jsonl", tmp_path / "out")


def test_tokens_of_a_conll_file_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "x.txt"
    source.write_text("-DOCSTART- O\n\nE.coli B-LIVB\nx-y O\n\nends O\n")
    report = convert_corpus(source, "conll", tmp_path / "out.txt", to="conll")
    assert (tmp_path / "out.txt").read_text() == (
        "-DOCSTART- x-1\n\nE.coli x-1 0 6 B-LIVB\nx-y x-1 7 10 O\n\nends x-1 11 15 O\n\n"
    )
    assert (report.sentences, report.tokens) == (2, 3)


@pytest.mark.parametrize("name", ["", "rare disease", "rare\tdisease"])
def test_a_type_is_one_word(tmp_path: Path, name: str) -> None:
    """White space ends a type in brat and CoNLL."""
    with pytest.raises(ParameterError, match="rename: found .* for the type 'DISO', expected one"):
        convert_corpus(tmp_path, "brat", tmp_path / "out", rename={"DISO": name})


def test_an_unknown_target(tmp_path: Path) -> None:
    with pytest.raises(
        ParameterError, match="'bioc' is unknown, expected one of .*; the nearest (is|are) bioc"
    ):
        convert_corpus(tmp_path, "brat", tmp_path / "out", to="bioc")
