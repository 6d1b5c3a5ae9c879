"""The CPU time that training takes up to the model that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from neuroner_tl.studies.definition.definition import IN_THE_WILD
from neuroner_tl.studies.pages.table import Row, Table
from neuroner_tl.studies.results.comparisons import compared_arms
from neuroner_tl.studies.results.gains import Pair
from neuroner_tl.studies.results.study_results import Result, StudyResults


def cpu_seconds_to_best(runs: Sequence[Result]) -> Optional[float]:
    """Return the mean CPU time up to the saved epoch; None where a record lacks it."""
    found = [run.record.get("cpu_seconds_to_best") for run in runs]
    known = [float(seconds) for seconds in found if seconds is not None]
    return sum(known) / len(known) if known and len(known) == len(found) else None


def training_cost(
    results: StudyResults, size: Optional[float], suffix: str, note: str
) -> Sequence[Table]:
    """Make the table of CPU times by corpus and arm; none without a pair whose times are known.

    Args:
        results: the study.
        size: train size of the runs, in percent of the corpus; None for the train part.
        suffix: says the same in the name of the table.
        note: says the same in its note.
    """
    if results.definition.kind == IN_THE_WILD:
        return ()  # Its rows are test parts, several of which have a model in common.
    first, _ = compared_arms(results)
    arms = [arm.name for arm in results.definition.arms if arm.name != first]
    rows: list[Row] = []
    shares: dict[str, list[float]] = {}
    for _, corpus in results.corpora:
        found = {a: _timed_pairs(results, first, a, corpus, size) for a in arms}
        known = {arm: pairs for arm, pairs in found.items() if pairs}
        if not known:
            continue
        widest = max(known.values(), key=len)
        rows.append([corpus, str(len(widest)), first, f"{_mean(widest, 0):.0f}", ""])
        for arm, pairs in known.items():
            base, seconds = _mean(pairs, 0), _mean(pairs, 1)
            share = seconds / base if base else None
            rows.append(["", str(len(pairs)), arm, f"{seconds:.0f}", _share(share)])
            if share is not None:
                trained = all(run.record.get("best_epoch") != 0 for pair in pairs for run in pair)
                shares.setdefault(arm, []).append(share if trained else 0.0)
    if not shares:
        return ()
    for number, (arm, values) in enumerate(shares.items()):
        mean = float(np.exp(np.mean(np.log(values)))) if min(values) > 0 else None
        rows.append(["geometric mean" if not number else "", "", arm, "", _share(mean)])
    untrained = any(min(values) == 0 for values in shares.values())
    return (
        Table(
            f"training_cost{suffix}",
            "CPU time of training up to the saved epoch (s)",
            ("corpus", "runs", "arm", "CPU s", f"of {first}"),
            tuple(rows),
            "Mean over the pairs of runs of both arms whose times are known; of "
            f"{first}: ratio of the two means. Time of all threads, validation and compilation "
            "included; of a transfer that of the target run alone. Processors that are shared with "
            "other work take longer for the same: compare arms that ran side by side."
            + (
                " No geometric mean where a run keeps the model that it started from: that is "
                "no time of training."
                if untrained
                else ""
            )
            + note,
            keys=3,
        ),
    )


def _timed_pairs(
    results: StudyResults, first: str, arm: str, corpus: str, size: Optional[float]
) -> Sequence[Pair]:
    """Return the pairs of runs of two arms whose times are both known."""
    return [
        pair
        for pair in results.pairs(first, arm, corpus=corpus, train_size=size)
        if cpu_seconds_to_best(pair) is not None
    ]


def _mean(pairs: Sequence[Pair], side: int) -> float:
    return cpu_seconds_to_best([pair[side] for pair in pairs]) or 0.0


def _share(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.2f}"
