"""`neuroner-tl evaluate`: score predictions in brat format, or a model, on a gold standard."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat import brat_names
from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.corpora.reader import BratPart
from neuroner_tl.errors import ParameterError
from neuroner_tl.evaluation.brat_folders import DOCUMENT_CHOICES, FolderScores, evaluate_folders
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
        help="gold standard: a folder of .txt and .ann files, or one with train, valid, test; for "
        "--model a corpus of any layout",
    )
    scored = parser.add_mutually_exclusive_group(required=True)
    scored.add_argument(
        "--predicted",
        type=Path,
        metavar="DIR",
        help="predictions: a folder of .ann files, with or without the .txt files",
    )
    scored.add_argument(
        "--model",
        type=Path,
        action="append",
        metavar="DIR",
        help="a model, or the folder of its run, that predicts the documents of the gold standard; "
        "several are averaged, with --ensemble",
    )
    parser.add_argument(
        "--ensemble",
        action="store_true",
        help="with several --model, as `predict --ensemble`",
    )
    parser.add_argument(
        "--parts",
        nargs="+",
        default=["test"],
        metavar="PART",
        help="with --model, the parts to score, of a corpus that has parts (default: test)",
    )
    parser.add_argument(
        "--word-vectors",
        type=Path,
        metavar="FILE",
        help="with --model, word-vector file for words that it was not trained on (default: the "
        "file that it was trained with, if it is still there; none for none)",
    )
    parser.add_argument(
        "--abbreviations",
        action="store_true",
        help="with --model, as `predict --abbreviations`",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="write the reliability diagram, and precision and recall against the threshold, to "
        "DIR; of a model, or of predictions with probabilities",
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
    outcome = _evaluate(namespace, [] if errors is None else [errors.add])
    if namespace.calibration is not None:
        _write_calibration(outcome, namespace.calibration)
    if errors is not None:
        write_errors(errors, namespace.errors)
    content = outcome.to_json()
    if namespace.json_file is not None:
        text = json.dumps(content, indent=2, ensure_ascii=False)
        write_text_atomically(namespace.json_file, text + "\n")
    if outcome.on_tags is not None:
        return Outcome(conlleval_report(outcome.on_tags), content, is_data=True)
    return Outcome(folder_report(outcome, namespace.per_document), content)


def _evaluate(
    namespace: argparse.Namespace, observers: Sequence[Callable[[Document, Document], None]]
) -> FolderScores:
    if namespace.conlleval and namespace.per_document:
        raise ParameterError(
            "--per-document: found it with --conlleval, whose figures are of all documents "
            "together; leave one of them out"
        )
    if namespace.model is None:
        _refuse(
            namespace,
            {"parts": ["test"], "word_vectors": None, "abbreviations": False, "ensemble": False},
            "--predicted",
            "--model",
        )
        return evaluate_folders(
            namespace.gold, namespace.predicted, namespace.documents, namespace.conlleval, observers
        )
    _refuse(namespace, {"documents": "same", "conlleval": False}, "--model", "--predicted")
    # TensorFlow takes seconds to load.
    from neuroner_tl.runs.evaluation import evaluate_model

    return evaluate_model(
        _models(namespace),
        namespace.gold,
        namespace.parts,
        word_vectors=namespace.word_vectors,
        abbreviations=namespace.abbreviations,
        observers=observers,
    )


def _models(namespace: argparse.Namespace) -> Union[Path, list[Path]]:
    """Return the model, or the models of an ensemble."""
    models: list[Path] = namespace.model
    if namespace.ensemble:
        return models
    if len(models) > 1:
        raise ParameterError(
            f"--model: found {len(models)} models, expected one; add --ensemble to average them, "
            "or score each by itself"
        )
    return models[0]


def _refuse(
    namespace: argparse.Namespace, defaults: Mapping[str, Any], beside: str, needed: str
) -> None:
    """Refuse options that mean nothing beside another one."""
    for name, default in defaults.items():
        if getattr(namespace, name) != default:
            raise ParameterError(
                f"--{name.replace('_', '-')}: found it with {beside}, expected {needed}; leave it "
                f"out, or give {needed}"
            )


def _write_calibration(outcome: FolderScores, folder: Path) -> None:
    confidence = outcome.confidence
    if not confidence.all_known:
        known = len(confidence.probabilities)
        raise ParameterError(
            f"--calibration: found {known} of {known + confidence.without} predicted mentions with "
            "a probability, expected some, and all; give --model, or write them with `predict "
            "--probabilities`"
        )
    # Matplotlib takes a second to load.
    from neuroner_tl.runs.folder import check_writable
    from neuroner_tl.studies.pages.confidence import write_confidence_figures

    check_writable(folder, "--calibration")
    write_confidence_figures(confidence, folder)


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
