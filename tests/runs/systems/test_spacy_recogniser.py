"""spaCy's recogniser on arrays: tags in its letters, seeds, weights, and what it learns."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_dataset import TAGS, tiny_dataset

from neuroner_tl.errors import ParameterError
from neuroner_tl.runs.systems import spacy_recogniser
from neuroner_tl.runs.systems.spacy_recogniser import (
    SpacyRecogniser,
    _biluo,
    require_spacy,
    sentence_docs,
)


def test_tags_in_the_letters_of_spacy():
    bioes = ["O", "S-X", "B-X", "I-X", "E-X", "B-Y", "E-Y"]
    expected = ["O", "U-X", "B-X", "I-X", "L-X", "B-Y", "L-Y"]
    assert _biluo(bioes) == expected
    assert _biluo(["O", "B-X", "B-X", "I-X", "I-X", "B-Y", "I-Y"]) == expected


def test_a_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(spacy_recogniser, "find_spec", lambda name: None)
    with pytest.raises(ParameterError, match=r'system = spacy needs .* pip install "\.\[spacy\]"'):
        require_spacy("system = spacy")


pytest.importorskip("spacy", reason="spaCy is an extra; pip install '.[spacy]'")

DATASET = tiny_dataset(lengths=(3, 1, 7, 4, 9, 2))


def tags_of(recogniser, part):
    labels = recogniser.tag(DATASET.word_table, DATASET.parts[part])
    return [DATASET.vocabulary.labels[label] for label in labels]


def test_sentences_keep_their_tokens():
    import spacy

    part = DATASET.parts["train"]
    docs = sentence_docs(spacy.blank("en").vocab, DATASET.word_table, part)
    assert [len(doc) for doc in docs] == part.lengths.tolist()
    words = [DATASET.word_table.words[word] for word in part.words]
    assert [token.text for doc in docs for token in doc] == words


def test_unknown_tokens_are_neither_inside_nor_outside_of_an_entity():
    part = DATASET.parts["train"]
    outside = DATASET.vocabulary.labels.index("O")
    unknown = np.flatnonzero(part.labels == outside)[:2]
    assert len(unknown) == 2
    parts = {**DATASET.parts, "train": replace(part, unknown_tokens=unknown)}
    recogniser = SpacyRecogniser(replace(DATASET, parts=parts), "bioes", seed=0)
    tags = [tag for example in recogniser._examples for tag in example.get_aligned_ner()]
    assert np.flatnonzero([tag is None for tag in tags]).tolist() == unknown.tolist()


@pytest.fixture(scope="module")
def trained():
    """A recogniser that has learned its train part, and its weights before and after."""
    recogniser = SpacyRecogniser(DATASET, "bioes", seed=0)
    first = recogniser.weights()
    losses = [recogniser.train_epoch(epoch) for epoch in range(1, 41)]
    return recogniser, first, recogniser.weights(), losses


def test_it_learns_the_sentences_it_is_trained_on(trained):
    recogniser, _, _, losses = trained
    assert losses[-1] < losses[0] / 2
    # The tags were drawn at random, so that they hold unfinished entities: these are read as whole.
    names = DATASET.vocabulary.labels
    gold = [names[label] for label in DATASET.parts["train"].labels]
    found = tags_of(recogniser, "train")
    assert set(found) <= set(TAGS)
    inside = np.array([tag != "O" for tag in gold])
    assert np.mean(inside == np.array([tag != "O" for tag in found])) > 0.9


def test_weights_are_restored(trained):
    recogniser, first, last, _ = trained
    after = tags_of(recogniser, "train")
    recogniser.restore(first)
    assert tags_of(recogniser, "train") != after
    recogniser.restore(last)
    assert tags_of(recogniser, "train") == after


def test_a_seed_decides_everything():
    def losses(seed):
        recogniser = SpacyRecogniser(DATASET, "bioes", seed)
        return [recogniser.train_epoch(epoch) for epoch in (1, 2)]

    assert losses(3) == losses(3)
    assert losses(3) != losses(4)
