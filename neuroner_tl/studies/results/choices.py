"""Which arm the validation score chooses, and what it would have had without the choice."""

from __future__ import annotations

from typing import Optional

from neuroner_tl.evaluation.statistics import summarise
from neuroner_tl.studies.pages.table import Row, Table, with_spread
from neuroner_tl.studies.results.study_results import CHOSEN, MEASURE, Result, StudyResults, run_key


def choices(
    results: StudyResults, train_size: Optional[float], suffix: str, note: str
) -> list[Table]:
    """Make the table of the scores on valid, and of what they chose.

    Args:
        results: the study.
        train_size: that of the runs, in percent of the corpus; None for the train part.
        suffix: of the table's name.
        note: added to the table's.

    Returns:
        No table if the study leaves no choice, or no run has been chosen yet.
    """
    names = results.definition.valid_chooses
    chosen = results.select(arm=CHOSEN, train_size=train_size)
    rows: list[Row] = []
    for _, corpus in results.corpora:
        own = [result for result in chosen if result.run.corpus == corpus]
        keys = {run_key(result.run) for result in own}
        found = {
            name: [
                result
                for result in results.select(arm=name, train_size=train_size, corpus=corpus)
                if run_key(result.run) in keys
            ]
            for name in names
        }
        finished = {name: runs for name, runs in found.items() if runs}
        for number, (name, runs) in enumerate(finished.items()):
            taken = sum(result.run.id in {one.run.id for one in own} for result in runs)
            rows.append(
                [
                    corpus if not number else "",
                    name,
                    _text([100 * result.valid_f1 for result in runs]),
                    f"{taken} of {len(own)}",
                    _text([100 * result.f1 for result in runs]),
                    _of(own) if not number else "",
                ]
            )
    if not rows:
        return []
    return [
        Table(
            f"chosen_on_valid{suffix}",
            "F1 on valid by arm, and which arm it chooses (%)",
            ("corpus", "arm", "F1 on valid", "chosen in", "F1 on test", "F1 on test as chosen"),
            tuple(rows),
            f"{MEASURE} F1 on valid: of the annotations that tags can represent, as in early "
            "stopping. For each seed (and split) the arm with the higher one is chosen, of equal "
            "ones the first; the test part has no say in it. F1 on test as chosen is that of the "
            f"row `{CHOSEN}` of the other tables.{note}",
            keys=2,
        )
    ]


def _of(runs: list[Result]) -> str:
    return _text([100 * result.f1 for result in runs])


def _text(values: list[float]) -> str:
    summary = summarise(values)
    return with_spread(summary.mean, summary.deviation)
