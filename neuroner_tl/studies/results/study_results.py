"""The results of a study: its planned runs with their records, and queries on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Optional

from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.evaluation.statistics import Summary, summarise
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.definition.trials import SearchPlan
from neuroner_tl.studies.pages.table import with_spread
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.matching import digest_of
from neuroner_tl.studies.records.mentions import MentionFiles
from neuroner_tl.studies.records.record_form import member, part_counts
from neuroner_tl.studies.records.store import (
    FAILED,
    FINISHED,
    LEARNED_NOTHING,
    PRUNED,
    Record,
)

MEASURE = "Exact match of type and offsets, against all gold annotations of the documents."
OF_TAGS = "of those that tags can represent"
CHOSEN = "chosen on valid"
"""The arm of the runs that the validation score chose among those of ``valid_chooses``."""
CELLS = "In brackets: runs, and how many of them scored 0."


@dataclass(frozen=True)
class Result:
    """A finished run.

    Attributes:
        run: the planned run.
        record: its record.

    Example::

        for result in results.select(arm="transfer"):
            print(result.run.corpus, result.f1)
    """

    run: StudyRun
    record: Record

    def counts(self, part: str = "test") -> Counts:
        """Count exactly matched entities of a part, all types together, by the headline measure."""
        return part_counts(self.record, part)

    @property
    def f1_of_tags(self) -> Optional[float]:
        """F1 on test of gold annotations that tags can represent; None if not counted."""
        if "tags" not in self.record["scores"]["test"]:
            return 0.0 if LEARNED_NOTHING in self.record else None
        return part_counts(self.record, "test", "tags").f1

    @property
    def documents(self) -> Mapping[str, Sequence[int]]:
        """TP, FP and FN of each test document; empty if they were not recorded."""
        found: Mapping[str, Sequence[int]] = self.record.get("test_documents", {})
        return found

    @property
    def f1(self) -> float:
        """F1 on test, 0 to 1."""
        return self.counts().f1

    @property
    def valid_f1(self) -> float:
        """F1 on valid of the saved epoch, 0 to 1, of annotations that tags can represent."""
        return float(member(self.record, "valid_f1") or 0.0)


def run_key(run: StudyRun) -> tuple[Any, ...]:
    """Return what runs of several arms have in common that are compared with each other."""
    return run.corpus, run.train_size, run.parameters.seed, run.parameters.split_seed


def source_of(run: StudyRun) -> tuple[Optional[str], Optional[int]]:
    """Return the silver corpus of a run's source model, and the number of its documents."""
    return run.source_name, run.source_documents


@dataclass(frozen=True)
class StudyResults:
    """The results of a study so far.

    Attributes:
        definition: the study.
        folder: its folder.
        runs: all of its runs.
        records: what is recorded, by identifier; other studies' runs may be among them.
        mentions: what the runs found and missed, mention by mention; None without any.
        notes: what the reader must know about how records match runs.
        plan: of a search, whose runs are its source models and the recorded trials; None for
            studies of other kinds.

    Example::

        results = load_results(definition)
        print(results.f1(arm="baseline", corpus="NCBI_DISO"))
    """

    definition: StudyDefinition
    folder: StudyFolder
    runs: Sequence[StudyRun]
    records: Mapping[str, Record]
    mentions: Optional[MentionFiles] = None
    notes: Sequence[str] = ()
    plan: Optional[SearchPlan] = None

    @cached_property
    def finished(self) -> list[Result]:
        """The runs that are finished."""
        return [
            Result(run, self.records[run.id])
            for run in self.runs
            if self.records.get(run.id, {}).get("status") == FINISHED
        ]

    @cached_property
    def other_sources(self) -> dict[str, tuple[Optional[Record], list[StudyRun]]]:
        """The source models of finished runs that are not among `runs`, by identifier.

        They are of other contents, such as an earlier version of a silver corpus, or of another
        study's store. Each has its record, None if there is none, and the runs that start from it.
        """
        planned = {digest_of(run.id) for run in self.runs if run.is_source}
        found: dict[str, tuple[Optional[Record], list[StudyRun]]] = {}
        for result in self.finished:
            source = result.record.get("source")
            if source is not None and digest_of(source) not in planned:
                _, runs = found.setdefault(source, (self.records.get(source), []))
                runs.append(result.run)
        return found

    @property
    def failed(self) -> list[Record]:
        """The records of the runs that failed."""
        found = (self.records.get(run.id, {}) for run in self.runs)
        return [record for record in found if record.get("status") == FAILED]

    def select(self, **wanted: Any) -> list[Result]:
        """Return the finished target runs with these attributes of `StudyRun`.

        With ``arm=CHOSEN`` they are those that the validation score chose.
        """
        return [
            result
            for result in (self.chosen if wanted.get("arm") == CHOSEN else self.finished)
            if not result.run.is_source
            and all(getattr(result.run, name) == value for name, value in wanted.items())
        ]

    def f1(self, **wanted: Any) -> Optional[Summary]:
        """Return mean and standard deviation of the F1 on test, in percent; None without runs."""
        values = [100 * result.f1 for result in self.select(**wanted)]
        return summarise(values) if values else None

    def size_suffix(self, size: Optional[float]) -> str:
        """Return the end of a table's name that tells the train size; empty if there is one."""
        if len(self.definition.train_sizes) == 1:
            return ""
        return "_all" if size is None else f"_{size:g}pct"

    def mean_text(self, summary: Optional[Summary]) -> str:
        """Format a mean with its standard deviation, its number of runs, and how many scored 0.

        The number is left out if the study makes one run of each kind.
        """
        if summary is None:
            return "–"
        text = with_spread(summary.mean, summary.deviation)
        notes = [str(summary.number)] if self._runs_of_a_kind > 1 or summary.number > 1 else []
        notes += [f"{summary.zeros} at 0"] if summary.zeros else []
        return f"{text} ({', '.join(notes)})" if notes else text

    @cached_property
    def chosen(self) -> list[Result]:
        """For each seed, split, corpus and size the run that the validation score chose.

        It is one of the runs of the arms in ``valid_chooses``, once all of them are finished; of
        equal scores, that of the arm named first. Its arm is `CHOSEN`.
        """
        names = self.definition.valid_chooses
        groups: dict[tuple[Any, ...], list[StudyRun]] = {}
        for run in self.runs:
            if run.arm in names:
                groups.setdefault(run_key(run), []).append(run)
        finished = {result.run.id: result for result in self.finished}
        found = []
        for runs in groups.values():
            members = [finished[run.id] for run in runs if run.id in finished]
            if len(members) < len(runs):
                continue
            members.sort(key=lambda result: names.index(result.run.arm))
            best = max(members, key=lambda result: result.valid_f1)
            found.append(replace(best, run=replace(best.run, arm=CHOSEN)))
        return found

    @property
    def zeros(self) -> list[Result]:
        """The finished target runs whose F1 on test is 0."""
        return [result for result in self.finished if not result.run.is_source and not result.f1]

    @cached_property
    def _runs_of_a_kind(self) -> int:
        """How many runs differ only in seed and split."""
        seeds = {
            (run.parameters.seed, run.parameters.split_seed)
            for run in self.runs
            if not run.is_source
        }
        return len(seeds)

    def pairs(self, first: str, second: str, **wanted: Any) -> list[tuple[Result, Result]]:
        """Return finished runs of two arms that differ in nothing else.

        Where both arms have runs of several source corpora or sizes, those of one are paired; a run
        whose source the first arm does not have is paired with any. None for an arm and itself.
        """
        if first == second:
            return []
        others: dict[tuple[Any, ...], dict[tuple[Any, ...], Result]] = {}
        for result in self.select(arm=first, **wanted):
            others.setdefault(run_key(result.run), {})[source_of(result.run)] = result
        found = []
        for result in self.select(arm=second, **wanted):
            by_source = others.get(run_key(result.run))
            if by_source:
                any_other = next(reversed(by_source.values()))
                found.append((by_source.get(source_of(result.run), any_other), result))
        return found

    @property
    def corpora(self) -> list[tuple[str, str]]:
        """Entity class and name of every target corpus, in the order of the definition."""
        return [(c, name) for c, corpora in self.definition.targets.items() for name in corpora]

    @property
    def seeds(self) -> list[int]:
        """The seeds of the finished target runs."""
        return sorted({r.run.parameters.seed for r in self.finished if not r.run.is_source})

    @property
    def hours(self) -> float:
        """Hours that the finished runs took, and the trials that were pruned."""
        records = [self.records.get(run.id, {}) for run in self.runs]
        done = [record for record in records if record.get("status") in (FINISHED, PRUNED)]
        return sum(float(record["seconds"]) for record in done) / 3600
