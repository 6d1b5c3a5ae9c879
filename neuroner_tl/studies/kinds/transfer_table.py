"""Baseline against transfer on many corpora (Table 2): averages by class, and corpus by corpus.

Of several arms, each is compared with the baseline; ``valid_chooses`` adds, for each run, the arm
that the validation score chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

import numpy as np

from neuroner_tl.evaluation.statistics import holm, wilcoxon
from neuroner_tl.studies.definition.arms import BASELINE
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Row, Table, best, p_text, signed, with_spread
from neuroner_tl.studies.results.choices import choices
from neuroner_tl.studies.results.comparisons import (
    CorpusComparison,
    compare,
    compared_arms,
    compares_transfer,
    other_arms,
)
from neuroner_tl.studies.results.gains import (
    OVER_CORPORA,
    correct,
    describe_correction,
    describe_test,
    gain_text,
    interval_text,
    mean_texts,
)
from neuroner_tl.studies.results.study_results import CHOSEN, MEASURE, OF_TAGS, Result, StudyResults
from neuroner_tl.studies.results.training_cost import training_cost

MEASURES = ("precision", "recall", "f1")


def sections(results: StudyResults) -> list[Section]:
    """Make Table 2, the table by corpus, and the test over corpora, for each train size."""
    sizes = results.definition.train_sizes
    found = [_section(results, size, several=len(sizes) > 1) for size in sizes]
    if any(section.tables for section in found):
        found = [section for section in found if section.tables]
    return found


def _section(results: StudyResults, size: Optional[float], *, several: bool) -> Section:
    title = "Baseline and transfer" if compares_transfer(results) else "Comparison of arms"
    if several:
        title += ", whole train part" if size is None else f", {size:g} % of the documents"
    compared = compare(results, size)
    if not compared:
        return Section(title, "No corpus has finished runs of two arms yet.")
    about = _About(
        results.size_suffix(size),
        "" if size is None else f" Train size: {size:g} % of the corpus's documents.",
    )
    tables = [_by_class(results, compared, about), _by_corpus(results, compared, about)]
    for arm in other_arms(results):
        own = [item for item in compared if item.arm == arm]
        if len(own) > 1:
            tables.append(_over_corpora(results, arm, own, about))
    tables += choices(results, size, about.suffix, about.note)
    tables += training_cost(results, size, about.suffix, about.note)
    return Section(title, "", tuple(tables))


class _About(NamedTuple):
    """How tables state the size of the train set: in their file names and notes."""

    suffix: str
    note: str


def _by_class(results: StudyResults, compared: Sequence[CorpusComparison], about: _About) -> Table:
    classes = list(dict.fromkeys(item.entity_class for item in compared))
    first, _ = compared_arms(results)
    owner = "the baseline" if first == BASELINE else first
    rows: list[Row] = []
    for name in classes:
        rows += _averages(results, name, [item for item in compared if item.entity_class == name])
    if len(classes) > 1:
        rows += _averages(results, "all", compared)
    return Table(
        f"by_class{about.suffix}",
        "Precision, recall and F1 on test by entity class, averaged over its corpora (%)",
        ("class", "corpora", "runs", "arm", "P", "R", "F1", "F1 gain", "error reduction (%)"),
        tuple(rows),
        f"{MEASURE} Each corpus has equal weight, with the mean of its runs; at 0: runs of them "
        "that scored 0. The better value is bold (* in text). Error reduction: gain as a share of "
        f"{owner}'s distance to 100, averaged over corpora.{_chosen(results)}{about.note}",
        keys=4,
    )


def _chosen(results: StudyResults) -> str:
    """Return the table note about the row of the arm that the validation score chooses."""
    names = results.definition.valid_chooses
    if not names:
        return ""
    return f" {CHOSEN}: for each run, that of {' and '.join(names)} with the higher F1 on valid."


class _Line(NamedTuple):
    """An arm in a table: how many runs it has, its mean scores by measure, and further cells."""

    runs: str
    arm: str
    means: tuple[float, ...]
    texts: tuple[str, ...]
    more: tuple[str, ...]


def _lines(lines: Sequence[_Line]) -> list[Row]:
    """Return the rows of arms without their first cells, the best value of each measure bold."""
    columns = [
        best([line.means[n] for line in lines], [line.texts[n] for line in lines])
        for n in range(len(MEASURES))
    ]
    return [
        [line.runs, line.arm, *(column[number] for column in columns), *line.more]
        for number, line in enumerate(lines)
    ]


def _averages(results: StudyResults, name: str, items: Sequence[CorpusComparison]) -> list[Row]:
    first, _ = compared_arms(results)
    by_arm = {arm: [item for item in items if item.arm == arm] for arm in other_arms(results)}
    by_arm = {arm: members for arm, members in by_arm.items() if members}
    # The baseline's scores are those of its pairs; all arms have the same once all is finished.
    widest = max(by_arm.values(), key=len)
    lines = [_average(first, widest, 0, ("", ""))]
    for arm, members in by_arm.items():
        reductions = [item.reduction for item in members if item.reduction is not None]
        gain = float(np.mean([item.gain for item in members]))
        reduction = float(np.mean(reductions)) if reductions else None
        lines.append(_average(arm, members, 1, (signed(gain), signed(reduction))))
    corpora = [len(widest), *map(len, by_arm.values())]
    return [
        [name if not number else "", str(of) if not number or of != corpora[0] else "", *row]
        for number, (of, row) in enumerate(zip(corpora, _lines(lines)))
    ]


def _average(
    arm: str, items: Sequence[CorpusComparison], side: int, more: tuple[str, ...]
) -> _Line:
    means = tuple(
        float(np.mean([item.summary(side, measure).mean for item in items])) for measure in MEASURES
    )
    runs = _runs([run for item in items for run in item.runs(side)])
    return _Line(runs, arm, means, tuple(f"{mean:.2f}" for mean in means), more)


def _runs(results: Sequence[Result]) -> str:
    """Say how many runs of an arm there are, and how many of them scored 0."""
    zeros = sum(result.f1 == 0 for result in results)
    return f"{len(results)} ({zeros} at 0)" if zeros else str(len(results))


def _by_corpus(results: StudyResults, compared: Sequence[CorpusComparison], about: _About) -> Table:
    first, _ = compared_arms(results)
    differences = [item.difference for item in compared]
    corrected = dict(zip(map(id, compared), correct(differences)))
    # The other measure has a column of its own where it makes a difference.
    of_tags = [[item.f1_of_tags(side) for side in (0, 1)] for item in compared]
    differs = any(
        value is not None and abs(value - item.summary(side, "f1").mean) >= 0.005
        for item, values in zip(compared, of_tags)
        for side, value in enumerate(values)
    )
    rows: list[Row] = []
    for corpus in dict.fromkeys(item.corpus for item in compared):
        items = [item for item in compared if item.corpus == corpus]
        widest = max(items, key=lambda item: len(item.pairs))
        lines = [_of_corpus(widest, 0, first, differs, ("",) * 5)]
        for item in items:
            p_value = None if item.difference is None else item.difference.p_value
            behind = (
                gain_text(item.pairs),
                interval_text(item.difference),
                p_text(p_value),
                p_text(corrected[id(item)]),
                signed(item.reduction),
            )
            lines.append(_of_corpus(item, 1, item.arm, differs, behind))
        rows += [[corpus if not n else "", *row] for n, row in enumerate(_lines(lines))]
    spread = any(len(item.pairs) > 1 for item in compared)
    how = "mean ± standard deviation over runs; at 0: runs that scored 0."
    of = "corpora" if len(other_arms(results)) == 1 else "rows"
    return Table(
        f"by_corpus{about.suffix}",
        "Precision, recall and F1 on test by corpus (%)",
        (
            "corpus",
            "runs",
            "arm",
            "P",
            "R",
            "F1",
            *([f"F1 {OF_TAGS}"] if differs else []),
            "F1 gain",
            "95 % interval",
            "p",
            "p corrected",
            "error reduction (%)",
        ),
        tuple(rows),
        f"{MEASURE} {'P, R, F1: ' + how if spread else 'At 0: runs that scored 0.'} "
        f"{_beside(differs, of_tags)}"
        f"{describe_test(differences, [item.pairs for item in compared])} "
        f"{describe_correction(differences, of)}{_chosen(results)}{about.note}",
        keys=3,
    )


def _of_corpus(
    item: CorpusComparison, side: int, arm: str, differs: bool, behind: tuple[str, ...]
) -> _Line:
    summaries = [item.summary(side, measure) for measure in MEASURES]
    tags = (_points(item.f1_of_tags(side)),) if differs else ()
    return _Line(
        _runs(item.runs(side)),
        arm,
        tuple(summary.mean for summary in summaries),
        # The number of runs has a column of its own.
        tuple(with_spread(summary.mean, summary.deviation) for summary in summaries),
        (*tags, *behind),
    )


def _beside(differs: bool, of_tags: Sequence[Sequence[Optional[float]]]) -> str:
    """Return the table note about the other measure."""
    if differs:
        return ""
    if any(value is None for values in of_tags for value in values):
        return f"F1 {OF_TAGS}: not recorded. "
    return f"F1 {OF_TAGS}: the same. "


def _points(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.2f}"


def _over_corpora(
    results: StudyResults, arm: str, compared: Sequence[CorpusComparison], about: _About
) -> Table:
    values = {
        measure: [
            (item.summary(0, measure).mean, item.summary(1, measure).mean) for item in compared
        ]
        for measure in MEASURES
    }
    tests = {name: wilcoxon(*map(list, zip(*pairs))) for name, pairs in values.items()}
    known = [name for name in MEASURES if tests[name] is not None]
    corrected = dict(zip(known, holm([tests[name] or 0.0 for name in known])))
    rows: list[Row] = []
    for name, pairs in values.items():
        gains = [other - one for one, other in pairs]
        found = (p_text(tests[name]), p_text(corrected.get(name)))
        rows.append((*_better_on({"f1": "F1"}.get(name, name), gains), *found))
    reductions = [item.reduction for item in compared if item.reduction is not None]
    if reductions:
        rows.append((*_better_on("error reduction (%)", reductions), "–", "–"))
    first, _ = compared_arms(results)
    of = f"_{arm.replace(' ', '_')}" if len(other_arms(results)) > 1 else ""
    return Table(
        f"over_corpora{about.suffix}{of}",
        f"{arm} against {first} over {len(compared)} corpora",
        (
            "measure",
            "better on",
            "worse on",
            "median gain",
            "mean gain",
            "95 % interval",
            "p",
            "p corrected",
        ),
        tuple(rows),
        f"{MEASURE} {OVER_CORPORA} p: Wilcoxon's signed-rank test over corpora, two-sided. p is "
        "not corrected, p corrected is, by Holm's method over the three measures. With few corpora "
        f"p cannot be small: with five the minimum is 0.0625.{about.note}",
    )


def _better_on(measure: str, gains: Sequence[float]) -> tuple[str, ...]:
    """Return the first cells of a row of gains, one for each corpus."""
    return (
        measure,
        str(sum(gain > 0 for gain in gains)),
        str(sum(gain < 0 for gain in gains)),
        signed(float(np.median(gains))),
        *mean_texts(gains),
    )
