"""A search for parameters: its best trials, what matters, and the parameters to train with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from neuroner_tl.messages.numbers import counted
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.search import Range, Search, Value
from neuroner_tl.studies.kinds.tuning_figures import (
    TrialResult,
    draw_epochs,
    draw_history,
    draw_importance,
    draw_parallel,
)
from neuroner_tl.studies.pages.figures import Figure
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Cell, Table, points
from neuroner_tl.studies.records.folder import corpus_folders
from neuroner_tl.studies.records.record_form import member
from neuroner_tl.studies.records.store import FAILED, FINISHED, LEARNED_NOTHING, PRUNED
from neuroner_tl.studies.results.study_results import StudyResults
from neuroner_tl.studies.running.search_database import import_optuna

BEST = "best.ini"
"""The file of the best trial's parameters, in the folder of the report."""
SCORE = (
    "Valid F1: of the best epoch on the validation set, by main_evaluation_mode. The test part is "
    "not scored in a search."
)
_SHOWN = 10
# Fewer complete trials say nothing about importance.
_MIN_FOR_IMPORTANCE = 4


def sections(results: StudyResults) -> list[Section]:
    """Make the tables and figures of a search."""
    search, trials = _search(results), trials_of(results)
    complete = [trial for trial in trials if trial.status == FINISHED]
    found = [_best_section(search, complete)]
    scored = [trial for trial in trials if trial.score is not None]
    if scored:
        found.append(_course_section(scored))
    importance = importance_of(search, complete)
    if importance:
        found.append(_importance_section(importance, len(complete)))
    if len(complete) > 1:
        figure = Figure(
            "parallel_coordinates",
            "Complete trials as lines through the values of their parameters, coloured by their F1 "
            "on the validation set; the best one is thick.",
            lambda: draw_parallel(search.space, complete),
        )
        found.append(Section("Parallel coordinates", "", (), (figure,)))
    found.append(Section("Trials", "", (_trials_table(search, trials),), in_text=False))
    return found


def lead(results: StudyResults) -> str:
    """Return how far the search is, for the first paragraph."""
    search, trials = _search(results), trials_of(results)
    ended = [(FINISHED, "complete"), (PRUNED, "pruned"), (FAILED, "failed")]
    numbers = [(sum(trial.status == status for trial in trials), word) for status, word in ended]
    done = ", ".join(f"{number} {word}" for number, word in numbers)
    of = max(search.trials, len(trials))
    words = f"{len(trials)} of {counted(of, 'trial')} made: {done}."
    zeros = sum(trial.status == FINISHED and not trial.score for trial in trials)
    if zeros:
        words += f" {zeros} of the complete ones scored 0 or diverged, and count with 0."
    failed = {trial.error for trial in trials if trial.error}
    if failed:
        words += f" Failed: {'; '.join(sorted(failed))}."
    return words


def trials_of(results: StudyResults) -> list[TrialResult]:
    """Return the recorded trials by number."""
    found = []
    for run in results.runs:
        record = results.records.get(run.id)
        if run.trial is None or record is None:
            continue
        has_score = record["status"] in (FINISHED, PRUNED)
        found.append(
            TrialResult(
                run.trial.number,
                run.trial.values,
                str(record["status"]),
                float(member(record, "valid_f1") or 0.0) if has_score else None,
                [(int(epoch), float(score)) for epoch, score in record.get("epoch_scores", ())],
                record.get("best_epoch"),
                float(record.get("seconds", 0.0)),
                str(record.get("error") or record.get(LEARNED_NOTHING, ""))
                if record["status"] == FAILED
                else "",
            )
        )
    return found


def best_of(trials: Sequence[TrialResult]) -> Optional[TrialResult]:
    """Return the complete trial with the highest score, the first of equals; None without any.

    A trial that scored 0 is never the best.
    """
    complete = [trial for trial in trials if trial.status == FINISHED and trial.score]
    return max(complete, key=lambda trial: (trial.score or 0.0, -trial.number), default=None)


def best_parameters(results: StudyResults) -> Optional[Parameters]:
    """Return the parameters with which `train` repeats the best trial; None without one.

    Raises:
        ParameterError: the definition was changed, so that they contradict each other.
    """
    if results.plan is None:
        return None
    best = best_of(trials_of(results))
    if best is None:
        return None
    run, definition = results.plan.run(best.number, best.values), results.definition
    changes: dict[str, Any] = {
        "experiment_name": f"{definition.name}_best",
        "output_folder": definition.output_folder,
        # Without corpora, a report does not know where they are.
        "dataset_text_folder": None
        if "${" in definition.corpus_text(run.corpus)
        else corpus_folders(definition, results.folder)[run.corpus],
    }
    source = None if run.source is None else results.records.get(results.plan.sources[0].id)
    if source is not None and source.get("folder"):
        model = results.folder.path / str(source["folder"]) / "model"
        changes.update(use_pretrained_model=True, pretrained_model_folder=model)
    return Parameters(**{**run.parameters.model_dump(), **changes})


def importance_of(search: Search, trials: Sequence[TrialResult]) -> dict[str, float]:
    """Return the share of the scores' variance that each parameter explains, highest first.

    By functional analysis of variance on a random forest (Hutter, Hoos and Leyton-Brown 2014).

    Args:
        search: the search.
        trials: its complete trials.

    Returns:
        By parameter, with sum 1; empty if the trials are too few or all equal.
    """
    scores = {trial.score for trial in trials}
    if len(trials) < _MIN_FOR_IMPORTANCE or len(scores) < 2:
        return {}
    optuna = import_optuna()
    distributions = {name: _distribution(optuna, space) for name, space in search.space.items()}
    study = optuna.create_study(direction="maximize")
    for trial in trials:
        study.add_trial(
            optuna.trial.create_trial(
                params=dict(trial.values), distributions=distributions, value=trial.score
            )
        )
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    found: Mapping[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _distribution(optuna: Any, space: Any) -> Any:
    kinds = optuna.distributions
    if not isinstance(space, Range):
        return kinds.CategoricalDistribution(space.values)
    if space.whole:
        step = int(space.step) or 1
        return kinds.IntDistribution(int(space.low), int(space.high), log=space.log, step=step)
    return kinds.FloatDistribution(space.low, space.high, log=space.log, step=space.step or None)


def _search(results: StudyResults) -> Search:
    assert results.definition.search is not None
    return results.definition.search


def _best_section(search: Search, complete: Sequence[TrialResult]) -> Section:
    best = best_of(complete)
    if best is None:
        return Section("Best trials", "No trial is complete yet, or none learned anything.")
    ranked = sorted(complete, key=lambda trial: (-(trial.score or 0.0), trial.number))[:_SHOWN]
    table = Table(
        "best_trials",
        "The best trials by their F1 on the validation set (%)",
        ("trial", "valid F1", "best epoch", *search.space),
        tuple(
            (
                str(trial.number),
                Cell(points(trial.score), trial is best),
                "–" if trial.best_epoch is None else str(trial.best_epoch),
                *_cells(search, trial),
            )
            for trial in ranked
        ),
        f"{SCORE} With one seed per trial, the first of them differ by chance, too: compare a few "
        "over several seeds, and score the test part once, with the one that valid chose.",
    )
    text = (
        f"The best is trial {best.number}, with {points(best.score)}. Its parameters are in "
        f"{BEST} beside this report; in this folder: neuroner-tl train --parameters_filepath {BEST}"
    )
    return Section("Best trials", text, (table,))


def _course_section(scored: Sequence[TrialResult]) -> Section:
    history = Figure(
        "history",
        "F1 on the validation set by trial; the line is the best so far. Hollow: pruned trials, "
        "with the best score until then.",
        lambda: draw_history(scored),
    )
    epochs = Figure(
        "epochs",
        "F1 on the validation set after each epoch. Grey: pruned trials; orange: the best.",
        lambda: draw_epochs(scored, best_of(scored)),
    )
    return Section("Course of the search", "", (), (history, epochs))


def _importance_section(importance: Mapping[str, float], trials: int) -> Section:
    table = Table(
        "importance",
        "Importance of the parameters",
        ("parameter", "importance (%)"),
        tuple((name, points(share, 1)) for name, share in importance.items()),
        f"Share of the variance of the scores of {counted(trials, 'complete trial')}, estimated by "
        "functional analysis of variance on a random forest. Trials crowd where scores are high, "
        "a handful of them says little.",
    )
    figure = Figure(
        "importance",
        "Importance of the parameters for the F1 on the validation set.",
        lambda: draw_importance(importance),
    )
    return Section("Importance", "", (table,), (figure,))


def _trials_table(search: Search, trials: Sequence[TrialResult]) -> Table:
    words = {FINISHED: "complete", PRUNED: "pruned", FAILED: "failed"}
    rows = tuple(
        (
            str(trial.number),
            words[trial.status],
            points(trial.score),
            str(len(trial.epoch_scores)),
            f"{trial.seconds:.0f}",
            *_cells(search, trial),
        )
        for trial in trials
    )
    columns = ("trial", "end", "valid F1", "epochs", "seconds", *search.space)
    note = f"{SCORE} Of pruned trials, the best until then. A repeated combination takes 0 seconds."
    return Table("trials", "All trials", columns, rows, note)


def _cells(search: Search, trial: TrialResult) -> list[str]:
    return [shown_value(trial.values.get(name)) for name in search.space]


def shown_value(value: Optional[Value]) -> str:
    """Format a value of a parameter, numbers with four significant digits."""
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
