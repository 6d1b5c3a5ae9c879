"""Models on corpora that they were not trained on: what is learned of a class, and of a corpus.

A corpus has a topic and guidelines of its own, and a model that scores well on its test part may
have learned these. Here each model is also scored on the test parts of the other corpora of its
class. A pair of corpora, such as ``CDR_DISO on NCBI_DISO``, is treated as a corpus is elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Optional

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from neuroner_tl.evaluation.statistics import Summary, summarise
from neuroner_tl.studies.definition.plan import StudyRun
from neuroner_tl.studies.kinds import transfer_table
from neuroner_tl.studies.pages.figures import Figure, panels
from neuroner_tl.studies.pages.page import Section
from neuroner_tl.studies.pages.table import Row, Table
from neuroner_tl.studies.records.store import LEARNED_NOTHING, Record
from neuroner_tl.studies.results.study_results import CELLS, MEASURE, Result, StudyResults
from neuroner_tl.studies.running.elsewhere import ELSEWHERE

OWN_TEST = "In brackets: on the test part of the corpus that it was trained on."


def sections(results: StudyResults) -> list[Section]:
    """Make a matrix and a figure for each class and train size, and the table of gains."""
    found = []
    for entity_class, corpora in results.definition.targets.items():
        for size in results.definition.train_sizes:
            matrix = _matrix(results, entity_class, list(corpora), size)
            if len(corpora) < 2 or not matrix:
                continue
            name = entity_class + results.size_suffix(size)
            found.append(_section(results, name, size, list(corpora), matrix))
    pairs = _pairs(results)
    if pairs.finished:
        found += [
            replace(section, title=f"{section.title} on other corpora")
            for section in transfer_table.sections(pairs)
            if section.tables
        ]
    return found or [
        Section("In the wild", "No class has several corpora and models that were scored on them.")
    ]


# By what the model was trained on (arm and corpus), then by the corpus that it is scored on.
_Matrix = dict[tuple[str, str], dict[str, Summary]]


def _matrix(
    results: StudyResults, entity_class: str, corpora: list[str], size: Optional[float]
) -> _Matrix:
    values: dict[tuple[str, str], dict[str, list[float]]] = {}
    for result in results.finished:
        run = result.run
        if run.entity_class != entity_class or run.teacher is not None and run.is_source:
            continue
        if not run.is_source and run.train_size != size:
            continue
        row = values.setdefault((run.arm, run.corpus), {name: [] for name in corpora})
        if not run.is_source:
            row[run.corpus].append(100 * result.f1)
        for name, other in _elsewhere(results, result, corpora):
            row[name].append(100 * other.f1)
    found = {
        key: {name: summarise(numbers) for name, numbers in row.items() if numbers}
        for key, row in values.items()
    }
    return {
        (arm, corpus): row
        for (arm, corpus), row in found.items()
        if any(name != corpus for name in row)
    }


def _elsewhere(
    results: StudyResults, result: Result, corpora: list[str]
) -> Iterator[tuple[str, Result]]:
    """Yield what a run found in other corpora, each as if it were its own test part.

    A run that learned nothing finds nothing there either, and counts with that.
    """
    run, record = result.run, result.record
    learned = LEARNED_NOTHING not in record
    elsewhere = record.get(ELSEWHERE, {}) if learned else _nothing_found(results, run)
    for name, found in elsewhere.items():
        if name in corpora and name != run.corpus:
            words = f"{run.corpus} on {name}"
            other: Record = {
                **record,
                "id": f"{run.id} on {name}",
                "scores": {**record["scores"], "test": found["scores"]},
                "test_documents": found["documents"],
            }
            yield name, Result(replace(run, id=other["id"], corpus=words), other)


def _nothing_found(results: StudyResults, run: StudyRun) -> dict[str, Any]:
    """Return what a run without any mention has elsewhere: all gold mentions are missed.

    Which these are is known from another run on its corpus and split, whose scores elsewhere are of
    the same documents; nothing is known without one.
    """
    for other in results.finished:
        same = other.run.corpus == run.corpus and not other.run.is_source
        same = same and other.run.parameters.split_seed == run.parameters.split_seed
        if same and other.record.get(ELSEWHERE):
            return {
                name: {
                    "scores": {
                        measure: {
                            kind: {"tp": 0, "fp": 0, "fn": counts["tp"] + counts["fn"]}
                            for kind, counts in kinds.items()
                        }
                        for measure, kinds in found["scores"].items()
                    },
                    "documents": {
                        document: [0, 0, tp + fn]
                        for document, (tp, _, fn) in found["documents"].items()
                    },
                }
                for name, found in other.record[ELSEWHERE].items()
            }
    return {}


def _pairs(results: StudyResults) -> StudyResults:
    """Return results in which each pair of corpora is a corpus."""
    definition = results.definition
    targets: Mapping[str, Mapping[str, str]] = {
        entity_class: {f"{one} on {other}": "" for one in named for other in named if one != other}
        for entity_class, named in definition.targets.items()
        if len(named) > 1
    }
    runs, records = [], {}
    for result in results.finished:
        if result.run.is_source or result.run.entity_class not in targets:
            continue
        corpora = list(definition.targets[result.run.entity_class])
        for _, other in _elsewhere(results, result, corpora):
            runs.append(other.run)
            records[other.run.id] = other.record
    return replace(
        results, definition=replace(definition, targets=targets), runs=runs, records=records
    )


def _section(
    results: StudyResults, name: str, size: Optional[float], corpora: list[str], matrix: _Matrix
) -> Section:
    of = "" if size is None else f", {size:g} % of the documents"
    title = f"Trained on one corpus, tested on the others: {name}"
    table = Table(
        f"in_the_wild_{name}",
        f"F1 on the test parts of {name} by what the model was trained on{of} (%)",
        ("arm", "trained on", *corpora),
        tuple(_rows(results, corpora, matrix)),
        f"{MEASURE} {OWN_TEST} Documents in the train or validation part of the corpus that a "
        "model was trained on are not scored. A source model has been trained on its silver "
        f"corpus alone. {CELLS}",
        keys=2,
    )
    figure = Figure(
        f"in_the_wild_{name}",
        f"F1 on test (%) by corpus that the model was trained on (rows) and tested on (columns){of}"
        "; on the diagonal its own test part. Means over runs.",
        lambda: _draw(corpora, matrix),
    )
    return Section(title, "", (table,), (figure,))


def _rows(results: StudyResults, corpora: list[str], matrix: _Matrix) -> Iterator[Row]:
    for (arm, corpus), row in matrix.items():
        cells = [results.mean_text(row.get(name)) for name in corpora]
        yield (
            arm,
            corpus,
            *(f"[{cell}]" if name == corpus else cell for name, cell in zip(corpora, cells)),
        )


def _draw(corpora: list[str], matrix: _Matrix) -> Canvas:
    arms = list(dict.fromkeys(arm for arm, _ in matrix))
    canvas, all_axes = panels(len(arms), width=1.6 + 0.75 * len(corpora), height=3.2)
    for axes, arm in zip(all_axes, arms):
        _draw_arm(axes, arm, corpora, {c: row for (a, c), row in matrix.items() if a == arm})
    return canvas


def _draw_arm(
    axes: Axes, arm: str, corpora: list[str], rows: Mapping[str, Mapping[str, Summary]]
) -> None:
    means = np.array(
        [[row[n].mean if n in row else np.nan for n in corpora] for row in rows.values()]
    )
    axes.imshow(np.ma.masked_invalid(means), cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for (y, x), mean in np.ndenumerate(means):
        if not np.isnan(mean):
            own = list(rows)[y] == corpora[x]
            style: dict[str, Any] = {"style": "italic"} if own else {"weight": "bold"}
            colour = "white" if mean > 60 else "black"
            axes.text(x, y, f"{mean:.1f}", ha="center", va="center", color=colour, **style)
    axes.set_xticks(range(len(corpora)), [name.replace("_", "\n") for name in corpora])
    axes.set_yticks(range(len(rows)), [name.replace("_", "\n") for name in rows])
    axes.set_title(arm)
    axes.set_xlabel("tested on")
    axes.grid(False)
    axes.tick_params(length=0, labelsize=7.5)
