"""Scores as text: conlleval's report, and a table of counts and rates."""

from __future__ import annotations

from collections.abc import Mapping

from neuroner_tl.evaluation.scoring import Counts, Scores


def conlleval_report(scores: Scores) -> str:
    """Return the scores in the form in which conlleval prints them, rates in percent.

    The last number of a type's line is the number of phrases found.
    """
    all_types = scores.micro
    accuracy = 100 * (scores.accuracy or 0.0)
    lines = [
        f"processed {scores.tokens} tokens with {all_types.gold} phrases; "
        f"found: {all_types.predicted} phrases; correct: {all_types.tp}.",
        f"accuracy: {accuracy:6.2f}%; {_rates(all_types)}",
    ]
    for name, counts in scores.per_type.items():
        lines.append(f"{name:>17}: {_rates(counts)}  {counts.predicted}")
    return "\n".join(lines) + "\n"


def scores_table(scores: Scores) -> str:
    """Return a table: a row of TP, FP, FN, P, R and F1 (percent) per type, then micro and macro."""
    macro = scores.macro
    rows = counts_rows({**scores.per_type, "micro average": scores.micro}, first="type")
    name_width = len(rows[0]) - len(_HEADER)
    rows.append(
        f"{'macro average':<{name_width}}{'':>24}{100 * macro.precision:>8.2f}"
        f"{100 * macro.recall:>8.2f}{100 * macro.f1:>8.2f}"
    )
    rows.insert(len(rows) - 2, "-" * len(rows[0]))
    return "\n".join(rows) + "\n"


def counts_rows(counts: Mapping[str, Counts], first: str) -> list[str]:
    """Return a heading whose first column is called ``first``, and one line for each item."""
    width = max(len(name) for name in (first, "macro average", *counts)) + 1
    rows = [f"{first:<{width}}{_HEADER}"]
    for name, item in counts.items():
        rows.append(
            f"{name:<{width}}{item.tp:>8}{item.fp:>8}{item.fn:>8}"
            f"{100 * item.precision:>8.2f}{100 * item.recall:>8.2f}{100 * item.f1:>8.2f}"
        )
    return rows


_HEADER = f"{'TP':>8}{'FP':>8}{'FN':>8}{'P':>8}{'R':>8}{'F1':>8}"


def _rates(counts: Counts) -> str:
    return (
        f"precision: {100 * counts.precision:6.2f}%; recall: {100 * counts.recall:6.2f}%; "
        f"FB1: {100 * counts.f1:6.2f}"
    )
