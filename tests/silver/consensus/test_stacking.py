"""The classifier of candidate spans: what it learns from gold, and that it does not fool itself."""

from __future__ import annotations

import numpy as np
import pytest

from neuroner_tl.errors import CorpusError
from neuroner_tl.silver.consensus.harmonise import Given, Span
from neuroner_tl.silver.consensus.label_model import learn_label_model
from neuroner_tl.silver.consensus.stacking import CandidateClassifier, learn_classifier

NAMES = ("a", "b", "c")


def sample(
    documents: int, unique: bool, seed: int = 0
) -> tuple[list[str], list[Given], list[set[Span]]]:
    """Return texts in which "gout" is always a mention and "patients", that "a" marks, never.

    Unique texts have a number after each word, so that no two are alike.
    """
    random = np.random.default_rng(seed)
    texts, spans, gold = [], [], []
    for document in range(documents):
        text, found, right = "", {name: [] for name in NAMES}, set()
        for position, word in enumerate(("gout", "patients", "fever") * 2):
            text += "we saw "
            surface = f"{word}{document * 10 + position}" if unique else word
            span = (len(text), len(text) + len(surface))
            text += surface + " and "
            is_right = word == "gout" or (word == "fever" and random.random() < 0.5)
            if is_right:
                right.add(span)
            for name, recall in zip(NAMES, (0.9, 0.8, 0.7)):
                if random.random() < (recall if is_right else 0.1):
                    found[name].append(span)
            if word == "patients" and span not in found["a"]:
                found["a"].append(span)
        texts.append(text)
        spans.append({name: sorted(found[name]) for name in NAMES})
        gold.append(right)
    return texts, spans, gold


def learned(documents: int, unique: bool) -> CandidateClassifier:
    texts, spans, gold = sample(documents, unique)
    return learn_classifier(learn_label_model(NAMES, texts, spans), texts, spans, gold)


def test_what_gold_never_annotates_is_improbable_and_what_it_always_does_is_not() -> None:
    classifier = learned(60, unique=False)
    text = "gout of patients"
    (posterior,) = classifier.posteriors([text], [{"a": [(0, 4), (8, 16)], "b": [(0, 4)], "c": []}])
    probability = dict(posterior.candidates)
    assert probability[0, 4] > 0.5 > 0.1 > probability[8, 16]
    assert posterior.inside.tolist() == [probability[0, 4], 0.0, probability[8, 16]]
    weights = classifier.to_json()["weights"]
    assert weights["right in gold"] > 1 and weights["wrong in gold"] < -1


def test_texts_are_counted_in_other_documents_than_they_are_learned_from() -> None:
    # Counted in its own document, each unique text would tell whether it is right.
    weights = learned(60, unique=True).to_json()["weights"]
    assert weights["right in gold"] == weights["wrong in gold"] == weights["seen in gold"] == 0
    assert weights["b, exact"] > 0


def test_later_all_documents_count() -> None:
    classifier = learned(60, unique=False)
    good, bad = classifier.texts["patients"]
    assert good == 0 and bad == 120


def test_probabilities_equal_the_logistic_function_of_the_features() -> None:
    classifier = learned(40, unique=False)
    texts, spans, _ = sample(1, unique=False, seed=5)
    (posterior,) = classifier.posteriors(texts, spans)
    assert list(dict(posterior.candidates)) == sorted(dict(posterior.candidates))
    assert all(0 < probability < 1 for _, probability in posterior.candidates)
    for (start, end), inside in zip(posterior.tokens, posterior.inside):
        covering = [p for (s, e), p in posterior.candidates if s < end and start < e]
        assert inside == max(covering, default=0)
    assert classifier.to_json() == learned(40, unique=False).to_json()


def test_a_text_without_candidates_and_a_sample_without_mistakes() -> None:
    classifier = learned(40, unique=False)
    nothing: Given = {name: [] for name in NAMES}
    first, second = classifier.posteriors(["", "no name here"], [nothing, nothing])
    assert list(first.candidates) == [] and list(first.inside) == []
    assert second.inside.tolist() == [0, 0, 0]
    texts, spans, _ = sample(5, unique=False)
    everything = [{span for found in given.values() for span in found} for given in spans]
    with pytest.raises(CorpusError, match="take a larger sample"):
        learn_classifier(classifier.label_model, texts, spans, everything)
