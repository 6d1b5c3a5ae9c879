"""A trained model as an annotator of a silver corpus."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import neuroner_tl
from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CheckpointError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.annotators.annotators import marks_of
from neuroner_tl.silver.annotators.remembered_tags import RememberedTags
from neuroner_tl.silver.consensus.harmonise import Mark
from neuroner_tl.silver.labels import Taught
from neuroner_tl.system.fingerprint import content_digest
from neuroner_tl.training.manifest import MANIFEST

_AT_ONCE = 500  # texts whose marks are remembered together


class ModelAnnotator:
    """A model of this project.

    Args:
        folder: the model's folder, or that of its run.
        types: entities of other types are left out.
        word_vectors: word-vector file, in place of the one that the model was trained with.
        memory: a folder in which what it finds is kept, so that no text is tagged twice; None to
            keep nothing.

    Attributes:
        folder: the model's own folder.
        record: what the report says about it.
        learned_from: see `Annotator`; empty until it is known.

    Raises:
        CheckpointError: the model cannot be loaded, or its word-vector file is not there.

    Example::

        annotator = ModelAnnotator(Path("output/my_run/model"), ["DISO"])
        spans = list(annotator.annotate(documents))
    """

    def __init__(
        self,
        folder: Path,
        types: Sequence[str],
        word_vectors: Optional[Path] = None,
        memory: Optional[Path] = None,
    ) -> None:
        # TensorFlow takes seconds to load, and most silver corpora need none.
        from neuroner_tl.prediction.model_vectors import describe_word_vectors, model_word_vectors
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
        self.folder = model.folder
        self.record: dict[str, Any] = {}
        self.learned_from = Taught()
        self._tags: Optional[RememberedTags] = None
        if memory is not None:
            content = {
                "model": content_digest(model.folder / MANIFEST),
                "types": list(types),
                "version": neuroner_tl.__version__,
                **describe_word_vectors(word_vectors),
            }
            text = json.dumps(content, sort_keys=True)
            name = hashlib.sha256(text.encode("ascii")).hexdigest()[:16]
            self._tags = RememberedTags(memory / f"tags_{name}.jsonl")

    def annotate(self, documents: Sequence[Document]) -> Iterator[Optional[list[Mark]]]:
        """Yield the predicted entities of each document."""
        tags = self._tags
        known = [None if tags is None else tags.get(document.text) for document in documents]
        missing = [document for document, marks in zip(documents, known) if marks is None]
        predicted = self._predictor.predict(missing)
        new: list[tuple[str, list[Mark]]] = []
        for marks in progress_bar(known, desc="tagging", unit=" documents", delay=2):
            if marks is None:
                document = next(predicted)
                marks = marks_of(document, *self._types)
                new.append((document.text, marks))
            if tags is not None and len(new) == _AT_ONCE:
                tags.add(new)
                new = []
            yield marks
        if tags is not None and new:
            tags.add(new)
