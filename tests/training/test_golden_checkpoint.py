"""Models that earlier versions saved still load, and still say what they said.

`model` is of the first format; `sealed_model` has the same weights under a sealed manifest.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from random_networks import decode, encode_words

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.dataset.batches import EXACT, make_batch
from neuroner_tl.dataset.encoding import encode_documents
from neuroner_tl.model.entity_lstm import create_network
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.training.checkpoint import load_model
from neuroner_tl.training.manifest import FORMAT, SEALED_FROM
from neuroner_tl.training.transfer import LayerChoice, plan_transfer

GOLDEN = Path(__file__).parents[1] / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))


@pytest.fixture(scope="module", params=["model", "sealed_model"])
def model(request):
    return load_model(GOLDEN / request.param)


def encode(model, text):
    document = tag_document(
        Document("text", text),
        get_tokenizer(model.text.tokenizer, model.text.language),
        model.text.tagging_format,
        protect_entities=False,
    )
    return document, *encode_documents([document], model.vocabulary)


def test_what_it_is(model):
    manifest = json.loads((model.folder / "manifest.json").read_text("utf-8"))
    expected = {"model": 1, "sealed_model": 2}[model.folder.name]
    assert manifest["format"] == expected <= FORMAT
    assert ("seal" in manifest) == (expected >= SEALED_FROM)
    assert manifest["labels"] == list(model.vocabulary.labels)
    assert model.text.tagging_format == "bioes" and model.text.tokenizer_identity == "alnum-1"
    assert model.architecture.peepholes == "full" and model.architecture.use_crf


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_scores_and_labels(model, number):
    """The network's scores in float32 are those of the equations in float64."""
    expected = EXPECTED[number]
    document, table, part = encode(model, expected["text"])
    assert [list(sentence.tokens) for sentence in document.sentences] == expected["tokens"]
    network = create_network(model.architecture, model.weights)
    sentences = np.arange(part.number_of_sentences)
    batch = make_batch(table, part, sentences, len(sentences), EXACT)
    scores = network.scores(
        network.token_embedding(batch.token_ids),
        encode_words(network, batch),
        tf.constant(batch.lengths),
    )
    labels = decode(network.sequence_optimisation, scores, batch.lengths)
    for row, length in enumerate(batch.lengths):
        np.testing.assert_allclose(scores[row, :length], expected["scores"][row], atol=2e-5)
        found = [model.vocabulary.labels[label] for label in labels[row, :length]]
        assert found == expected["labels"][row]


def test_entities(model):
    assert sum(len(expected["entities"]) for expected in EXPECTED) > 10
    predictor = Predictor(model)
    for expected in EXPECTED:
        found = [[e.type, e.start, e.end] for e in predictor.predict_text(expected["text"])]
        assert found == expected["entities"]


def test_it_can_be_transferred(model):
    shapes = {k: {n: v.shape for n, v in named.items()} for k, named in model.weights.items()}
    plan = plan_transfer(model, model.vocabulary, "bioes", shapes, LayerChoice())
    zeros = {k: {n: np.zeros(shape) for n, shape in named.items()} for k, named in shapes.items()}
    for layer, named in plan.apply(zeros).items():
        for name, value in named.items():
            np.testing.assert_array_equal(value, model.weights[layer][name])
