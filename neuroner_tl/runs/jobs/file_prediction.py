"""Prediction of files of any format with one or several finished models."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Optional, Union

import neuroner_tl
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import TEXT, Source, find_sources
from neuroner_tl.dataset.word_vectors.concatenated_vectors import vector_files
from neuroner_tl.errors import CheckpointError, CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.prediction.ensemble import EnsemblePredictor
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.prediction.predictor import Predictor
from neuroner_tl.runs.jobs.bad_documents import BadDocuments
from neuroner_tl.runs.jobs.prediction_job import Origin, PartStore, Pool, run_job
from neuroner_tl.runs.jobs.prediction_output import (
    STANDARD_OUTPUT,
    Output,
    check_separate,
    choose_output,
    write_results,
)
from neuroner_tl.runs.jobs.prediction_progress import PredictionProgress
from neuroner_tl.runs.prediction import load_predictor
from neuroner_tl.system.interruption import Interrupted
from neuroner_tl.system.paths import StrPath
from neuroner_tl.training.manifest import MANIFEST

LEFT_ALONE_NAMED = 5
BRAT_FILES = {"annotation.conf", "kb_shortcuts.conf", "tools.conf", "visual.conf"}
SECONDS_WORTH_A_LINE = 10
Model = Union[StrPath, Predictor]


@dataclass(frozen=True)
class PredictedFiles:
    """The outcome of `predict_files`.

    Attributes:
        output: the file or folder that was written.
        documents: how many texts were tagged and written.
        entities: how many entities were found in them.
        left_alone: names in the folder of the texts that are not texts, sorted; folders end with
            a slash.
        notes: what the format could not represent, a line for each kind, and for long jobs the
            speed and the memory.
        bad: how many documents could not be used.
        errors: the file that has them, if there is one.

    Example::

        done = predict_files("output/my_run/model", "texts", "output/predicted")
        print(done.documents, done.entities, done.left_alone)
    """

    output: Path
    documents: int
    entities: int
    left_alone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    bad: int = 0
    errors: Optional[Path] = None

    def summary(self) -> str:
        """Return a line on what was found, and one on what was left alone, if anything was."""
        lines = [
            f"{counted(self.documents, 'document')}, "
            f"{counted(self.entities, 'entity', 'entities')}; written to {self.output}",
            *self.notes,
        ]
        if self.bad:
            where = f": see {self.errors}" if self.errors is not None else ""
            lines.append(f"{counted(self.bad, 'document')} could not be used{where}")
        if self.left_alone:
            shown = ", ".join(self.left_alone[:LEFT_ALONE_NAMED])
            more = len(self.left_alone) - LEFT_ALONE_NAMED
            lines.append(
                f"not predicted, since they are not in the format of the texts: {shown}"
                f"{f' and {more} more' if more > 0 else ''}"
            )
        return "\n".join(lines)


def predict_files(
    model: Union[Model, Sequence[Model]],
    source: StrPath,
    output: StrPath,
    *,
    form: Optional[str] = None,
    input_form: Optional[str] = None,
    min_confidence: float = 0.0,
    word_vectors: Optional[StrPath] = None,
    batch_size: int = 64,
    threads: int = 1,
    probabilities: bool = False,
    abbreviations: bool = False,
    ensemble: bool = False,
    workers: int = 1,
    errors: Optional[StrPath] = None,
    observers: Sequence[Callable[[Document], None]] = (),
) -> PredictedFiles:
    """Tag a file or a folder of texts in any format, and write the result in any.

    A document that cannot be used is reported and left out. If the job is interrupted or killed,
    the same call resumes it: what is done is kept in ``OUTPUT.parts`` (see `prediction_job`).

    Args:
        model: the folder of a run or of its model, or a loaded model, for which the options on
            loading are without effect; or several, see `JointPredictor`.
        source: a file or folder, see `find_sources`; annotations in it are not read. ``-`` is the
            standard input.
        output: a file or folder, see `choose_output`; ``-`` is the standard output.
        form: format of the output, one of ``prediction_output.FORMS``; None to tell it from the
            name.
        input_form: format of the texts, one of ``convert.READERS``; None likewise.
        min_confidence: minimum probability of an entity that is kept.
        word_vectors: see `load_predictor`.
        batch_size: sentences that are read side by side.
        threads: threads of TensorFlow, 0 for as many as there are processors.
        probabilities: whether to write the probability of each entity into brat files, as a note;
            JSON lines and BioC always have it.
        abbreviations: see `Predictor`.
        ensemble: average the scores of the models, see `EnsemblePredictor`.
        workers: number of processes that tag; each loads the models. With more than one, a script
            must have ``if __name__ == "__main__":``.
        errors: file for the documents that cannot be used, JSON lines; None for
            ``OUTPUT.errors.jsonl``, or for none if the output is the standard output.
        observers: called with each document as tagged, such as
            `neuroner_tl.runs.jobs.entity_counts.EntityCounts.add`.

    Raises:
        CheckpointError: a model cannot be loaded.
        CorpusError: there is nothing to read, or no document can be used.
        Interrupted: by Ctrl-C or SIGTERM; the message says what is kept.
        NeuroNERError: a worker was lost.
        ParameterError: an option is out of range, or the output cannot be written, is being
            written by another job, or is the folder of the texts.
    """
    source, output = Path(source), Path(output)
    models = [model] if isinstance(model, (str, os.PathLike, Predictor)) else list(model)
    if workers < 1:
        raise ParameterError(f"workers: found {workers}, expected at least 1")
    if workers > 1 and any(isinstance(one, Predictor) for one in models):
        raise ParameterError("workers load models themselves; give the folders of the models")
    loading = (models, word_vectors, batch_size, threads, abbreviations, min_confidence, ensemble)
    joint = joint_predictor(*loading)
    sources = find_sources(source, input_form)
    where = choose_output(output, form, sources)
    is_file = where.path != STANDARD_OUTPUT
    bad = BadDocuments(errors_path(where, errors, sources))
    store = PartStore(beside(output, ".parts"), job_of(joint)) if is_file else None
    pool = Pool(joint) if workers == 1 else Pool(None, workers, joint_predictor, loading)
    report = ImportReport()
    try:
        with PredictionProgress(sources) as progress:
            documents, entities = tag_sources(
                joint, sources, where, pool, store, bad, report, probabilities, progress, observers
            )
    except KeyboardInterrupt:
        raise Interrupted(_remains(store)) from None
    finally:
        pool.close()
        if store is not None:
            store.close()
    bad.write()
    if store is not None:
        store.remove()
    lost = losses(report)
    if progress.seconds > SECONDS_WORTH_A_LINE:
        lost += [progress.speed(), progress.memory()]
    return PredictedFiles(
        output,
        documents,
        entities,
        left_alone=files_left_alone(source, sources),
        notes=tuple(lost),
        bad=bad.number,
        errors=bad.path if bad.number else None,
    )


def tag_sources(
    joint: JointPredictor,
    sources: Sequence[Source],
    where: Output,
    pool: Pool,
    store: Optional[PartStore],
    bad: BadDocuments,
    report: ImportReport,
    probabilities: bool = False,
    progress: Optional[PredictionProgress] = None,
    observers: Sequence[Callable[[Document], None]] = (),
) -> tuple[int, int]:
    """Tag the texts of files and write the result.

    Args:
        joint: the models.
        sources: the files.
        where: place and format of the result.
        pool: tags the parts.
        store: keeps what is done; None keeps nothing.
        bad: gets the documents that cannot be used.
        report: counts what the format cannot represent.
        probabilities: see `predict_files`.
        progress: shows it, if there is one.
        observers: see `predict_files`.

    Returns:
        How many documents were tagged and written, and how many entities found in them.

    Raises:
        NeuroNERError: the result cannot be written, a worker was lost, or, the first of ``bad``, no
            document can be used.
    """
    counts = [0, 0]

    def results() -> Iterator[tuple[Source, Document]]:
        for part in run_job(_origins(sources, bad), pool, store):
            last, _ = part.origins[-1]
            if progress is not None:
                progress.update(last, len(part.origins), part.tagged, part.is_new)
            for (place, document), found in zip(part.origins, part.tagged.found):
                if isinstance(found, str):
                    said = f"{place.path}: document {document.id!r} cannot be tagged ({found})"
                    bad.add(place, CorpusError(f"{said}; tag it by itself, or leave it out"))
                    continue
                tagged, before = replace(document, entities=found, unknown=()), bad.number
                for observe in observers:
                    observe(tagged)
                yield place, tagged
                if bad.number == before:  # It was written.
                    counts[0] += 1
                    counts[1] += len(found)
        if not counts[0] and bad.first is not None:
            raise bad.first  # Nothing is left: no result would be one.

    tokenizer = joint.predictors[0].tokenizer
    types = [name for predictor in joint.predictors for name in predictor.types]
    write_results(results(), where, tokenizer, report, probabilities, bad.add, types)
    return counts[0], counts[1]


def losses(report: ImportReport) -> list[str]:
    """Return what a format could not represent, a line for each kind."""
    return [f"{reason}: {entry.count}" for reason, entry in sorted(report.by_reason.items())]


def joint_predictor(
    models: Sequence[Model],
    word_vectors: Optional[StrPath],
    batch_size: int,
    threads: int,
    abbreviations: bool,
    min_confidence: float,
    ensemble: bool = False,
) -> JointPredictor:
    """Load the models, in this process or in a worker."""
    options = (word_vectors, batch_size, threads, abbreviations)
    loaded = [m if isinstance(m, Predictor) else load_predictor(m, *options) for m in models]
    if ensemble:
        loaded = [EnsemblePredictor(loaded, abbreviations=abbreviations)]
    return JointPredictor(loaded, min_confidence)


def _origins(sources: Sequence[Source], bad: BadDocuments) -> Iterator[Origin]:
    """Yield the texts of all files that can be used, each with its file."""
    for source in sources:
        refuse = partial(bad.add, source)
        try:
            for document in source.documents(ImportReport(bad=refuse)):
                yield source, document
        except CorpusError as error:  # Of the file, or of its rest.
            refuse(error)


def members_of(joint: JointPredictor) -> list[Predictor]:
    """Return the models of a prediction, those of an ensemble one by one."""
    return [
        member
        for predictor in joint.predictors
        for member in (
            predictor.members if isinstance(predictor, EnsemblePredictor) else (predictor,)
        )
    ]


def job_of(joint: JointPredictor) -> dict[str, Any]:
    """Describe what else than the texts decides what is found.

    Raises:
        CheckpointError: the folder of a loaded model is gone.
    """
    models = []
    for predictor in members_of(joint):
        path = predictor.model.folder / MANIFEST
        try:
            manifest = path.read_bytes()
        except OSError as error:
            raise CheckpointError(
                f"{path}: cannot be read ({error.strerror}), expected the folder that the model "
                "was loaded from; load it again, by an absolute path"
            ) from error
        vectors = predictor.word_vectors
        files = () if vectors is None else vector_files(vectors)
        status = [number for s in map(Path.stat, files) for number in (s.st_size, s.st_mtime_ns)]
        models.append(
            {
                "manifest": hashlib.sha256(manifest).hexdigest(),
                "temperature": predictor.temperature,
                "abbreviations": predictor.abbreviations,
                "word_vectors": status or None,
            }
        )
    # An ensemble has a temperature and options of its own.
    ensembles = [
        [len(predictor.members), predictor.temperature, predictor.abbreviations]
        if isinstance(predictor, EnsemblePredictor)
        else []
        for predictor in joint.predictors
    ]
    return {
        "version": neuroner_tl.__version__,
        "models": models,
        "min_confidence": joint.min_confidence,
        **({"ensembles": ensembles} if any(ensembles) else {}),
    }


def errors_path(
    where: Output, errors: Optional[StrPath], sources: Sequence[Source]
) -> Optional[Path]:
    """Return the file for documents that cannot be used; None for none.

    Raises:
        ParameterError: it would replace texts or predictions.
    """
    if errors is not None:
        path = Path(errors)
    elif where.path == STANDARD_OUTPUT:
        return None
    else:
        path = beside(where.path, ".errors.jsonl")
    check_separate(path, "--errors", where, sources)
    return path


def beside(output: Path, ending: str) -> Path:
    """Return a path beside the output, named after it."""
    output = output.absolute()
    return output.with_name(output.name + ending)


def _remains(store: Optional[PartStore]) -> str:
    if store is None or not store.folder.exists():
        return "interrupted; nothing was kept"
    return f"interrupted; what is done is in {store.folder}; run the same command again to resume"


def files_left_alone(folder: Path, used: Sequence[Source]) -> tuple[str, ...]:
    """Return the other files of a folder, besides texts and their annotations."""
    if not folder.is_dir():
        return ()
    known = {source.path.name for source in used}
    known |= BRAT_FILES
    known |= {source.path.with_suffix(".ann").name for source in used if source.form == TEXT}
    return tuple(
        sorted(
            f"{path.name}/" if path.is_dir() else path.name
            for path in folder.iterdir()
            if path.name not in known and not path.name.startswith(".")
        )
    )
