"""The CPU time that training takes up to the model that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np

from neuroner_tl.studies.definition.definition import IN_THE_WILD
from neuroner_tl.studies.kinds.comparisons import compared_arms
from neuroner_tl.studies.kinds.results import Result, StudyResults
from neuroner_tl.studies.pages.table import Row, Table


def cpu_seconds_to_best(runs: Sequence[Result]) -> Optional[float]:
    """Return the mean CPU time up to the saved epoch; None where a record lacks it."""
    found = [run.record.get("cpu_seconds_to_best") for run in runs]
    known = [float(seconds) for seconds in found if seconds is not None]
    return sum(known) / len(known) if known and len(known) == len(found) else None


def training_cost(
    results: StudyResults, size: Optional[float], suffix: str, note: str
) -> Sequence[Table]:
    """Make the table of CPU times by corpus and arm; none without a corpus whose times are known.

    Args:
        results: the study.
        size: train size of the runs, in percent of the corpus; None for the train part.
        suffix: says the same in the name of the table.
        note: says the same in its note.
    """
    if results.definition.kind == IN_THE_WILD:
        return ()  # Its rows are test parts, several of which have a model in common.
    first, _ = compared_arms(results)
    arms = [arm.name for arm in results.definition.arms]
    rows: list[Row] = []
    shares: dict[str, list[float]] = {}
    for _, corpus in results.corpora:
        runs = {a: results.select(arm=a, corpus=corpus, train_size=size) for a in arms}
        times = {arm: cpu_seconds_to_best(own) for arm, own in runs.items()}
        base = times.get(first)
        if base is None:
            continue
        known = {arm: seconds for arm, seconds in times.items() if seconds is not None}
        for number, (arm, seconds) in enumerate(known.items()):
            share = ""
            if arm != first and base:
                shares.setdefault(arm, []).append(seconds / base)
                share = f"{seconds / base:.2f}"
            cells = (str(len(runs[arm])), arm, f"{seconds:.0f}", share)
            rows.append([corpus if not number else "", *cells])
    if not shares:
        return ()
    for number, (arm, values) in enumerate(shares.items()):
        mean = f"{float(np.exp(np.mean(np.log(values)))):.2f}" if min(values) > 0 else "–"
        rows.append(["geometric mean" if not number else "", "", arm, "", mean])
    return (
        Table(
            f"training_cost{suffix}",
            "CPU time of training up to the saved epoch (s)",
            ("corpus", "runs", "arm", "CPU s", f"of {first}"),
            tuple(rows),
            "Mean over runs, of all threads, validation and compilation included; of a transfer "
            "that of the target run alone. Processors that are shared with other work take longer "
            "for the same: compare arms that ran side by side. Left out are corpora without the "
            f"time of a run.{note}",
            keys=3,
        ),
    )
