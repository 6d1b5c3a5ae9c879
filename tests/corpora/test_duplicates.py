from __future__ import annotations

from pathlib import Path

import pytest
from brat_documents import write_brat_document
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import MIN_RUNS, DocumentIndex, pubmed_id
from neuroner_tl.corpora.leaks import find_leaks
from neuroner_tl.errors import CorpusError

ONE = "Mutations of the gene BRCA1 are found in many families with hereditary breast cancer today"
TWO = "We report a rare case of acute renal failure after treatment with two different antibiotics"


def found(collection: list[tuple[str, str]], search: list[tuple[str, str]]) -> list[tuple]:
    index = DocumentIndex(Document(*pair) for pair in collection)
    documents = [Document(*pair) for pair in search]
    return [(s.source, s.target, s.reason) for s in index.find(documents)]


def test_pubmed_ids() -> None:
    assert pubmed_id("10027919") == pubmed_id("PMID-10027919") == pubmed_id("pmid10027919")
    assert pubmed_id("10027919") == "10027919"
    assert (
        pubmed_id("PMC102792") == pubmed_id("a1") == pubmed_id("12") == pubmed_id("0123456") == ""
    )
    assert pubmed_id("BC2GM1", {"BC2GM1": "123456"}) == "123456"


def test_the_same_id() -> None:
    assert found([("10027919", ONE)], [("10027919", TWO), ("10027920", TWO)]) == [
        ("10027919", "10027919", "PubMed id")
    ]
    # names that are no PubMed ids say nothing
    assert found([("doc1", ONE)], [("doc1", TWO)]) == []


def test_the_same_text_under_another_name() -> None:
    search = [("b", ONE.upper()), ("c", ONE.replace(" ", "  ") + " ."), ("d", TWO)]
    assert found([("a", ONE)], search) == [("b", "a", "text"), ("c", "a", "text")]


def test_a_changed_word_and_a_part() -> None:
    changed = ONE.replace("many", "some")
    assert found([("a", ONE + ". " + TWO)], [("b", changed + ". " + TWO)]) == [("b", "a", "text")]
    # a sentence inside an abstract, either way round
    abstract = f"{TWO}. {ONE}. Nothing else is known about these matters, and more work is needed."
    assert found([("a", abstract)], [("b", ONE)]) == [("b", "a", "text")]
    assert found([("a", ONE)], [("b", abstract)]) == [("b", "a", "text")]


def test_common_phrases_are_not_duplicates() -> None:
    phrase = "in the present study we have"
    assert found([("a", f"{phrase} seen gout")], [("b", f"{phrase} {TWO}")]) == []
    assert found([], [("b", ONE)]) == []
    assert found([("a", "")], [("b", ""), ("c", "x")]) == []


def words(prefix: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([f"{prefix}{i}" for i in range(12)]), max_size=40)


@settings(max_examples=40)
@given(one=words("a"), other=words("a"), rest=words("b"))
def test_against_sets_of_runs(one: list[str], other: list[str], rest: list[str]) -> None:
    """An independent count of shared runs of five words."""

    def runs(text: list[str]) -> set[tuple[str, ...]]:
        return {tuple(text[i : i + 5]) for i in range(len(text) - 4)}

    both = len(runs(one) & runs(other))
    expected = both >= MIN_RUNS and 2 * both >= min(len(runs(one)), len(runs(other)))
    collection = [("x", " ".join(rest)), ("y", " ".join(one))]
    result = found(collection, [("z", " ".join(other))])
    assert result == ([("z", "y", "text")] if expected else [])


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    for place, name, text in (
        ("source/train", "s1", TWO),
        ("source/valid", "s2", "Nothing of the kind is here at all."),
        ("target/train", "t1", TWO),
        ("target/test", "t2", ONE),
    ):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        write_brat_document(Document(name, text), tmp_path / place)
    return tmp_path


def test_a_planted_duplicate_is_found(corpora: Path) -> None:
    assert find_leaks(corpora / "source", corpora / "target") == []
    write_brat_document(Document("planted", f"{ONE}."), corpora / "source" / "valid")
    (leak,) = find_leaks(corpora / "source", corpora / "target")
    assert (leak.source, leak.target, leak.reason) == ("planted", "t2", "text")
    assert len(find_leaks(corpora / "source", corpora / "target", ("train", "test"))) == 2


def test_a_target_without_test_part(corpora: Path) -> None:
    with pytest.raises(CorpusError, match="no part test"):
        find_leaks(corpora / "target", corpora / "source")
