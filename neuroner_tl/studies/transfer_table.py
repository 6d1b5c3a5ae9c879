"""Baseline against transfer on many corpora (Table 2): averages by class, and corpus by corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

import numpy as np

from neuroner_tl.evaluation.statistics import (
    Difference,
    Summary,
    holm,
    summarise,
    wilcoxon,
)
from neuroner_tl.studies.arms import BASELINE
from neuroner_tl.studies.comparison import error_reduction
from neuroner_tl.studies.results import Result, StudyResults, mean_text
from neuroner_tl.studies.scored_parts import HOW_TESTED, ScoredParts, interval_text
from neuroner_tl.studies.section import Section
from neuroner_tl.studies.table import Row, Table, better, p_text, signed

_SPREAD = "Mean ± standard deviation over runs. "
MEASURES = ("precision", "recall", "f1")


@dataclass(frozen=True)
class CorpusComparison:
    """Two arms on one corpus.

    Args:
        entity_class: class of the corpus.
        corpus: its name.
        pairs: the runs, those of the first arm first.
        difference: the test over documents; None if corpus or predictions are not at hand.
    """

    entity_class: str
    corpus: str
    pairs: Sequence[tuple[Result, Result]]
    difference: Optional[Difference]

    def summary(self, side: int, measure: str) -> Summary:
        """Mean over the runs of one arm, in points of 100."""
        values = [100 * getattr(pair[side].counts(), measure) for pair in self.pairs]
        return summarise(values)

    @property
    def gain(self) -> float:
        """Gain in mean F1, in points."""
        return self.summary(1, "f1").mean - self.summary(0, "f1").mean

    @property
    def reduction(self) -> Optional[float]:
        """The paper's reduction of the error, in per cent."""
        return error_reduction(self.summary(0, "f1").mean, self.summary(1, "f1").mean)


def compare(results: StudyResults) -> list[CorpusComparison]:
    """The comparison of the first arm with the last one on every corpus that has both."""
    parts, (first, last) = ScoredParts(results), compared_arms(results)
    found = []
    for entity_class, corpus in results.corpora:
        pairs = results.pairs(first, last, corpus=corpus)
        if pairs:
            difference = parts.compare(pairs)
            found.append(CorpusComparison(entity_class, corpus, pairs, difference))
    return found


def compared_arms(results: StudyResults) -> tuple[str, str]:
    """The arms that are compared: the baseline, or else the first, and the last."""
    names = [arm.name for arm in results.definition.arms]
    return BASELINE if BASELINE in names else names[0], names[-1]


def sections(results: StudyResults) -> list[Section]:
    """Table 2, the table by corpus, and the test over corpora."""
    compared = compare(results)
    if not compared:
        return [Section("Baseline and transfer", "No corpus has finished runs of two arms yet.")]
    tables = [_by_class(results, compared), _by_corpus(results, compared)]
    if len(compared) > 1:
        tables.append(_over_corpora(results, compared))
    return [Section("Baseline and transfer", "", tuple(tables))]


def _by_class(results: StudyResults, compared: Sequence[CorpusComparison]) -> Table:
    classes = list(dict.fromkeys(item.entity_class for item in compared))
    rows: list[Row] = []
    for name in classes:
        rows += _averages(results, name, [item for item in compared if item.entity_class == name])
    if len(classes) > 1:
        rows += _averages(results, "all", compared)
    return Table(
        "by_class",
        "Precision, recall and F1 on test by entity class, averaged over its corpora (%)",
        ("class", "corpora", "arm", "P", "R", "F1", "F1 gain", "error reduction (%)"),
        tuple(rows),
        "Exact match of entities; each corpus counts alike. The better value is bold (* in "
        "text). Error reduction: gain as a share of what the baseline lacks to 100, averaged "
        "over corpora.",
    )


def _averages(results: StudyResults, name: str, items: Sequence[CorpusComparison]) -> list[Row]:
    columns = []
    for measure in MEASURES:
        one, other = (
            float(np.mean([item.summary(side, measure).mean for item in items])) for side in (0, 1)
        )
        columns.append(better(one, other, (f"{one:.2f}", f"{other:.2f}")))
    reductions = [item.reduction for item in items if item.reduction is not None]
    gain = float(np.mean([item.gain for item in items]))
    reduction = float(np.mean(reductions)) if reductions else None
    first, last = compared_arms(results)
    return [
        [name, str(len(items)), first, *(pair[0] for pair in columns), "", ""],
        ["", "", last, *(pair[1] for pair in columns), signed(gain), signed(reduction)],
    ]


def _by_corpus(results: StudyResults, compared: Sequence[CorpusComparison]) -> Table:
    first, last = compared_arms(results)
    p_values = [item.difference.p_value for item in compared if item.difference is not None]
    corrected = iter(holm(p_values))
    rows: list[Row] = []
    for item in compared:
        columns = []
        for measure in MEASURES:
            one, other = item.summary(0, measure), item.summary(1, measure)
            columns.append(better(one.mean, other.mean, (mean_text(one), mean_text(other))))
        p_value = None if item.difference is None else next(corrected)
        behind = [signed(item.gain), interval_text(item.difference), p_text(p_value)]
        behind.append(signed(item.reduction))
        runs = str(len(item.pairs))
        rows.append([item.corpus, runs, first, *(pair[0] for pair in columns), "", "", "", ""])
        rows.append(["", "", last, *(pair[1] for pair in columns), *behind])
    return Table(
        "by_corpus",
        "Precision, recall and F1 on test by corpus (%)",
        (
            "corpus",
            "runs",
            "arm",
            "P",
            "R",
            "F1",
            "F1 gain",
            "95 % interval",
            "p",
            "error reduction (%)",
        ),
        tuple(rows),
        _note(compared),
    )


def _note(compared: Sequence[CorpusComparison]) -> str:
    spread = "" if {len(item.pairs) for item in compared} == {1} else _SPREAD
    if not any(item.difference is not None for item in compared):
        return f"{spread}No interval and no p: corpora or predictions are not at hand."
    together = " Holm's correction over the corpora." if len(compared) > 1 else ""
    return f"{spread}{HOW_TESTED}{together}"


def _over_corpora(results: StudyResults, compared: Sequence[CorpusComparison]) -> Table:
    values = {
        measure: [
            (item.summary(0, measure).mean, item.summary(1, measure).mean) for item in compared
        ]
        for measure in MEASURES
    }
    tests = {name: wilcoxon(*map(list, zip(*pairs))) for name, pairs in values.items()}
    known = [name for name in MEASURES if tests[name] is not None]
    corrected = dict(zip(known, holm([tests[name] or 0.0 for name in known])))
    rows = []
    for name, pairs in values.items():
        gains = [other - one for one, other in pairs]
        rows.append(
            (
                {"f1": "F1"}.get(name, name),
                str(sum(gain > 0 for gain in gains)),
                str(sum(gain < 0 for gain in gains)),
                signed(float(np.median(gains))),
                p_text(tests[name]),
                p_text(corrected.get(name)),
            )
        )
    first, last = compared_arms(results)
    return Table(
        "over_corpora",
        f"{last} against {first} over {len(compared)} corpora",
        ("measure", "better on", "worse on", "median gain", "p", "p corrected"),
        tuple(rows),
        "Wilcoxon's signed-rank test over corpora, two-sided; corrected by Holm's method over the "
        "three measures. Few corpora cannot give a small p: with five the smallest is 0.0625.",
    )
