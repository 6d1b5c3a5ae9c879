"""Which record belongs to which planned run, even if corpora are not available or have changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Optional

from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.records.store import Record


def match_records(
    runs: Sequence[StudyRun], records: Mapping[str, Record], *, any_content: bool = False
) -> tuple[list[StudyRun], list[str]]:
    """Give runs whose corpora are not available the identifiers of their records.

    A record belongs to a run if their identifiers agree, or if nothing but words of the identifiers
    differs. If a run's corpus, vectors or source are not available, it is the latest record of a
    run that differs in nothing but contents.

    Args:
        runs: the planned runs.
        records: what is recorded, by identifier, in the order of recording.
        any_content: whether records of other contents are taken for every run that has none.

    Returns:
        The runs, and what the reader of a report must know of contents, a sentence each.
    """
    by_key: dict[str, list[Record]] = {}
    for record in records.values():
        if "key" in record:
            by_key.setdefault(record["key"], []).append(record)
    found, several, unused, changed = [], [], [], []
    for run in runs:
        others = by_key.get(run.key, [])
        run = replace(run, id=recorded_name(run.id, records))
        if run.id not in records and others:
            if run.is_known and not any_content:
                unused.append(run)
            else:
                if len({_content(record) for record in others}) > 1:
                    several.append(run)
                if run.is_known:
                    changed.append(run)
                run = replace(run, id=others[-1]["id"], content=others[-1].get("content", {}))
        found.append(run)
    sentences = [
        _sentence(unused, "recorded with contents other than the current ones and not used"),
        _sentence(several, "recorded with several contents, the latest of which is used"),
        _sentence(changed, "recorded with contents other than the current ones, and used"),
    ]
    return found, [sentence for sentence in sentences if sentence is not None]


def outdated_runs(runs: Sequence[StudyRun], records: Mapping[str, Record]) -> dict[str, str]:
    """Find runs that are recorded, but no longer match what they read.

    Args:
        runs: the planned runs.
        records: what is recorded, by identifier, in the order of recording.

    Returns:
        For the identifier of each such run what has changed since it was recorded.
    """
    latest = {record["key"]: record for record in records.values() if "key" in record}
    keys = {run.key for run in runs}
    left = {_words(name) for name, record in records.items() if record.get("key") not in keys}
    found = {}
    for run in runs:
        record = latest.get(run.key)
        if record is None and run.id not in records and _words(run.id) in left:
            found[run.id] = "the definition or its parameters changed since it was recorded"
        if record is not None and digest_of(record["id"]) == digest_of(run.id):
            continue
        if record is not None and run.is_known and run.id not in records:
            before = record.get("content", {})
            names = sorted(
                n for n in {*before, *run.content} if before.get(n) != run.content.get(n)
            )
            what = " and ".join(name.replace("_", " ") for name in names)
            found[run.id] = f"{what} changed since it was recorded"
    return found


def _words(identifier: str) -> str:
    """Return an identifier without its hash, of the definition among other things."""
    return identifier.rpartition("-")[0]


def digest_of(identifier: str) -> str:
    """Return the hash at the end of an identifier, of all that decides the result."""
    return identifier.rpartition("-")[2]


def recorded_name(identifier: str, records: Mapping[str, Record]) -> str:
    """Return the identifier under which a run is recorded: its own, or one of other words.

    The latest of these, and its own if there is none. Another study of the store may have called
    its arm by another name, or have had other silver corpora beside that of its source.
    """
    if identifier in records:
        return identifier
    digest = digest_of(identifier)
    others = [name for name in records if digest_of(name) == digest]
    return others[-1] if others else identifier


def _content(record: Record) -> str:
    return str(sorted(record.get("content", {}).items()))


def _sentence(runs: Sequence[StudyRun], what: str) -> Optional[str]:
    if not runs:
        return None
    corpora = ", ".join(dict.fromkeys(run.corpus for run in runs))
    return f"{counted(len(runs), 'run is', 'runs are')} {what} ({corpora})."
