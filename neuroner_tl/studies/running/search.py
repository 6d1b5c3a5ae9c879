"""A search: trials that Optuna draws one after the other, each a run of the study."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from neuroner_tl.errors import ParameterError
from neuroner_tl.runs.folder import check_writable
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.search import Value
from neuroner_tl.studies.definition.trials import SearchPlan, plan_search
from neuroner_tl.studies.records.folder import StudyFolder, corpus_folders
from neuroner_tl.studies.records.store import FAILED, FINISHED, PRUNED, Record
from neuroner_tl.studies.running.jobs import Job, Outcome
from neuroner_tl.studies.running.record import failure, repetition
from neuroner_tl.studies.running.runner import (
    RESUMES,
    Execution,
    Progress,
    execute_jobs,
    run_missing,
)
from neuroner_tl.studies.running.search_database import (
    DATABASE,
    SearchDatabase,
    import_optuna,
    suggest,
)
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible
from neuroner_tl.system.locks import lock

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

_RETRY = "retry_of"


def run_search(
    definition: StudyDefinition, execution: Optional[Execution] = None, seed: Optional[int] = None
) -> Progress:
    """Execute the missing trials of a search, after the source model that they need.

    Args:
        definition: a study of the kind ``tuning``.
        execution: how.
        seed: the seed of all runs, instead of the definition's.

    Raises:
        NeuroNERError: something that the definition names cannot be used, Optuna is not installed,
            or another process is executing the search; nothing is trained.
    """
    execution = execution or Execution()
    import_optuna()
    assert definition.search is not None
    study = StudyFolder(definition.folder)
    check_writable(study.path)
    with interruptible(), lock(study.path / f".{DATABASE}.lock", wait=0) as mine:
        if not mine:
            raise ParameterError(
                f"{study.path}: another process is executing this search, expected none; wait for "
                "it, or stop it and give --workers for several trials at a time"
            )
        sources = run_missing(definition, execution, seed)
        if sources.left or sources.interrupted:
            left = sources.left + definition.search.trials
            return Progress(sources.counts, left, sources.interrupted)
        with interrupted_as(f"interrupted before the first trial; {RESUMES}"), at_once():
            plan = plan_search(definition, seed, Contents.remembered(definition.output_folder))
            corpus = corpus_folders(definition, study)[plan.base.corpus]
            search = _Trials(plan, study, corpus, execution.retry_failed)
            jobs = search.unfinished()
        lost = "interrupted at once; steps since the last saved states are lost"
        with interrupted_as(f"{lost}; {RESUMES}"):
            done = {run.id for run in plan.sources}
            counts, interrupted = execute_jobs(
                jobs, done, execution, study, ask=search.ask, take=search.take, total=search.left
            )
    return Progress(sources.counts + counts, search.left, interrupted)


@dataclass
class _Trials:
    """The trials of a search, in Optuna's database and in the store.

    Attributes:
        plan: of the search.
        folder: of the study.
        corpus: folder of the corpus.
        retry_failed: whether failed trials are tried again.
    """

    plan: SearchPlan
    folder: StudyFolder
    corpus: Path
    retry_failed: bool
    _database: SearchDatabase = field(init=False)
    _study: optuna.study.Study = field(init=False)

    def __post_init__(self) -> None:
        self._database = SearchDatabase(
            self.folder.path / DATABASE,
            self.plan.id,
            self.plan.search,
            self.plan.base.parameters.maximum_number_of_epochs,
        )
        self._study = self._database.open()
        if self.retry_failed:
            self._enqueue_failed()

    def _enqueue_failed(self) -> None:
        trials = self._study.trials
        retried = {trial.user_attrs.get(_RETRY) for trial in trials}
        for trial in trials:
            if trial.state.name == "FAIL" and trial.number not in retried:
                self._study.enqueue_trial(trial.params, user_attrs={_RETRY: trial.number})

    @property
    def left(self) -> int:
        """How many trials are still to be finished."""
        trials = self._study.get_trials(deepcopy=False)
        open_ones = sum(not trial.state.is_finished() for trial in trials)
        return open_ones + self._not_drawn(trials)

    def _not_drawn(self, trials: list[Any]) -> int:
        drawn = sum(_RETRY not in trial.user_attrs for trial in trials)
        return max(0, self.plan.search.trials - drawn)

    def unfinished(self) -> list[Job]:
        """Return the jobs of trials that were interrupted."""
        optuna = import_optuna()
        jobs = []
        with self._database.errors():
            for frozen in self._study.trials:
                if frozen.state.name == "RUNNING":
                    self._study.sampler = self._database.sampler(frozen.number)
                    job = self._job(optuna.trial.Trial(self._study, frozen._trial_id))
                    jobs += [] if job is None else [job]
        return jobs

    def ask(self) -> Optional[Job]:
        """Draw a trial; None if there are enough."""
        with self._database.errors():
            while True:
                trials = self._study.get_trials(deepcopy=False)
                waiting = any(trial.state.name == "WAITING" for trial in trials)
                if not waiting and not self._not_drawn(trials):
                    return None
                self._study.sampler = self._database.sampler(len(trials))
                job = self._job(self._study.ask())
                if job is not None:
                    return job

    def _job(self, trial: optuna.trial.Trial) -> Optional[Job]:
        """Return the job of a trial; None if its values contradict each other."""
        values: dict[str, Value] = {
            name: suggest(trial, name, dimension)
            for name, dimension in self.plan.search.space.items()
        }
        try:
            run = self.plan.run(trial.number, values)
        except ParameterError as error:
            message = str(error)
            logger.info("trial %d failed: %s", trial.number, message)
            run = self.plan.impossible_run(trial.number, values)
            self.folder.store.append(failure(run, message))
            self._study.tell(trial.number, state=import_optuna().trial.TrialState.FAIL)
            return None
        # What was tried before and failed fails again, unless it is to be tried again.
        return Job(run, self.corpus, self.folder, False, self.retry_failed, self._database)

    def take(self, outcome: Outcome) -> None:
        """Tell Optuna how a trial ended."""
        trial = outcome.job.run.trial
        if trial is None or outcome.status not in (FINISHED, PRUNED, FAILED):
            return
        states = import_optuna().trial.TrialState
        record = self._record_of(outcome.job)
        with self._database.errors():
            if outcome.status == FAILED:
                self._study.tell(trial.number, state=states.FAIL, skip_if_finished=True)
                return
            self._report(trial.number, record)
            if outcome.status == PRUNED:
                self._study.tell(trial.number, state=states.PRUNED, skip_if_finished=True)
            else:
                score = float(record["valid_f1"])
                self._study.tell(trial.number, score, skip_if_finished=True)

    def _record_of(self, job: Job) -> Record:
        """Return the record of a trial; a trial that repeats another one gets a copy of its own."""
        run, store = job.run, self.folder.store
        assert run.trial is not None
        record = store.records()[run.id]
        wanted = run.trial.to_json()
        if record.get("trial") != wanted:
            name = f"{run.id}-{run.trial.search}-{run.trial.number}"
            record = repetition(record, {"id": name, "trial": wanted})
            store.append(record)
        return record

    def _report(self, number: int, record: Record) -> None:
        """Report the epochs that the trial's judge did not: of a run that was finished before."""
        frozen = self._study.trials[number]
        if frozen.state.is_finished():
            return
        live = import_optuna().trial.Trial(self._study, frozen._trial_id)
        for epoch, score in record.get("epoch_scores", ()):
            if epoch not in frozen.intermediate_values:
                live.report(score, epoch)
