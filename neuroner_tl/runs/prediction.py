"""Prediction of a corpus with a finished model, as NeuroNER's third mode."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document, Entity, TaggedDocument
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.tagging import tag_document, taggable_entities
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.evaluation.scoring import HEADLINE, named_measures, score_documents
from neuroner_tl.messages.numbers import counted
from neuroner_tl.parameters.files import write_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.prediction.model_vectors import word_vectors_or_warning
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.data import open_corpus
from neuroner_tl.runs.folder import RunResult, check_writable, create_run_folder
from neuroner_tl.runs.prediction_files import PredictionFiles
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.threads import set_threads
from neuroner_tl.training.checkpoint import load_model, versions
from neuroner_tl.training.manifest import PARAMETERS

logger = logging.getLogger(__name__)

NO_WORD_VECTORS = "none"


def load_predictor(
    model: StrPath,
    word_vectors: Optional[StrPath] = None,
    batch_size: int = 64,
    threads: int = 1,
    abbreviations: bool = False,
) -> Predictor:
    """Load a finished model, with word vectors for words that it was not trained on.

    Args:
        model: the folder of a run or of its model.
        word_vectors: word-vector file; None for the file that the model was trained with, if it
            is still there; ``none`` for none.
        batch_size: sentences that are read side by side.
        threads: threads of TensorFlow, 0 for as many as there are processors.
        abbreviations: see `Predictor`.

    Raises:
        CheckpointError: the model cannot be loaded.
        CorpusError: the word-vector file cannot be used.
        ParameterError: batch size or threads are out of range.
    """
    for name, found, least in (("batch_size", batch_size, 1), ("threads", threads, 0)):
        if found < least:
            raise ParameterError(f"{name}: found {found}, expected at least {least}")
    set_threads(threads)
    saved = load_model(Path(model))
    if word_vectors is None:
        vectors = word_vectors_or_warning(saved)
    else:
        vectors = None if str(word_vectors) == NO_WORD_VECTORS else Path(word_vectors)
    return Predictor(saved, vectors, batch_size, abbreviations=abbreviations)


def predict_run(parameters: Parameters) -> RunResult:
    """Tag the test and deploy parts of a corpus with the pretrained model.

    Args:
        parameters: with ``train_model`` off and ``use_pretrained_model`` on.

    Raises:
        NeuroNERError: the model or the corpus cannot be used.
    """
    assert parameters.pretrained_model_folder is not None
    set_threads(parameters.number_of_cpu_threads)
    check_writable(parameters.output_folder)
    corpus, reports = open_corpus(parameters, ())
    chosen = {n: part for n, part in corpus.parts.items() if n in ("test", "deploy")}
    if not chosen:
        raise CorpusError(
            f"{corpus.folder}: neither a test nor a deploy part to predict; add deploy/ with .txt "
            "files"
        )
    if len(chosen) < len(corpus.parts):
        unused = " and ".join(name for name in corpus.parts if name not in chosen)
        logger.warning("%s: %s not used, since train_model is off", corpus.folder, unused)
    for part in chosen.values():
        for _ in part.documents():
            pass  # A document that cannot be used is found before anything is written.
    model = load_model(parameters.pretrained_model_folder)
    predictor = Predictor(
        model,
        parameters.token_pretrained_embedding_filepath or word_vectors_or_warning(model),
        parameters.prediction_batch_size,
    )
    folder = create_run_folder(parameters.output_folder, parameters.experiment_name)
    write_parameters(parameters, folder.path / PARAMETERS)
    tokenizer = predictor.tokenizer

    def cut(document: Document) -> TaggedDocument:
        return tag_document(document, tokenizer, model.text.tagging_format)

    def held(document: Document) -> list[Entity]:
        return taggable_entities(document, tokenizer, parameters.overlap_policy)

    all_scores: dict[str, Any] = {}
    for name, part in chosen.items():
        report = reports.setdefault(name, ImportReport())
        with PredictionFiles(folder.predictions / name, part) as files:
            pairs = predictor.predict_pairs(part.documents(report))
            scored = score_documents(_written(pairs, files, cut), held)
        if name == "test":
            assert scored.taggable is not None
            all_scores[name] = {
                HEADLINE: scored.scores.to_json(),
                "conll": scored.taggable.to_json(),
            }
            folder.write_json("document_counts.json", {name: scored.counts()})
        logger.info("%s: %s predicted", name, counted(len(scored.per_document), "document"))
    results = {
        "status": "finished",
        "reason": "all parts are predicted",
        "measures": named_measures(),
        "scores": all_scores,
        "versions": versions(),
        "parameters": parameters.to_dict(),
    }
    folder.write_json("import_report.json", {n: r.to_json() for n, r in reports.items()})
    folder.write_json("results.json", results)
    return RunResult(folder, "finished", results)


def _written(
    pairs: Iterable[tuple[Document, Document]],
    files: PredictionFiles,
    cut: Callable[[Document], TaggedDocument],
) -> Iterator[tuple[Document, Document]]:
    """Write the predicted document of each pair as it goes by; ``cut`` gives its tags."""
    for annotated, predicted in pairs:
        if files.has_columns:
            tags = [sentence.tags for sentence in cut(predicted).sentences]
            files.add(predicted, cut(annotated), tags)
        else:
            files.add(predicted)
        yield annotated, predicted
