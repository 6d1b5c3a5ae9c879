"""The comparison of two folders as text."""

from __future__ import annotations

from neuroner_tl.evaluation.brat_folders import FolderScores
from neuroner_tl.evaluation.report import counts_rows, scores_table
from neuroner_tl.evaluation.scoring import HEADLINE, MEASURES
from neuroner_tl.evaluation.thresholds import confidence_report


def folder_report(outcome: FolderScores, per_document: bool = False) -> str:
    """Return a table by entity type, optionally a line per document, and what was compared.

    Predictions with probabilities get their calibration and a table of thresholds.
    """
    text = scores_table(outcome.scores)
    text += (
        f"{MEASURES[HEADLINE]}\n\n"
        f"micro F1 {100 * outcome.taggable.micro.f1:.2f}: {MEASURES['conll']}\n"
    )
    if per_document:
        text += "\n" + "\n".join(counts_rows(outcome.per_document, first="document")) + "\n"
    if outcome.confidence.all_known:
        text += "\n" + confidence_report(outcome.confidence)
    treatment = {
        "same": ("", ""),
        "common": (" (left out)", " (left out)"),
        "gold": (" (count as empty)", " (left out)"),
        "all": (" (count as empty)", " (count as false)"),
    }[outcome.documents]
    text += (
        f"\ndocuments compared: {len(outcome.per_document)}"
        f"\ngold documents without predictions: {len(outcome.missing)}"
        f"{treatment[0] if outcome.missing else ''}"
        f"\npredicted documents without gold: {len(outcome.extra)}"
        f"{treatment[1] if outcome.extra else ''}\n"
    )
    for side, report in (("gold", outcome.gold_report), ("predicted", outcome.predicted_report)):
        for reason, entry in sorted(report.by_reason.items()):
            text += f"{side}: {reason}: {entry.count}\n"
    return text
