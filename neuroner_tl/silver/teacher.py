"""What a model that annotates a silver corpus was taught: the documents whose labels it knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex
from neuroner_tl.corpora.reader import Corpus
from neuroner_tl.errors import CheckpointError, NeuroNERError, ParameterError
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.model_vectors import model_word_vectors
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.data import open_corpus
from neuroner_tl.silver.labels import REPORT, Taught, labels_of_silver
from neuroner_tl.system.paths import StrPath
from neuroner_tl.training.checkpoint import load_model
from neuroner_tl.training.manifest import PARAMETERS


@dataclass
class Lessons:
    """The labels that a model knows, its own and those of the models that it started from.

    Attributes:
        learned_from: the documents of the train parts of its gold corpora.
        documents: the documents of the train and valid parts of its gold corpora.
        labels: what to call them: corpus and id.

    Example::

        lessons = lessons_of(Path("output/my_run/model"), Path("output/silver_diso"))
        print({corpus: len(ids) for corpus, ids in lessons.learned_from.documents.items()})
    """

    learned_from: Taught = Taught()
    documents: list[Document] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)

    def index(self) -> DocumentIndex:
        """Return an index in which documents are looked up."""
        return DocumentIndex(self.documents, labels=self.labels)

    def add(self, other: Lessons) -> None:
        """Add the labels that another model knows; documents of both are there once."""
        self.learned_from = self.learned_from.together(other.learned_from)
        # Corpora of one name may have other documents under the same ids.
        known = {(label, d.text) for label, d in zip(self.labels, self.documents)}
        for label, document in zip(other.labels, other.documents):
            if (label, document.text) not in known:
                self.documents.append(document)
                self.labels.append(label)

    def _add(self, corpus: Corpus, is_silver: bool) -> None:
        if is_silver or (corpus.folder / REPORT).is_file():
            self.learned_from = self.learned_from.together(labels_of_silver(corpus.folder))
            return
        name = corpus.folder.resolve().name
        for part in ("train", "valid"):
            documents = list(corpus.parts.get(part, ()))
            if part == "train":
                self.learned_from = self.learned_from.together(Taught.of(name, documents))
            self.documents += documents
            self.labels += [f"{name}/{part}/{document.id}" for document in documents]


def load_teacher(
    folders: Sequence[StrPath], silver: Path, word_vectors: Optional[StrPath] = None
) -> tuple[Predictor, Lessons]:
    """Load a model, or several as an ensemble, and find out what they were taught.

    Args:
        folders: of the models or their runs.
        silver: see `lessons_of`.
        word_vectors: word-vector file, in place of those that the models were trained with.

    Raises:
        CheckpointError: a model cannot be loaded, or what it was trained on is not known.
        ParameterError: several models do not fit together.
    """
    lessons, members = Lessons(), []
    for folder in folders:
        model = load_model(Path(folder))
        lessons.add(lessons_of(model.folder, silver))
        vectors = model_word_vectors(model) if word_vectors is None else Path(word_vectors)
        members.append(Predictor(model, vectors))
    return members[0] if len(members) == 1 else EnsemblePredictor(members), lessons


def check_types(
    types: Collection[str], silver: Path, known: Collection[str], teacher: str, soft: bool
) -> None:
    """Refuse a teacher that lacks a type of a silver corpus, or has others for soft labels.

    Raises:
        ParameterError: it does.
    """
    missing = sorted(set(types) - set(known))
    if missing:
        raise ParameterError(
            f"{silver}: found the type {', '.join(missing)}, which the teacher {teacher} "
            "does not know; give a model of this type"
        )
    if soft and set(known) != set(types):
        raise ParameterError(
            f"{teacher}: knows the types {', '.join(sorted(known))}, expected those of "
            f"{silver} alone, {', '.join(sorted(types))}, for soft labels; give a model of these"
        )


def lessons_of(model_folder: Path, silver: Path) -> Lessons:
    """Return what a model was taught.

    Args:
        model_folder: the folder of the model itself, not of its run.
        silver: the silver corpus that it annotates; a model that it started from may have been
            trained on it.

    Raises:
        CheckpointError: a corpus that it, or a model that it started from, was trained on is gone.
    """
    lessons = Lessons()
    seen: set[Path] = set()
    folder = model_folder
    while folder.resolve() not in seen:
        seen.add(folder.resolve())
        try:
            parameters = load_parameters(folder / PARAMETERS, {})
            corpus, _ = open_corpus(parameters, ("train",), warn=False)
            started_from = folder != model_folder
            lessons._add(corpus, started_from and corpus.folder.resolve() == silver.resolve())
        except NeuroNERError as error:
            raise CheckpointError(
                f"{model_folder}: it is not known which labels this model has seen: "
                f"{str(error).partition('; ')[0]}; put the corpus back there, or, if the path is "
                "relative, run the command in the folder in which the model was trained"
            ) from error
        if not parameters.use_pretrained_model or parameters.pretrained_model_folder is None:
            break
        folder = parameters.pretrained_model_folder
        if not (folder / PARAMETERS).is_file() and (folder / "model" / PARAMETERS).is_file():
            folder = folder / "model"
    return lessons
