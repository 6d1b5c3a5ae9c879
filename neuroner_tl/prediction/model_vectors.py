"""Which word vectors a saved model was trained with, for words that its vocabulary lacks."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.public.download import default_cache
from neuroner_tl.dataset.word_vectors.concatenated_vectors import (
    dimensions_of,
    missing_file,
    vector_files,
)
from neuroner_tl.errors import CheckpointError
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.system.fingerprint import content_digest
from neuroner_tl.training.checkpoint import SavedModel
from neuroner_tl.training.manifest import PARAMETERS

logger = logging.getLogger(__name__)

# Name in a model's record of its training.
WORD_VECTORS = "word_vectors"
WORD_VECTOR_DIMENSIONS = "word_vector_dimensions"


def describe_word_vectors(path: Optional[Path]) -> dict[str, Any]:
    """Describe the word-vector file of a model for its record: by its sha256.

    Of several files, the record has all digests with commas between them, and the dimensions.
    """
    if path is None:
        return {}
    files = vector_files(path)
    if len(files) == 1:
        return {WORD_VECTORS: _digest(path)}
    return {WORD_VECTORS: _digest(path), WORD_VECTOR_DIMENSIONS: dimensions_of(files)}


def model_word_vectors(model: SavedModel) -> Optional[Path]:
    """Return the word-vector file that a model was trained with, named by its parameters.

    Returns:
        Its path, or the paths of several as the parameters have them; None if the model was
        trained without.

    Raises:
        CheckpointError: the file is missing or has changed.
    """
    path = load_parameters(model.folder / PARAMETERS, {}).token_pretrained_embedding_filepath
    if path is None:
        return None
    missing = missing_file(path)
    if missing is not None:
        where = "" if missing.is_absolute() else f" in {Path.cwd()}"
        raise CheckpointError(
            f"{model.folder}: was trained with the word vectors {missing}, which no longer "
            f"exist{where}; restore the file, or give its path"
        )
    recorded = model.training.get(WORD_VECTORS)
    try:
        same = recorded is None or _digest(path) == recorded
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not same:
        raise CheckpointError(
            f"{model.folder}: was trained with other word vectors than {path} holds now (the "
            "sha256 differs); restore the correct file, or give its path"
        )
    return path


def check_given_vectors(model: SavedModel, path: Path) -> Path:
    """Return files of word vectors to use with a model, its own or others, if they can be.

    Of a model that was trained with several files, each dimension of a vector has its meaning: the
    files must be of the same dimensions in the same order.

    Raises:
        CheckpointError: they are not, or a file stands where another one of the model was.
        CorpusError: a file cannot be used.
    """
    expected = model.training.get(WORD_VECTOR_DIMENSIONS)
    if expected is None:
        return path
    found = dimensions_of(vector_files(path))
    if found != expected:
        raise CheckpointError(
            f"{path}: the word vectors have {' + '.join(map(str, found))} dimensions, expected "
            f"{' + '.join(map(str, expected))}, those of the files that {model.folder} was trained "
            "with, in their order; give these"
        )
    given, own = _digest(path).split(","), str(model.training.get(WORD_VECTORS)).split(",")
    if any(one != other and one in own for one, other in zip(given, own)):
        raise CheckpointError(
            f"{path}: a file of word vectors that {model.folder} was trained with stands in the "
            "place of another one; give all files in the order of the training"
        )
    return path


def word_vectors_or_warning(model: SavedModel) -> Optional[Path]:
    """Return the same, or None with a warning: words without a row are then unknown."""
    try:
        return model_word_vectors(model)
    except CheckpointError as error:
        logger.warning("%s; out-of-vocabulary words are unknown until then", error)
        return None


def _digest(path: Path) -> str:
    """Return the sha256 of each file; a large file is read only once."""
    memory = default_cache() / "word_vectors" / "digests.json"
    return ",".join(content_digest(file, memory) for file in vector_files(path))
