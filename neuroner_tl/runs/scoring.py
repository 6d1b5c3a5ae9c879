"""Scores of a run's network on the parts of its corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional, Protocol

import numpy as np

from neuroner_tl.dataset.encoded_part import EncodedPart
from neuroner_tl.dataset.label_names import label_names
from neuroner_tl.dataset.word_table import WordTable
from neuroner_tl.evaluation.scoring import (
    HEADLINE,
    MODES,
    Counts,
    DocumentScores,
    Scores,
    score_tags,
)
from neuroner_tl.evaluation.statistics import f1_interval
from neuroner_tl.runs.annotations import write_predictions
from neuroner_tl.runs.data import RunData


class RunScores(NamedTuple):
    """The scores of a run's model.

    Attributes:
        scores: by part, the figures of each measure of `evaluation.scoring.MEASURES`.
        document_counts: by part and document id, TP, FP and FN by the headline measure.
        intervals: by part, the 95 % interval over documents of F1 by the headline measure, of each
            type and of all (``micro``); None for fewer than two documents.

    Example::

        scored = Scorer(data, tagger).score_all(Path("predictions"))
        scored.scores["test"][HEADLINE]["micro"]["f1"]
    """

    scores: dict[str, dict[str, Any]]
    document_counts: dict[str, dict[str, list[int]]]
    intervals: dict[str, dict[str, Optional[tuple[float, float]]]]


class FindsLabels(Protocol):
    """An object that finds the labels of sentences, such as a `Tagger`.

    Example::

        class Outside:
            def tag(self, table, part):
                return np.zeros(part.number_of_tokens, np.int16)
    """

    def tag(self, table: WordTable, part: EncodedPart) -> np.ndarray:
        """Return the labels of all tokens of a part, int16 ``[tokens]``."""


class Scorer:
    """A scorer of a network with its current weights.

    Args:
        data: the run's corpus.
        tagger: finds the labels.

    Example::

        score, figures = Scorer(data, Tagger(network)).validate("conll")
    """

    def __init__(self, data: RunData, tagger: FindsLabels) -> None:
        self._data = data
        self._tagger = tagger

    def validate(self, mode: str) -> tuple[float, dict[str, Any]]:
        """Return the micro-averaged F1 of the valid part, 0 to 1, and all its figures."""
        scores = self._score(self._tag("valid"), "valid", mode)
        return scores.micro.f1, scores.to_json()

    def score_all(self, folder: Path, parts: Optional[Sequence[str]] = None) -> RunScores:
        """Score annotated parts by every measure, and write their predictions.

        Args:
            folder: where the predictions go, one folder per part.
            parts: names of the parts; None for all.
        """
        found = RunScores({}, {}, {})
        for name, part in self._data.dataset.parts.items():
            if parts is not None and name not in parts:
                continue
            labels = self._tag(name)
            documents = write_predictions(
                self._data.corpus.parts[name],
                part,
                self._data.dataset.word_table.words,
                labels,
                self._data.dataset.vocabulary.labels,
                folder / name,
            )
            if name != "deploy":
                found.scores[name] = {
                    HEADLINE: documents.scores.to_json(),
                    **{mode: self._score(labels, name, mode).to_json() for mode in MODES},
                }
                found.document_counts[name] = documents.counts()
                found.intervals[name] = document_intervals(documents)
        return found

    def _tag(self, part: str) -> np.ndarray:
        dataset = self._data.dataset
        return self._tagger.tag(dataset.word_table, dataset.parts[part])

    def _score(self, labels: np.ndarray, name: str, mode: str) -> Scores:
        dataset = self._data.dataset
        part, names = dataset.parts[name], dataset.vocabulary.labels
        gold = list(label_names(part, part.labels, names))
        unknown = part.unknown_by_sentence() if len(part.unknown_tokens) else ()
        return score_tags(gold, list(label_names(part, labels, names)), mode, unknown)


def document_intervals(
    documents: DocumentScores,
) -> dict[str, Optional[tuple[float, float]]]:
    """Return the 95 % interval over documents of F1 of each type, and of all (``micro``)."""
    ids = documents.per_document

    def interval(counts: Mapping[str, Counts]) -> Optional[tuple[float, float]]:
        table = [counts.get(name, Counts()) for name in ids]
        return f1_interval([(one.tp, one.fp, one.fn) for one in table])

    by_type = {kind: interval(counts) for kind, counts in documents.by_type.items()}
    return {**by_type, "micro": interval(ids)}
