"""What two arms find of mentions whose text the train part, or the silver corpus, does not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.error_sets import Mention, normalised
from neuroner_tl.evaluation.statistics import Difference, compare_systems
from neuroner_tl.messages.numbers import counted
from neuroner_tl.studies.pages.figures import COLOURS, MARKS, NEUTRAL, Figure, panels
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Table, better, p_text, signed
from neuroner_tl.studies.records.mentions import RunMentions, Shown
from neuroner_tl.studies.results.comparisons import compared_arms, pairs_of_class
from neuroner_tl.studies.results.gains import (
    Pair,
    correct,
    describe_correction,
    describe_test,
    interval_text,
    mean_rates,
    of_equal_corpora,
    paired_counts,
)
from neuroner_tl.studies.results.study_results import Result, StudyResults

IN_TRAIN = "a mention in train"
UNSEEN = "unseen in train"
ANNOTATED = "unseen, annotated in silver"
NOT_ANNOTATED = "unseen, mostly not annotated in silver"
ABSENT = "unseen, not in silver"
ALL = "all mentions"
GROUPS = (IN_TRAIN, UNSEEN, ANNOTATED, NOT_ANNOTATED, ABSENT, ALL)
MEASURE = (
    "Recall: share of all gold annotations of the documents that were found with the correct type "
    "and offsets (%). A mention's text is, ignoring case, a mention of that type in the train "
    "part, or it is unseen there."
)
MEASURE_OF_SILVER = (
    " The documents that the source model was trained on annotate at least half of the text's "
    "occurrences, have it and annotate less, or do not have it."
)
NOTHING = (
    "No corpus has finished runs of two arms of which mentions, and what was shown of them, are "
    "kept. What was shown is counted by `neuroner-tl study run`, after the last run."
)


class _Group(NamedTuple):
    """The gold mentions of a group, and what two arms found of them.

    Attributes:
        name: one of `GROUPS`.
        pairs: runs, whose counts by document are of these mentions alone.
        mentions: how many they are, each document once; mean over the runs tested on it.
        documents: how many documents have any.
        missed: how many of them the second arm misses, as they are counted.
        recalls: of the two arms, in percent, means over the runs that have such mentions.
        difference: of the second arm from the first.
    """

    name: str
    pairs: Sequence[Pair]
    mentions: float
    documents: int
    missed: float
    recalls: tuple[float, float]
    difference: Difference

    @classmethod
    def of(cls, name: str, pairs: Sequence[Pair]) -> Optional[_Group]:
        """Count a group; None if there is no mention of it."""
        counts = paired_counts(pairs)
        if counts is None:
            return None
        tp, _, fn = np.nanmean(counts.second, axis=0).sum(0)
        if not tp + fn:
            return None
        # A run without such mentions has no recall; counted as 0 it would lower both means.
        having = np.nansum(counts.second, axis=(1, 2)) > 0
        sides = counts.first[having], counts.second[having]
        units = [unit for unit, has in zip(counts.groups, having) if has]
        (_, first, _), (_, second, _) = (mean_rates(side, units) for side in sides)
        difference = compare_systems(*sides, units)
        documents = int(np.count_nonzero(np.nansum(counts.second, axis=(0, 2))))
        recalls = (first, second)
        return cls(name, pairs, float(tp + fn), documents, float(fn), recalls, difference)


def sections(results: StudyResults) -> list[Section]:
    """Make a table and a figure of each class and train size, and a table of all gains.

    Raises:
        CorpusError: a file of mentions is damaged.
    """
    definition = results.definition
    found, gains = [], {}
    for entity_class in definition.targets:
        for size in definition.train_sizes:
            name = entity_class + results.size_suffix(size)
            grouped, text = _pairs(results, entity_class, size)
            groups = [
                group
                for word in GROUPS
                for group in [_Group.of(word, [own[word] for own in grouped])]
                if group is not None
            ]
            if groups:
                gains[name] = groups
                found.append(_section(results, name, groups, text))
    if not found:
        return [Section("Unseen mentions", NOTHING)]
    overview = Section("Gain in recall by what was shown", "", (_overview(results, gains),))
    return [overview, *found] if len(found) > 1 else found


def _pairs(
    results: StudyResults, entity_class: str, size: Optional[float]
) -> tuple[list[dict[str, Pair]], str]:
    """Return the compared pairs of runs of a class, each by group, and what they are in words."""
    every = pairs_of_class(results, entity_class, size)
    grouped = {pair[1].run.id: _by_group(results, pair) for pair in every}
    known = of_equal_corpora([pair for pair in every if grouped[pair[1].run.id]])
    corpora = ", ".join(dict.fromkeys(pair[0].run.corpus for pair in known))
    number = counted(len(known), "pair of runs", "pairs of runs")
    text = f"Compared: {number} on the test parts of {corpora}."
    lacking = Counter(pair[0].run.corpus for pair in every)
    lacking.subtract(pair[0].run.corpus for pair in known)
    lacks = [f"{number} on {corpus}" for corpus, number in lacking.items() if number]
    if lacks:
        text += (
            " Left out, since mentions or what was shown of them are not kept, or so that all runs "
            f"are of the same corpora: {', '.join(lacks)}."
        )
    return [grouped[pair[1].run.id] for pair in known], text


def _by_group(results: StudyResults, pair: Pair) -> dict[str, Pair]:
    """Return the pair for each of `GROUPS`, with counts of its gold mentions.

    What was shown is that of the second run, or of the first if that alone starts from a source
    model. Empty if that, or the mentions of a run, are not kept.
    """
    files = results.mentions
    if files is None:
        return {}
    first, second = (result.run.id for result in pair)
    one, other = files.read(first), files.read(second)
    of_first = pair[1].run.source is None and pair[0].run.source is not None
    shown = files.read_shown(first if of_first else second)
    if one is None or other is None or shown is None:
        return {}
    groups = {key: [*_groups_of(what), ALL] for key, what in shown.items()}
    return {
        group: (_of_group(pair[0], one, groups, group), _of_group(pair[1], other, groups, group))
        for group in GROUPS
    }


def _groups_of(shown: Shown) -> list[str]:
    if shown.in_train:
        return [IN_TRAIN]
    if shown.silver is None:
        return [UNSEEN]
    if not shown.silver.number:
        return [UNSEEN, ABSENT]
    return [UNSEEN, ANNOTATED if shown.silver.is_mostly_annotated else NOT_ANNOTATED]


def _of_group(
    result: Result,
    mentions: RunMentions,
    groups: Mapping[tuple[str, str], Sequence[str]],
    group: str,
) -> Result:
    """Return a result whose counts by document are of the gold mentions of a group.

    As many are wrong as are missed, so that F1, which statistics compare, is the recall.
    """

    def belongs(mention: Mention, text: str) -> bool:
        return group in groups.get((mention.type, normalised(text)), ())

    counts = {}
    for document, gold in mentions.gold.mentions.items():
        own = [mention for mention, text in gold.items() if belongs(mention, text)]
        found = sum(mention in mentions.predicted.mentions[document] for mention in own)
        counts[document] = [found, len(own) - found, len(own) - found]
    return replace(result, record={**result.record, "test_documents": counts})


def _section(results: StudyResults, name: str, groups: Sequence[_Group], text: str) -> Section:
    arms = compared_arms(results)
    figure = Figure(
        f"unseen_mentions_{name}",
        f"{name}: recall on test (%) by what runs were shown of a mention's text; n: mentions. "
        f"{text}",
        lambda: _draw(name, arms, groups),
    )
    title = f"Recall by what was shown: {name}"
    return Section(title, text, (_table(name, arms, groups),), (figure,))


def _overview(results: StudyResults, gains: Mapping[str, Sequence[_Group]]) -> Table:
    first, last = compared_arms(results)
    found = {(name, group.name): group for name, groups in gains.items() for group in groups}
    rows = [
        (word, *(_gain(found.get((name, word))) for name in gains))
        for word in GROUPS
        if any((name, word) in found for name in gains)
    ]
    return Table(
        "unseen_mentions",
        f"Gain in recall of {last} over {first}, by what runs were shown of a mention's text "
        "(points)",
        ("the mention's text is", *gains),
        tuple(rows),
        f"{_measure(list(found.values()))} In brackets: mentions.",
    )


def _gain(group: Optional[_Group]) -> str:
    if group is None:
        return "–"
    return f"{signed(100 * group.difference.gain)} ({group.mentions:.0f})"


def _measure(groups: Sequence[_Group]) -> str:
    of_silver = any(group.name in (ANNOTATED, NOT_ANNOTATED, ABSENT) for group in groups)
    return MEASURE + (MEASURE_OF_SILVER if of_silver else "")


def _table(name: str, arms: tuple[str, str], groups: Sequence[_Group]) -> Table:
    differences = [group.difference for group in groups]
    rows = []
    for group, corrected in zip(groups, correct(differences)):
        first, second = group.recalls
        difference = group.difference
        spread = "" if difference.deviation is None else f" ± {100 * difference.deviation:.1f}"
        rows.append(
            (
                group.name,
                f"{group.mentions:.0f}",
                str(group.documents),
                *better(first, second, (f"{first:.1f}", f"{second:.1f}")),
                f"{signed(100 * difference.gain)}{spread}",
                interval_text(difference),
                p_text(difference.p_value),
                p_text(corrected),
                f"{group.missed:.0f}",
            )
        )
    tests = describe_test(differences, [group.pairs for group in groups])
    return Table(
        f"unseen_mentions_{name}",
        f"{name}: recall by what runs were shown of a mention's text (%)",
        (
            "the mention's text is",
            "mentions",
            "documents",
            *arms,
            "gain",
            "95 % interval",
            "p",
            "p corrected",
            f"missed by {arms[1]}",
        ),
        tuple(rows),
        f"{_measure(groups)} Documents: those that have such mentions, which alone are samples. "
        f"Gain in points of recall. {tests} "
        f"{describe_correction(differences, 'rows')}",
    )


def _draw(name: str, arms: tuple[str, str], groups: Sequence[_Group]) -> Canvas:
    canvas, (axes,) = panels(1, width=6.4, height=0.36 * len(groups) + 1.2)
    places = range(len(groups))
    for place, group in zip(places, groups):
        axes.plot(group.recalls, [place, place], color=NEUTRAL, linewidth=1.4)
    for side, arm in enumerate(arms):
        axes.plot(
            [group.recalls[side] for group in groups],
            places,
            color=COLOURS[side],
            marker=MARKS[side],
            # The second is drawn over the first, which stays visible around it.
            markersize=(8, 4)[side],
            linestyle="none",
            label=arm,
        )
    _label(axes, groups)
    axes.set_title(name)
    canvas.legend(loc="outside lower center", ncols=2)
    return canvas


def _label(axes: Axes, groups: Sequence[_Group]) -> None:
    names = [f"{group.name}\n(n = {group.mentions:,.0f})" for group in groups]
    axes.set_yticks(range(len(groups)), names)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_xlabel("recall on test (%)")
