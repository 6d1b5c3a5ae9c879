"""The judge of a trial: reports its validation scores and asks whether to prune it."""

from __future__ import annotations

from neuroner_tl.runs.trial import Judge
from neuroner_tl.studies.definition.search import Trial
from neuroner_tl.studies.running.search_database import SearchDatabase, import_optuna


def judge_of(database: SearchDatabase, trial: Trial) -> Judge:
    """Return the judge of a trial; it may be used in another process than drew the trial.

    Args:
        database: of the search.
        trial: the trial.

    Raises:
        TrainingError: the database cannot be used.
    """
    optuna = import_optuna()
    with database.errors():
        study = database.open()
        frozen = study.trials[trial.number]
        # Optuna has no public name for it; several processes share one search by it.
        live = optuna.trial.Trial(study, frozen._trial_id)
    known = set(frozen.intermediate_values)

    def judge(epoch: int, score: float) -> bool:
        with database.errors():
            # An epoch that is repeated after a kill has the score that it had.
            if epoch not in known:
                live.report(score, epoch)
                known.add(epoch)
            return bool(live.should_prune())

    return judge
