"""Which settings train the best models? Arms compared on the validation set alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Optional

from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.statistics import Summary, summarise
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.pages.figures import COLOURS, MARKS, Figure
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Row, Table, signed, with_spread
from neuroner_tl.studies.results.study_results import Result, StudyResults
from neuroner_tl.studies.results.training_cost import cpu_seconds_to_best
from neuroner_tl.studies.results.training_curves import training_curves

NOTE = (
    "F1 on valid: of the saved epoch, of the annotations that tags can represent, as in early "
    "stopping; mean and standard deviation over runs. Gain: over the baseline in points of F1, "
    "mean over pairs of runs of one seed. CPU s to best: CPU time up to the end of the saved "
    "epoch, validation and compilation included, mean over runs. Nothing here is of the test part: "
    "a transfer_table of the arms that are chosen, with the same `runs`, shows it without training "
    "them again."
)


def sections(results: StudyResults) -> list[Section]:
    """Make the tables of F1 on valid by arm, and a figure of the gains."""
    found = []
    for size in results.definition.train_sizes:
        suffix = "" if size is None else f"_{size:g}pct"
        corpora = _corpora(results)
        others = [arm for arm in _arms(results) if arm != BASELINE]
        compared = any(_mean_gains(results, arm, corpora, size) for arm in others)
        tables = [_by_corpus(results, size, suffix)]
        if any(_runs(results, BASELINE, corpus, size) for corpus in corpora):
            tables.append(_over_corpora(results, size, suffix))
        words = "" if size is None else f" Train size: {size:g} % of the corpus's documents."
        figure = Figure(
            f"recipes{suffix}",
            "Gain in F1 on valid over the baseline, by arm: a mark for each corpus, the mean over "
            f"its runs; a line for the mean over corpora.{words}",
            partial(_draw, results, size),
        )
        title = "Recipes on valid" + ("" if size is None else f", {size:g} % of the documents")
        gains = (figure,) if compared else ()
        figures = (*gains, *training_curves(results, size, suffix, words))
        found.append(Section(title, "", tuple(tables), figures))
    return found


def _arms(results: StudyResults) -> list[str]:
    return [arm.name for arm in results.definition.arms]


def _corpora(results: StudyResults) -> list[str]:
    return [corpus for _, corpus in results.corpora]


def _runs(results: StudyResults, arm: str, corpus: str, size: Optional[float]) -> Sequence[Result]:
    return results.select(arm=arm, corpus=corpus, train_size=size)


def _gain(results: StudyResults, arm: str, corpus: str, size: Optional[float]) -> Optional[Summary]:
    """Return the gains on valid of an arm's runs over the baseline's of the same seed."""
    pairs = results.pairs(BASELINE, arm, corpus=corpus, train_size=size)
    values = [100 * (other.valid_f1 - baseline.valid_f1) for baseline, other in pairs]
    return summarise(values) if values else None


def _mean_gains(
    results: StudyResults, arm: str, corpora: Iterable[str], size: Optional[float]
) -> dict[str, float]:
    """Return the mean gain of an arm on each of some corpora that has pairs of runs."""
    gains = {corpus: _gain(results, arm, corpus, size) for corpus in corpora}
    return {corpus: gain.mean for corpus, gain in gains.items() if gain is not None}


def _number(value: Optional[float], digits: int = 2) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _with_deviation(summary: Optional[Summary], sign: bool = False) -> str:
    return "" if summary is None else with_spread(summary.mean, summary.deviation, sign=sign)


def _by_corpus(results: StudyResults, size: Optional[float], suffix: str) -> Table:
    rows: list[Row] = []
    for corpus in _corpora(results):
        found = {arm: _runs(results, arm, corpus, size) for arm in _arms(results)}
        finished = {arm: runs for arm, runs in found.items() if runs}
        for number, (arm, runs) in enumerate(finished.items()):
            epochs = [run.record["best_epoch"] for run in runs]
            known = [epoch for epoch in epochs if epoch is not None]
            rows.append(
                [
                    corpus if not number else "",
                    arm,
                    str(len(runs)),
                    _with_deviation(summarise([100 * run.valid_f1 for run in runs])),
                    _with_deviation(_gain(results, arm, corpus, size), sign=True),
                    _number(sum(known) / len(known), 1) if known else "",
                    _number(cpu_seconds_to_best(runs), 0),
                ]
            )
    return Table(
        f"recipes{suffix}",
        "F1 on valid by arm and corpus (%)",
        ("corpus", "arm", "runs", "F1 on valid", "gain", "best epoch", "CPU s to best"),
        tuple(rows),
        NOTE,
        keys=2,
    )


def _over_corpora(results: StudyResults, size: Optional[float], suffix: str) -> Table:
    """Make the table of means over the corpora of the baseline, of the arms that have all these."""
    corpora = [corpus for corpus in _corpora(results) if _runs(results, BASELINE, corpus, size)]
    whole = [arm for arm in _arms(results) if all(_runs(results, arm, c, size) for c in corpora)]
    partly = [
        arm
        for arm in _arms(results)
        if arm not in whole and any(_runs(results, arm, corpus, size) for corpus in corpora)
    ]
    rows: list[Row] = []
    for arm in whole:
        means = [
            summarise([100 * run.valid_f1 for run in _runs(results, arm, corpus, size)]).mean
            for corpus in corpora
        ]
        gains = list(_mean_gains(results, arm, corpora, size).values())
        times = [cpu_seconds_to_best(_runs(results, arm, corpus, size)) for corpus in corpora]
        known = [seconds for seconds in times if seconds is not None]
        rows.append(
            [
                arm,
                _number(sum(means) / len(means)),
                signed(sum(gains) / len(gains)) if gains else "",
                f"{sum(gain > 0 for gain in gains)} of {len(gains)}" if gains else "",
                _number(sum(known) if len(known) == len(times) else None, 0),
            ]
        )
    return Table(
        f"recipes_over_corpora{suffix}",
        f"F1 on valid by arm, mean over {counted(len(corpora), 'corpus', 'corpora')} (%)",
        ("arm", "F1 on valid", "gain", "better on", "CPU s to best"),
        tuple(rows),
        "Each corpus has equal weight, with the mean of its runs; CPU time is the sum over them."
        + (f" Left out, with runs on some of the corpora: {', '.join(partly)}." if partly else ""),
    )


def _draw(results: StudyResults, size: Optional[float]) -> Canvas:
    arms = [arm for arm in _arms(results) if arm != BASELINE]
    corpora = _corpora(results)
    gains = [_mean_gains(results, arm, corpora, size) for arm in arms]
    canvas = Canvas(figsize=(6.4, 1.2 + 0.34 * len(arms)), layout="constrained")
    axes = canvas.add_subplot()
    for index, corpus in enumerate(corpora):
        found = [(own[corpus], place) for place, own in enumerate(gains) if corpus in own]
        axes.plot(
            [mean for mean, _ in found],
            [place for _, place in found],
            color=COLOURS[index % len(COLOURS)],
            marker=MARKS[index % len(MARKS)],
            markersize=5,
            linestyle="none",
            label=corpus,
        )
    for place, own in enumerate(gains):
        if own:
            mean = sum(own.values()) / len(own)
            axes.vlines(mean, place - 0.3, place + 0.3, color="black", linewidth=1.5)
    axes.axvline(0, color="grey", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(arms)), arms)
    axes.set_ylim(len(arms) - 0.5, -0.5)
    axes.set_xlabel("gain in F1 on valid (points)")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7.5)
    return canvas
