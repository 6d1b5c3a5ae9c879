"""The best taggings of a sentence against all of its taggings."""

import numpy as np
import pytest
from drawn_marginals import draw, marginals_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_network import all_paths

from neuroner_tl.corpora.document import Document
from neuroner_tl.dataset.vocabulary import labels_of_types
from neuroner_tl.errors import ParameterError
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.prediction.taggings import best_taggings


def enumerated(scores, crf, classes, temperature):
    """Labels and probability of every tagging, the most probable first."""
    zero = np.zeros(classes)
    ends = (
        (crf["transitions"], crf["start"], crf["end"])
        if crf
        else (np.zeros((classes, classes)), zero, zero)
    )
    paths = [(list(path), score / temperature) for path, score in all_paths(scores, *ends)]
    normaliser = np.logaddexp.reduce([score for _, score in paths])
    return sorted(((p, np.exp(s - normaliser)) for p, s in paths), key=lambda item: -item[1])


@given(
    seed=st.integers(0, 10**6),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    number=st.sampled_from([1, 2, 5, 40]),
    temperature=st.sampled_from([0.5, 1.0, 3.0]),
    crf=st.booleans(),
)
@settings(max_examples=25)
def test_any_sentences_against_enumeration(seed, lengths, number, temperature, crf):
    names = labels_of_types(("DISO",), "bioes")
    sentences, weights = draw(seed, names, lengths, crf=crf)
    marginals = marginals_of(sentences, weights, names, temperature)
    start = 0
    for scores in sentences:
        expected = enumerated(scores, weights, len(names), temperature)[:number]
        found = best_taggings(marginals, start, start + len(scores), number)
        assert [labels for labels, _ in found] == [labels for labels, _ in expected]
        np.testing.assert_allclose(
            [value for _, value in found], [value for _, value in expected], rtol=1e-9
        )
        start += len(scores)


def test_all_taggings_add_up_to_one():
    names = labels_of_types(("DISO",), "bio")
    (scores,), weights = draw(0, names, [4])
    marginals = marginals_of([scores], weights, names)
    found = best_taggings(marginals, 0, 4, 1000)
    assert len(found) == len({tuple(labels) for labels, _ in found}) == 3**4
    assert sum(value for _, value in found) == pytest.approx(1)


def test_a_long_sentence_that_is_sure():
    names = labels_of_types(("DISO",), "bio")
    (scores,), weights = draw(0, names, [300], scale=20.0)
    found = best_taggings(marginals_of([scores], weights, names), 0, 300, 3)
    values = [value for _, value in found]
    assert 0 < values[2] <= values[1] <= values[0] <= 1


@pytest.fixture(scope="module")
def predictor(source_run):
    return Predictor(source_run.folder.model)


@pytest.fixture(scope="module")
def documents(corpora):
    paths = sorted((corpora.gold / "test").glob("*.txt"))
    return [Document("empty", ""), *(Document(p.stem, p.read_text("utf-8")) for p in paths)]


def test_the_best_one_is_what_is_predicted(predictor, documents):
    predicted = list(predictor.predict(documents))
    found = list(predictor.taggings(documents, 3))
    assert [item.document for item in found] == documents and found[0].sentences == ()
    count = 0
    for document, (_, sentences) in zip(predicted, found):
        entities = [entity for sentence in sentences for entity in sentence.best[0].entities]
        assert entities == list(document.entities)
        assert [e.probability for e in entities] == pytest.approx(
            [e.probability for e in document.entities]
        )
        count += len(entities)
    assert count > 5


def test_each_tagging_and_its_tokens(predictor, documents):
    labels = list(predictor.vocabulary.labels)
    analyses = predictor.analyse(documents)
    for (document, sentences), analysis in zip(predictor.taggings(documents, 4), analyses):
        outside = [1 - s.marginals[:, labels.index("O")] for s in sentences]
        np.testing.assert_allclose(
            np.concatenate([np.zeros(0), *outside]), analysis.probabilities.sum(axis=1), atol=1e-5
        )
        for sentence in sentences:
            np.testing.assert_allclose(sentence.marginals.sum(axis=1), 1, atol=1e-5)
            values = [tagging.probability for tagging in sentence.best]
            assert len(values) == 4 and values == sorted(values, reverse=True)
            assert sum(values) <= 1 + 1e-5
            for token, start, end in zip(sentence.tokens, sentence.starts, sentence.ends):
                assert document.text[start:end] == token
            for tagging in sentence.best:
                assert len(tagging.tags) == len(sentence.tokens)
                for entity in tagging.entities:
                    assert document.text[entity.start : entity.end] == entity.text
                    # The tagging is one of those that hold the mention.
                    assert entity.probability >= tagging.probability - 1e-5


def test_a_number_out_of_range(predictor):
    with pytest.raises(ParameterError, match="number of taggings: found 0, expected at least 1"):
        next(predictor.taggings([Document("1", "Gout.")], 0))
