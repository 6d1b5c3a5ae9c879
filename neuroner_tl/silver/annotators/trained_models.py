"""Models that a silver build trains as annotators, each once: a folder per content of its corpus.

The folder's name is a digest of all that the model depends on: the documents, the parameters that
affect the result, the word vectors and the version of the package. It holds the corpus and the run,
which is resumed if it was interrupted.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import neuroner_tl
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.dataset.word_vectors.concatenated_vectors import missing_file
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError, TrainingError
from neuroner_tl.evaluation.scoring import HEADLINE
from neuroner_tl.parameters.effects import deciding_values
from neuroner_tl.parameters.fields import ENCODING, LENGTH, RESULT
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.system.interruption import Interrupted
from neuroner_tl.system.locks import lock
from neuroner_tl.training.manifest import read_manifest

logger = logging.getLogger(__name__)

Parts = Mapping[str, Sequence[Document]]
"""Documents by part; those of a corpus without parts under the empty name."""

_RUN = "model"


@dataclass(frozen=True)
class TrainedModel:
    """A model that was trained on some documents.

    Attributes:
        folder: its run's folder.
        results: the run's results.

    Example::

        model = train_model_on({"": documents}, parameters, Path("output/.annotators"), "my tagger")
        print(model.results["best_epoch"])
    """

    folder: Path
    results: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return what reports say about it; ``key`` is its folder within the cache."""
        valid = self.results["scores"]["valid"][HEADLINE]["micro"]
        return {
            "key": self.folder.parent.name,
            "best_epoch": self.results["best_epoch"],
            "valid_f1": valid["f1"],
        }


def read_parameters(path: Path, word_vectors: Optional[Path]) -> Parameters:
    """Return the parameters of a model to train.

    Args:
        path: their file.
        word_vectors: word-vector file in place of the one that the file names.

    Raises:
        ParameterError: they cannot be read, or ask for something else than training from scratch.
    """
    given = {} if word_vectors is None else {"token_pretrained_embedding_filepath": word_vectors}
    parameters = load_parameters(path, given)
    if not parameters.train_model or parameters.use_pretrained_model:
        raise ParameterError(
            f"{path}: found train_model = {parameters.train_model} and use_pretrained_model = "
            f"{parameters.use_pretrained_model}, expected True and False: an annotator is trained "
            "from scratch, so that it is known what it has learned from"
        )
    vectors = parameters.token_pretrained_embedding_filepath
    missing = None if vectors is None else missing_file(vectors)
    if missing is not None:
        raise ParameterError(
            f"{path}: the word vectors {missing} do not exist; correct "
            "token_pretrained_embedding_filepath, or give word_vectors in [silver]"
        )
    return parameters


def train_model_on(parts: Parts, parameters: Parameters, cache: Path, name: str) -> TrainedModel:
    """Return a model trained on documents; one that was trained before is taken as it is.

    Args:
        parts: the documents.
        parameters: of the training; places and names in them do not matter.
        cache: the folder of all such models.
        name: what messages call the model.

    Raises:
        NeuroNERError: the documents or the word vectors cannot be used, or nothing is learned.
        Interrupted: a signal came; the next call resumes.
    """
    # TensorFlow takes seconds to load.
    from neuroner_tl.runs.attempts import finish_run

    folder = cache / _key(parts, parameters)
    try:
        with lock(folder / ".lock"):
            changes: dict[str, Any] = {
                "dataset_text_folder": folder / "corpus",
                "output_folder": folder,
                "experiment_name": _RUN,
                "cache_encoding": False,
                "tensorboard": False,
            }
            own = Parameters(**{**parameters.model_dump(), **changes})
            was_there = True

            def to_train() -> Parameters:
                nonlocal was_there
                was_there = False
                # Written again for a run to resume: one that was damaged would be trained on.
                write_brat_parts(folder / "corpus", parts, replace=True)
                logger.info("training the annotator %s", name)
                return own

            run, results = finish_run(folder, _RUN, to_train)
            if was_there:
                try:
                    read_manifest(run.model)
                    logger.info("the annotator was trained before: %s", name)
                except CheckpointError as error:
                    logger.warning("the annotator %s is trained again: %s", name, error)
                    shutil.rmtree(run.path)
                    run, results = finish_run(folder, _RUN, to_train)
    except TrainingError as error:
        raise TrainingError(f"annotator {name}: {error}") from error
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be written: {error.strerror or error}") from error
    if results.get("status") != "finished":
        raise Interrupted(
            f"interrupted while training the annotator {name}; the same command resumes it"
        )
    return TrainedModel(run.path, results)


def _key(parts: Parts, parameters: Parameters) -> str:
    from neuroner_tl.prediction.model_vectors import describe_word_vectors

    content = {
        "documents": {
            part: [
                (d.id, d.text, [(e.type, e.fragments, e.certain) for e in d.annotations])
                for d in documents
            ]
            for part, documents in parts.items()
        },
        "parameters": deciding_values(parameters, ENCODING, RESULT, LENGTH),
        "word_vectors": describe_word_vectors(parameters.token_pretrained_embedding_filepath),
        "version": neuroner_tl.__version__,
    }
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
