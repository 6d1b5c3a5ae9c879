"""The report of a silver corpus: what stands in it is what was counted, and can be read."""

from __future__ import annotations

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.silver.consensus.boundaries import BoundaryTable, Extensions
from neuroner_tl.silver.consensus.consensus import Consensus, PosteriorRule
from neuroner_tl.silver.consensus.harmonise import tolerant_vote
from neuroner_tl.silver.consensus.label_model import learn_label_model
from neuroner_tl.silver.report import _rule, format_boundaries


def compared(text: str, gold: str, silver: str, times: int = 1) -> BoundaryTable:
    table = BoundaryTable()
    add(table, text, gold, silver, times)
    return table


def add(table: BoundaryTable, text: str, gold: str, silver: str, times: int = 1) -> None:
    start = text.index(gold)
    document = Document("1", text, (Entity("DISO", ((start, start + len(gold)),), gold),))
    first = text.index(silver)
    for _ in range(times):
        table.add(document, [(first, first + len(silver))])


def test_boundaries_are_a_table_and_sentences() -> None:
    table = compared("In acute renal failure cases.", "acute renal failure", "renal failure", 3)
    add(table, "The severe flu.", "flu", "severe flu", 2)
    add(table, "A brain tumor of mice.", "brain tumor", "brain tumor")
    add(table, "A lung cancer cell.", "lung cancer cell", "cancer")
    good = compared("A brain tumor of mice.", "brain tumor", "brain tumor")
    lines = format_boundaries("NCBI", {"exact vote, 2": table, "label model": good}).split("\n")
    assert lines[0] == "NCBI: where mentions begin and end, compared with gold"
    assert [" ".join(line.split()) for line in lines[1:4]] == [
        "consensus same other begins late begins early ends early ends late tokens in gold",
        "exact vote, 2 1 6 4 2 1 0 1.86 2.29",
        "label model 1 0 0 0 0 0 2.00 2.00",
    ]
    shown = " ".join(lines[4:])
    assert "begins late: after the beginning of the gold mention, so that words" in shown
    assert (
        "exact vote, 2: gold mentions are longer by 'acute' (3), 'lung' (1) at the beginning, "
        "'cell' (1) at the end; shorter by 'severe' (2) at the beginning"
    ) in shown
    assert "label model: " not in shown
    narrow = format_boundaries("NCBI", {"exact vote, 2": table}, 40).split("\n")
    assert max(map(len, narrow)) <= 40


def test_words_that_belong_to_mentions_are_named_whatever_the_method() -> None:
    names = ["a", "b", "c"]
    model = learn_label_model(names, ["flu"], [{name: [(0, 3)] for name in names}])
    extensions = Extensions(left=frozenset({"severe"}), right=frozenset({"type", "gene"}))
    for rule in (PosteriorRule(model, 0.5), tolerant_vote(names, 2)):
        assert "belong to it" not in _rule(Consensus(rule), names)
        assert _rule(Consensus(rule, extensions), names).split("\n")[-2:] == [
            "words before a mention that belong to it: severe",
            "words after a mention that belong to it: gene, type",
        ]
