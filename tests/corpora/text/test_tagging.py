from __future__ import annotations

import itertools
from typing import Union

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text import tagging
from neuroner_tl.corpora.text.tagging import tag_document, tagged_to_entities
from neuroner_tl.corpora.text.tags import convert_tags, may_follow, spans_to_tags, tags_to_spans
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError, ParameterError

ALNUM = get_tokenizer("alnum")
TAGS = st.sampled_from(["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y", "S-Y"])


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("", []),
        ("O O", []),
        ("B-X I-X B-X", [("X", 0, 2), ("X", 2, 3)]),
        ("I-X I-X O I-Y", [("X", 0, 2), ("Y", 3, 4)]),
        ("B-X I-Y I-Y", [("X", 0, 1), ("Y", 1, 3)]),
        ("S-X I-X", [("X", 0, 2)]),
        ("S-X S-X", [("X", 0, 1), ("X", 1, 2)]),
        ("B-X E-X E-X", [("X", 0, 3)]),
        ("O E-X I-X", [("X", 1, 3)]),
        ("S-X E-Y", [("X", 0, 1), ("Y", 1, 2)]),
        ("B-X I-X O B-Y", [("X", 0, 2), ("Y", 3, 4)]),
        ("B-a-b I-a-b", [("a-b", 0, 2)]),
    ],
)
def test_neuroners_reading(tags: str, spans: list[tuple[str, int, int]]) -> None:
    assert tags_to_spans(tags.split()) == spans


def as_bio(tags: list[str]) -> list[str]:
    """What NeuroNER gives to conlleval: inside an entity of the tag before, or a beginning."""
    found = []
    for before, tag in zip(["O", *tags], tags):
        inside = tag[0] in "IE" and before[1:] == tag[1:]
        found.append(tag if tag == "O" else ("I" if inside else "B") + tag[1:])
    return found


@given(tags=st.lists(TAGS, max_size=14))
def test_any_sequence_is_read_as_neuroner_does(tags: list[str]) -> None:
    """As BIO, by seqeval, which follows conlleval."""
    expected = [(kind, first, last + 1) for kind, first, last in get_entities(as_bio(tags))]
    assert tags_to_spans(tags) == expected
    assert convert_tags(tags, "bio") == as_bio(tags)


@given(tags=st.lists(TAGS.map(lambda tag: tag.translate({69: "I", 83: "B"})), max_size=14))
def test_bio_is_read_as_conlleval_does(tags: list[str]) -> None:
    expected = [(kind, first, last + 1) for kind, first, last in get_entities(tags)]
    assert tags_to_spans(tags) == expected


@pytest.mark.parametrize(
    ("spans", "bio", "bioes"),
    [
        ([("X", 0, 1)], "B-X O O", "S-X O O"),
        ([("X", 1, 3)], "O B-X I-X", "O B-X E-X"),
        ([("X", 0, 3)], "B-X I-X I-X", "B-X I-X E-X"),
        ([("X", 0, 2), ("Y", 2, 3)], "B-X I-X B-Y", "B-X E-X S-Y"),
        ([], "O O O", "O O O"),
    ],
)
def test_tags_of_spans(spans: list[tuple[str, int, int]], bio: str, bioes: str) -> None:
    assert spans_to_tags(spans, 3, "bio") == bio.split()
    assert spans_to_tags(spans, 3, "bioes") == bioes.split()


@pytest.mark.parametrize("scheme", ["bio", "bioes"])
def test_which_tags_may_follow(scheme: str) -> None:
    tags = ["O", *(f"{p}-{t}" for p in ("BI" if scheme == "bio" else "BIES") for t in ("X", "XY"))]
    for before, after in itertools.product(tags, tags):
        continues = after[0] in "IE"
        is_open = before[0] in "BI"
        if continues:
            expected = is_open and before[2:] == after[2:]
        else:
            expected = scheme == "bio" or not is_open
        assert may_follow(before, after, scheme) == expected, (before, after)
    with pytest.raises(ParameterError, match="unknown; use one of bio, bioes"):
        may_follow("O", "O", "iobes")


@given(tags=st.lists(TAGS, max_size=14), scheme=st.sampled_from(["bio", "bioes"]))
def test_conversion_keeps_the_spans(tags: list[str], scheme: str) -> None:
    converted = convert_tags(tags, scheme)
    assert tags_to_spans(converted) == tags_to_spans(tags)
    assert convert_tags(convert_tags(converted, "bioes"), "bio") == convert_tags(tags, "bio")
    assert convert_tags(convert_tags(converted, "bio"), "bioes") == convert_tags(tags, "bioes")


def test_spans_that_do_not_fit() -> None:
    for span in (("X", 1, 1), ("X", 0, 4), ("X", -1, 2)):
        with pytest.raises(ValueError, match="does not fit"):
            spans_to_tags([span], 3, "bio")
    for first, second in ((("X", 0, 2), ("Y", 1, 3)), (("X", 2, 3), ("Y", 0, 3))):
        with pytest.raises(ValueError, match="does not fit"):
            spans_to_tags([first, second], 3, "bio")
    with pytest.raises(ParameterError, match="bioes"):
        spans_to_tags([], 3, "iobes")


def make(text: str, *mentions: Union[tuple[str, str], tuple[str, str, str]]) -> Document:
    entities = []
    for kind, *pieces in mentions:
        fragments, position = [], 0
        for piece in pieces:
            start = text.index(piece, position)
            position = start + len(piece)
            fragments.append((start, position))
        says = " ".join(text[start:end] for start, end in fragments)
        entities.append(Entity(kind, tuple(fragments), says))
    return Document("d", text, tuple(sorted(entities, key=lambda e: e.fragments)))


def run(document: Document, policy: str = "longest", **more: bool) -> tuple[list[str], dict]:
    report = ImportReport()
    report.read(len(document.entities))
    tagged = tag_document(document, ALNUM, "bio", policy, report, **more)
    found = [
        entity.text for s in tagged.sentences for entity in tagged_to_entities(document.text, s)
    ]
    assert report.annotations_kept == len(found)
    assert report.annotations_read == report.annotations_kept + report.annotations_dropped
    assert report.tokens == sum(len(s.tokens) for s in tagged.sentences)
    return found, {reason: entry.count for reason, entry in report.by_reason.items()}


def test_discontinuous_and_adjacent_fragments() -> None:
    text = "breast and ovarian cancer, kidney stones"
    document = make(text, ("D", "breast", "cancer"), ("D", "kid", "ney"), ("D", "ovarian cancer"))
    assert run(document) == (
        ["ovarian cancer", "kidney"],
        {tagging.DISCONTINUOUS: 1, tagging.ADJOINING: 1},
    )


def test_overlap_policies() -> None:
    document = make("colon cancer cell line", ("D", "colon cancer"), ("C", "cancer cell line"))
    assert run(document) == (["cancer cell line"], {tagging.OVERLAP: 1})
    assert run(document, "first") == (["colon cancer"], {tagging.OVERLAP: 1})
    with pytest.raises(CorpusError, match="set overlap_policy"):
        run(document, "error")
    with pytest.raises(ParameterError, match="overlap_policy"):
        run(document, "shortest")
    nested = make("colon cancer", ("D", "cancer"), ("D", "colon cancer"), ("D", "colon"))
    assert run(nested) == (["colon cancer"], {tagging.OVERLAP: 2})
    assert run(nested, "first") == (["colon cancer"], {tagging.OVERLAP: 2})


def test_boundary_inside_a_token() -> None:
    found, reasons = run(make("the antiTNF drug and TNFs", ("P", "TNF"), ("P", "NFs")))
    assert found == ["antiTNF", "TNFs"] and reasons == {tagging.WIDENED: 2}
    found, reasons = run(make("abcdef", ("P", "ab"), ("P", "ef")), "error")
    assert found == ["abcdef"]
    assert reasons == {tagging.WIDENED: 2, tagging.SAME_TOKENS: 1}


def test_entities_without_tokens() -> None:
    text = "  A b.\n \nC d.  "
    spaces = [(0, 1), (6, 9), (3, 4), (13, 15)]
    entities = tuple(Entity("X", ((s, e),), text[s:e]) for s, e in sorted(spaces))
    assert run(Document("d", text, entities)) == ([], {tagging.WITHOUT_TOKEN: 4})
    blank = Document("d", " \n ", (Entity("X", ((0, 1),), " "),))
    assert run(blank) == ([], {tagging.WITHOUT_TOKEN: 1})
    leading = Document("d", text, (Entity("X", ((6, 10),), text[6:10]),))
    assert run(leading)[0] == ["C"]


def test_sentence_boundaries_and_entities() -> None:
    text = "We saw disease type. One patient died. He was old."
    document = make(text, ("D", "type. One"), ("D", "disease"))
    found, reasons = run(document)
    assert found == ["disease", "type. One"]
    assert reasons == {"sentences merged, a boundary fell inside an entity": 1}
    found, reasons = run(document, protect_entities=False)
    assert found == ["disease"] and reasons == {tagging.CROSSING: 1}


def test_no_report_and_empty_text() -> None:
    assert tag_document(Document("d", ""), ALNUM).sentences == ()
    assert len(tag_document(make("a b", ("X", "a"), ("X", "b")), ALNUM).sentences) == 1


@st.composite
def annotated(draw: st.DrawFn) -> Document:
    pieces = st.sampled_from(
        ["ab", "B", "7", ".", ". ", " ", "\n", "\r\n", "(", ")", "-", "\U0001f9ec", "é", "? Yes"]
    )
    text = "".join(draw(st.lists(pieces, min_size=1, max_size=40)))
    entities = {}
    for _ in range(draw(st.integers(0, 8))):
        points = draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=4))
        ordered = sorted(points)
        fragments = tuple(zip(ordered[::2], ordered[1::2]))
        kind = draw(st.sampled_from(["X", "Y"]))
        says = " ".join(text[s:e] for s, e in fragments)
        entities[(fragments, kind)] = Entity(kind, fragments, says)
    return Document("d", text, tuple(entities[key] for key in sorted(entities)))


@settings(max_examples=200)
@given(
    document=annotated(),
    policy=st.sampled_from(["longest", "first"]),
    scheme=st.sampled_from(["bio", "bioes"]),
    protect=st.booleans(),
)
def test_offsets_and_account(document: Document, policy: str, scheme: str, protect: bool) -> None:
    report = ImportReport()
    report.read(len(document.entities))
    tagged = tag_document(document, ALNUM, scheme, policy, report, protect)
    found = []
    for sentence in tagged.sentences:
        assert sentence.tokens
        assert len(sentence.tags) == len(sentence.tokens)
        spans = zip(sentence.tokens, sentence.starts, sentence.ends)
        assert all(document.text[start:end] == token for token, start, end in spans)
        found += tagged_to_entities(document.text, sentence)
    assert len(found) == report.annotations_kept
    assert report.annotations_kept + report.annotations_dropped == len(document.entities)
    if protect:
        assert tagging.CROSSING not in report.by_reason
    changed = [r for r, e in report.by_reason.items() if e.effect == "changed"]
    if not changed:
        kept = {(e.type, e.fragments) for e in document.entities}
        trimmed = {(kind, _trim(document.text, f[0][0], f[-1][1])) for kind, f in kept}
        assert {(e.type, e.fragments[0]) for e in found} <= trimmed
    tokens = [t.start for t in ALNUM.tokenize(document.text, 0, len(document.text))]
    assert [start for s in tagged.sentences for start in s.starts] == tokens


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    inside = [i for i in range(start, end) if not text[i].isspace()]
    return (inside[0], inside[-1] + 1) if inside else (start, start)
