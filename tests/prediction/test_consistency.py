"""Abbreviations follow their long forms through a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text import abbreviations
from neuroner_tl.corpora.text.abbreviations import Abbreviation, find_abbreviations, places_of
from neuroner_tl.prediction.consistency import tag_abbreviations
from neuroner_tl.prediction.predictor import Predictor


def document(text, *mentions):
    """A document with mentions of the types given before a colon, each found once in the text."""
    entities = []
    for mention in mentions:
        kind, _, surface = mention.partition(":")
        start = text.index(surface)
        entities.append(Entity(kind, ((start, start + len(surface)),), surface, 0.7))
    return Document("1", text, tuple(sorted(entities, key=lambda entity: entity.start)))


def found(tagged):
    return [(entity.type, entity.start, entity.text) for entity in tagged.entities]


@pytest.mark.parametrize(
    "text, mentions, added",
    [
        # Throughout, also before the introduction, with a plural s, and only as a whole word.
        ("RF? Renal failure (RF), RF1, RFs.", ["D:Renal failure"], ["RF", "RF", "RFs"]),
        # The head of the long form decides; a mention that goes on after it is one as well.
        ("Chronic renal failure (CRF). CRF.", ["D:renal failure"], ["CRF", "CRF"]),
        ("Chronic renal failure (CRF) in CRF.", ["D:renal failure (CRF)"], ["CRF"]),
        # No mention, or one that ends elsewhere.
        ("Chronic renal failure (CRF). CRF.", ["D:Chronic renal"], []),
        ("Chronic renal failure (CRF). CRF.", [], []),
        # What is there stays, whatever its type.
        ("Renal failure (RF). Late RF type.", ["D:Renal failure", "G:RF type"], ["RF"]),
        # The first of two introductions counts.
        ("Renal failure (RF). Rheumatic fever (RF).", ["D:Rheumatic fever"], []),
        ("Nothing is introduced: RF.", ["D:Nothing"], []),
    ],
)
def test_what_is_added(text, mentions, added):
    given = document(text, *mentions)
    tagged = tag_abbreviations(given)
    assert [e.text for e in tagged.entities if e not in given.entities] == added
    assert set(given.entities) <= set(tagged.entities)
    assert {(e.type, e.probability) for e in tagged.entities if e.text in ("RF", "CRF")} <= {
        ("D", 0.7)
    }


@given(
    st.lists(st.sampled_from(["renal failure (RF)", "RF", "RFs", "x", "heart disease (HD)", "HD"])),
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 14)), max_size=6),
)
def test_nothing_overlaps_and_nothing_is_lost(words, spans):
    text = " ".join(words) + "."
    entities, reach = [], 0
    for start, length in sorted(spans):
        end = start + length
        if reach <= start and end <= len(text):
            entities.append(Entity("D", ((start, end),), text[start:end]))
            reach = end
    tagged = tag_abbreviations(Document("1", text, tuple(entities)))
    assert set(entities) <= set(tagged.entities)
    assert all(a.end <= b.start for a, b in zip(tagged.entities, tagged.entities[1:]))
    assert all(text[e.start : e.end] == e.text for e in tagged.entities)
    short = {text[slice(*one.short)] for one in find_abbreviations(text)}
    places = set(places_of(text, short))
    assert all((e.start, e.end) in places for e in tagged.entities if e not in entities)


@pytest.fixture
def introduced(monkeypatch, source_run, corpora):
    """Documents in which the word after the first predicted mention is its abbreviation."""
    documents = list(iterate_brat_folder(corpora.gold / "test", ImportReport()))
    shorts = {}
    for predicted in Predictor(source_run.folder.model).predict(documents):
        if predicted.entities:
            end = predicted.entities[0].end
            word = predicted.text[end:].split()[0]
            start = predicted.text.index(word, end)
            shorts[predicted.text] = [Abbreviation((0, end), (start, start + len(word)))]
    assert shorts
    monkeypatch.setattr(abbreviations, "find_abbreviations", lambda text: shorts.get(text, []))
    return documents


def test_a_predictor_follows_if_it_is_asked_to(introduced, source_run):
    model = source_run.folder.model
    plain = list(Predictor(model).predict(introduced))
    tagged = list(Predictor(model, abbreviations=True).predict(introduced))
    assert tagged != plain
    assert list(map(found, tagged)) == [found(tag_abbreviations(one)) for one in plain]


def test_commands(introduced, source_run, corpora, tmp_path, capsys):
    model = str(source_run.folder.path)
    given = str(corpora.gold / "test")
    for name, options in (("plain", []), ("followed", ["--abbreviations"])):
        arguments = ["--model", model, "--input", given, "--output", str(tmp_path / name)]
        assert main(["predict", *arguments, *options]) == 0
        capsys.readouterr()
        evaluated = ["evaluate", "--model", model, "--gold", given, "--json", *options]
        assert main(evaluated) == 0
        (tmp_path / f"{name}.json").write_text(capsys.readouterr().out, "utf-8")
    read = {
        name: {one.id: found(one) for one in iterate_brat_folder(tmp_path / name, ImportReport())}
        for name in ("plain", "followed")
    }
    predictor = Predictor(source_run.folder.model, abbreviations=True)
    assert read["followed"] == {one.id: found(one) for one in predictor.predict(introduced)}
    assert read["followed"] != read["plain"]
    assert (tmp_path / "followed.json").read_text() != (tmp_path / "plain.json").read_text()
