"""A silver corpus beside gold corpora: every figure against one counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from brat_documents import write_brat_document

from neuroner_tl.__main__ import main
from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.silver.comparison import Profile, compare_silver


def document_of(name: str, text: str, *says: str, kind: str = "DISO") -> Document:
    """Return a document with the first occurrence of each text as an entity."""
    entities = []
    for one in says:
        start = text.index(one)
        entities.append(Entity(kind, ((start, start + len(one)),), one))
    return Document(name, text, tuple(entities))


TEXT = "Chronic renal failure (CRF) and gout: CRF, CRFs, gout."


@pytest.fixture
def corpora(tmp_path: Path) -> tuple[Path, Path]:
    silver, gold = tmp_path / "silver", tmp_path / "gold"
    for folder in (silver / "train", silver / "valid", gold / "train", gold / "test"):
        folder.mkdir(parents=True)
    write_brat_document(document_of("1", TEXT, "renal failure", "CRF,"[:-1]), silver / "train")
    write_brat_document(document_of("2", "Nothing of it.", kind="CHED"), silver / "valid")
    write_brat_document(
        document_of("3", "Gout, Renal Failure and flu.", "Gout", "Renal Failure", "flu"),
        gold / "train",
    )
    write_brat_document(document_of("4", "flu flu flu flu", "flu"), gold / "test")
    return silver, gold


def test_counts_of_a_document() -> None:
    profile = Profile()
    profile.add(document_of("1", TEXT, "renal failure", "CRF)"[:-1], "CRFs", "gout"))
    content = profile.to_json()
    assert (content["documents"], content["mentions"], content["tokens"]) == (1, 4, 15)
    assert content["density"] == pytest.approx(100 * 4 / 15)
    assert content["mean_tokens"] == pytest.approx(5 / 4)
    assert (content["abbreviations"], content["abbreviation_recall"]) == (1, 1.0)
    assert (content["abbreviation_repeats"], content["abbreviation_repeat_recall"]) == (2, 0.5)
    assert (content["empty_share"], content["distinct_strings"]) == (0.0, 4)


def test_an_abbreviation_of_something_else_does_not_count() -> None:
    profile = Profile()
    profile.add(document_of("1", TEXT, "gout"))
    profile.add(document_of("2", "No mention."))
    content = profile.to_json()
    assert (content["abbreviations"], content["abbreviation_recall"]) == (0, None)
    assert content["empty_share"] == 0.5


def test_what_is_unknown_is_not_missed() -> None:
    start = TEXT.index("CRF")
    region = Entity("DISO", ((start, start + 3),), "CRF", certain=False)
    entities = (*document_of("1", TEXT, "renal failure").entities, region)
    profile = Profile()
    profile.add(Document("1", TEXT, entities))
    assert (profile.introduced, profile.repeated, profile.repeated_marked) == (0, 2, 0)


def test_beside_gold(corpora: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    silver, gold = corpora
    comparison = compare_silver(silver, [gold], entity_type="DISO")
    assert comparison.silver.documents == 2 and comparison.silver.empty == 1
    content = comparison.to_json()
    assert content["gold"]["gold"]["mentions"] == 3  # of train alone
    assert content["gold"]["gold"]["strings_seen"] == pytest.approx(1 / 3)
    assert content["gold"]["gold"]["mentions_seen"] == pytest.approx(1 / 3)
    (silver / "report.json").write_text('{"type": "DISO"}')
    assert main(["silver", "report", str(silver), "--gold", str(gold)]) == 0
    assert capsys.readouterr().out == comparison.to_text() + "\n"
    assert main(["silver", "report", str(silver), "--gold", str(gold), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["gold"] == content["gold"]


def test_the_table_names_what_it_shows(corpora: tuple[Path, Path]) -> None:
    silver, gold = corpora
    heading, _, row, *notes = (
        compare_silver(silver, [gold], entity_type="DISO").to_text().split("\n")
    )
    names = (
        "density",
        "mean length",
        "abbreviation recall %",
        "recall elsewhere %",
        "strings seen %",
        "mentions seen %",
    )
    for name in names:
        assert name in heading and f"{name.removesuffix(' %')}:" in " ".join(notes), name
    assert row.split()[-2:] == ["33.3", "33.3"]


def test_what_cannot_be_compared(corpora: tuple[Path, Path], tmp_path: Path) -> None:
    silver, gold = corpora
    with pytest.raises(CorpusError, match="no entity of type CHED"):
        compare_silver(silver, [gold], entity_type="CHED")
    with pytest.raises(ParameterError, match="found none"):
        compare_silver(silver, [])
    with pytest.raises(ParameterError, match="found gold, gold"):
        compare_silver(silver, [gold, gold])
    two = document_of("5", "gout", "gout", kind="CHED")
    write_brat_document(two, silver / "train")
    with pytest.raises(CorpusError, match="types CHED, DISO, expected one"):
        compare_silver(silver, [gold])
    bare = silver.parent / "bare"
    write_brat_document(Document("6", "No mention."), bare / "train")
    with pytest.raises(CorpusError, match="bare: found no annotation, expected a silver corpus"):
        compare_silver(bare, [gold])
    for path in (gold / "train").iterdir():
        path.unlink()
    (gold / "train").rmdir()
    with pytest.raises(CorpusError, match="no train part, found test"):
        compare_silver(silver, [gold], entity_type="DISO")
