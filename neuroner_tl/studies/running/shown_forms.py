"""What the runs of a study were shown of the texts of their gold mentions: by train, by silver."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.evaluation.surface_forms import Form, Occurrences, count_occurrences, surface_form
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.studies.definition.contents import Contents
from neuroner_tl.studies.definition.definition import StudyDefinition
from neuroner_tl.studies.definition.plan import StudyRun, plan_runs
from neuroner_tl.studies.records.folder import StudyFolder, corpus_folders
from neuroner_tl.studies.records.matching import match_records
from neuroner_tl.studies.records.mentions import Shown
from neuroner_tl.studies.records.store import FINISHED
from neuroner_tl.studies.running.jobs import Job
from neuroner_tl.studies.running.record import gold_part
from neuroner_tl.studies.running.teaching import train_size_of
from neuroner_tl.system.interruption import at_once, interrupted_as, interruptible

RESUMES = "the same command counts the others"


def count_shown_forms(definition: StudyDefinition, seed: Optional[int] = None) -> int:
    """Keep what the finished runs were shown of their gold mentions, beside their mentions.

    Where arms take layers of a source model, it is the runs of these arms; of a source model that
    was taught, the documents are those of the silver corpus as it was before. What is kept already
    is not counted again.

    Args:
        definition: the study.
        seed: the seed of all runs, instead of the definition's.

    Returns:
        For how many runs it was counted.

    Raises:
        CorpusError: a corpus cannot be read.
        Interrupted: a signal arrived.
    """
    study = StudyFolder(definition.folder)
    planned = plan_runs(definition, seed, Contents.remembered(definition.output_folder))
    known = {run.id: run for run in planned}
    records = study.store.records()
    # Another study of this store may have recorded a run under other words, as a report finds it.
    runs, _ = match_records(planned, records)
    by_source: dict[Optional[str], list[StudyRun]] = {}
    for run in runs:
        is_finished = records.get(run.id, {}).get("status") == FINISHED
        wanted = not run.is_source and (run.source is not None or not _has_sources(runs))
        if is_finished and wanted and not study.mentions.has_shown(run.id):
            by_source.setdefault(run.source, []).append(run)
    counted = 0
    with interruptible(), interrupted_as(f"interrupted; {RESUMES}"), at_once():
        for name, own in progress_bar(by_source.items(), desc="counting texts", unit=" sources"):
            counted += _count(definition, study, own, None if name is None else known[name])
    return counted


def _has_sources(runs: Iterable[StudyRun]) -> bool:
    return any(run.source is not None for run in runs if not run.is_source)


def _count(
    definition: StudyDefinition,
    study: StudyFolder,
    runs: Iterable[StudyRun],
    source: Optional[StudyRun],
) -> int:
    """Count for the runs that start from one source model; its corpus is read once."""
    places = corpus_folders(definition, study)
    gold = {}
    for run in runs:
        mentions = study.mentions.read(run.id)
        if mentions is not None:
            gold[run.id] = mentions.gold.keys
    silver: Optional[dict[Form, Occurrences]] = None
    if source is not None and gold:
        job = Job(source, places[source.corpus], study)
        forms = {surface_form(text) for keys in gold.values() for _, text in keys}
        p = source.parameters
        documents = read_corpus(
            job.corpus,
            split_percentages=p.split_percentages,
            split_seed=p.split_seed,
            train_size=train_size_of(job) if source.documents is not None else p.train_size,
            required=("train",),
        ).parts["train"]
        silver = count_occurrences(forms, documents.documents())
    for run in runs:
        if run.id not in gold:
            continue
        train = gold_part(Job(run, places[run.corpus], study), "train").keys
        shown = {
            key: Shown(key in train, None if silver is None else _of(silver, key[1]))
            for key in gold[run.id]
        }
        study.mentions.write_shown(run.id, shown)
    return len(gold)


def _of(silver: dict[Form, Occurrences], text: str) -> Occurrences:
    return silver.get(surface_form(text), Occurrences(0, 0))
