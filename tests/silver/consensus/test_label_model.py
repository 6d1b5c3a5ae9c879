"""The label model: exact posteriors, reliability without gold, annotators that err alike."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.consensus.label_model import LabelModel, learn_label_model

NAMES = ("one", "two", "three")
# (probability that a mention is marked, that a word outside is)
RELIABILITY = {"one": (0.9, 0.01), "two": (0.6, 0.002), "three": (0.4, 0.05)}


def _text(number_of_words):
    return " ".join(f"w{number}" for number in range(number_of_words))


def _span(text, first, past):
    words = text.split(" ")
    start = len(" ".join(words[:first])) + (first > 0)
    return start, start + len(" ".join(words[first:past]))


def _simulated(documents, words=40, seed=0, reliability=RELIABILITY):
    """Return texts, marks of annotators that err independently, and the true spans."""
    random = np.random.default_rng(seed)
    texts, marks, truth = [], [], []
    for _ in range(documents):
        text = _text(words)
        position, spans = 0, []
        while position < words:
            if random.random() < 0.1:
                length = min(1 + int(random.integers(3)), words - position)
                spans.append(_span(text, position, position + length))
                # A mention is followed by a word outside, as nearly always in a text.
                position += length + 1
            else:
                position += 1
        given = {}
        for name, (recall, false_alarms) in reliability.items():
            found = [span for span in spans if random.random() < recall]
            for word in range(words):
                span = _span(text, word, word + 1)
                if random.random() < false_alarms and not any(
                    span[0] < end and start < span[1] for start, end in [*spans, *found]
                ):
                    found.append(span)
            given[name] = [Mark(*span) for span in sorted(found)]
        texts.append(text)
        marks.append(given)
        truth.append(set(spans))
    return texts, marks, truth


def _any_model(seed=0):
    """Return a model with arbitrary parameters."""
    random = np.random.default_rng(seed)
    transitions = random.dirichlet(np.ones(3), 3)
    transitions[0, 2] = 0
    transitions /= transitions.sum(1, keepdims=True)
    return LabelModel(
        NAMES,
        np.array([0.7, 0.3, 0.0]),
        transitions,
        random.dirichlet(np.ones(7), (3, 3)),
        np.array([1.0, 0.5, 0.25]),
    )


def _said(marks, words):
    """Return what each annotator says of each word, by the definition of symbols."""
    text = _text(words)
    table = []
    for name in NAMES:
        if name not in marks:
            table.append([None] * words)
            continue
        row = [0] * words
        for mark in marks[name]:
            level = 2 if mark.probability >= 0.9 else 1 if mark.probability >= 0.5 else 0
            inside = [
                word
                for word in range(words)
                if mark.start <= _span(text, word, word + 1)[0] < mark.end
            ]
            for word in inside:
                row[word] = (1 if word == inside[0] else 2) + 2 * level
        table.append(row)
    return table


def _enumerated(model, marks, words):
    """Return the probability of every sequence of states, by going through all of them."""
    said = _said(marks, words)
    weights = {}
    for states in product(range(3), repeat=words):
        weight = model.initial[states[0]]
        for before, state in zip(states, states[1:]):
            weight *= model.transitions[before, state]
        for number, row in enumerate(said):
            for state, symbol in zip(states, row):
                if symbol is not None:
                    weight *= model.emissions[number, state, symbol] ** model.weights[number]
        weights[states] = weight
    total = sum(weights.values())
    return {states: weight / total for states, weight in weights.items()}


@pytest.mark.parametrize("words", [1, 2, 5])
def test_posteriors_equal_those_of_going_through_all_states(words):
    text = _text(words)
    last = _span(text, words - 1, words)
    marks = [
        {"one": [Mark(*_span(text, 0, min(2, words)))], "two": [Mark(*last, 0.6)], "three": []},
        {"two": [Mark(*_span(text, 0, words), 0.95)], "one": [Mark(*last, 0.2)]},
    ]
    model = _any_model()
    for given, found in zip(marks, model.posteriors([text, text], marks)):
        expected = _enumerated(model, given, words)
        for word in range(words):
            inside = sum(p for states, p in expected.items() if states[word])
            assert found.inside[word] == pytest.approx(inside, abs=1e-12)
        spans = [_span(text, first, past) for first, past in _pairs(words)]
        assert found.candidates
        assert {span for span, _ in found.candidates} <= set(spans)
        for span, probability in found.candidates:
            first, past = _pairs(words)[spans.index(span)]
            exact = sum(
                p
                for states, p in expected.items()
                if states[first:past] == (1, *[2] * (past - first - 1))
                and (past == words or states[past] != 2)
            )
            assert probability == pytest.approx(exact, abs=1e-12)


def _pairs(words):
    return [(first, past) for first in range(words) for past in range(first + 1, words + 1)]


def test_posteriors_do_not_depend_on_the_other_documents():
    texts, marks, _ = _simulated(4)
    texts[1], marks[1] = "", {name: [] for name in NAMES}
    texts[2], marks[2] = "w0 w1", {"one": [Mark(0, 2)]}
    model = _any_model()
    together = list(model.posteriors(texts, marks))
    for text, given, found in zip(texts, marks, together):
        (alone,) = model.posteriors([text], [given])
        assert [span for span, _ in found.candidates] == [span for span, _ in alone.candidates]
        assert [p for _, p in found.candidates] == pytest.approx([p for _, p in alone.candidates])
        np.testing.assert_allclose(found.inside, alone.inside, rtol=1e-12)


def test_reliabilities_are_found_without_gold():
    texts, marks, truth = _simulated(400)
    model = learn_label_model(NAMES, texts, marks)
    content = model.to_json()["annotators"]
    for name, (recall, false_alarms) in RELIABILITY.items():
        # The assumption before learning draws them towards its own, 0.65 and 0.03.
        assert content[name]["recall"] == pytest.approx(recall, abs=0.12)
        assert content[name]["false_alarms"] == pytest.approx(false_alarms, abs=0.02)
    assert content["one"]["recall"] > content["two"]["recall"] > content["three"]["recall"]
    # Annotators that err independently keep nearly all of their evidence.
    assert model.weights.min() > 0.8
    right = found = expected = 0
    for posterior, spans in zip(model.posteriors(texts, marks), truth):
        chosen = {span for span, probability in posterior.candidates if probability > 0.5}
        right += len(chosen & spans)
        found += len(chosen)
        expected += len(spans)
    # The best annotator alone: recall 0.9 at a precision of 0.9.
    best = sum(len({m[:2] for m in given["one"]} & spans) for given, spans in zip(marks, truth))
    given = sum(len(given["one"]) for given in marks)
    assert 2 * right / (found + expected) > 2 * best / (given + expected) + 0.01


def test_two_that_always_agree_count_as_one():
    texts, marks, _ = _simulated(200)
    copied = [{**given, "copy": given["three"]} for given in marks]
    model = learn_label_model([*NAMES, "copy"], texts, copied)
    weights = dict(zip(model.annotators, model.weights))
    assert weights["three"] == pytest.approx(0.5, abs=0.06)
    assert weights["copy"] == weights["three"]
    assert weights["one"] > 0.7


def test_silence_outside_the_covered_documents_is_no_vote():
    texts, marks, _ = _simulated(300)
    whole = learn_label_model(NAMES, texts, marks).to_json()["annotators"]["one"]["recall"]
    few = [
        given if number % 5 == 0 else {n: found for n, found in given.items() if n != "one"}
        for number, given in enumerate(marks)
    ]
    some = learn_label_model(NAMES, texts, few).to_json()["annotators"]["one"]["recall"]
    silent = [
        given if number % 5 == 0 else {**given, "one": []} for number, given in enumerate(marks)
    ]
    none = learn_label_model(NAMES, texts, silent).to_json()["annotators"]["one"]["recall"]
    assert some == pytest.approx(whole, abs=0.08)
    assert none < 0.5


def test_probabilities_of_an_annotator_are_evidence():
    texts, marks, truth = _simulated(300)
    random = np.random.default_rng(1)
    # "three" knows where it is right.
    for given, spans in zip(marks, truth):
        given["three"] = [
            mark._replace(probability=0.95 if mark[:2] in spans else random.uniform(0, 0.5))
            for mark in given["three"]
        ]
    model = learn_label_model(NAMES, texts, marks)
    sure = {"one": [], "two": [], "three": [Mark(0, 2, 0.95)]}
    unsure = {**sure, "three": [Mark(0, 2, 0.1)]}
    high, low = model.posteriors([texts[0]] * 2, [sure, unsure])
    assert high.candidates[0][1] > 10 * low.candidates[0][1]


def test_learning_is_deterministic_and_needs_three():
    texts, marks, _ = _simulated(30)
    one, other = (learn_label_model(NAMES, texts, marks) for _ in range(2))
    assert one.to_json() == other.to_json()
    with pytest.raises(ValueError, match="needs 3"):
        learn_label_model(NAMES[:2], texts, marks)
    assert replace(one, weights=np.ones(3)).to_json() != one.to_json()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("texts", "third_covers"), [([_text(5)] * 4, ()), (["", "  "], (0, 1)), ([], ())]
)
def test_what_nothing_is_known_of_keeps_what_was_assumed(texts, third_covers):
    """An annotator may cover none of the documents, and documents may have no words."""
    marks = [
        {name: [] for name in NAMES if name != "three" or number in third_covers}
        for number in range(len(texts))
    ]
    model = learn_label_model(NAMES, texts, marks)
    assert np.isfinite(model.emissions).all()
    assert np.isfinite(model.weights).all()
    (found,) = model.posteriors(["Asthma persists."], [{name: [(0, 6)] for name in NAMES}])
    assert 0.5 < found.candidates[0][1] <= 1


@pytest.mark.filterwarnings("error")
def test_the_evidence_of_very_many_annotators_does_not_become_zero():
    """Hundreds of them speak against every state that a first word can have."""
    names = tuple(f"annotator {number}" for number in range(400))
    model = _any_model()
    emissions = np.full((len(names), 3, 7), 1e-3)
    emissions[:, 2, 5] = 0.9
    many = replace(model, annotators=names, emissions=emissions, weights=np.ones(len(names)))
    (found,) = many.posteriors(["Asthma persists."], [{name: [(0, 6)] for name in names}])
    assert 0 <= found.candidates[0][1] <= 1
    assert np.isfinite(found.inside).all()


def test_one_long_text_does_not_make_the_others_as_long():
    """Documents are computed together; a full text among abstracts must not take gigabytes."""
    words = 20_000
    texts = [*["Asthma persists."] * 60, _text(words), *["Asthma persists."] * 60]
    marks = [{name: [] for name in NAMES} for _ in texts]
    model = _any_model()
    tracemalloc.start()
    found = list(model.posteriors(texts, marks))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [len(one.inside) for one in found[59:62]] == [3, words, 3]
    assert peak < 60e6
