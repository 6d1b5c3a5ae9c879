"""Prediction on a Ray cluster: Ray Data gives files of texts to workers that have the models.

A shard is a file, or many files of one text each. The worker that gets it reads the texts and
writes the results, so nothing but names and counts goes over the network; the folders and models
must be the same on all machines, on a shared disk. What a lost worker had is done again by another
one: from the parts that it has kept, and files appear whole or not at all.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import TEXT, Source, find_sources
from neuroner_tl.errors import CorpusError, NeuroNERError, ParameterError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.prediction.joint import JointPredictor
from neuroner_tl.runs.jobs.bad_documents import BadDocuments
from neuroner_tl.runs.jobs.file_prediction import (
    PredictedFiles,
    beside,
    errors_path,
    files_left_alone,
    job_of,
    joint_predictor,
    losses,
    tag_sources,
)
from neuroner_tl.runs.jobs.prediction_job import PartStore, Pool
from neuroner_tl.runs.jobs.prediction_output import BRAT, Output, choose_output, files_of
from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.interruption import Interrupted
from neuroner_tl.system.json_text import read_object
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.ray_cluster import connected, worker_environment
from neuroner_tl.training.checkpoint import load_model

TEXTS_OF_A_SHARD = 500
DONE = "done.json"
_Results = dict[int, dict[str, Any]]


class ClusterJob(NamedTuple):
    """What all workers of a job must know.

    Attributes:
        loading: arguments of `joint_predictor`.
        where: the output.
        probabilities: see `predict_files`.
        parts: the folder that has a folder for each shard.
        current: the working folder, for relative paths.

    Example::

        worker = ShardWorker(job)
    """

    loading: tuple[Any, ...]
    where: Output
    probabilities: bool
    parts: Path
    current: Path


class ShardWorker:
    """A worker: loads the models once, then tags shards.

    Args:
        job: what is to be done.

    Example::

        rows = ray.data.from_items(shards).map_batches(ShardWorker, fn_constructor_args=(job,))
    """

    def __init__(self, job: ClusterJob) -> None:
        if job.current.is_dir():
            os.chdir(job.current)
        self._job = job

    @functools.cached_property
    def _joint(self) -> JointPredictor:
        return joint_predictor(*self._job.loading)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Tag the shards of a batch; return what was found, as JSON."""
        results = []
        for number, files in zip(batch["number"], batch["files"]):
            sources = [Source(Path(path), form) for path, form in json.loads(files)]
            try:
                result = self._tag(int(number), sources)
            except NeuroNERError as error:  # Not to be tried again: the job ends with it.
                result = {"error": str(error)}
            results.append(json.dumps(result))
        return {"number": list(batch["number"]), "result": results}

    def _tag(self, number: int, sources: Sequence[Source]) -> dict[str, Any]:
        for source in sources:
            if not source.path.is_file():
                raise CorpusError(
                    f"{source.path}: a machine of the cluster, {platform.node()}, does not see "
                    "it; expected texts, models and output on a disk that all machines share"
                )
        folder = self._job.parts / f"{number:06d}"
        job = job_of(self._joint)
        digest = _digest(job, self._job, sources)
        done, where = read_object(folder / DONE), self._job.where
        # The output may have been removed since.
        if done.get("digest") == digest and done.get("files") == _written(where, sources):
            return done
        # The worker of a machine that was lost may live on, with the lock, behind a cut network.
        store = PartStore(folder / "texts", {**job, "digest": digest}, is_locked=False)
        bad, report = BadDocuments(folder / "errors.jsonl"), ImportReport()
        documents = entities = 0
        try:
            documents, entities = tag_sources(
                self._joint,
                sources,
                where,
                Pool(self._joint),
                store,
                bad,
                report,
                self._job.probabilities,
            )
        except NeuroNERError as error:
            if error is not bad.first:
                raise
        result = {
            "digest": digest,
            "files": _written(where, sources),
            "documents": documents,
            "entities": entities,
            "bad": bad.lines,
            "lost": {reason: entry.count for reason, entry in report.by_reason.items()},
        }
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / DONE, result)
        store.remove()
        return result


def predict_on_cluster(
    model: Union[StrPath, Sequence[StrPath]],
    source: StrPath,
    output: StrPath,
    address: str = "auto",
    *,
    workers: int = 0,
    form: Optional[str] = None,
    input_form: Optional[str] = None,
    min_confidence: float = 0.0,
    word_vectors: Optional[StrPath] = None,
    batch_size: int = 64,
    threads: int = 1,
    probabilities: bool = False,
    abbreviations: bool = False,
    ensemble: bool = False,
    errors: Optional[StrPath] = None,
) -> PredictedFiles:
    """Tag a folder of texts on a Ray cluster; the output is that of `predict_files`.

    A shard whose worker is lost is done by another; while the cluster has none left, the job waits
    for a machine to join. The same call resumes a job that was interrupted or killed: shards that
    are done are kept in ``OUTPUT.shards`` until all are.

    Args:
        model: folder of a run or of its model, or several.
        source: see `predict_files`; a file is one shard.
        output: a folder.
        address: of the cluster, ``auto`` for the one that this machine belongs to.
        workers: number of workers, one processor each; 0 for as many as the cluster has.
        form: see `predict_files`.
        input_form: likewise.
        min_confidence: likewise.
        word_vectors: likewise.
        batch_size: likewise.
        threads: likewise, of each worker.
        probabilities: likewise.
        abbreviations: likewise.
        ensemble: likewise.
        errors: likewise.

    Raises:
        CheckpointError: a model cannot be loaded.
        CorpusError: there is nothing to read, or no document can be used.
        Interrupted: by Ctrl-C or SIGTERM; the message says what is kept.
        NeuroNERError: workers do not see the folders.
        ParameterError: an option is out of range, there is no cluster, or the output cannot be
            written in shards.
    """
    source, output = Path(source), Path(output)
    if workers < 0:
        raise ParameterError(f"workers: found {workers}, expected at least 0")
    models = [model] if isinstance(model, (str, os.PathLike)) else list(model)
    for one in models:
        load_model(Path(one))  # What is wrong with it is found here, not on every machine.
    sources = find_sources(source, input_form)
    where = choose_output(output, form, sources)
    _check_shards(where, sources)
    shards = _shards(sources)
    bad = BadDocuments(errors_path(where, errors, sources))
    loading = (models, word_vectors, batch_size, threads, abbreviations, min_confidence, ensemble)
    job = ClusterJob(loading, where, probabilities, beside(output, ".shards"), Path.cwd())
    try:
        results = _run(job, shards, address, workers)
    except KeyboardInterrupt:
        raise Interrupted(
            f"interrupted; what is done is in {job.parts}; run the same command again to resume"
        ) from None
    report = ImportReport()
    for _, result in sorted(results.items()):
        bad.take(result["bad"])
        for reason, count in result["lost"].items():
            report.count(reason, n=count)
    documents = sum(result["documents"] for result in results.values())
    if not documents and bad.first is not None:
        raise bad.first
    bad.write()
    shutil.rmtree(job.parts, ignore_errors=True)
    return PredictedFiles(
        output,
        documents,
        sum(result["entities"] for result in results.values()),
        left_alone=files_left_alone(source, sources),
        notes=tuple(losses(report)),
        bad=bad.number,
        errors=bad.path if bad.number else None,
    )


def _run(job: ClusterJob, shards: Sequence[list[Source]], address: str, workers: int) -> _Results:
    """Tag the shards; return what was found in each, by its number."""
    rows = [
        {"number": number, "files": json.dumps([[str(s.path), s.form] for s in shard])}
        for number, shard in enumerate(shards)
    ]
    results: _Results = {}
    bar = progress_bar(desc="predicting", total=len(rows), unit="file", delay=2)
    with connected(address) as ray, bar:
        import ray.data as ray_data

        ray_data.DataContext.get_current().enable_progress_bars = False
        number = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        # Ray Data itself restarts lost workers and repeats their tasks, without limit.
        found = ray_data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            ShardWorker,
            fn_constructor_args=(job,),
            batch_size=1,
            compute=ray_data.ActorPoolStrategy(size=min(number, len(rows))),
            num_cpus=1,
            runtime_env={"env_vars": worker_environment()},
        )
        try:
            for row in found.iter_rows():
                result = json.loads(row["result"])
                if "error" in result:
                    raise NeuroNERError(result["error"])
                results[int(row["number"])] = result
                bar.update()
        except ray.exceptions.RayError as error:
            said = str(error).strip().splitlines()[-1]
            raise NeuroNERError(
                f"the cluster could not tag all files ({said}); what is done is in {job.parts}; "
                "run the same command again to resume"
            ) from error
    return results


def _shards(sources: Sequence[Source]) -> list[list[Source]]:
    """Return files in shards: texts, of which each is a file, many at a time."""
    size = TEXTS_OF_A_SHARD if sources[0].form == TEXT else 1
    return [list(sources[start : start + size]) for start in range(0, len(sources), size)]


def _check_shards(where: Output, sources: Sequence[Source]) -> None:
    """Refuse an output that workers cannot write independently of each other."""
    if not where.is_folder:
        raise ParameterError(
            f"--output {where.path}: found one file, expected a folder with --address, in which "
            "every file of texts has a file of its own; give a name without an ending and --format"
        )
    if any(source.path == STANDARD_INPUT for source in sources):
        raise ParameterError("--input -: found the standard input, expected a file or a folder")
    if where.form == BRAT and any(source.form != TEXT for source in sources):
        raise ParameterError(
            "--format brat: with --address the texts must be .txt files, since two files could "
            "have documents of one name; give another --format, such as jsonl"
        )


def _written(where: Output, sources: Sequence[Source]) -> list[str]:
    """Return the names of the files that the output has of a shard."""
    files = files_of(where, sources)
    if where.form == BRAT:
        files = [where.path / f"{s.name}{end}" for s in sources for end in (".ann", ".txt")]
    return [path.name for path in files if path.is_file()]


def _digest(models: dict[str, Any], job: ClusterJob, sources: Sequence[Source]) -> str:
    """Return a digest of all that decides the files of a shard; texts by their size and time."""
    files = [(str(s.path), s.form, s.path.stat()) for s in sources]
    known = [(path, form, status.st_size, status.st_mtime_ns) for path, form, status in files]
    content = [models, str(job.where.path), job.where.form, job.probabilities, known]
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
