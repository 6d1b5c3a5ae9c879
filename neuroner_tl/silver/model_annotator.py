"""The annotators of a silver corpus, a trained model among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.convert import READERS
from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CheckpointError
from neuroner_tl.silver.annotators import (
    Annotator,
    DocumentsAnnotator,
    LexiconAnnotator,
    StandoffAnnotator,
    marks_of,
    read_coverage,
)
from neuroner_tl.silver.definition import AnnotatorSource, SilverDefinition
from neuroner_tl.silver.harmonise import Mark
from neuroner_tl.silver.lexicon import LexiconRules


class ModelAnnotator:
    """A model of this project.

    Args:
        folder: the model's folder, or that of its run.
        types: entities of other types are left out.
        word_vectors: word-vector file, in place of the one that the model was trained with.

    Raises:
        CheckpointError: the model cannot be loaded, or its word-vector file is not there.

    Example::

        annotator = ModelAnnotator(Path("output/my_run/model"), ["DISO"])
        spans = list(annotator.annotate(documents))
    """

    def __init__(
        self, folder: Path, types: Sequence[str], word_vectors: Optional[Path] = None
    ) -> None:
        # TensorFlow takes seconds to load, and most silver corpora need none.
        from neuroner_tl.prediction.model_vectors import model_word_vectors
        from neuroner_tl.prediction.predictor import Predictor
        from neuroner_tl.system.threads import set_threads
        from neuroner_tl.training.checkpoint import load_model

        set_threads(1)
        model = load_model(folder)
        try:
            word_vectors = word_vectors or model_word_vectors(model)
        except CheckpointError as error:
            raise CheckpointError(f"{error}: word_vectors in [silver]") from error
        self._predictor = Predictor(model, word_vectors)
        self._types = types

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the predicted entities of each document."""
        for document in self._predictor.predict(documents):
            yield marks_of(document, *self._types)


def make_annotator(definition: SilverDefinition, source: AnnotatorSource) -> Annotator:
    """Return an annotator of a definition, ready to annotate.

    Raises:
        NeuroNERError: its file or folder cannot be used.
    """
    path = definition.data(source.path)
    types = source.types or (definition.silver.type,)
    if source.kind == "lexicon":
        return LexiconAnnotator(path, LexiconRules(**definition.lexicon.model_dump()))
    if source.kind == "standoff":
        covered = None
        if source.coverage is not None:
            covered = read_coverage(definition.data(source.coverage), source.name)
        return StandoffAnnotator(path, types, covered)
    if source.kind in READERS:
        return DocumentsAnnotator(path, source.kind, types)
    vectors = definition.silver.word_vectors
    return ModelAnnotator(path, types, None if vectors is None else definition.data(vectors))
