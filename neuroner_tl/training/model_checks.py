"""Consistency of a saved model's parts: architecture, weights, vocabulary, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from neuroner_tl.dataset.vocabulary import OUTSIDE, Vocabulary, labels_of_types, type_of_label
from neuroner_tl.errors import CheckpointError, CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.model.entity_lstm import Architecture, weight_shapes
from neuroner_tl.parameters.ini_file import OpenSection, read_sections
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.training.manifest import MANIFEST

Values = Mapping[str, Mapping[str, np.ndarray]]


def check_weights(
    folder: Path, architecture: Architecture, vocabulary: Vocabulary, weights: Values
) -> None:
    """Compare the weights with those that architecture and vocabulary require.

    Raises:
        CheckpointError: a weight is missing, of another shape or left over.
    """
    _check_sizes(folder, architecture, weights)
    if architecture.labels != len(vocabulary.labels):
        raise CheckpointError(
            f"{folder}: the architecture has {counted(architecture.labels, 'label')} and the "
            f"vocabulary {len(vocabulary.labels)}; copy the model's folder again"
        )
    shapes = weight_shapes(architecture, len(vocabulary.tokens), len(vocabulary.characters))
    expected = {
        (layer, name): shape for layer, named in shapes.items() for name, shape in named.items()
    }
    for layer, named in weights.items():
        for name in named:
            if (layer, name) not in expected:
                raise CheckpointError(
                    f"{folder}: {layer}/{name} is not part of the architecture that {MANIFEST} "
                    "states; copy the model's folder again"
                )
    for (layer, name), shape in expected.items():
        found = weights.get(layer, {}).get(name)
        if found is None or found.shape != shape:
            raise CheckpointError(
                f"{folder}: {layer}/{name} is "
                f"{'missing' if found is None else list(found.shape)}, vocabulary and "
                f"architecture require {list(shape)}; copy the model's folder again"
            )


def check_labels(folder: Path, vocabulary: Vocabulary, tagging_format: str) -> None:
    """Compare the labels with those that their types have in the tag scheme.

    Raises:
        CheckpointError: they are not the same.
    """
    try:
        types = [type_of_label(label) for label in vocabulary.labels if label != OUTSIDE]
        fits = vocabulary.labels == labels_of_types(types, tagging_format)
    except (CorpusError, KeyError, TypeError):
        fits = False
    if not fits:
        raise CheckpointError(
            f"{folder}: the labels {', '.join(vocabulary.labels)} are not those of the tag scheme "
            f"{tagging_format!r}; copy the model's folder again"
        )


def check_parameters(
    path: Path, architecture: Architecture, tokenizer: str, language: str, tagging_format: str
) -> None:
    """Compare the manifest with the parameters beside it.

    Args:
        path: the model's parameter file.
        architecture: the network's architecture.
        tokenizer: name of the tokeniser.
        language: language of its rules.
        tagging_format: the tag scheme.

    Raises:
        CheckpointError: they differ.
    """
    stated: dict[str, Any] = {
        "token_embedding_dimension": architecture.token_dimension,
        "token_linear_dimension": architecture.token_linear,
        "token_lstm_hidden_state_dimension": architecture.token_hidden,
        "use_character_lstm": architecture.use_character_lstm,
        "use_crf": architecture.use_crf,
        "lstm_peepholes": architecture.peepholes,
        "tokenizer": tokenizer,
        "spacylanguage": language,
        "tagging_format": tagging_format,
    }
    if architecture.use_character_lstm:
        stated["character_embedding_dimension"] = architecture.character_dimension
        stated["character_lstm_hidden_state_dimension"] = architecture.character_hidden
    # Only these: other parameters may be those of another version.
    file = read_sections(path, {"*": OpenSection}, "a model's parameter file")
    lines: dict[str, Any] = {
        name: text
        for section in file.values.values()
        for name, (text, _) in section.items()
        if name in stated
    }
    try:
        parameters = Parameters(**lines)
    except ValidationError as error:
        name = error.errors()[0]["loc"][0]
        raise CheckpointError(
            f"{path}: {name} = {lines.get(str(name))} is not a value of this parameter; copy the "
            "model's folder again"
        ) from error
    for name, value in stated.items():
        if getattr(parameters, name) != value:
            raise CheckpointError(
                f"{path.parent / MANIFEST}: found {value!r}, but {name} is "
                f"{getattr(parameters, name)!r} in {path.name}; copy the model's folder again"
            )


def _check_sizes(folder: Path, architecture: Architecture, weights: Values) -> None:
    """Compare the sizes that the architecture states with those that the weights have."""
    sizes = {
        "token_dimension": ("token_embeddings", "embedding", 1),
        "token_hidden": ("token_lstm", "projection_bias", 0),
    }
    if architecture.use_character_lstm:
        sizes["character_dimension"] = ("character_embeddings", "embedding", 1)
        sizes["character_hidden"] = ("character_lstm", "forward_recurrent", 0)
    for field_name, (layer, name, axis) in sizes.items():
        stated = getattr(architecture, field_name)
        weight = weights.get(layer, {}).get(name)
        found = None if weight is None or weight.ndim <= axis else weight.shape[axis]
        if found != stated or not isinstance(stated, int):
            raise CheckpointError(
                f"{folder}: {field_name} is {stated!r} in the manifest and {found} in "
                f"{layer}/{name}; copy the model's folder again"
            )
