"""Saved models: a TensorFlow checkpoint, the vocabulary, the parameters and a manifest.

The manifest names every file with its size and sha256 and is sealed with its own, so a folder is
what it says or it is refused. It is written last and replaced atomically, after everything that it
names is on the disk under names that no earlier manifest has: at any moment, even of a kill or a
power cut, a folder holds one whole model. Nothing is pickled; what a crafted folder can do is to be
refused.
"""

from __future__ import annotations

import errno
import itertools
import math
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import neuroner_tl
from neuroner_tl.corpora.text.identity import TextIdentity
from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.errors import CheckpointError
from neuroner_tl.model.entity_lstm import Architecture
from neuroner_tl.model.sequence_optimisation import crf_implementation
from neuroner_tl.system.atomic_file import sync, write_json
from neuroner_tl.system.fingerprint import fingerprint
from neuroner_tl.training.manifest import (
    FORMAT,
    MANIFEST,
    PARAMETERS,
    model_folder,
    not_listed,
    read_manifest,
    seal_of,
)
from neuroner_tl.training.model_checks import check_labels, check_parameters, check_weights

VOCABULARY = "vocabulary.json"
_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"

Values = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True)
class SavedModel:
    """A model as read from its folder.

    Attributes:
        folder: where it was read from.
        architecture: the network's architecture.
        weights: values by layer and name.
        vocabulary: tokens, characters and labels.
        text: how its training text was segmented.
        training: what is known of its training: epoch, scores, seed.

    Example::

        model = load_model(Path("output/my_run/model"))
        print(model.vocabulary.labels, model.training["epoch"])
    """

    folder: Path
    architecture: Architecture
    weights: Values
    vocabulary: Vocabulary
    text: TextIdentity
    training: dict[str, Any] = field(default_factory=dict)


def versions(compiled: bool = True) -> dict[str, str]:
    """Return the versions of the software that computes, for the record of a run.

    Args:
        compiled: whether the training step is compiled, on which the CRF's implementation depends.
    """
    return {
        "neuroner_tl": neuroner_tl.__version__,
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "crf": crf_implementation(closed_form=compiled),
    }


def write_variables(prefix: Path, variables: Mapping[str, Mapping[str, tf.Variable]]) -> list[Path]:
    """Write variables by layer and name as a TensorFlow checkpoint; return its files.

    Raises:
        OSError: the disk is full.
        CheckpointError: it cannot be written for another reason.
    """
    checkpoint = tf.train.Checkpoint(**{layer: dict(named) for layer, named in variables.items()})
    try:
        checkpoint.write(str(prefix))
    except tf.errors.ResourceExhaustedError as error:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(prefix)) from error
    except tf.errors.OpError as error:
        raise CheckpointError(
            f"{prefix}: cannot be written: {error.message}; check the disk's free space and "
            "permissions"
        ) from error
    files = sorted(prefix.parent.glob(prefix.name + ".*"))
    for path in files:
        sync(path)
    return files


def read_variables(prefix: Path) -> Values:
    """Read what `write_variables` wrote.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        values: Values = {}
        shapes = reader.get_variable_to_shape_map()
        stored = sum(path.stat().st_size for path in prefix.parent.glob(f"{prefix.name}.data-*"))
        if any(math.prod(shape) > stored for shape in shapes.values()):
            raise ValueError("more numbers than bytes")
        for key in shapes:
            if key.endswith(_VALUE) and key.count("/") == 3:
                layer, name = key[: -len(_VALUE)].split("/")
                # TensorFlow writes a dot in a name as two.
                values.setdefault(layer, {})[name.replace("..", ".")] = reader.get_tensor(key)
    except (tf.errors.OpError, ValueError, RuntimeError, LookupError, TypeError) as error:
        # TensorFlow turns errors of its reader into the closest Python error.
        raise CheckpointError(
            f"{prefix}: no readable checkpoint; copy the model's folder again or retrain it"
        ) from error
    return values


def save_model(
    folder: Path,
    variables: Mapping[str, Mapping[str, Mapping[str, tf.Variable]]],
    architecture: Architecture,
    text: TextIdentity,
    labels: Sequence[str],
    training: Mapping[str, Any],
    tag: str,
) -> None:
    """Put new weights into a model's folder, which has its vocabulary and parameters already.

    Args:
        folder: the model's folder.
        variables: ``weights``, and for the newest state ``optimiser`` and, with averaging,
            ``averages``, each by layer and name.
        architecture: the network's architecture.
        text: how the training text was segmented.
        labels: the vocabulary's labels.
        training: what to keep of the training: epoch, scores, seed.
        tag: part of the name of the checkpoint's files.

    Raises:
        OSError: for example, the disk is full; the folder keeps its previous model only.
        CheckpointError: TensorFlow cannot write.
    """
    tag = _free_tag(folder, tag)
    try:
        files = [folder / VOCABULARY, folder / PARAMETERS]
        for kind, by_layer in variables.items():
            files += write_variables(folder / f"{kind}-{tag}", by_layer)
        manifest = {
            "format": FORMAT,
            "versions": versions(bool(training.get("compiled", True))),
            "architecture": architecture.to_dict(),
            "text": text.__dict__,
            "labels": list(labels),
            "checkpoints": {kind: f"{kind}-{tag}" for kind in variables},
            "training": dict(training),
            "files": {path.name: fingerprint(path) for path in files},
        }
        sync(folder)
        # Until now the folder's manifest names the files of the previous model.
        write_json(folder / MANIFEST, {**manifest, "seal": seal_of(manifest)})
    except (OSError, CheckpointError):
        # A full disk must not stay full of half a model.
        for kind in variables:
            for path in folder.glob(f"{kind}-{tag}[._]*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        raise
    _remove_earlier_files(
        folder, {path.name for path in files}, tuple(f"{kind}-" for kind in variables)
    )


def _free_tag(folder: Path, tag: str) -> str:
    """Return an unused tag: files of the present manifest must stay until it is replaced."""
    candidates = itertools.chain([tag], (f"{tag}-{number}" for number in itertools.count(2)))
    return next(name for name in candidates if not any(folder.glob(f"*-{name}[._]*")))


def _remove_earlier_files(folder: Path, current: set[str], prefixes: tuple[str, ...]) -> None:
    """Remove what `save_model` wrote before, including the remains of a killed save."""
    for path in folder.iterdir():
        if path.name in current:
            continue
        if path.name.startswith(prefixes) or path.match(f".{MANIFEST}.*.tmp"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def load_model(folder: Path) -> SavedModel:
    """Read and verify a model.

    Args:
        folder: a model's folder, or a run's folder that has one named ``model``.

    Raises:
        CheckpointError: a file is missing, truncated, altered or of a newer format, or does not
            fit the others.
    """
    folder = model_folder(folder)
    manifest = read_manifest(folder)
    for member in ("architecture", "text", "training"):
        if not isinstance(manifest.get(member, {}), dict):
            raise CheckpointError(
                f"{folder / MANIFEST}: found {member} {manifest[member]!r}, expected an object; "
                "copy the model's folder again"
            )
    try:
        architecture = Architecture(**manifest["architecture"])
        text = TextIdentity(**manifest["text"])
        for name, value in asdict(text).items():
            # The tag scheme is compared with the labels below.
            if name != "tagging_format" and not isinstance(value, str):
                raise TypeError(f"text/{name}")
        training = dict(manifest["training"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CheckpointError(
            f"{folder / MANIFEST}: {error} is missing or wrong; copy the model's folder again"
        ) from error
    if VOCABULARY not in manifest["files"]:
        raise not_listed(folder, VOCABULARY)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    # Models from before the manifest had the labels have them in the vocabulary alone.
    if manifest.get("labels", list(vocabulary.labels)) != list(vocabulary.labels):
        raise CheckpointError(
            f"{folder / MANIFEST}: its labels are not those of {VOCABULARY}; copy the model's "
            "folder again"
        )
    check_labels(folder, vocabulary, text.tagging_format)
    if PARAMETERS not in manifest["files"]:
        raise not_listed(folder, PARAMETERS)
    check_parameters(
        folder / PARAMETERS, architecture, text.tokenizer, text.language, text.tagging_format
    )
    weights = _read_checkpoint(folder, manifest, "weights")
    check_weights(folder, architecture, vocabulary, weights)
    return SavedModel(folder, architecture, weights, vocabulary, text, training)


def read_optimiser(folder: Path) -> Values:
    """Read the optimiser's slots out of a verified folder; none for an optimiser without.

    Raises:
        CheckpointError: the folder has no optimiser's state.
    """
    return _read_checkpoint(folder, read_manifest(folder), "optimiser")


def read_averages(folder: Path) -> Values:
    """Read what the averages of the weights are computed from, out of a verified folder.

    Raises:
        CheckpointError: the folder has no averages.
    """
    return _read_checkpoint(folder, read_manifest(folder), "averages")


def _read_checkpoint(folder: Path, manifest: Mapping[str, Any], kind: str) -> Values:
    """Read one of the checkpoints of a folder whose files have been verified."""
    checkpoints = manifest.get("checkpoints")
    prefix = checkpoints.get(kind) if isinstance(checkpoints, dict) else None
    if not isinstance(prefix, str):
        raise CheckpointError(
            f"{folder / MANIFEST}: names no checkpoint of the {kind}; copy the folder again"
        )
    # What the manifest does not list has not been verified, and may be anywhere.
    for start in (f"{prefix}.index", f"{prefix}.data-"):
        if not any(name.startswith(start) for name in manifest["files"]):
            raise not_listed(folder, start)
    return read_variables(folder / prefix)
