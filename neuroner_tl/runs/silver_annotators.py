"""The annotators of a silver corpus, a trained model among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.silver.annotators import (
    Annotator,
    BratAnnotator,
    LexiconAnnotator,
    StandoffAnnotator,
    spans_of,
)
from neuroner_tl.corpora.silver.definition import AnnotatorSource, SilverDefinition
from neuroner_tl.corpora.silver.harmonise import Span
from neuroner_tl.corpora.silver.lexicon import LexiconRules


class ModelAnnotator:
    """A model of this project.

    Args:
        folder: the model's folder, or that of its run.
        entity_type: entities of other types are left out.
    """

    def __init__(self, folder: Path, entity_type: str) -> None:
        # TensorFlow takes seconds to load, and most silver corpora need none.
        from neuroner_tl.prediction.predictor import Predictor
        from neuroner_tl.runs.threads import set_threads

        set_threads(1)
        self._predictor = Predictor(folder)
        self._type = entity_type

    def annotate(self, documents: Sequence[Document]) -> Iterator[list[Span]]:
        """Yield the predicted entities of each document."""
        for document in self._predictor.predict(documents):
            yield spans_of(document, self._type)


def make_annotator(definition: SilverDefinition, source: AnnotatorSource) -> Annotator:
    """Return an annotator of a definition, ready to annotate.

    Raises:
        NeuroNERError: its file or folder cannot be used.
    """
    path = definition.data(source.path)
    kind = definition.silver.type
    if source.kind == "lexicon":
        return LexiconAnnotator(path, LexiconRules(**definition.lexicon.model_dump()))
    if source.kind == "standoff":
        return StandoffAnnotator(path, kind)
    if source.kind == "brat":
        return BratAnnotator(path, kind)
    return ModelAnnotator(path, kind)
