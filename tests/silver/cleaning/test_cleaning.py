from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.abbreviations import find_abbreviations, is_short_form
from neuroner_tl.silver.cleaning.blacklist import build_blacklist, read_blacklist
from neuroner_tl.silver.cleaning.cleaning import Step, select
from neuroner_tl.silver.cleaning.following import follow_long_forms, without
from neuroner_tl.silver.cleaning.selection import (
    SilverDocument,
    by_density,
    by_entity,
    by_topic,
    sample,
)
from neuroner_tl.silver.compared_form import compared_form
from neuroner_tl.silver.consensus.boundaries import BoundaryTable, Extensions, learn_extensions
from neuroner_tl.silver.consensus.consensus import Sample
from neuroner_tl.silver.consensus.harmonise import Vote
from neuroner_tl.silver.definition import read_silver_definition


def gold(text: str, *entities: str) -> Document:
    found = []
    for says in entities:
        start = text.index(says)
        found.append(Entity("X", ((start, start + len(says)),), says))
    return Document("g", text, tuple(found))


def silver(name: str, *mentions: str, padding: int = 0) -> SilverDocument:
    text, votes = "", []
    for mention in mentions:
        start = len(text)
        text += mention + " "
        votes.append(Vote(start, start + len(mention), ("a",), (), 1.0))
    return SilverDocument(name, text + "pad " * padding, tuple(votes))


class TestBlacklist:
    GOLD = (
        gold("Patients with gout and kidney disease. The patients had breast cancer.", "gout"),
        gold(
            "Chronic kidney disease in patients; chronic  kidney disease", "Chronic kidney disease"
        ),
        gold("The cell line, a cell line and Cell Line X", "Cell Line X"),
    )

    def test_present_and_never_annotated(self) -> None:
        texts = ["Patients", "gout", "cell line", "kidney disease", "breast cancer", "absent"]
        entries = build_blacklist(texts, self.GOLD)
        # kidney disease: of three occurrences one lies in a gold entity; cell line: one of three
        assert [(e.text, e.occurrences, e.touched) for e in entries] == [
            ("cell line", 3, 1),
            ("kidney disease", 3, 1),
            ("patients", 3, 0),
        ]
        assert "breast cancer" in [e.text for e in build_blacklist(texts, self.GOLD, 1)]

    def test_mostly_inside_gold_entities_is_no_reason(self) -> None:
        document = gold("Chronic gout or chronic gout", "Chronic gout", "chronic gout")
        assert build_blacklist(["gout"], [document]) == []
        assert build_blacklist([], [document]) == []

    def test_abbreviations_do_not_count(self) -> None:
        """A list without context banned MS for multiple sclerosis, since it is a unit too."""
        document = gold(
            "In 5 ms the MS of MS patients; 6 ms. MS is an abbreviation here, gout", "gout"
        )
        assert [(e.text, e.occurrences) for e in build_blacklist(["MS"], [document])] == [("ms", 2)]
        silver_document = silver("s", "ms", "MS", "Ms", padding=9)
        kept = without(silver_document, {"ms"})
        assert [kept.text[vote.start : vote.end] for vote in kept.votes] == ["MS"]

    def test_file(self, tmp_path: Path) -> None:
        path = tmp_path / "list.txt"
        path.write_text("Patients\t12\t0\n\ncell  Line\n", "utf-8")
        assert read_blacklist(path) == {"patients", "cell line"}


class TestAbbreviations:
    TEXT = (
        "Chronic renal failure (CRF) is frequent. CRF and non-CRF patients with von "
        "Hippel-Lindau disease (VHL) of the tested population (TPs): VHL, TP, TPs and vhl."
    )

    def marked(self, *mentions: str, unknown: Sequence[str] = ()) -> list[str]:
        votes = []
        for says in mentions:
            start = self.TEXT.index(says)
            votes.append(Vote(start, start + len(says), ("a",), (), 1.0))
        votes.sort(key=lambda vote: vote.start)
        regions = [(self.TEXT.index(s), self.TEXT.index(s) + len(s)) for s in unknown]
        document = SilverDocument("s", self.TEXT, tuple(votes), tuple(sorted(regions)))
        self.followed = follow_long_forms(document)
        return [self.TEXT[vote.start : vote.end] for vote in self.followed.votes]

    def test_found_with_their_long_forms(self) -> None:
        found = [
            (self.TEXT[slice(*one.long)], self.TEXT[slice(*one.short)])
            for one in find_abbreviations(self.TEXT)
        ]
        assert found == [
            ("Chronic renal failure", "CRF"),
            ("von Hippel-Lindau disease", "VHL"),
            ("tested population", "TP"),
        ]
        for text in ("gout (see below)", "gout (MS)", "(MS) gout", "in patients.\nThe (IPT)", "(A"):
            assert find_abbreviations(text) == []
        # The letters of one sentence only, and no more words than letters allow.
        assert find_abbreviations("Of cells. Renal failure (CRF)") == []
        assert find_abbreviations(f"cat {'and ' * 9}frog (CF)") == []

    def test_the_abbreviation_of_a_mention_is_one_everywhere(self) -> None:
        """Annotators that know the long form alone left it out."""
        assert self.marked("renal failure") == ["renal failure", "CRF", "CRF", "CRF"]
        assert [vote.exact for vote in self.followed.votes] == [("a",)] * 4

    def test_the_abbreviation_of_something_else_is_no_mention(self) -> None:
        assert self.marked("TPs and", "VHL", "TP,") == ["TP,", "TPs and"]
        assert self.marked("CRF", "von Hippel-Lindau disease") == [
            "von Hippel-Lindau disease",
            "VHL",
            "VHL",
        ]

    def test_the_abbreviation_of_an_unknown_region_is_unknown(self) -> None:
        assert self.marked("CRF", unknown=["renal failure", "VHL"]) == []
        regions = [self.TEXT[start:end] for start, end in self.followed.unknown]
        assert regions == ["renal failure", "CRF", "CRF", "CRF"]

    def test_longer_mentions_stay(self) -> None:
        assert self.marked("non-CRF") == ["non-CRF"]
        assert self.marked("renal failure", "non-CRF") == ["renal failure", "CRF", "CRF", "non-CRF"]

    def test_letter_form(self) -> None:
        def short_forms(text: str) -> list[str]:
            words = re.finditer(r"[\w-]+", text)
            return [word[0] for word in words if is_short_form(text, word.span())]

        assert short_forms("MS, ms, Ms, mRNA, PAINS, IL-2, ACETYLSALICYLIC.") == [
            "MS",
            "mRNA",
            "PAINS",
            "IL-2",
        ]
        assert short_forms("A PHASE II TRIAL OF ASPIRIN IN OLD MEN AND OLD WOMEN") == []
        assert short_forms("MS") == ["MS"]

    @settings(max_examples=100)
    @given(st.text(st.sampled_from("aAbBsİ ().,;-\n1")), st.data())
    def test_any_text(self, text: str, data: st.DataObject) -> None:
        limits = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
        spans = list(zip(limits[::2], limits[1::2]))
        votes = tuple(Vote(start, end, ("a",), (), 1.0) for start, end in spans)
        followed = follow_long_forms(SilverDocument("s", text, votes))
        found = followed.votes
        assert all(left.end <= right.start for left, right in zip(found, found[1:]))
        assert follow_long_forms(followed) == followed


class TestExtensions:
    def test_learned_and_applied(self) -> None:
        documents, spans = [], []
        for _ in range(6):
            documents.append(gold("the human BRCA1 gene is here", "human BRCA1 gene"))
            spans.append([(10, 15)])
        documents.append(gold("the human BRCA1 level is here", "BRCA1"))
        spans.append([(10, 15)])
        words = learn_extensions(documents, spans)
        assert words == Extensions(frozenset(["human"]), frozenset(["gene"]))
        text = "human p53-gene, TP53 gene x"
        assert words.apply(text, [(6, 9), (16, 20)]) == [(0, 14), (16, 25)]

    def test_never_into_another_mention(self) -> None:
        words = Extensions(frozenset(["b"]), frozenset(["b"]))
        assert words.apply("a b c", [(0, 1), (2, 3), (4, 5)]) == [(0, 1), (2, 3), (4, 5)]
        assert words.apply("a b c", [(0, 1), (4, 5)]) == [(0, 3), (4, 5)]

    @settings(max_examples=50)
    @given(
        text=st.text(alphabet="ab -\n(", min_size=1, max_size=30),
        cuts=st.lists(st.integers(0, 30), min_size=2, max_size=8, unique=True),
    )
    def test_properties(self, text: str, cuts: list[int]) -> None:
        points = sorted(c for c in cuts if c <= len(text))
        spans = [(s, e) for s, e in zip(points[::2], points[1::2])]
        grown = Extensions(frozenset(["a", "ab"]), frozenset(["b", "ba"])).apply(text, spans)
        assert len(grown) == len(spans)
        for (start, end), (first, last) in zip(spans, grown):
            assert first <= start and end <= last <= len(text)
        assert all(left[1] <= right[0] for left, right in zip(grown, grown[1:]))

    def test_table(self) -> None:
        table = BoundaryTable()
        table.add(gold("acute renal failure and gout", "acute renal failure", "gout"), [(6, 19)])
        content = table.to_json()
        assert content["gold_mean_tokens"] == 2 and content["silver_mean_tokens"] == 2
        assert content["kinds"] == {"left longer, right equal": 1}
        assert content["words"] == {"+left acute": 1}
        assert content["exact"] == 0 and content["other_limits"] == 1


class TestSelection:
    def test_density(self) -> None:
        documents = [
            silver("none", padding=9),
            silver("list", "a", "b"),
            silver("x", "a", padding=9),
        ]
        assert [d.id for d in by_density(documents, 1, 0, 50)] == ["x"]
        assert [d.id for d in by_density(documents, 0, 11)] == ["list"]

    def test_entity_share(self) -> None:
        documents = [silver(f"p{i}", "Patients", "patients", f"d{i}") for i in range(20)]
        others = (f"a{i}" for i in range(1000))
        documents += [silver(f"o{i}", "patients", *islice(others, 5)) for i in range(60)]
        kept = by_entity(documents, 0.2, seed=1)
        counts = Counter(text for document in kept for text in document.keys())
        assert 0 < counts["patients"] <= 0.2 * sum(counts.values())
        # those with most of it go first
        assert {d.id[0] for d in documents if d not in kept} == {"p"}
        assert by_entity(documents, 1, 1) == documents
        assert by_entity(documents, 0.2, 1) == kept

    def test_share_out_of_reach(self) -> None:
        assert by_entity([silver("a", "x"), silver("b", "x")], 0.5, 0) == []
        assert by_entity([], 0.5, 0) == []

    @settings(max_examples=60)
    @given(
        mentions=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=5), max_size=25),
        share=st.sampled_from([0.15, 0.3, 0.5]),
    )
    def test_no_text_is_above_the_share(self, mentions: list[list[str]], share: float) -> None:
        documents = [silver(str(i), *given) for i, given in enumerate(mentions)]
        kept = by_entity(documents, share, 0)
        counts = Counter(text for document in kept for text in document.keys())
        assert all(number <= share * sum(counts.values()) for number in counts.values())
        assert [d for d in documents if d in kept] == kept

    def test_topics(self) -> None:
        themes = ("heart rhythm atrial", "wheat stem rust", "zebra fish embryo", "lung smoke tar")
        documents = []
        for theme, size in zip(themes, (70, 10, 10, 10)):
            for i in range(size):
                documents.append(SilverDocument(f"{theme[:2]}{i}", f"{theme} {theme}", ()))
        kept = by_topic(documents, 4, 0.4, seed=0)
        sizes = Counter(document.id[:2] for document in kept)
        assert sizes == {"he": 20, "wh": 10, "ze": 10, "lu": 10}
        assert by_topic(documents, 4, 0.4, seed=0) == kept
        assert by_topic(documents[:3], 4, 0.4, seed=0) == documents[:3]

    def test_sample(self) -> None:
        documents = [silver(str(i)) for i in range(20)]
        drawn = sample(documents, 5, seed=1)
        assert len(drawn) == 5 and drawn == sample(documents, 5, seed=1)
        assert drawn != sample(documents, 5, seed=2)
        # not the order but the ids decide
        assert {d.id for d in sample(documents[::-1], 5, seed=1)} == {d.id for d in drawn}
        assert sample(documents, None, 1) == sample(documents, 99, 1) == documents


def test_key() -> None:
    assert compared_form("Breast \n Cancer") == "breast cancer"


@pytest.mark.parametrize("size", [1, 2])
def test_one_topic_only(size: int) -> None:
    same = [SilverDocument(str(i), "one and the same text here", ()) for i in range(8)]
    assert len(by_topic(same, 4, 0.5, size)) >= 1


def test_a_step_does_not_say_that_documents_were_added_that_there_are_not(tmp_path: Path) -> None:
    path = tmp_path / "silver.ini"
    path.write_text(
        "[silver]\nname = x\ntype = X\ntexts = t.jsonl\n[annotators]\na = lexicon:a.txt\n"
        "[harmonise]\nthreshold = 1\n"
        "[clean]\nempty_share = 0.5\n"
    )
    definition = read_silver_definition(path)
    having = [silver(str(number), "flu", padding=20) for number in range(6)]
    for number, label in (
        (9, "50 % without mentions added, of 12 documents"),
        (2, "2 documents without mentions added, of 6 that would be 50 %"),
    ):
        steps: list[Step] = []
        empty = [silver(f"e{n}", padding=20) for n in range(number)]
        kept = select(definition, [*having, *empty], Sample([], [], []), steps)
        assert len(kept) == 6 + min(number, 6) and steps[-1].name == label
