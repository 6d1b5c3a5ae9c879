"""Published predictions of a corpus's test part, with the files and records of a run."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.brat import annotations_of_document, read_annotations
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import Corpus, PartReader, read_corpus
from neuroner_tl.corpora.text.line_offsets import LineEnds
from neuroner_tl.corpora.text.tagging import taggable_entities
from neuroner_tl.corpora.text.tokenizers import get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.evaluation.scoring import HEADLINE, Scores, named_measures, score_documents
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.folder import RunFolder, RunResult, create_run_folder
from neuroner_tl.runs.scoring import document_intervals
from neuroner_tl.runs.systems.system_results import system_results
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible
from neuroner_tl.training.manifest import PARAMETERS

PART = "test"
# The name of their import report, beside those of the parts.
PREDICTIONS = "predictions"


def score_published(parameters: Parameters, predictions: Path) -> RunResult:
    """Score predictions of another system on the test part of a corpus.

    Args:
        parameters: the run's parameters, of which corpus, split and train size matter.
        predictions: a brat folder with an ``.ann`` file for each document of the test part; its
            offsets are those of the corpus's texts. Files of other documents are ignored.

    Raises:
        CorpusError: the corpus or a prediction cannot be read, a document has none, or they have no
            type of the corpus; no folder is left.
        Interrupted: a signal came; no folder is left.
    """
    assert parameters.dataset_text_folder is not None
    with interruptible(), interrupted_as("interrupted while scoring"), at_once():
        corpus = read_corpus(
            parameters.dataset_text_folder,
            split_percentages=parameters.split_percentages,
            split_seed=parameters.split_seed,
            train_size=parameters.train_size,
            required=("train", PART),
        )
        folder = create_run_folder(parameters.output_folder, parameters.experiment_name)
        try:
            return _score(parameters, corpus, predictions, folder)
        except BaseException:
            shutil.rmtree(folder.path, ignore_errors=True)
            raise


def _score(
    parameters: Parameters, corpus: Corpus, predictions: Path, folder: RunFolder
) -> RunResult:
    started = time.perf_counter()
    reports = {name: ImportReport() for name in (*corpus.parts, PREDICTIONS)}
    write_parameters(parameters, folder.path / PARAMETERS)
    if corpus.split is not None:
        folder.write_json("split.json", corpus.split.to_json())
    for name, part in corpus.parts.items():
        if name != PART:
            for _ in part.documents(reports[name]):
                pass  # They are counted.
    pairs = _pairs(corpus, predictions, folder, reports)
    tokenizer = get_tokenizer(parameters.tokenizer, parameters.spacylanguage)
    scored = score_documents(
        pairs, lambda gold: taggable_entities(gold, tokenizer, parameters.overlap_policy)
    )
    assert scored.taggable is not None
    _check_types(scored.scores, predictions)
    folder.write_json(
        "import_report.json", {name: report.to_json() for name, report in reports.items()}
    )
    folder.write_json("document_counts.json", {PART: scored.counts()})
    results: dict[str, Any] = {
        "status": "finished",
        "reason": "predictions were scored",
        **system_results("published", parameters, started),
        "best_epoch": None,
        "best_score": None,
        "epochs": 0,
        "sentences": {},
        "measures": named_measures(),
        "scores": {
            PART: {HEADLINE: scored.scores.to_json(), "conll": scored.taggable.to_json()},
        },
        "intervals": {PART: document_intervals(scored)},
    }
    folder.write_json("results.json", results)
    return RunResult(folder, results["status"], results)


def _pairs(
    corpus: Corpus, predictions: Path, folder: RunFolder, reports: Mapping[str, ImportReport]
) -> Iterator[tuple[Document, Document]]:
    """Yield each document as annotated and as predicted; write what was predicted."""
    read, ends = reports[PREDICTIONS], _line_ends(corpus.parts[PART], predictions)
    with BratWriter(folder.predictions / PART, with_text=False, with_probabilities=False) as files:
        for document in corpus.parts[PART].documents(reports[PART]):
            path = predictions / f"{document.id}.ann"
            if not path.is_file():
                raise CorpusError(
                    f"{path}: no such file, expected the predictions for a document of the test "
                    f"part of {corpus.folder}; a document in which nothing was found has an empty "
                    "file"
                )
            found = annotations_of_document(path, document.text, read, ends)
            predicted = replace(document, entities=found, unknown=())
            files.add(predicted)
            yield document, predicted


def _line_ends(part: PartReader, predictions: Path) -> LineEnds:
    """Return how the offsets of predictions count line ends, decided when one does not fit."""

    def fits(path: Path, convention: str) -> bool:
        text = part.text_of(path.stem)
        try:
            if text is not None:
                read_annotations(path, text, ImportReport(), convention)
        except CorpusError:
            return False
        return text is not None

    return LineEnds(lambda: (predictions / f"{name}.ann" for name in part.ids), fits)


def _check_types(scores: Scores, predictions: Path) -> None:
    """Refuse predictions of other types than the corpus has: their score of 0 says nothing."""
    known = {kind for kind, counts in scores.per_type.items() if counts.gold}
    found = {kind for kind, counts in scores.per_type.items() if counts.predicted}
    if known and found and not known & found:
        raise CorpusError(
            f"{predictions}: found the types {', '.join(sorted(found))}, expected some of "
            f"{', '.join(sorted(known))}, those of the corpus; rename them in its files"
        )
