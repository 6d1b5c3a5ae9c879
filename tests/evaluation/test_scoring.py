import json

import pytest
import seqeval.metrics.sequence_labeling as seqeval_metrics
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics import classification_report as strict_report
from seqeval.scheme import IOBES
from sklearn.metrics import precision_recall_fscore_support

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.text.tags import spans_to_tags
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.report import conlleval_report, scores_table
from neuroner_tl.evaluation.scoring import (
    MODES,
    Counts,
    Scores,
    named_measures,
    score_documents,
    score_spans,
    score_tags,
    spans_of,
)

GOLD = [
    ["B-DISO", "I-DISO", "O", "S-CHED", "O"],
    ["O", "B-DISO", "E-DISO"],
    ["O"],
]
PREDICTED = [
    ["B-DISO", "I-DISO", "O", "S-DISO", "O"],
    ["B-DISO", "I-DISO", "E-DISO"],
    ["S-CHED"],
]

ANY_TAG = st.sampled_from(["O", "O", *(f"{p}-{t}" for p in "BIES" for t in ("X", "Y"))])


@st.composite
def tag_pairs(draw, tag=ANY_TAG):
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    sentence = [st.lists(tag, min_size=length, max_size=length) for length in lengths]
    return [draw(tags) for tags in sentence], [draw(tags) for tags in sentence]


@st.composite
def well_formed(draw, length, scheme):
    limits = sorted(draw(st.sets(st.integers(0, length))))
    spans = [
        (draw(st.sampled_from("XY")), first, after)
        for first, after in zip(limits, limits[1:])
        if draw(st.booleans())
    ]
    return spans_to_tags(spans, length, scheme)


@st.composite
def well_formed_pairs(draw, scheme):
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=6))
    return tuple([draw(well_formed(length, scheme)) for length in lengths] for _ in range(2))


def test_counts_and_rates():
    counts = Counts(tp=6, fp=2, fn=4)
    assert (counts.gold, counts.predicted) == (10, 8)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)
    assert counts + Counts(1, 1, 1) == Counts(7, 3, 5)
    assert Counts().precision == Counts().recall == Counts().f1 == 0.0
    assert counts.to_json()["recall"] == 0.6


def test_entities_by_hand():
    scores = score_tags(GOLD, PREDICTED)
    assert scores.per_type == {"CHED": Counts(0, 1, 1), "DISO": Counts(1, 2, 1)}
    assert scores.micro == Counts(1, 3, 2)
    assert scores.macro == (pytest.approx(1 / 6), 0.25, pytest.approx(0.2))
    assert scores.accuracy == 5 / 9


def test_token_modes_by_hand():
    bio = score_tags(GOLD, PREDICTED, "bio")
    assert bio.per_type == {
        "B-DISO": Counts(1, 1, 1),
        "E-DISO": Counts(1, 0, 0),
        "I-DISO": Counts(1, 1, 0),
        "S-CHED": Counts(0, 1, 1),
        "S-DISO": Counts(0, 1, 0),
    }
    token = score_tags(GOLD, PREDICTED, "token")
    assert token.per_type == {"CHED": Counts(0, 1, 1), "DISO": Counts(4, 2, 0)}
    binary = score_tags(GOLD, PREDICTED, "binary")
    assert binary.per_type == {"ENTITY": Counts(5, 2, 0)}
    assert [scores.correct_tokens for scores in (bio, token, binary)] == [5, 6, 7]
    assert bio.tokens == token.tokens == binary.tokens == 9


def as_bio(tags):
    """What NeuroNER gives to conlleval, with what that makes of an I after O or another type."""
    pairs = zip(["O", *tags], tags)
    inside = [tag[0] in "IE" and before[1:] == tag[1:] for before, tag in pairs]
    return [
        tag if tag == "O" else ("I" if is_inside else "B") + tag[1:]
        for tag, is_inside in zip(tags, inside)
    ]


@given(tag_pairs())
def test_entities_of_any_tags_equal_seqeval(pair):
    """NeuroNER's figures: BIOES is turned into BIO, then conlleval counts, as seqeval does."""
    scores = score_tags(*pair)
    gold, predicted = ([as_bio(tags) for tags in side] for side in pair)
    for average, (p, r, f) in {
        "micro": (scores.micro.precision, scores.micro.recall, scores.micro.f1),
        "macro": scores.macro,
    }.items():
        if not scores.per_type:
            continue
        oracle = seqeval_metrics.precision_recall_fscore_support(
            gold, predicted, average=average, zero_division=0
        )
        assert (p, r, f) == pytest.approx(tuple(oracle[:3]))
    assert scores.accuracy == seqeval_metrics.accuracy_score(gold, predicted)


@given(well_formed_pairs("bioes"))
def test_well_formed_bioes_equals_strict_seqeval(pair):
    gold, predicted = pair
    oracle = (
        strict_report(
            gold, predicted, mode="strict", scheme=IOBES, output_dict=True, zero_division=0
        )
        if any(tag != "O" for tags in gold + predicted for tag in tags)
        else {}
    )
    for name, counts in score_tags(gold, predicted).per_type.items():
        assert counts.precision == pytest.approx(oracle[name]["precision"])
        assert counts.recall == pytest.approx(oracle[name]["recall"])
        assert counts.f1 == pytest.approx(oracle[name]["f1-score"])
        assert counts.gold == oracle[name]["support"]


CLASS_OF = {
    "bio": lambda tag: tag,
    "token": lambda tag: tag.split("-")[-1],
    "binary": lambda tag: "O" if tag == "O" else "ENTITY",
}


@given(tag_pairs(), st.sampled_from(sorted(CLASS_OF)))
def test_token_modes_equal_scikit_learn(pair, mode):
    gold, predicted = ([CLASS_OF[mode](tag) for tags in side for tag in tags] for side in pair)
    scores = score_tags(*pair, mode)
    classes = sorted({*gold, *predicted} - {"O"})
    assert list(scores.per_type) == classes
    assert scores.correct_tokens == sum(one == other for one, other in zip(gold, predicted))
    if not classes:
        return
    micro = precision_recall_fscore_support(
        gold, predicted, labels=classes, average="micro", zero_division=0
    )
    macro = precision_recall_fscore_support(
        gold, predicted, labels=classes, average="macro", zero_division=0
    )
    counts = scores.micro
    assert (counts.precision, counts.recall, counts.f1) == pytest.approx(micro[:3])
    assert tuple(scores.macro) == pytest.approx(macro[:3])


@given(tag_pairs(), st.sampled_from(MODES))
def test_gold_scores_one_and_exchange_swaps_errors(pair, mode):
    gold, predicted = pair
    same = score_tags(gold, gold, mode)
    assert same.micro.fp == same.micro.fn == 0 and same.accuracy == 1
    forward, backward = score_tags(gold, predicted, mode), score_tags(predicted, gold, mode)
    assert (forward.micro.tp, forward.micro.fp) == (backward.micro.tp, backward.micro.fn)


def test_spans_of_documents():
    gold = [{("DISO", ((0, 3),)), ("DISO", ((5, 7), (9, 11)))}, set()]
    predicted = [{("DISO", ((0, 3),)), ("CHED", ((5, 7), (9, 11)))}, {("DISO", ((0, 3),))}]
    scores = score_spans(gold, predicted)
    assert scores.per_type == {"CHED": Counts(0, 1, 0), "DISO": Counts(1, 1, 1)}
    assert scores.accuracy is None and scores.tokens == scores.correct_tokens == 0
    assert score_spans([], []) == Scores() == Scores({}, 0, 0)


def documents_of(name, *sides):
    """A pair of documents; an entity is its type and where it starts."""
    entities = [tuple(Entity(kind, ((at, at + 1),), "a") for kind, at in side) for side in sides]
    return tuple(Document(name, "aaaaa", side) for side in entities)


def test_documents_one_after_the_other():
    pairs = [
        documents_of("b", [("Y", 1), ("X", 2)], [("X", 2), ("X", 3)]),
        documents_of("a", [("X", 1)], [("X", 1)]),
    ]
    scored = score_documents(pairs)
    assert scored.per_document == {"b": Counts(1, 1, 1), "a": Counts(1, 0, 0)}
    assert scored.counts() == {"b": [1, 1, 1], "a": [1, 0, 0]}
    assert scored.scores == Scores({"X": Counts(2, 1, 0), "Y": Counts(0, 0, 1)})
    assert list(scored.scores.per_type) == ["X", "Y"]
    assert scored.taggable is None
    held = score_documents(pairs, lambda gold: [e for e in gold.entities if e.type == "X"])
    assert held.taggable == Scores({"X": Counts(2, 1, 0)})
    assert (held.scores, held.per_document) == (scored.scores, scored.per_document)
    with pytest.raises(ValueError, match="'b' occurs twice"):
        score_documents([*pairs, documents_of("b", [], [])])


def test_entities_match_by_type_and_offsets():
    entities = [Entity("X", ((0, 2), (4, 6)), "ab ef"), Entity("X", ((0, 2),), "ab")]
    assert spans_of(entities) == {("X", ((0, 2), (4, 6))), ("X", ((0, 2),))}
    assert spans_of([]) == set()


def test_results_name_the_headline_measure():
    named = named_measures()
    assert named.pop("headline") == "documents"
    assert set(named) == {"documents", *MODES}
    assert "all gold annotations" in named["documents"]
    assert all("that tags can represent" in named[mode] for mode in MODES)


@pytest.mark.parametrize(("gold", "predicted"), [([set()], []), ([], [set()])])
def test_spans_of_unequal_length(gold, predicted):
    with pytest.raises(ValueError, match="expected as many"):
        score_spans(gold, predicted)


def test_tags_of_unequal_length():
    with pytest.raises(ValueError, match="1 gold and 2 predicted sentences"):
        score_tags([["O"]], [["O"], ["O"]])
    with pytest.raises(ValueError, match="sentence 1 has 2 gold and 1 predicted tags"):
        score_tags([["O"], ["O", "O"]], [["O"], ["O"]])
    with pytest.raises(ParameterError, match="'entity', expected one of conll, bio, token, binary"):
        score_tags([], [], "entity")


def test_no_tokens_and_no_entities():
    nothing = score_tags([], [])
    assert nothing.micro == Counts() and nothing.macro == (0, 0, 0) and nothing.accuracy is None
    assert score_tags([["O"]], [["O"]]).accuracy == 1
    assert "micro average" in scores_table(nothing)


@pytest.mark.parametrize(
    "scores", [Scores(), Scores({"X": Counts(2, 1, 0)}), Scores({"X": Counts(1, 0, 3)}, 9, 5)]
)
def test_scores_are_read_back(scores):
    assert Scores.from_json(json.loads(json.dumps(scores.to_json()))) == scores


def test_scores_as_json():
    content = json.loads(json.dumps(score_tags(GOLD, PREDICTED).to_json()))
    assert content["micro"]["tp"] == 1 and content["macro"]["recall"] == 0.25
    assert content["per_type"]["DISO"] == Counts(1, 2, 1).to_json()


def test_the_report_of_conlleval():
    assert conlleval_report(score_tags(GOLD, PREDICTED)) == (
        "processed 9 tokens with 3 phrases; found: 4 phrases; correct: 1.\n"
        "accuracy:  55.56%; precision:  25.00%; recall:  33.33%; FB1:  28.57\n"
        "             CHED: precision:   0.00%; recall:   0.00%; FB1:   0.00  1\n"
        "             DISO: precision:  33.33%; recall:  50.00%; FB1:  40.00  3\n"
    )


def test_the_report_of_spans_without_tokens():
    lines = conlleval_report(score_spans([{("X", 0, 1)}], [set()])).splitlines()
    assert lines[0] == "processed 0 tokens with 1 phrases; found: 0 phrases; correct: 0."
    assert lines[1].startswith("accuracy:   0.00%; precision:   0.00%")


def test_the_table_to_the_letter():
    assert scores_table(score_tags(GOLD, PREDICTED)) == (
        "type                TP      FP      FN       P       R      F1\n"
        "CHED                 0       1       1    0.00    0.00    0.00\n"
        "DISO                 1       2       1   33.33   50.00   40.00\n"
        "--------------------------------------------------------------\n"
        "micro average        1       3       2   25.00   33.33   28.57\n"
        "macro average                            16.67   25.00   20.00\n"
    )


def test_the_table_is_aligned():
    lines = scores_table(score_tags(GOLD, PREDICTED)).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert lines[0].split() == ["type", "TP", "FP", "FN", "P", "R", "F1"]
    assert lines[2].split() == ["DISO", "1", "2", "1", "33.33", "50.00", "40.00"]
    assert lines[-2].split() == ["micro", "average", "1", "3", "2", "25.00", "33.33", "28.57"]
    assert lines[-1].split() == ["macro", "average", "16.67", "25.00", "20.00"]
