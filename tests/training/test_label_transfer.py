"""Labels: types mapped, merged and split, schemes converted; scores compared path by path."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroner_tl.corpora.text.tags import SCHEMES, convert_tags, may_follow, tags_to_spans
from neuroner_tl.dataset.vocabulary import labels_of_types
from neuroner_tl.errors import TransferError
from neuroner_tl.training.label_transfer import LabelSet, match_labels

WEIGHTS = ("kernel", "bias", "transitions", "start", "end")
# The offsets, written down again: a test that imports them holds nothing.
UNSEEN, FORBIDDEN = 5.0, 10.0


def label_set(scheme, *types):
    return LabelSet(labels_of_types(types, scheme), scheme)


def draw(labels, seed, hidden=3):
    rng = np.random.default_rng(seed)
    k = len(labels.labels)
    shapes = {"kernel": (hidden, k), "bias": (k,), "transitions": (k, k), "start": (k,)}
    shapes["end"] = (k,)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def transferred(match, seed=1):
    theirs = draw(match.source, seed)
    found = {name: match.transfer(name, theirs[name]) for name in WEIGHTS}
    expected = draw(match.target, seed)
    assert {n: v.shape for n, v in found.items()} == {n: v.shape for n, v in expected.items()}
    return theirs, found


def path_score(weights, x, path):
    """Score of a sequence of label numbers over token vectors ``[time, hidden]``."""
    unary = x @ weights["kernel"] + weights["bias"]
    total = weights["start"][path[0]] + weights["end"][path[-1]]
    total += sum(unary[t, label] for t, label in enumerate(path))
    return total + sum(weights["transitions"][a, b] for a, b in zip(path, path[1:]))


def well_formed(tags, scheme):
    return list(convert_tags(tags, scheme)) == list(tags)


@given(
    scheme=st.sampled_from(SCHEMES),
    tags=st.lists(st.sampled_from(["O", *(f"{p}-{t}" for p in "BIES" for t in "XY")]), max_size=6),
)
def test_may_follow_is_what_conversion_leaves_alone(scheme, tags):
    if scheme == "bio":
        tags = [tag.replace("E-", "I-").replace("S-", "B-") for tag in tags]
    chain = ["O", *tags, "O"]
    assert well_formed(tags, scheme) == all(
        may_follow(a, b, scheme) for a, b in zip(chain, chain[1:])
    )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_equal_labels_are_copied_bit_for_bit(scheme):
    labels = label_set(scheme, "DISO", "CHED")
    theirs, found = transferred(match_labels(labels, labels))
    for name in WEIGHTS:
        np.testing.assert_array_equal(found[name], theirs[name])
        assert found[name].dtype == theirs[name].dtype


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_mapped_type_takes_its_rows_bit_for_bit(scheme):
    source, target = label_set(scheme, "PRGE"), label_set(scheme, "DISO", "GENE")
    match = match_labels(source, target, (("PRGE", "GENE"),))
    theirs, found = transferred(match)
    ours = [target.labels.index(name.replace("PRGE", "GENE")) for name in source.labels]
    for name in ("kernel", "bias", "start", "end"):
        np.testing.assert_array_equal(found[name][..., ours], theirs[name])
    np.testing.assert_array_equal(found["transitions"][np.ix_(ours, ours)], theirs["transitions"])
    assert match.named_origins()["B-GENE"] == ["B-PRGE"]
    assert match.named_origins()["B-DISO"] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_new_type_was_outside_to_the_source(scheme):
    source, target = label_set(scheme, "PRGE"), label_set(scheme, "DISO", "PRGE")
    theirs, found = transferred(match_labels(source, target))
    for j, label in enumerate(target.labels):
        if label.endswith("DISO"):
            np.testing.assert_array_equal(found["kernel"][:, j], theirs["kernel"][:, 0])
            assert found["bias"][j] == theirs["bias"][0] - np.float32(UNSEEN)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_new_types_label_has_odds_of_e_to_minus_5_against_outside(scheme):
    source, target = label_set(scheme, "PRGE"), label_set(scheme, "DISO", "PRGE")
    _, found = transferred(match_labels(source, target))
    x = np.random.default_rng(3).normal(size=(4, 3))
    unary = x @ found["kernel"] + found["bias"]
    for j, label in enumerate(target.labels):
        odds = np.exp(unary[:, j] - unary[:, 0])
        if label.endswith("DISO"):
            np.testing.assert_allclose(odds, np.exp(-5.0), rtol=1e-5)


@given(
    schemes=st.sampled_from([("bio", "bio"), ("bioes", "bioes"), ("bio", "bioes")]),
    tags=st.lists(st.sampled_from(["O", *(f"{p}-{t}" for p in "BIES" for t in "XY")]), min_size=1),
    seed=st.integers(0, 10**6),
)
def test_a_sequence_with_a_new_type_scores_lower_than_with_outside(schemes, tags, seed):
    """So nothing that the source finds is lost or added before the first step."""
    source, target = label_set(schemes[0], "X"), label_set(schemes[1], "X", "Y")
    if schemes[1] == "bio":
        tags = [tag.replace("E-", "I-").replace("S-", "B-") for tag in tags]
    _, found = transferred(match_labels(source, target), seed)
    x = np.random.default_rng(seed).normal(size=(len(tags), 3)).astype(np.float32)
    path = [target.labels.index(tag) for tag in tags]
    without = [0 if tag.endswith("Y") else number for tag, number in zip(tags, path)]
    less = UNSEEN * sum(tag.endswith("Y") for tag in tags)
    assert path_score(found, x, path) <= path_score(found, x, without) - less + 1e-3


def test_without_a_map_only_equal_names_match():
    match = match_labels(label_set("bio", "PRGE", "CHED"), label_set("bio", "CHED", "GENE"))
    assert match.named_origins() == {
        "O": ["O"],
        "B-CHED": ["B-CHED"],
        "I-CHED": ["I-CHED"],
        "B-GENE": [],
        "I-GENE": [],
    }


def test_a_type_that_is_mapped_no_longer_stands_for_its_own_name():
    both = label_set("bio", "CHED", "DISO")
    origins = match_labels(both, both, (("CHED", "DISO"),)).named_origins()
    assert origins["B-CHED"] == [] and origins["B-DISO"] == ["B-CHED", "B-DISO"]


def test_several_types_become_one():
    source, target = label_set("bioes", "DNA", "PRGE"), label_set("bioes", "GENE")
    match = match_labels(source, target, (("PRGE", "GENE"), ("DNA", "GENE")))
    theirs, found = transferred(match)
    their, our = source.labels.index, target.labels.index
    for prefix in "BIES":
        both = [their(f"{prefix}-DNA"), their(f"{prefix}-PRGE")]
        j = our(f"{prefix}-GENE")
        for name in ("bias", "start", "end"):
            assert found[name][j] == pytest.approx(theirs[name][both].mean(), abs=1e-6)
        np.testing.assert_allclose(
            found["kernel"][:, j], theirs["kernel"][:, both].mean(axis=1), atol=1e-6
        )
    t = theirs["transitions"]
    # Inside an entity: only from entities of one type.
    inside = (t[their("B-DNA"), their("I-DNA")] + t[their("B-PRGE"), their("I-PRGE")]) / 2
    assert found["transitions"][our("B-GENE"), our("I-GENE")] == pytest.approx(inside, abs=1e-6)
    # From one entity to the next: all four.
    between = t[np.ix_([their("E-DNA"), their("E-PRGE")], [their("B-DNA"), their("B-PRGE")])]
    assert found["transitions"][our("E-GENE"), our("B-GENE")] == pytest.approx(
        between.mean(), abs=1e-6
    )


def test_one_type_becomes_several_and_no_entity_changes_its_type():
    source, target = label_set("bio", "PRGE"), label_set("bio", "GENE", "PROTEIN")
    match = match_labels(source, target, (("PRGE", "GENE"), ("PRGE", "PROTEIN")))
    theirs, found = transferred(match)
    our = target.labels.index
    for ours in ("GENE", "PROTEIN"):
        assert found["bias"][our(f"B-{ours}")] == theirs["bias"][1]
        assert (
            found["transitions"][our(f"B-{ours}"), our(f"I-{ours}")] == theirs["transitions"][1, 2]
        )
    crossing = found["transitions"][our("B-GENE"), our("I-PROTEIN")]
    assert crossing == pytest.approx(theirs["transitions"][1, 2] - FORBIDDEN, abs=1e-5)


@given(seed=st.integers(0, 10**6), length=st.integers(1, 5))
@settings(max_examples=30)
def test_bioes_from_bio_scores_every_sequence_of_entities_as_the_source_does(seed, length):
    """All sequences of a sentence, by brute force: equal scores, and the same best entities."""
    source, target = label_set("bio", "DISO"), label_set("bioes", "DISO")
    theirs, found = transferred(match_labels(source, target), seed)
    # A source that has learned what an ill-formed sequence is.
    outside, inside = 0, source.labels.index("I-DISO")
    theirs["transitions"][outside, inside] = theirs["start"][inside] = -30
    found = {n: match_labels(source, target).transfer(n, theirs[n]) for n in WEIGHTS}
    x = np.random.default_rng(seed).normal(size=(length, 3)).astype(np.float32)
    best = {}
    for labels, weights in ((source, theirs), (target, found)):
        scores = {
            path: path_score(weights, x, path)
            for path in itertools.product(range(len(labels.labels)), repeat=length)
        }
        top = max(scores, key=scores.get)
        best[labels.scheme] = tags_to_spans([labels.labels[i] for i in top])
        if labels is source:
            bio = scores
            continue
        for path, score in scores.items():
            tags = [target.labels[i] for i in path]
            if well_formed(tags, "bioes"):
                image = tuple(source.labels.index(tag) for tag in convert_tags(tags, "bio"))
                assert score == pytest.approx(bio[image], abs=1e-4)
    assert best["bio"] == best["bioes"]


def test_bioes_from_bio_makes_ill_formed_sequences_unlikely():
    source, target = label_set("bio", "DISO"), label_set("bioes", "DISO")
    theirs, found = transferred(match_labels(source, target))
    our = target.labels.index
    b, i = 1, 2
    assert found["transitions"][our("S-DISO"), 0] == theirs["transitions"][b, 0]
    assert found["transitions"][our("B-DISO"), 0] == pytest.approx(
        theirs["transitions"][b, 0] - FORBIDDEN
    )
    assert found["end"][our("I-DISO")] == pytest.approx(theirs["end"][i] - FORBIDDEN)
    assert found["end"][our("E-DISO")] == theirs["end"][i]
    assert found["start"][our("S-DISO")] == theirs["start"][b]
    # Ill-formed in both: as the source has learned it.
    assert found["transitions"][0, our("I-DISO")] == theirs["transitions"][0, i]


def test_bio_from_bioes():
    source, target = label_set("bioes", "DISO"), label_set("bio", "DISO")
    match = match_labels(source, target)
    theirs, found = transferred(match)
    assert match.named_origins() == {
        "O": ["O"],
        "B-DISO": ["B-DISO", "S-DISO"],
        "I-DISO": ["I-DISO", "E-DISO"],
    }
    their = source.labels.index
    t = theirs["transitions"]
    assert found["transitions"][1, 0] == t[their("S-DISO"), 0]
    assert found["transitions"][2, 0] == t[their("E-DISO"), 0]
    expected = (t[their("B-DISO"), their("I-DISO")] + t[their("B-DISO"), their("E-DISO")]) / 2
    assert found["transitions"][1, 2] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("pair", "side"),
    [
        (("GENE", "PRGE"), "the pretrained model has no type GENE, only CHED, PRGE"),
        (("PRGE", "GEN"), "but this corpus has no type GEN, only DISO, GENE"),
    ],
)
def test_a_map_that_names_no_type(pair, side):
    source, target = label_set("bio", "CHED", "PRGE"), label_set("bioes", "DISO", "GENE")
    with pytest.raises(TransferError) as caught:
        match_labels(source, target, (pair,))
    assert side in str(caught.value) and ":".join(pair) in str(caught.value)
