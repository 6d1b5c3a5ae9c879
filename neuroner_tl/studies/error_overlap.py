"""Which mentions two systems find and miss alike (Figure 4), and of what kind their errors are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Patch
from matplotlib_venn import venn2, venn2_circles

from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.evaluation.brat_folders import read_folder_pair
from neuroner_tl.evaluation.error_sets import (
    KINDS,
    SETS,
    AnnotatedPart,
    ErrorSets,
    Overlap,
    count_errors,
    document_counts,
    overlaps,
)
from neuroner_tl.evaluation.scoring import Counts
from neuroner_tl.evaluation.statistics import compare_systems
from neuroner_tl.studies.definition import Predictions
from neuroner_tl.studies.figures import BLUE, ORANGE, Figure, panels
from neuroner_tl.studies.results import StudyResults
from neuroner_tl.studies.scored_parts import ScoredParts, interval_text
from neuroner_tl.studies.section import Section
from neuroner_tl.studies.table import Cell, Row, Table, better, p_text, points, signed
from neuroner_tl.studies.transfer_table import compared_arms


@dataclass(frozen=True)
class Systems:
    """Two systems on the test sets of an entity class.

    Args:
        names: of the two systems.
        gold: the gold standard.
        predicted: what each system found.
        train: what the train parts have; None if unknown.
        what: what was compared, in words.
    """

    names: tuple[str, str]
    gold: AnnotatedPart
    predicted: tuple[AnnotatedPart, AnnotatedPart]
    train: Optional[AnnotatedPart]
    what: str


def sections(results: StudyResults) -> list[Section]:
    """Diagrams and tables, a section an entity class.

    Raises:
        CorpusError: corpora or predictions are not at hand.
    """
    found = []
    for entity_class, predictions in results.definition.predictions.items():
        found += _sections(entity_class, _from_folders(predictions))
    for entity_class in results.definition.targets:
        systems = _from_runs(results, entity_class)
        found += [] if systems is None else _sections(entity_class, systems)
    return found or [Section("Errors", "No corpus has finished runs of two arms yet.")]


def _from_folders(predictions: Predictions) -> Systems:
    (first, one), (second, other) = predictions.systems.items()
    gold, found = read_folder_pair(predictions.gold, one)
    _, other_found = read_folder_pair(predictions.gold, other)
    train = None
    if predictions.train is not None:
        corpus = read_corpus(predictions.train, report=ImportReport(), required=())
        train = AnnotatedPart.of(d for part in corpus.parts.values() for d in part.documents())
    return Systems(
        (first, second),
        AnnotatedPart.of(gold),
        (AnnotatedPart.of(found), AnnotatedPart.of(other_found)),
        train,
        f"predictions in {_name(one)} and {_name(other)} against {_name(predictions.gold)}",
    )


def _name(folder: Path) -> str:
    """The last two names of a folder, the rest being a matter of this machine."""
    return "/".join(folder.parts[-2:])


def _from_runs(results: StudyResults, entity_class: str) -> Optional[Systems]:
    """All corpora of a class, all seeds, put together; documents keep apart by their names."""
    parts, (first, last) = ScoredParts(results), compared_arms(results)
    gold: dict[str, AnnotatedPart] = {}
    found: tuple[dict[str, AnnotatedPart], dict[str, AnnotatedPart]] = ({}, {})
    train: dict[str, AnnotatedPart] = {}
    corpora = list(results.definition.targets[entity_class])
    used = []
    for corpus in corpora:
        pairs = results.pairs(first, last, corpus=corpus)
        used += [corpus] if pairs else []
        for number, pair in enumerate(pairs):
            name = f"{corpus} run {number + 1}" if len(pairs) > 1 else corpus
            gold[name] = parts.gold(pair[0])
            train[name] = parts.gold(pair[0], "train")
            for side, result in zip(found, pair):
                side[name] = parts.predicted(result)
    if not gold:
        return None
    return Systems(
        (first, last),
        AnnotatedPart.joined(gold),
        (AnnotatedPart.joined(found[0]), AnnotatedPart.joined(found[1])),
        AnnotatedPart.joined(train),
        f"{len(gold)} pairs of runs on the test parts of {', '.join(used)}",
    )


def _sections(entity_class: str, systems: Systems) -> list[Section]:
    first, second = systems.names
    sets = [ErrorSets.of(systems.gold, predicted) for predicted in systems.predicted]
    found = overlaps(sets[0], sets[1])
    figure = Figure(
        f"error_overlap_{entity_class}",
        f"{entity_class}: mentions that {first} alone, {second} alone and both have among their "
        "false negatives, false positives and true positives. Areas are in proportion within a "
        f"diagram. Exact match; {systems.what}.",
        lambda: _draw(entity_class, systems.names, found),
    )
    tables = (
        _scores(entity_class, systems),
        _overlap_table(entity_class, systems.names, found),
        _kinds(entity_class, systems),
    )
    examples = (_examples(entity_class, systems),)
    return [
        Section(f"Errors: {entity_class}", f"Compared: {systems.what}.", tables, (figure,)),
        Section(f"Examples of errors: {entity_class}", "", examples, in_text=False),
    ]


def _scores(entity_class: str, systems: Systems) -> Table:
    counts = [document_counts(systems.gold, predicted) for predicted in systems.predicted]
    totals = [Counts(*map(int, array.sum(0))) for array in counts]
    difference = compare_systems(counts[0], counts[1])
    rows: list[Row] = []
    columns: list[tuple[Cell, Cell]] = [
        better(
            getattr(totals[0], name),
            getattr(totals[1], name),
            (points(getattr(totals[0], name)), points(getattr(totals[1], name))),
        )
        for name in ("precision", "recall", "f1")
    ]
    for side, (name, total) in enumerate(zip(systems.names, totals)):
        rows.append(
            [name, str(total.tp), str(total.fp), str(total.fn), *(pair[side] for pair in columns)]
        )
    return Table(
        f"scores_{entity_class}",
        f"{entity_class}: scores of the two systems on {difference.documents} documents",
        ("system", "TP", "FP", "FN", "P", "R", "F1"),
        tuple(rows),
        f"Gain in F1 {signed(100 * difference.gain)}, 95 % interval "
        f"{interval_text(difference)} (paired bootstrap over documents), p = "
        f"{p_text(difference.p_value)} (approximate randomisation over documents, two-sided, "
        f"{difference.resamples:,} resamples).",
    )


def _overlap_table(
    entity_class: str, names: tuple[str, str], found: Mapping[str, Overlap]
) -> Table:
    rows = []
    for name in SETS:
        first, second, both = found[name]
        share = both / max(1, first + second + both)
        rows.append((name, str(first), str(both), str(second), points(share, 1)))
    return Table(
        f"overlap_{entity_class}",
        f"{entity_class}: mentions that the systems have in common",
        ("set", f"only {names[0]}", "both", f"only {names[1]}", "both (% of all)"),
        tuple(rows),
    )


def _kinds(entity_class: str, systems: Systems) -> Table:
    seen = systems.train.keys if systems.train is not None else set()
    counted = [count_errors(systems.gold, found, seen) for found in systems.predicted]
    rows = []
    for name in SETS[:2]:
        for kind in KINDS:
            both = [errors[name].by_kind.get(kind) for errors in counted]
            if None in both or not any(sum(pair or ()) for pair in both):
                continue
            cells = []
            for pair in both:
                assert pair is not None
                cells += [str(sum(pair))]
                cells += [str(number) if systems.train is not None else "–" for number in pair]
            rows.append((name, kind, *cells))
    headings = [
        heading for name in systems.names for heading in (name, f"{name}, seen", f"{name}, unseen")
    ]
    return Table(
        f"error_kinds_{entity_class}",
        f"{entity_class}: kinds of errors",
        ("set", "kind", *headings),
        tuple(rows),
        "boundary: overlaps a mention of the right type; type: same limits, another type; boundary "
        "and type: overlaps mentions of other types only; missed, spurious: overlaps nothing. "
        "Seen: the mention's text is, without regard to case, a mention of that type in the train "
        "part.",
    )


def _examples(entity_class: str, systems: Systems) -> Table:
    seen = systems.train.keys if systems.train is not None else set()
    rows = [
        (name, system, kind, "; ".join(texts))
        for system, predicted in zip(systems.names, systems.predicted)
        for name, errors in count_errors(systems.gold, predicted, seen, examples=3).items()
        for kind, texts in errors.examples.items()
    ]
    return Table(
        f"error_examples_{entity_class}",
        f"{entity_class}: the first errors of each kind",
        ("set", "system", "kind", "document: mention"),
        tuple(rows),
    )


def _draw(entity_class: str, names: tuple[str, str], found: Mapping[str, Overlap]) -> Canvas:
    canvas, all_axes = panels(len(SETS), width=2.9, height=2.3)
    for axes, name in zip(all_axes, SETS):
        _draw_venn(axes, found[name])
        axes.set_title(f"{name} ({sum(found[name])})")
    handles = [
        Patch(facecolor=colour, alpha=0.55, edgecolor="black", label=label)
        for colour, label in zip((BLUE, ORANGE), names)
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    canvas.suptitle(entity_class)
    return canvas


def _draw_venn(axes: Axes, overlap: Overlap) -> None:
    """Two circles, their numbers beside and between them, where no sliver is too thin for them."""
    axes.set_axis_off()
    if not sum(overlap):
        axes.text(0.5, 0.5, "none", ha="center", va="center", transform=axes.transAxes)
        return
    first, second, both = overlap
    venn = venn2(
        (first, second, both), set_labels=None, set_colors=(BLUE, ORANGE), alpha=0.55, ax=axes
    )
    venn2_circles((first, second, both), linewidth=0.9, ax=axes)
    for part in ("10", "01", "11"):
        label = venn.get_label_by_id(part)
        if label is not None:
            label.set_text("")
    left = venn.centers[0].x - venn.radii[0] if first + both else venn.centers[1].x
    right = venn.centers[1].x + venn.radii[1] if second + both else venn.centers[0].x
    axes.text(min(left, right) - 0.05, 0, f"{first}", ha="right", va="center", color=BLUE)
    axes.text(max(left, right) + 0.05, 0, f"{second}", ha="left", va="center", color=ORANGE)
    if both:
        lens = (venn.centers[1].x - venn.radii[1] + venn.centers[0].x + venn.radii[0]) / 2
        axes.text(lens, 0, f"{both}", ha="center", va="center", fontweight="bold")
    middle = (left + right) / 2
    axes.set_xlim(middle - 1.2, middle + 1.2)
    axes.set_ylim(-0.75, 0.75)
