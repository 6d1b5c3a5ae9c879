"""Runs a study: the source model, then the baseline and the transferred model."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.reader import read_corpus
from neuroner_tl.corpora.sample_folders import write_synthetic_corpora
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters import Parameters
from neuroner_tl.runs.folder import RunFolder, create_run_folder
from neuroner_tl.runs.result import RunResult
from neuroner_tl.runs.training import train_run
from neuroner_tl.studies.comparison import Comparison, counts_of
from neuroner_tl.studies.definition import RUNS, SYNTHETIC, StudyDefinition

logger = logging.getLogger(__name__)

CORPUS_OF = {"source": "source", "baseline": "target", "transfer": "target"}


@dataclass(frozen=True)
class StudyResult:
    """What a study led to.

    Args:
        definition: what was compared.
        folder: the study's folder.
        runs: the finished runs by name.
        comparison: the figures; None if the study was interrupted.
    """

    definition: StudyDefinition
    folder: RunFolder
    runs: Mapping[str, RunResult]
    comparison: Optional[Comparison]


def run_study(
    definition: StudyDefinition, overrides: Optional[Mapping[str, Any]] = None
) -> StudyResult:
    """Train the three models and compare the last two on the target's test part.

    Args:
        definition: what to compare.
        overrides: parameters of all runs that win over the definition, such as ``seed``.

    Raises:
        NeuroNERError: something that the definition names cannot be used.
        TrainingError: a run learns nothing.
    """
    overrides = overrides or {}
    for run in RUNS:
        # The model folder is known later; all else is checked before anything is trained.
        _check(definition, definition.parameters(run, **overrides, **_decided(run, Path("later"))))
    folder = create_run_folder(definition.output_folder, definition.name)
    shutil.copyfile(definition.path, folder.path / "study.ini")
    corpora = _corpus_folders(definition, folder.path / "corpora")
    runs: dict[str, RunResult] = {}
    for number, run in enumerate(RUNS, 1):
        corpus = CORPUS_OF[run]
        logger.info("%d/%d %s: %s", number, len(RUNS), run, definition.corpora[corpus])
        decided = _decided(run, runs["source"].folder.model if run == "transfer" else None)
        runs[run] = train_run(
            definition.parameters(
                run,
                **overrides,
                **decided,
                dataset_text_folder=corpora[corpus],
                output_folder=folder.path,
                experiment_name=run,
            )
        )
        if runs[run].status != "finished":
            return StudyResult(definition, folder, runs, None)
    comparison = Comparison(
        counts_of(runs["baseline"].results), counts_of(runs["transfer"].results)
    )
    return StudyResult(definition, folder, runs, comparison)


def _decided(run: str, source_model: Optional[Path]) -> dict[str, Any]:
    """What makes a run the baseline, the source or the transfer."""
    transfers = run == "transfer"
    return {
        "train_model": True,
        "use_pretrained_model": transfers,
        "pretrained_model_folder": source_model if transfers else None,
    }


def _check(definition: StudyDefinition, parameters: Parameters) -> None:
    """Refuse, before hours of training, what could not be used after them."""
    vectors = parameters.token_pretrained_embedding_filepath
    if vectors is not None and not vectors.is_file():
        raise ParameterError(
            f"token_pretrained_embedding_filepath = {vectors}: no such file; set it in "
            f"{definition.parameters_filepath}, or leave it empty for random vectors"
        )
    for name, required in (("source", ("train", "valid")), ("target", ("train", "valid", "test"))):
        if definition.corpora[name] not in SYNTHETIC:
            read_corpus(
                Path(definition.corpora[name]).expanduser(),
                split_percentages=parameters.split_percentages,
                split_seed=parameters.split_seed,
                required=required,
            )


def _corpus_folders(definition: StudyDefinition, folder: Path) -> dict[str, Path]:
    """Where the corpora are; synthetic ones are written first."""
    if definition.is_synthetic:
        sizes = definition.synthetic
        written = write_synthetic_corpora(
            folder,
            silver_documents=sizes.silver_documents,
            gold_documents=sizes.gold_documents,
            seed=sizes.seed,
        )
    return {
        name: getattr(written, SYNTHETIC[value]) if value in SYNTHETIC else Path(value).expanduser()
        for name, value in definition.corpora.items()
    }
