"""The status of a study: runs done, running, failed and missing, and the time left."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Optional

from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.definition.trials import SearchPlan, plan_search
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.matching import match_records, outdated_runs
from neuroner_tl.studies.records.search_records import recorded_trials
from neuroner_tl.studies.records.store import FAILED, FINISHED, PRUNED, Record

_DONE = (FINISHED, PRUNED)


@dataclass(frozen=True)
class StudyStatus:
    """The status of a study.

    Attributes:
        done: finished runs.
        running: runs that are being executed, with host and process.
        failed: runs that failed, with their errors.
        missing: runs still to be executed.
        seconds_left: of all that is running or missing, with the workers of the moment (one, if
            none is at work); None if nothing is known of any such run.
        seconds_done: what the finished runs took.
        notes: what must be known of records and contents.
        outdated: runs still to be executed though they are recorded, since what they read has
            changed: what it is.

    Example::

        status = study_status("experiments/quickstart.ini")
        print(len(status.done), len(status.missing), status.seconds_left)
    """

    done: tuple[StudyRun, ...]
    running: Mapping[str, Mapping[str, Any]]
    failed: Mapping[str, str]
    missing: tuple[StudyRun, ...]
    seconds_left: Optional[float]
    seconds_done: float
    notes: tuple[str, ...] = ()
    outdated: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object."""
        return {
            "done": [run.id for run in self.done],
            "running": {name: dict(who) for name, who in self.running.items()},
            "failed": dict(self.failed),
            "missing": [run.id for run in self.missing],
            "seconds_left": self.seconds_left,
            "seconds_done": self.seconds_done,
            "notes": list(self.notes),
            "outdated": dict(self.outdated),
        }

    def to_text(self) -> str:
        """Return the status as text for the terminal."""
        total = len(self.done) + len(self.running) + len(self.failed) + len(self.missing)
        lines = [
            f"{counted(total, 'run')}: {len(self.done)} done, {len(self.running)} running, "
            f"{len(self.failed)} failed, {len(self.missing)} missing; "
            f"{duration(self.seconds_done)} spent"
        ]
        lines += [f"  {note}" for note in self.notes]
        for name, who in self.running.items():
            since = duration(time.time() - who["since"]) if "since" in who else "?"
            lines.append(
                f"  running {name} for {since}, process {who.get('process', '?')} of "
                f"{who.get('host', '?')}"
            )
        lines += [f"  failed  {name}: {error}" for name, error in self.failed.items()]
        lines += [f"  outdated {name}: {what}" for name, what in self.outdated.items()]
        shown = [run for run in self.missing if run.id not in self.outdated][:10]
        lines += [f"  missing {run.id}" for run in shown]
        more = len(self.missing) - len(self.outdated) - len(shown)
        if more > 0:
            lines.append(f"  missing {more} more")
        if self.missing or self.running:
            if self.seconds_left is None:
                lines.append("time left: unknown until a similar run is done")
            else:
                workers = max(1, len(self.running))
                lines.append(
                    f"time left: about {duration(self.seconds_left)} "
                    f"with {counted(workers, 'worker')}"
                )
        return "\n".join(lines)


def status_of(definition: StudyDefinition, seed: Optional[int] = None) -> StudyStatus:
    """Return the status of a study from its store and its claims.

    Raises:
        NeuroNERError: the definition is wrong, or the store is damaged.
    """
    folder = StudyFolder(definition.folder)
    records, holders = folder.store.records(), folder.claims.holders()
    contents = Contents.remembered(definition.output_folder)
    plan = None if definition.search is None else plan_search(definition, seed, contents)
    planned = plan_runs(definition, seed, contents) if plan is None else list(plan.sources)
    outdated = outdated_runs(planned, records)
    runs, notes = match_records(planned, records)
    runs = [_as_claimed(run, holders) for run in runs]
    if plan is not None:
        trials, more = _trials(plan, records, holders)
        runs, notes = [*runs, *trials], [*notes, *more]
    done = [run for run in runs if records.get(run.id, {}).get("status") in _DONE]
    others = [run for run in runs if run not in done]
    running = {run.id: holders[run.id] for run in others if run.id in holders}
    failed = {
        run.id: str(records[run.id].get("error", ""))
        for run in others
        if run.id not in running and records.get(run.id, {}).get("status") == FAILED
    }
    missing = [run for run in others if run.id not in running and run.id not in failed]
    return StudyStatus(
        tuple(done),
        running,
        failed,
        tuple(missing),
        _seconds_left(runs, records, running, missing),
        sum(float(records[run.id]["seconds"]) for run in done),
        tuple(notes),
        {name: what for name, what in outdated.items() if name in {run.id for run in missing}},
    )


def _trials(
    plan: SearchPlan, records: Mapping[str, Record], holders: Mapping[str, Any]
) -> tuple[list[StudyRun], list[str]]:
    """Return the trials that are recorded, are running, and are still to be drawn."""
    trials, notes = recorded_trials(plan, records)
    words = plan.base.id.rpartition("-")[0]
    names = [n for n in holders if n.rpartition("-")[0] == words and n not in records]
    first = len(trials) + len(names)
    names += [f"{words}, trial {number}" for number in range(first, plan.search.trials)]
    return [*trials, *(replace(plan.base, id=name) for name in names)], notes


def _as_claimed(run: StudyRun, holders: Mapping[str, Any]) -> StudyRun:
    """Return a run whose corpus is not available, with the identifier of its claim."""
    words = run.id.rpartition("-")[0]
    claimed = [name for name in holders if name.rpartition("-")[0] == words]
    return run if run.is_known or len(claimed) != 1 else replace(run, id=claimed[0], content={})


def _seconds_left(
    runs: Sequence[StudyRun],
    records: Mapping[str, Record],
    running: Mapping[str, Mapping[str, Any]],
    missing: Sequence[StudyRun],
) -> Optional[float]:
    finished = [
        (run, float(records[run.id]["seconds"]))
        for run in runs
        if records.get(run.id, {}).get("status") in _DONE
    ]
    total = 0.0
    for run in runs:
        if run.id not in running and run not in missing:
            continue
        guess = _guess(run, finished)
        if guess is None:
            return None
        since = running.get(run.id, {}).get("since")
        total += max(0.0, guess - (time.time() - since)) if since else guess
    return total / max(1, len(running))


def _guess(run: StudyRun, finished: Sequence[tuple[StudyRun, float]]) -> Optional[float]:
    """Return the median time of the most similar runs, or 0 where nothing is trained."""
    if run.system is not None and run.system.is_published:
        return 0.0

    def kinds(one: StudyRun) -> tuple[tuple[object, ...], ...]:
        trained = one.is_source, None if one.system is None else one.system.name
        of_size = one.corpus, one.train_size, one.documents
        return (
            (*of_size, one.arm),
            (*of_size, trained),
            (one.corpus, one.arm),
            (one.corpus, trained),
            trained,
        )

    for number, wanted in enumerate(kinds(run)):
        seconds = [taken for other, taken in finished if kinds(other)[number] == wanted]
        if seconds:
            return statistics.median(seconds)
    return None


def duration(seconds: float) -> str:
    """Format a time in words, such as ``2 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
