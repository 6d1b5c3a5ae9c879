"""What a model that annotates a silver corpus was taught: the documents whose labels it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex
from neuroner_tl.corpora.reader import Corpus
from neuroner_tl.errors import CheckpointError, NeuroNERError
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.runs.data import open_corpus
from neuroner_tl.silver.labels import REPORT, Taught, labels_of_silver
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
                f"{model_folder}: it is not known which labels this model has seen: {error}"
            ) from error
        if not parameters.use_pretrained_model or parameters.pretrained_model_folder is None:
            break
        folder = parameters.pretrained_model_folder
        if not (folder / PARAMETERS).is_file() and (folder / "model" / PARAMETERS).is_file():
            folder = folder / "model"
    return lessons
