"""`neuroner-tl evaluate`: compare predictions in brat format with a gold standard."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.evaluation.brat_folders import DOCUMENT_CHOICES, FolderScores, evaluate_folders
from neuroner_tl.evaluation.report import conlleval_report, counts_rows, scores_table
from neuroner_tl.evaluation.scoring import HEADLINE, MEASURES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--gold",
        type=Path,
        required=True,
        metavar="DIR",
        help="gold standard: a folder of .txt and .ann files, or one with train, valid, test",
    )
    parser.add_argument(
        "--predicted",
        type=Path,
        required=True,
        metavar="DIR",
        help="predictions: a folder of .ann files, with or without the .txt files",
    )
    parser.add_argument(
        "--documents",
        choices=DOCUMENT_CHOICES,
        default="same",
        help="when the two folders hold different documents: same = stop (default); common = "
        "compare those in both; gold = all gold documents, missing predictions count as empty; "
        "all = predictions without a gold document count as false, too",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument(
        "--per-document", action="store_true", help="print a line for each document as well"
    )
    parser.add_argument(
        "--conlleval",
        action="store_true",
        help="print conlleval's figures in its layout instead: both sides as BIO tags of tokens, "
        "which hold neither nested nor discontinuous entities",
    )


def format_outcome(outcome: FolderScores, per_document: bool = False) -> str:
    """Return what the command prints."""
    text = scores_table(outcome.scores)
    text += (
        f"{MEASURES[HEADLINE]}\n\n"
        f"micro F1 {100 * outcome.taggable.micro.f1:.2f}: {MEASURES['conll']}\n"
    )
    if per_document:
        text += "\n" + "\n".join(counts_rows(outcome.per_document, first="document")) + "\n"
    treatment = {
        "same": ("", ""),
        "common": (" (left out)", " (left out)"),
        "gold": (" (count as empty)", " (left out)"),
        "all": (" (count as empty)", " (count as false)"),
    }[outcome.documents]
    text += (
        f"\ndocuments compared: {len(outcome.per_document)}"
        f"\ngold documents without prediction: {len(outcome.missing)}"
        f"{treatment[0] if outcome.missing else ''}"
        f"\npredicted documents without gold: {len(outcome.extra)}"
        f"{treatment[1] if outcome.extra else ''}\n"
    )
    for side, report in (("gold", outcome.gold_report), ("predicted", outcome.predicted_report)):
        for reason, entry in sorted(report.by_reason.items()):
            text += f"{side}: {reason}: {entry.count}\n"
    return text


def run(namespace: argparse.Namespace) -> int:
    """Run the command; return its exit status."""
    outcome = evaluate_folders(
        namespace.gold, namespace.predicted, namespace.documents, namespace.conlleval
    )
    if outcome.on_tags is not None:
        print(conlleval_report(outcome.on_tags), end="")
    else:
        print(format_outcome(outcome, namespace.per_document), end="")
    if namespace.json is not None:
        content = json.dumps(outcome.to_json(), indent=2, ensure_ascii=False)
        write_text_atomically(namespace.json, content + "\n")
    return 0
