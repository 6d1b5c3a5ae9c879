"""The report on a silver corpus, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from neuroner_tl.corpora.duplicates import SharedDocument
from neuroner_tl.evaluation.report import counts_rows
from neuroner_tl.messages.numbers import counted, fixed
from neuroner_tl.messages.screen import paragraph, table_lines, wrapped
from neuroner_tl.silver.cleaning.cleaning import Step
from neuroner_tl.silver.cleaning.selection import SilverDocument
from neuroner_tl.silver.comparison import SilverComparison
from neuroner_tl.silver.consensus.agreement import Agreement
from neuroner_tl.silver.consensus.boundaries import BoundaryTable
from neuroner_tl.silver.consensus.consensus import Consensus, PosteriorRule
from neuroner_tl.silver.consensus.harmonise import VoteRule
from neuroner_tl.silver.definition import TRAIN
from neuroner_tl.silver.gold import FOLDS
from neuroner_tl.silver.quality import Quality

_MAX_ENTITIES = 10
_MAX_DIFFERENCES = 5
# How a mention begins and ends, and how `BoundaryTable` says so of the gold one.
_SIDES = {
    "begins late": "left longer",
    "begins early": "left shorter",
    "ends early": "right longer",
    "ends late": "right shorter",
}
_BOUNDARY_NOTE = (
    "same: mentions with the boundaries of a gold mention; other: mentions that share text with a "
    "gold one and have other boundaries; begins late: after the beginning of the gold mention, so "
    "that words are missing, and so with the others (one may begin late and end early); tokens: "
    "mean length of a mention, and in gold"
)


def format_report(
    name: str,
    steps: Sequence[Step],
    silver: Sequence[SilverDocument],
    gold_documents: int,
    annotators: Mapping[str, Mapping[str, Any]],
    consensus: Consensus,
    agreement: Agreement,
    quality: Quality,
    comparison: SilverComparison,
    shared: Sequence[SharedDocument],
    width: Optional[int] = None,
) -> str:
    """Return the report."""
    parts = [
        _steps(steps, gold_documents, width),
        *_models(annotators, width),
        _agreement(agreement, width),
        _rule(consensus, agreement.annotators),
    ]
    for corpus, rows in quality.scores.items():
        title = f"{corpus}, train documents, exact match ({FOLDS}-fold cross-fitting)"
        lines = [title, *counts_rows(rows, first="annotator")]
        lines += wrapped(_coverage(quality.documents[corpus], quality.covered[corpus]), width)
        parts.append("\n".join(lines))
        parts.append(format_boundaries(corpus, quality.boundaries[corpus], width))
    if comparison.gold:
        title = "the silver corpus beside the train parts of the gold corpora"
        parts.append("\n".join([*wrapped(title, width), comparison.to_text(width)]))
    parts.append(_entities(silver))
    parts.append(f"documents shared with the gold corpora: {len(shared)}")
    return f"silver corpus {name}\n\n" + "\n\n".join(parts) + "\n"


def _steps(steps: Sequence[Step], gold_documents: int, width: Optional[int]) -> str:
    rows = [
        (
            step.name,
            f"{step.documents_before} -> {step.documents_after}",
            f"{step.mentions_before} -> {step.mentions_after}",
        )
        for step in steps
    ]
    columns, right = ("step", "documents", "mentions"), (False, True, True)
    note = "documents: texts that become documents of the corpus"
    if gold_documents:
        note += (
            f"; the {counted(gold_documents, 'gold document')} that annotators are scored on, and "
            "rules learned from, are not among them"
        )
    return "\n".join([*table_lines(columns, rows, right, width=width), *wrapped(note, width)])


def _models(annotators: Mapping[str, Mapping[str, Any]], width: Optional[int]) -> list[str]:
    """Return a paragraph about the annotators that are models, if there are some."""
    lines = []
    for name, record in annotators.items():
        if record["kind"] == "model":
            lines.append(f"{name}: learned from {', '.join(record['learned_from']) or 'unknown'}")
        elif record["kind"] == TRAIN:
            main, *folds = record["models"]
            left_out = len(record["left_out"])
            line = (
                f"{name}: trained on {counted(record['documents'], 'document')} of "
                f"{record['corpus']}, epoch {main['best_epoch']}, F1 on its own valid documents "
                f"{fixed(100 * main['valid_f1'], 1)} %"
            )
            if left_out:
                line += f"; {counted(left_out, 'document')} left out that gold corpora have"
            if folds:
                line += f"; gold documents were tagged by {len(folds)} models that lack them"
            lines.append(line)
    if not lines:
        return []
    return ["\n".join(row for line in ("models", *lines) for row in wrapped(line, width))]


def _agreement(agreement: Agreement, width: Optional[int]) -> str:
    names = list(agreement.annotators)
    rows = []
    for row, one in enumerate(names):
        cells = [one]
        for column, other in enumerate(names):
            value = agreement.f1(one, other) if column > row else agreement.kappa(one, other)
            cells.append("-" if column == row else fixed(value, 3))
        rows.append(cells)
    right = [False, *[True] * len(names)]
    lines = []
    if len(names) > 1:
        title = "agreement of annotators: F1 of spans (upper right), kappa of tokens (lower left)"
        lines += paragraph(title, width)
        lines += [*table_lines(["", *names], rows, right, width=width), ""]
    kinds = ("documents", "spans", "alone", "exact", "overlap", "needed")
    entries = [agreement.contributions[name] for name in names]
    counts = [
        [name, *map(str, (e.documents, e.spans, e.alone, e.exact, e.overlapping, e.needed))]
        for name, e in zip(names, entries)
    ]
    lines += table_lines(("annotator", *kinds), counts, [False, *[True] * len(kinds)], width=width)
    lines += wrapped(
        "documents: texts that the annotator covers; two annotators are compared on the texts that "
        "both cover; alone: touches no other annotator's span; exact, overlap: votes for mentions "
        "of the consensus; needed: mentions with no other exact vote",
        width,
    )
    return "\n".join(lines)


def _rule(consensus: Consensus, names: Sequence[str]) -> str:
    rule = consensus.rule
    lines = [f"rule: {rule.name}"]
    lines += _label_model(rule) if isinstance(rule, PosteriorRule) else _votes(rule, names)
    for side, words in (
        ("before", consensus.extensions.left),
        ("after", consensus.extensions.right),
    ):
        if words:
            lines.append(f"words {side} a mention that belong to it: {', '.join(sorted(words))}")
    return "\n".join(lines)


def _votes(rule: VoteRule, names: Sequence[str]) -> list[str]:
    """Return the weights of the annotators' votes."""
    lines = [f"{'weight of a vote':<24}{'exact':>9}{'overlap':>9}"]
    for name in names:
        exact, overlap = rule.exact.get(name, 0.0), rule.overlap.get(name, 0.0)
        lines.append(f"{name:<24}{exact:>9.3f}{overlap:>9.3f}")
    return [*lines, f"{'threshold':<24}{rule.threshold:>9.3f}"]


def _label_model(rule: PosteriorRule) -> list[str]:
    """Return what a label model learned of each annotator, and a classifier of candidates."""
    content = rule.to_json()
    lines = [f"{'learned from agreement':<24}{'recall':>9}{'false':>9}{'counts':>9}"]
    for name, entry in content["annotators"].items():
        lines.append(
            f"{name:<24}{100 * entry['recall']:>8.1f}%{100 * entry['false_alarms']:>8.2f}%"
            f"{entry['weight']:>9.2f}"
        )
    lines.append(f"{'least probability':<24}{rule.threshold:>9.3f}")
    lines.append(
        "recall, false: share of tokens that begin a mention, or are outside, and are marked;"
    )
    lines.append("counts: share of its evidence that no other annotator repeats")
    weights = content.get("weights", {})
    if weights:
        lines.append(f"{'learned from gold':<36}{'weight':>9}")
        lines += [f"{name:<36}{weight:>9.2f}" for name, weight in weights.items()]
    return lines


def _coverage(documents: int, covered: Mapping[str, int]) -> str:
    """Return a sentence about annotators that cover a part of the documents only."""
    partly = [f"{name} {number}" for name, number in covered.items() if number < documents]
    if not partly:
        return ""
    return f"scored on the documents that they cover, of {documents}: {', '.join(partly)}"


def format_boundaries(
    corpus: str, tables: Mapping[str, BoundaryTable], width: Optional[int] = None
) -> str:
    """Return where the mentions of each consensus begin and end, compared with gold.

    Args:
        corpus: the name of the gold corpus.
        tables: the comparison by consensus.
        width: columns of the screen; None for any number.
    """
    columns = ("consensus", "same", "other", *_SIDES, "tokens", "in gold")
    rows = []
    for label, table in tables.items():
        content = table.to_json()
        rows.append(
            (
                label,
                str(table.exact),
                str(content["other_limits"]),
                *(
                    str(sum(n for kind, n in table.kinds.items() if side in kind))
                    for side in _SIDES.values()
                ),
                fixed(content["silver_mean_tokens"]),
                fixed(content["gold_mean_tokens"]),
            )
        )
    title = f"{corpus}: where mentions begin and end, compared with gold"
    right = [False, *[True] * (len(columns) - 1)]
    lines = [*paragraph(title, width), *table_lines(columns, rows, right, width=width)]
    lines += wrapped(_BOUNDARY_NOTE, width)
    for label, table in tables.items():
        if table.words:
            lines += wrapped(f"{label}: gold mentions are {_differences(table)}", width)
    return "\n".join(lines)


def _differences(table: BoundaryTable) -> str:
    """Return the most common words by which gold mentions are longer or shorter."""
    groups: dict[str, dict[str, list[str]]] = {}
    for found, number in table.words.most_common(_MAX_DIFFERENCES):
        side, _, words = found[1:].partition(" ")
        sides = groups.setdefault(found[0], {})
        sides.setdefault(side, []).append(f"{words!r} ({number})")
    return "; ".join(
        f"{comparison} by "
        + ", ".join(
            f"{', '.join(groups[sign][side])} at the {place}"
            for side, place in (("left", "beginning"), ("right", "end"))
            if side in groups[sign]
        )
        for sign, comparison in (("+", "longer"), ("-", "shorter"))
        if sign in groups
    )


def _entities(silver: Sequence[SilverDocument]) -> str:
    counts = Counter(text for document in silver for text in document.keys())
    total = sum(counts.values())
    top = ", ".join(
        f"{text} {100 * number / total:.1f} %" for text, number in counts.most_common(_MAX_ENTITIES)
    )
    regions = sum(len(document.unknown) for document in silver)
    unknown = f", {counted(regions, 'unknown region')}" if regions else ""
    return (
        f"{counted(len(silver), 'document')}, {counted(total, 'mention')}, {len(counts)} unique"
        f"{unknown}; most common: {top}"
    )
