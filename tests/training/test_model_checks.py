"""Sizes on which manifest and parameters agree are still compared with the weights."""

import json
from dataclasses import replace

import pytest
import tensorflow as tf

from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import CheckpointError
from neuroner_tl.model.entity_lstm import Architecture, create_network, initial_weights
from neuroner_tl.parameters.files import load_parameters, write_parameters
from neuroner_tl.training.checkpoint import load_model, save_model
from neuroner_tl.training.manifest import seal_of

VOCABULARY = Vocabulary(("<UNK>", "a", "b"), ("", "<UNK>", "x"), ("O", "B-D", "I-D"))
ARCHITECTURE = Architecture(3, 4, 5, 2, 3)
TEXT = TextIdentity("alnum", "alnum-1", "rules-1", "en", "bio")
# For each size its parameter, and the weight that has it.
SIZES = {
    "token_dimension": ("token_embedding_dimension", "token_embeddings/embedding"),
    "token_hidden": ("token_lstm_hidden_state_dimension", "token_lstm/projection_bias"),
    "character_dimension": ("character_embedding_dimension", "character_embeddings/embedding"),
    "character_hidden": (
        "character_lstm_hidden_state_dimension",
        "character_lstm/forward_recurrent",
    ),
}


def weights_of(architecture):
    drawn = initial_weights(architecture, len(VOCABULARY.tokens), len(VOCABULARY.characters), 0)
    return {k: dict(named) for k, named in create_network(architecture, drawn).weights.items()}


def save(folder, weights, stated):
    """Save weights with manifest and parameters that state an architecture of other sizes."""
    VOCABULARY.save(folder / "vocabulary.json")
    values = {parameter: getattr(stated, size) for size, (parameter, _) in SIZES.items()}
    values.update(use_character_lstm=stated.use_character_lstm, tagging_format="bio")
    write_parameters(load_parameters(None, values), folder / "parameters.ini")
    save_model(folder, {"weights": weights}, stated, TEXT, VOCABULARY.labels, {}, "1")


def refusal(folder):
    with pytest.raises(CheckpointError) as caught:
        load_model(folder)
    return str(caught.value)


@pytest.mark.parametrize("characters", [True, False])
def test_sizes_that_fit(tmp_path, characters):
    architecture = replace(ARCHITECTURE, use_character_lstm=characters)
    save(tmp_path, weights_of(architecture), architecture)
    assert load_model(tmp_path).architecture == architecture


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize(
    ("characters", "size"),
    [*((True, size) for size in SIZES), (False, "token_dimension"), (False, "token_hidden")],
)
def test_sizes_that_do_not_fit(tmp_path, characters, size, change):
    architecture = replace(ARCHITECTURE, use_character_lstm=characters)
    found = getattr(architecture, size)
    weights = weights_of(architecture)
    save(tmp_path, weights, replace(architecture, **{size: found + change}))
    expected = f"{size} is {found + change} in the manifest and {found} in {SIZES[size][1]};"
    assert refusal(tmp_path).startswith(f"{tmp_path}: {expected}")


def test_a_size_that_is_not_a_whole_number(tmp_path):
    save(tmp_path, weights_of(ARCHITECTURE), ARCHITECTURE)
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["architecture"]["token_hidden"] = 5.0
    manifest["seal"] = seal_of(manifest)
    path.write_text(json.dumps(manifest), "utf-8")
    assert "token_hidden is 5.0 in the manifest and 5 in" in refusal(tmp_path)


@pytest.mark.parametrize("embedding", [None, [4]], ids=["missing", "a-vector"])
def test_a_weight_without_the_axis_of_the_size(tmp_path, embedding):
    weights = weights_of(ARCHITECTURE)
    del weights["token_embeddings"]["embedding"]
    # A layer without any weight is not saved.
    weights["token_embeddings"]["other"] = tf.Variable(0.0)
    if embedding is not None:
        weights["token_embeddings"]["embedding"] = tf.Variable(tf.zeros(embedding))
    save(tmp_path, weights, ARCHITECTURE)
    expected = "token_dimension is 4 in the manifest and None in token_embeddings/embedding"
    assert expected in refusal(tmp_path)
