"""Finished models scored on the other corpora of their class, on which they were not trained."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.duplicates import DocumentIndex
from neuroner_tl.corpora.leaks import all_documents
from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.text.tagging import taggable_entities
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.evaluation.scoring import score_documents
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.records.folder import StudyFolder, corpus_folders
from neuroner_tl.studies.records.matching import recorded_name
from neuroner_tl.studies.records.store import FINISHED, LEARNED_NOTHING, Record
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible

if TYPE_CHECKING:
    from neuroner_tl.prediction.predictor import Predictor

logger = logging.getLogger(__name__)

ELSEWHERE = "elsewhere"
"""The member of a record that has the scores on other corpora, by corpus."""
RESUMES = "the same command scores the others"


def others_of(definition: StudyDefinition, run: StudyRun) -> list[str]:
    """Return the corpora of a run's class that it was not trained on.

    Example::

        others_of(definition, run)  # ["CDR_DISO", "miRNA_DISO"] of a run on NCBI_DISO
    """
    return [name for name in definition.targets.get(run.entity_class, ()) if name != run.corpus]


def score_elsewhere(definition: StudyDefinition, seed: Optional[int] = None) -> int:
    """Score the models of all finished runs on the other corpora of their class, and record it.

    Documents that are in the train or validation part of the corpus that a model was trained on
    are left out. What was scored before on the same corpus is not scored again.

    Args:
        definition: the study.
        seed: the seed of all runs, instead of the definition's.

    Returns:
        How many pairs of a model and a corpus were scored.

    Raises:
        ParameterError: a model was not kept.
        CorpusError: a corpus cannot be read, or its types are not the model's.
    """
    study = StudyFolder(definition.folder)
    contents = Contents.remembered(definition.output_folder)
    with interruptible(), interrupted_as(f"interrupted; {RESUMES}"), at_once():
        records = study.store.records()
        missing: list[tuple[StudyRun, dict[str, Optional[str]]]] = []
        for run in plan_runs(definition, seed, contents):
            run = replace(run, id=recorded_name(run.id, records))
            record = records.get(run.id, {})
            if record.get("status") != FINISHED or LEARNED_NOTHING in record:
                continue
            before = record.get(ELSEWHERE, {})
            wanted = {
                name: digest
                for name in others_of(definition, run)
                for digest in [contents.of(definition, name, run.parameters).get("corpus")]
                if name not in before or before[name].get("content") != digest
            }
            missing += [(run, wanted)] if wanted else []
        for run, wanted in progress_bar(missing, desc="scoring elsewhere", unit=" models"):
            record = study.store.records()[run.id]
            scores = _score(definition, study, run, record, list(wanted))
            found = {name: {"content": wanted[name], **scores[name]} for name in wanted}
            study.store.append({**record, ELSEWHERE: {**record.get(ELSEWHERE, {}), **found}})
    return sum(len(wanted) for _, wanted in missing)


def _score(
    definition: StudyDefinition,
    study: StudyFolder,
    run: StudyRun,
    record: Record,
    names: Sequence[str],
) -> dict[str, dict[str, Any]]:
    """Score the model of a run, loaded once, on corpora; return the scores by corpus."""
    # The predictor's libraries take seconds to load.
    from neuroner_tl.runs.prediction import load_predictor

    model = study.path / str(record.get("folder", "")) / "model"
    if not model.is_dir():
        raise ParameterError(
            f"{model}: no such folder, expected the model of {run.id} to score it on "
            f"{', '.join(names)}; set keep_models = True, remove its line from {study.store.path}, "
            "and the run is made again"
        )
    predictor = load_predictor(model)
    places = corpus_folders(definition, study)
    return {name: _score_on(predictor, run, name, places) for name in names}


def _score_on(
    predictor: Predictor, run: StudyRun, name: str, places: Mapping[str, Path]
) -> dict[str, Any]:
    p = run.parameters
    split: dict[str, Any] = {
        "split_percentages": p.split_percentages,
        "split_seed": p.split_seed,
    }
    own = read_corpus(places[run.corpus], required=(), **split)
    other = read_corpus(places[name], required=("test",), **split)
    index = DocumentIndex(other.parts["test"])
    seen = {one.target for one in index.find(all_documents(own, ("train", "valid")))}
    tokenizer = predictor.tokenizer

    def documents() -> Iterator[Document]:
        for document in other.parts["test"].documents():
            if document.id not in seen:
                yield document

    scored = score_documents(
        predictor.predict_pairs(documents()),
        lambda document: taggable_entities(document, tokenizer),
    )
    assert scored.taggable is not None
    _check_types(run, name, scored.scores.per_type, predictor.model.vocabulary.labels)
    if seen:
        logger.info(
            "%s on %s: %d documents that it was trained with are left out", run.id, name, len(seen)
        )
    return {
        "scores": {
            measure: {
                kind: {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
                for kind, counts in sorted(scores.per_type.items())
            }
            for measure, scores in (("documents", scored.scores), ("tags", scored.taggable))
        },
        "documents": {
            document: [counts.tp, counts.fp, counts.fn]
            for document, counts in scored.per_document.items()
        },
        "left_out": len(seen),
    }


def _check_types(run: StudyRun, name: str, scored: Any, labels: Sequence[str]) -> None:
    own = {label.partition("-")[2] for label in labels if "-" in label}
    gold = {kind for kind, counts in scored.items() if counts.tp + counts.fn}
    if gold and own.isdisjoint(gold):
        raise CorpusError(
            f"{name}: its entities are {', '.join(sorted(gold))}, expected a type of the models "
            f"of {run.corpus}: {', '.join(sorted(own))}; put it into another class of [targets]"
        )
