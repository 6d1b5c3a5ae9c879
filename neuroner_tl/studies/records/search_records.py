"""Which records are those of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.definition.search import Trial
from neuroner_tl.studies.definition.trials import SearchPlan
from neuroner_tl.studies.records.store import Record


def recorded_trials(
    plan: SearchPlan, records: Mapping[str, Record], *, any_content: bool = False
) -> tuple[list[StudyRun], list[str]]:
    """Return the runs of the trials that are recorded, by number, whatever became of them.

    Where corpora are not available, they are those of the latest search that differs in nothing
    but contents.

    Args:
        plan: of the search.
        records: what is recorded, by identifier, in the order of recording.
        any_content: whether records of other contents are taken if there are no others.

    Returns:
        The runs, and what the reader of a report must know of contents, a sentence each.
    """
    of_key = [r for r in records.values() if _trial(r).get("key") == plan.key]
    names = list(dict.fromkeys(str(_trial(record)["search"]) for record in of_key))
    wanted, notes = plan.id, []
    if plan.id not in names and names and (any_content or not plan.base.is_known):
        wanted = names[-1]
        if plan.base.is_known:
            notes.append("The trials are recorded with contents other than the current ones.")
    others = sum(_trial(record)["search"] != wanted for record in of_key)
    if others:
        are = counted(others, "trial is", "trials are")
        notes.append(f"{are} recorded with other contents and not used.")
    runs = {}
    for record in of_key:
        about = _trial(record)
        if about["search"] == wanted:
            trial = Trial(wanted, plan.key, int(about["number"]), dict(about["values"]))
            content = record.get("content", {})
            runs[trial.number] = replace(
                plan.base, id=record["id"], key=record["key"], content=content, trial=trial
            )
    return [runs[number] for number in sorted(runs)], notes


def _trial(record: Record) -> dict[str, Any]:
    return record.get("trial") or {}
