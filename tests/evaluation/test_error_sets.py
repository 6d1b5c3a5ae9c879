from hypothesis import given
from hypothesis import strategies as st

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.evaluation.error_sets import (
    AnnotatedPart,
    ErrorSets,
    Mention,
    count_errors,
    document_counts,
    kind_of,
    overlaps,
)
from neuroner_tl.evaluation.scoring import score_spans

TEXT = "Breast cancer and colon cancer with aspirin."


def part(**documents):
    return AnnotatedPart.of(
        Document(
            name,
            TEXT,
            tuple(Entity(kind, ((a, b),), TEXT[a:b]) for kind, a, b in entities),
        )
        for name, entities in documents.items()
    )


GOLD = part(d1=[("DISO", 0, 13), ("DISO", 18, 30), ("CHED", 36, 43)], d2=[("DISO", 0, 13)], d3=[])


def test_sets_of_a_system():
    found = ErrorSets.of(GOLD, part(d1=[("DISO", 0, 13), ("DISO", 24, 30)], d2=[], d3=[]))
    assert found.true_positives == {Mention("d1", "DISO", ((0, 13),))}
    assert found.false_positives == {Mention("d1", "DISO", ((24, 30),))}
    assert {m.document for m in found.false_negatives} == {"d1", "d2"}


def test_kinds_of_errors():
    gold = [Mention("d", "DISO", ((5, 10),)), Mention("d", "CHED", ((20, 25),))]

    def kind(type_, start, end):
        return kind_of(Mention("d", type_, ((start, end),)), gold, "spurious")

    assert kind("DISO", 5, 9) == "boundary"
    assert kind("CHED", 5, 10) == "type"
    assert kind("CHED", 4, 9) == "boundary and type"
    assert kind("DISO", 10, 20) == "spurious", "touching is not overlapping"
    assert kind("CHED", 8, 22) == "boundary", "one of its own type is among those it overlaps"


def test_errors_are_counted_by_kind_and_by_what_train_has():
    predicted = part(d1=[("DISO", 24, 30), ("DISO", 36, 43)], d2=[("DISO", 31, 35)], d3=[])
    train = part(t=[("DISO", 0, 13)])
    counted = count_errors(GOLD, predicted, train.keys)
    assert counted["false negatives"].by_kind == {
        "boundary": (0, 1),
        "type": (0, 1),
        "boundary and type": (0, 0),
        "missed": (2, 0),
    }
    assert counted["false positives"].by_kind == {
        "boundary": (0, 1),
        "type": (0, 1),
        "boundary and type": (0, 0),
        "spurious": (0, 1),
    }
    # Examples name each text once.
    assert counted["false negatives"].examples["missed"] == ("d1: Breast cancer",)


def test_the_first_five_examples_of_a_kind_are_kept():
    letters = "abcdefgh"
    gold = AnnotatedPart.of(
        Document(f"d{i}", letter, (Entity("DISO", ((0, 1),), letter),))
        for i, letter in enumerate(letters)
    )
    nothing = AnnotatedPart.of(Document(f"d{i}", letter) for i, letter in enumerate(letters))
    missed = count_errors(gold, nothing, set())["false negatives"]
    assert missed.by_kind["missed"] == (0, 8)
    assert missed.examples["missed"] == ("d0: a", "d1: b", "d2: c", "d3: d", "d4: e")
    fewer = count_errors(gold, nothing, set(), examples=2)["false negatives"]
    assert fewer.examples["missed"] == ("d0: a", "d1: b")


def test_case_and_white_space_do_not_make_a_mention_unseen():
    train = AnnotatedPart.of([Document("t", "", (Entity("DISO", ((0, 3),), "BREAST\n cancer"),))])
    assert ("DISO", "breast cancer") in train.keys


def test_documents_of_several_parts_stay_apart():
    joined = AnnotatedPart.joined({"a": GOLD, "b": GOLD})
    assert len(joined.all) == 2 * len(GOLD.all) and "a/d1" in joined.mentions
    assert joined.text_of(Mention("b/d2", "DISO", ((0, 13),))) == "Breast cancer"


SPANS = st.lists(
    st.tuples(st.sampled_from(["A", "B"]), st.integers(0, 4), st.integers(5, 8)), max_size=5
)


@given(st.lists(st.tuples(SPANS, SPANS, SPANS), min_size=1, max_size=4))
def test_counts_are_those_of_scoring_and_overlaps_add_up(rows):
    gold, one, other = (part(**{f"d{i}": row[k] for i, row in enumerate(rows)}) for k in range(3))
    for predicted in (one, other):
        expected = score_spans(
            [set(row) for row, _, _ in rows],
            [
                {(m.type, *m.fragments[0]) for m in predicted.mentions[f"d{i}"]}
                for i in range(len(rows))
            ],
        ).micro
        total = document_counts(gold, predicted).sum(0).tolist()
        assert total == [expected.tp, expected.fp, expected.fn]
        kinds = count_errors(gold, predicted, set())
        sums = [sum(sum(n) for n in kinds[name].by_kind.values()) for name in kinds]
        assert sums == [expected.fn, expected.fp]
    sets = [ErrorSets.of(gold, predicted) for predicted in (one, other)]
    for name, overlap in overlaps(*sets).items():
        assert overlap.first + overlap.both == len(sets[0].named()[name])
        assert overlap.second + overlap.both == len(sets[1].named()[name])
    # What one has found and the other has not, the other misses.
    found = overlaps(*sets)
    assert found["true positives"].first == found["false negatives"].second
