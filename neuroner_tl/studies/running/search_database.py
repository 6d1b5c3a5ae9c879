"""The state of a search: Optuna's SQLite database in the study's folder.

It is all that resuming a search needs: which combinations were drawn, their scores after each epoch
and how they ended. Tables and figures are made from the store of the study alone.
"""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroner_tl.errors import ParameterError, TrainingError
from neuroner_tl.studies.definition.search import Choices, Dimension, Search, Value

if TYPE_CHECKING:
    import optuna

DATABASE = "search.db"
# Seconds to wait for another process that writes.
_WAIT_SECONDS = 60
_REDUCTION = 3  # Of Hyperband: one of three trials is continued at each rung.


def import_optuna() -> Any:
    """Return the module.

    Raises:
        ParameterError: it is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise ParameterError(
            "found no Optuna on this machine, expected it for a study of the kind tuning; "
            'install it with: pip install ".[tuning]" in the repository'
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@dataclass(frozen=True)
class SearchDatabase:
    """Where a search is kept, and how its trials are drawn and pruned.

    Attributes:
        path: the file; all workers must see it.
        name: identifier of the search; one file has those of all definitions of a study.
        search: the search.
        epochs: the largest number of epochs of a trial.

    Example::

        study = SearchDatabase(Path("output/tuning/search.db"), plan.id, search, 100).open()
        print(study.best_params)
    """

    path: Path
    name: str
    search: Search
    epochs: int

    def open(self) -> optuna.study.Study:
        """Return the search as Optuna's study, made if it is missing.

        Raises:
            ParameterError: Optuna is not installed.
            TrainingError: the file cannot be used.
        """
        optuna = import_optuna()
        from sqlalchemy.engine import URL

        with self.errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            url = URL.create("sqlite", database=str(self.path)).render_as_string()
            storage = optuna.storages.RDBStorage(
                url, engine_kwargs={"connect_args": {"timeout": _WAIT_SECONDS}}
            )
            study = optuna.create_study(
                storage=storage,
                study_name=self.name,
                direction="maximize",
                load_if_exists=True,
                pruner=self._pruner(),
                # Replaced for each trial that is drawn; others do not use it.
                sampler=optuna.samplers.RandomSampler(),
            )
        return study

    def _pruner(self) -> optuna.pruners.BasePruner:
        pruners, search = import_optuna().pruners, self.search
        made: optuna.pruners.BasePruner
        if search.pruning == "none":
            made = pruners.NopPruner()
        elif search.pruning == "median":
            made = pruners.MedianPruner(search.startup_trials, search.warmup_epochs)
        else:
            least = min(max(1, search.warmup_epochs), self.epochs)
            made = pruners.HyperbandPruner(least, self.epochs, _REDUCTION)
        return made

    def sampler(self, number: int) -> optuna.samplers.BaseSampler:
        """Return what draws a trial.

        It has a seed of its own, so that a resumed search draws what it would have drawn.

        Args:
            number: of the trial.
        """
        samplers, search = import_optuna().samplers, self.search
        seed = int(np.random.SeedSequence([search.seed, number]).generate_state(1)[0])
        made: optuna.samplers.BaseSampler
        if search.sampler == "random":
            made = samplers.RandomSampler(seed)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", import_optuna().exceptions.ExperimentalWarning)
                # With several workers, running trials count as bad ones: the next is elsewhere.
                made = samplers.TPESampler(
                    n_startup_trials=search.startup_trials, seed=seed, constant_liar=True
                )
        return made

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Report what makes the file unusable in one line.

        Raises:
            OSError: the disk is full.
            TrainingError: it is locked for too long, or damaged.
        """
        exceptions = import_optuna().exceptions
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (SQLAlchemyError, exceptions.StorageInternalError) as error:
            cause = error.__cause__ or error
            reason = str(getattr(cause, "orig", None) or cause).splitlines()[0]
            if "is full" in reason:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path)) from error
            raise TrainingError(
                f"{self.path}: the search cannot be kept here ({reason}), expected an SQLite "
                "database on a disk with file locks; set output_folder to another disk, or, if the "
                "file is damaged, remove it: finished trials are not trained again"
            ) from error


def suggest(trial: optuna.trial.Trial, name: str, values: Dimension) -> Value:
    """Return a value that Optuna draws, or has drawn for this trial before."""
    if isinstance(values, Choices):
        return str(trial.suggest_categorical(name, values.values))
    if values.whole:
        step = int(values.step) or 1
        return trial.suggest_int(name, int(values.low), int(values.high), step=step, log=values.log)
    step_size = values.step or None
    return trial.suggest_float(name, values.low, values.high, step=step_size, log=values.log)
