"""`neuroner-tl evaluate`: compare predictions in brat format with a gold standard."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Optional

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.corpora.formats.brat import brat_names
from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.corpora.reader import BratPart
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.brat_folders import DOCUMENT_CHOICES, evaluate_folders
from neuroner_tl.evaluation.error_list import ErrorList
from neuroner_tl.evaluation.error_page import error_writer, write_errors
from neuroner_tl.evaluation.error_sets import AnnotatedPart
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
    parser.add_argument(
        "--errors",
        type=Path,
        metavar="FILE",
        help="write every error in its sentence to FILE, the most frequent ones first: FILE.html, "
        "a page, or FILE.tsv, a table",
    )
    parser.add_argument(
        "--train",
        type=Path,
        metavar="DIR",
        help="brat folder of the documents that the model was trained on, so that --errors says "
        "which mentions are in train (default: train, in the gold folder or beside it)",
    )


def run(namespace: argparse.Namespace) -> Outcome:
    """Run the command."""
    errors = _error_list(namespace)
    outcome = evaluate_folders(
        namespace.gold,
        namespace.predicted,
        namespace.documents,
        namespace.conlleval,
        [] if errors is None else [errors.add],
    )
    if errors is not None:
        write_errors(errors, namespace.errors)
    content = outcome.to_json()
    if namespace.json_file is not None:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        write_text_atomically(namespace.json_file, text + "\n")
    if outcome.on_tags is not None:
        return Outcome(conlleval_report(outcome.on_tags), content, is_data=True)
    return Outcome(folder_report(outcome, namespace.per_document), content)


def _error_list(namespace: argparse.Namespace) -> Optional[ErrorList]:
    """Return an empty list of errors that knows the mentions of train; None without --errors."""
    if namespace.errors is None:
        if namespace.train is not None:
            raise ParameterError(
                "--train: found it without --errors, whose file says which mentions are in train; "
                "add --errors FILE.html, or leave --train out"
            )
        return None
    error_writer(namespace.errors)  # Another name is found before anything is read.
    train = namespace.train
    if train is None:
        places = (namespace.gold / "train", namespace.gold.absolute().parent / "train")
        train = next((place for place in places if place.is_dir()), None)
        if train is None:
            return ErrorList()
    return ErrorList(AnnotatedPart.of(BratPart(train, brat_names(train))).keys)
