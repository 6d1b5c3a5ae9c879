"""A model as a TensorFlow SavedModel, for programs that have TensorFlow and not this package."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from neuroner_tl.dataset.vocabulary import Vocabulary
from neuroner_tl.dataset.word_vectors.concatenated_vectors import read_concatenated, vector_files
from neuroner_tl.dataset.word_vectors.fasttext_file import is_fasttext_file
from neuroner_tl.dataset.word_vectors.word_vector_file import WordVectors
from neuroner_tl.dataset.word_vectors.word_vector_scan import check_is_file
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.prediction.marginals import LabelRoles
from neuroner_tl.prediction.model_vectors import check_given_vectors
from neuroner_tl.prediction.temperature import temperature_of
from neuroner_tl.runs.folder import check_writable
from neuroner_tl.serving.graph import ModelGraph
from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.temporary import replace_folder, temporary_folder
from neuroner_tl.system.write_errors import writing
from neuroner_tl.training.checkpoint import SavedModel, load_model, versions

# A file for people and programs that TensorFlow leaves alone.
DESCRIPTION = Path("assets.extra") / "neuroner_tl.json"
GRAPH = "saved_model.pb"
PADDED, RAGGED = "serving_default", "ragged"


@dataclass(frozen=True)
class ExportedModel:
    """The outcome of `export_model`.

    Attributes:
        output: the folder that was written.
        types: entity types that the model finds.
        words: words that have a vector.
        size: bytes of all files.

    Example::

        done = export_model("output/my_run", "exported/1")
        tf.saved_model.load(str(done.output)).signatures["serving_default"]
    """

    output: Path
    types: tuple[str, ...]
    words: int
    size: int

    def summary(self) -> str:
        """Return a line on what was written."""
        return (
            f"{counted(self.words, 'word')}, types {', '.join(self.types)}; "
            f"{self.size / 1e6:.1f} MB written to {self.output}"
        )


def export_model(
    model: StrPath,
    output: StrPath,
    word_vectors: Optional[StrPath] = None,
    *,
    replace: bool = False,
) -> ExportedModel:
    """Write a model as a TensorFlow SavedModel, whole or not at all.

    Its signatures take sentences as strings of tokens and return tags, mentions and their
    probabilities; `docs/serving.md` describes them.

    Args:
        model: the folder of a run or of its model.
        output: the folder to write.
        word_vectors: file whose vectors are exported too, for words that the model was not
            trained on; None leaves such words unknown.
        replace: whether an exported model in that folder is replaced.

    Raises:
        CheckpointError: the model cannot be loaded.
        CorpusError: the word vectors cannot be used, or the folder cannot be written.
        ParameterError: the output is a folder of something else, or of an exported model that is
            not to be replaced.
    """
    output = Path(output)
    is_exported = (output / GRAPH).is_file()
    if output.exists() and not is_exported and not _is_empty(output):
        raise ParameterError(
            f"{output}: is neither empty nor an exported model; give another --output"
        )
    if is_exported and not replace:
        raise ParameterError(
            f"{output}: already exists and would be overwritten; replace the exported model with "
            "--replace, or give another --output"
        )
    saved = load_model(Path(model))
    more = None
    if word_vectors is not None:
        path = check_given_vectors(saved, Path(word_vectors))
        more = other_vectors(path, saved.vocabulary, saved.architecture.token_dimension)
    check_writable(output.parent, "--output")
    graph = ModelGraph(saved, temperature_of(saved), more)
    try:
        with writing(output), temporary_folder(output) as folder:
            tf.saved_model.save(
                graph,
                str(folder),
                signatures={PADDED: graph.tag, RAGGED: graph.tag_ragged},
            )
            (folder / DESCRIPTION).parent.mkdir()
            write_json(folder / DESCRIPTION, _description(saved))
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            replace_folder(folder, output)
    except tf.errors.OpError as error:
        raise CorpusError(
            f"{output}: cannot be written: {error.message}; check the disk's free space"
        ) from error
    words = len(saved.vocabulary.tokens) + (0 if more is None else len(more.index))
    return ExportedModel(output, LabelRoles.of(saved.vocabulary.labels).types, words, size)


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def other_vectors(path: Path, vocabulary: Vocabulary, dimension: int) -> WordVectors:
    """Read the vectors of all words of a file that the vocabulary does not have as written.

    Vectors of several files (see `vector_files`) are concatenated.
    """
    files = vector_files(path)
    for file in files:
        check_is_file(file)
        if is_fasttext_file(file):
            raise CorpusError(
                f"{file}: is a fastText model, whose vectors are composed from characters; "
                "expected a file of word vectors; neuroner-tl vectors convert writes one"
            )
    flags = (vocabulary.check_for_lowercase, vocabulary.check_for_digits_replaced_with_zeros)
    vectors = read_concatenated([], path, dimension, *flags, all_vectors=True)
    words = [word for word in vectors.index if word not in vocabulary.token_to_id]
    rows = np.array([vectors.index[word] for word in words], int)
    return WordVectors({word: row for row, word in enumerate(words)}, vectors.matrix[rows])


def _description(model: SavedModel) -> dict[str, Any]:
    """Return what a program must know of the tokens that the graph expects, and what it is."""
    return {
        "labels": list(model.vocabulary.labels),
        "types": list(LabelRoles.of(model.vocabulary.labels).types),
        "temperature": temperature_of(model),
        "text": dict(model.text.__dict__),
        "versions": versions(),
    }
