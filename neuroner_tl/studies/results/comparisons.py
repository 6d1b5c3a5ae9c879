"""Arms of a study compared with its baseline, corpus by corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

import numpy as np

from neuroner_tl.evaluation.statistics import Difference, Summary, error_reduction, summarise
from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.results.gains import Pair, compare_pairs, mean_gain
from neuroner_tl.studies.results.study_results import CHOSEN, Result, StudyResults


@dataclass(frozen=True)
class CorpusComparison:
    """Two arms on one corpus.

    Attributes:
        entity_class: class of the corpus.
        corpus: its name.
        arm: the second arm.
        pairs: the runs, those of the first arm first.

    Example::

        for comparison in compare(results, train_size=None):
            print(comparison.corpus, comparison.arm, comparison.gain)
    """

    entity_class: str
    corpus: str
    arm: str
    pairs: Sequence[Pair]

    @cached_property
    def difference(self) -> Optional[Difference]:
        """The test over documents; None without counts by document."""
        return compare_pairs(self.pairs)

    def runs(self, side: int) -> list[Result]:
        """Return the runs of one arm, each once: a baseline has a pair with each source model."""
        return list({pair[side].run.id: pair[side] for pair in self.pairs}.values())

    def summary(self, side: int, measure: str) -> Summary:
        """Average the runs of one arm, in points of 100."""
        return summarise([100 * getattr(run.counts(), measure) for run in self.runs(side)])

    @property
    def gain(self) -> float:
        """Mean gain in F1, in points."""
        return mean_gain(self.pairs)

    def f1_of_tags(self, side: int) -> Optional[float]:
        """Average F1 on annotations that tags can represent, in points; None if not counted."""
        values = [run.f1_of_tags for run in self.runs(side)]
        known = [100 * value for value in values if value is not None]
        return float(np.mean(known)) if len(known) == len(values) else None

    @property
    def reduction(self) -> Optional[float]:
        """The paper's reduction of the error, in percent."""
        return error_reduction(self.summary(0, "f1").mean, self.summary(1, "f1").mean)


def compare(results: StudyResults, train_size: Optional[float]) -> list[CorpusComparison]:
    """Compare the first arm with each of the others on every corpus that has both.

    Args:
        results: the study.
        train_size: that of the runs, in percent of the corpus; None for the train part.
    """
    first, _ = compared_arms(results)
    found = []
    for entity_class, corpus in results.corpora:
        for arm in other_arms(results):
            pairs = results.pairs(first, arm, corpus=corpus, train_size=train_size)
            if pairs:
                found.append(CorpusComparison(entity_class, corpus, arm, pairs))
    return found


def compared_arms(results: StudyResults) -> tuple[str, str]:
    """Return the two arms to compare: the baseline, or else the first, and the last."""
    names = [arm.name for arm in results.definition.arms]
    return BASELINE if BASELINE in names else names[0], names[-1]


def pairs_of_class(
    results: StudyResults, entity_class: str, train_size: Optional[float]
) -> list[Pair]:
    """Return the runs of the two arms to compare on all corpora of a class, in pairs."""
    return [
        pair
        for corpus in results.definition.targets[entity_class]
        for pair in results.pairs(*compared_arms(results), corpus=corpus, train_size=train_size)
    ]


def compares_transfer(results: StudyResults) -> bool:
    """Tell whether the first of `compared_arms` takes no layers of a source, and all others do."""
    first, _ = compared_arms(results)
    return all(bool(arm.layers) == (arm.name != first) for arm in results.definition.arms)


def other_arms(results: StudyResults) -> list[str]:
    """Return what is compared with the first of `compared_arms`: other arms, and valid's choice."""
    first, _ = compared_arms(results)
    names = [arm.name for arm in results.definition.arms if arm.name != first]
    return [*names, *([CHOSEN] if results.definition.valid_chooses else [])]
