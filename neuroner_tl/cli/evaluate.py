"""`neuroner-tl evaluate`: compare predictions in brat format with a gold standard."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.evaluation.brat_folders import DOCUMENT_CHOICES, evaluate_folders
from neuroner_tl.evaluation.folder_report import folder_report
from neuroner_tl.evaluation.report import conlleval_report


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
        help="if the two folders have different documents: same = stop (default); common = "
        "compare those in both; gold = all gold documents, missing predictions count as empty; "
        "all = also count predictions without a gold document as false",
    )
    parser.add_argument("--json-file", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument(
        "--per-document", action="store_true", help="also print a line for each document"
    )
    parser.add_argument(
        "--conlleval",
        action="store_true",
        help="print conlleval's figures in its layout instead: both sides as BIO tags of tokens, "
        "which represent neither nested nor discontinuous entities",
    )


def run(namespace: argparse.Namespace) -> Outcome:
    """Run the command."""
    outcome = evaluate_folders(
        namespace.gold, namespace.predicted, namespace.documents, namespace.conlleval
    )
    content = outcome.to_json()
    if namespace.json_file is not None:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        write_text_atomically(namespace.json_file, text + "\n")
    if outcome.on_tags is not None:
        return Outcome(conlleval_report(outcome.on_tags), content, is_data=True)
    return Outcome(folder_report(outcome, namespace.per_document), content)
