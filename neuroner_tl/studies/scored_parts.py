"""Gold standard and predictions of a study's runs, for comparisons mention by mention."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Optional

import numpy as np

from neuroner_tl.corpora.brat import read_annotations
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.error_sets import AnnotatedPart, document_counts
from neuroner_tl.evaluation.statistics import RESAMPLES, Difference, compare_systems, holm
from neuroner_tl.studies.results import Result, StudyResults
from neuroner_tl.studies.runner import corpus_folders
from neuroner_tl.studies.table import Table, p_text, signed

Pair = tuple[Result, Result]
HOW_TESTED = (
    "Interval of the gain: paired bootstrap over test documents; p: approximate randomisation over "
    f"test documents, two-sided; {RESAMPLES:,} resamples each. Both tell how far the outcome hangs "
    "on the choice of test documents, not on that of seeds."
)


class ScoredParts:
    """Reads what the runs of a study were scored on, each part once.

    Args:
        results: the study.
    """

    def __init__(self, results: StudyResults) -> None:
        self._results = results
        self._parts: dict[tuple[str, str, int, object], AnnotatedPart] = {}

    @cached_property
    def _folders(self) -> dict[str, Path]:
        return corpus_folders(self._results.definition, self._results.folder)

    def gold(self, result: Result, part: str = "test") -> AnnotatedPart:
        """The gold standard of a part of a run's corpus.

        Raises:
            CorpusError: the corpus is not there.
        """
        p = result.run.parameters
        size = p.train_size if part == "train" else None
        key = (result.run.corpus, part, p.split_seed, size)
        if key not in self._parts:
            corpus = read_corpus(
                self._folders[result.run.corpus],
                split_percentages=p.split_percentages,
                split_seed=p.split_seed,
                train_size=size,
                required=(part,),
            )
            self._parts[key] = AnnotatedPart.of(corpus.parts[part].documents())
        return self._parts[key]

    def predicted(self, result: Result) -> AnnotatedPart:
        """What a run found in the test part.

        Raises:
            CorpusError: the corpus or the predictions are not there.
        """
        p = result.run.parameters
        corpus = read_corpus(
            self._folders[result.run.corpus],
            split_percentages=p.split_percentages,
            split_seed=p.split_seed,
            required=("test",),
        )
        folder = self._results.folder.path / result.record["predictions"]
        report = ImportReport()
        return AnnotatedPart.of(
            replace(document, entities=read_annotations(path, document.text, report))
            for document in corpus.parts["test"].documents()
            for path in [folder / f"{document.id}.ann"]
        )

    def compare(self, pairs: Sequence[tuple[Result, Result]]) -> Optional[Difference]:
        """Test the second of each pair against the first, document by document.

        Runs of several seeds on the same documents are added up; other splits add documents.
        None if corpus or predictions are not there.
        """
        try:
            by_split: dict[int, list[tuple[Result, Result]]] = {}
            for pair in pairs:
                by_split.setdefault(pair[0].run.parameters.split_seed, []).append(pair)
            first = [self._counts(r for r, _ in found) for found in by_split.values()]
            second = [self._counts(r for _, r in found) for found in by_split.values()]
        except CorpusError:
            return None
        return compare_systems(np.concatenate(first), np.concatenate(second)) if pairs else None

    def _counts(self, results: Iterable[Result]) -> np.ndarray:
        counts = [document_counts(self.gold(result), self.predicted(result)) for result in results]
        return np.sum(counts, axis=0)


def gain_table(
    results: StudyResults, name: str, title: str, rows: Sequence[tuple[str, Sequence[Pair]]]
) -> Optional[Table]:
    """A table of gains with intervals and p-values, corrected by Holm's method over its rows.

    Args:
        results: the study.
        name: of the table's files.
        title: of the table.
        rows: for each row what it is, and the pairs of runs that are compared.

    Returns:
        None if no row can be tested: corpora or predictions are not at hand.
    """
    parts = ScoredParts(results)
    tested = [
        (words, difference)
        for words, pairs in rows
        if pairs and (difference := parts.compare(pairs)) is not None
    ]
    if not tested:
        return None
    p_values = [difference.p_value for _, difference in tested]
    return Table(
        name,
        title,
        ("comparison", "documents", "F1 gain", "95 % interval", "p", "p corrected"),
        tuple(
            (
                words,
                str(difference.documents),
                signed(100 * difference.gain),
                interval_text(difference),
                p_text(difference.p_value),
                p_text(corrected),
            )
            for (words, difference), corrected in zip(tested, holm(p_values))
        ),
        f"{HOW_TESTED} Corrected by Holm's method over the rows.",
    )


def interval_text(difference: Optional[Difference]) -> str:
    """The interval of a gain, in points."""
    if difference is None:
        return "–"
    return f"{signed(100 * difference.low)} to {signed(100 * difference.high)}"
