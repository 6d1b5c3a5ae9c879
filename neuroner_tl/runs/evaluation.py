"""A finished model scored on annotated documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional, Union

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import annotated_parts
from neuroner_tl.corpora.text.tagging import taggable_entities
from neuroner_tl.evaluation.brat_folders import FolderScores
from neuroner_tl.evaluation.calibration import ConfidenceOutcomes
from neuroner_tl.evaluation.scoring import score_documents
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.prediction import load_predictor
from neuroner_tl.system.paths import StrPath


def evaluate_model(
    model: Union[StrPath, Predictor, Sequence[StrPath]],
    gold: StrPath,
    parts: Sequence[str] = ("test",),
    *,
    word_vectors: Optional[StrPath] = None,
    threads: int = 1,
    abbreviations: bool = False,
    observers: Sequence[Callable[[Document, Document], None]] = (),
) -> FolderScores:
    """Score a model on annotated documents, with the probabilities of what it finds.

    Args:
        model: the folder of a run or of its model, or a loaded model, for which the options on
            loading are without effect; or the folders of several models, whose scores are
            averaged, see `EnsemblePredictor`.
        gold: a corpus; a folder without parts is scored as a whole.
        parts: the parts to score, of a corpus that has parts.
        word_vectors: see `load_predictor`.
        threads: see `load_predictor`.
        abbreviations: see `Predictor`.
        observers: called with each document as annotated and as predicted.

    Raises:
        CheckpointError: the model cannot be loaded.
        CorpusError: the corpus cannot be used, lacks a part, or has no gold annotations.
        ParameterError: ``parts`` is empty, or has one that never has gold annotations; or models
            do not fit together.
    """
    readers = annotated_parts(Path(gold), parts)
    if isinstance(model, (str, os.PathLike)):
        model = load_predictor(model, word_vectors, threads=threads, abbreviations=abbreviations)
    elif not isinstance(model, Predictor):
        members = [load_predictor(one, word_vectors, threads=threads) for one in model]
        model = EnsemblePredictor(members, abbreviations=abbreviations)
    predictor, report, outcomes = model, ImportReport(), ConfidenceOutcomes()

    def documents() -> Iterator[Document]:
        for name, reader in readers.items():
            for document in reader.documents(report):
                # Two parts may have one of a name.
                identifier = f"{name}/{document.id}" if len(readers) > 1 else document.id
                yield replace(document, id=identifier)

    def pairs() -> Iterator[tuple[Document, Document]]:
        found = predictor.predict_pairs(documents())
        for annotated, predicted in progress_bar(
            found, desc="evaluating", unit=" documents", delay=2
        ):
            for observe in (outcomes.add, *observers):
                observe(annotated, predicted)
            yield annotated, predicted

    tokenizer = predictor.tokenizer
    scored = score_documents(pairs(), lambda document: taggable_entities(document, tokenizer))
    assert scored.taggable is not None
    return FolderScores(
        scored.scores,
        scored.taggable,
        scored.per_document,
        (),
        (),
        "same",
        report,
        ImportReport(),
        confidence=outcomes,
    )
