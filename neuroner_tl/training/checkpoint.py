"""Saved models: a TensorFlow checkpoint, the vocabulary, the parameters and a manifest.

The manifest names every file with its size and sha256, so a folder is what it says or it is
refused. It is written last and replaced atomically: at any moment a folder holds one whole
model. Nothing is pickled; what a crafted folder can do is to be refused.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import neuroner_tl
from neuroner_tl.atomic_file import write_json
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import CheckpointError
from neuroner_tl.model.entity_lstm import Architecture

FORMAT = 1
MANIFEST = "manifest.json"
VOCABULARY = "vocabulary.json"
PARAMETERS = "parameters.ini"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"

Values = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class TextIdentity:
    """How a model's training text was cut, so that new text is cut alike.

    Args:
        tokenizer: name of the tokeniser, as in the parameters.
        tokenizer_identity: its name and version.
        sentence_splitter: name and version of the sentence splitter.
        language: language of the tokeniser's rules.
        tagging_format: ``bioes`` or ``bio``.
    """

    tokenizer: str
    tokenizer_identity: str
    sentence_splitter: str
    language: str = "en"
    tagging_format: str = "bioes"


@dataclass(frozen=True)
class SavedModel:
    """A model as read from its folder.

    Args:
        folder: where it was read from.
        architecture: form of the network.
        weights: values by layer and name.
        vocabulary: tokens, characters and labels.
        text: how its training text was cut.
        training: what is known of its training: epoch, scores, seed.
    """

    folder: Path
    architecture: Architecture
    weights: Values
    vocabulary: Vocabulary
    text: TextIdentity
    training: dict[str, Any] = field(default_factory=dict)


def versions() -> dict[str, str]:
    """Versions of what computes, for the record of a run."""
    return {
        "neuroner_tl": neuroner_tl.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def write_variables(prefix: Path, variables: Mapping[str, Mapping[str, tf.Variable]]) -> list[Path]:
    """Write variables by layer and name as a TensorFlow checkpoint; return its files."""
    checkpoint = tf.train.Checkpoint(**{layer: dict(named) for layer, named in variables.items()})
    try:
        checkpoint.write(str(prefix))
    except tf.errors.OpError as error:
        raise CheckpointError(
            f"{prefix}: cannot be written: {error.message}; check the disk's space and rights"
        ) from error
    return sorted(prefix.parent.glob(prefix.name + ".*"))


def read_variables(prefix: Path) -> Values:
    """Read what `write_variables` wrote.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        values: Values = {}
        for key in reader.get_variable_to_shape_map():
            if key.endswith(_VALUE) and key.count("/") == 3:
                layer, name = key[: -len(_VALUE)].split("/")
                values.setdefault(layer, {})[name] = reader.get_tensor(key)
    except (tf.errors.OpError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            f"{prefix}: no readable checkpoint; copy the model's folder again or train it anew"
        ) from error
    return values


def save_model(
    folder: Path,
    variables: Mapping[str, Mapping[str, Mapping[str, tf.Variable]]],
    architecture: Architecture,
    text: TextIdentity,
    training: Mapping[str, Any],
    tag: str,
) -> None:
    """Put new weights into a model's folder, which has its vocabulary and parameters already.

    Args:
        folder: the model's folder.
        variables: ``weights``, and for the newest state ``optimiser``, each by layer and name.
        architecture: form of the network.
        text: how the training text was cut.
        training: what to keep of the training: epoch, scores, seed.
        tag: distinguishes this checkpoint's files from those it replaces.
    """
    files = [folder / VOCABULARY, folder / PARAMETERS]
    for kind, by_layer in variables.items():
        files += write_variables(folder / f"{kind}-{tag}", by_layer)
    manifest = {
        "format": FORMAT,
        "versions": versions(),
        "architecture": architecture.to_dict(),
        "text": text.__dict__,
        "checkpoints": {kind: f"{kind}-{tag}" for kind in variables},
        "training": dict(training),
        "files": {path.name: _fingerprint(path) for path in files},
    }
    write_json(folder / MANIFEST, manifest)
    current = {path.name for path in files} | {MANIFEST}
    for path in folder.iterdir():
        if path.name not in current:
            path.unlink()


def load_model(folder: Path) -> SavedModel:
    """Read and verify a model.

    Args:
        folder: a model's folder, or a run's folder that has one named ``model``.

    Raises:
        CheckpointError: a file is missing, truncated, altered or of a newer format, or does not
            fit the others.
    """
    if not (folder / MANIFEST).is_file() and (folder / "model" / MANIFEST).is_file():
        folder = folder / "model"
    manifest = read_manifest(folder)
    try:
        architecture = Architecture(**manifest["architecture"])
        text = TextIdentity(**manifest["text"])
        prefix, training = manifest["checkpoints"]["weights"], dict(manifest["training"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder / MANIFEST}: {error} is missing or wrong; copy the model's folder again"
        ) from error
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    weights = read_variables(folder / str(prefix))
    model = SavedModel(folder, architecture, weights, vocabulary, text, training)
    _check_shapes(model)
    return model


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a folder's manifest and verify every file that it names."""
    path = folder / MANIFEST
    if not folder.is_dir():
        raise CheckpointError(f"{folder}: no such folder; give the model folder of a finished run")
    try:
        manifest = json.loads(path.read_text("utf-8"))
        files = dict(manifest["files"])
        found_format = int(manifest["format"])
    except OSError as error:
        raise CheckpointError(
            f"{folder}: holds no model ({MANIFEST} cannot be read); give the model folder of a "
            "finished run"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: not a model's manifest; copy the model's folder again"
        ) from error
    if found_format > FORMAT:
        raise CheckpointError(
            f"{path}: format {found_format}, this version reads up to {FORMAT}; "
            "install a newer neuroner_tl"
        )
    for name, expected in files.items():
        _verify(folder, name, expected)
    return manifest


def _verify(folder: Path, name: str, expected: Any) -> None:
    if Path(name).name != name or name.startswith("."):
        raise CheckpointError(
            f"{folder / MANIFEST}: names the file {name!r} outside the model's folder; "
            "do not use this model"
        )
    path = folder / name
    if not path.is_file():
        raise CheckpointError(f"{path}: missing; copy the model's folder again")
    found = _fingerprint(path)
    if found != expected:
        size = expected.get("size") if isinstance(expected, dict) else None
        what = (
            f"{found['size']} bytes, expected {size}"
            if found["size"] != size
            else "altered (its sha256 is not the manifest's)"
        )
        raise CheckpointError(f"{path}: {what}; copy the model's folder again")


def _fingerprint(path: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return {"size": path.stat().st_size, "sha256": digest.hexdigest()}


def _check_shapes(model: SavedModel) -> None:
    """Compare the weights with what architecture and vocabulary ask for."""
    a, vocabulary = model.architecture, model.vocabulary
    expected = {
        ("token_embeddings", "embedding"): (len(vocabulary.tokens), a.token_dimension),
        ("feedforward", "kernel"): (a.token_hidden, len(vocabulary.labels)),
        ("token_lstm", "forward_input"): (a.input_size, 3 * a.token_hidden),
    }
    if a.use_character_lstm:
        expected["character_embeddings", "embedding"] = (
            len(vocabulary.characters),
            a.character_dimension,
        )
    for (layer, name), shape in expected.items():
        found = model.weights.get(layer, {}).get(name)
        if found is None or found.shape != shape:
            raise CheckpointError(
                f"{model.folder}: {layer}/{name} is "
                f"{'missing' if found is None else list(found.shape)}, vocabulary and "
                f"architecture ask for {list(shape)}; copy the model's folder again"
            )
