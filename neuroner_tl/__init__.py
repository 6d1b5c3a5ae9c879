"""Transfer learning for biomedical named-entity recognition.

Everything that a program needs can be imported from here; `docs/python.md` lists it beside the
commands::

    from neuroner_tl import NeuroNER

    ner = NeuroNER.load("output/baseline_DATE")
    ner.predict("Mutations of BRCA1 cause breast cancer.")

Names are loaded when they are first used: the import alone loads no TensorFlow.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neuroner_tl.benchmark.prediction_stages import measure_prediction
    from neuroner_tl.benchmark.result import BenchmarkSettings
    from neuroner_tl.benchmark.service_load import measure_service
    from neuroner_tl.benchmark.speed import measure_speed
    from neuroner_tl.corpora.check import check_corpus
    from neuroner_tl.corpora.convert import convert_corpus
    from neuroner_tl.corpora.document import Document, Entity
    from neuroner_tl.corpora.leaks import find_leaks
    from neuroner_tl.corpora.public.download import fetch_corpus, public_corpora
    from neuroner_tl.corpora.reader import Corpus, read_corpus
    from neuroner_tl.corpora.split_folder import split_corpus
    from neuroner_tl.corpora.statistics import corpus_statistics
    from neuroner_tl.errors import NeuroNERError
    from neuroner_tl.evaluation.brat_folders import evaluate_folders
    from neuroner_tl.evaluation.calibration import mention_calibration
    from neuroner_tl.evaluation.error_list import ErrorList
    from neuroner_tl.evaluation.error_page import write_errors
    from neuroner_tl.evaluation.scoring import Scores
    from neuroner_tl.evaluation.thresholds import ThresholdCurve
    from neuroner_tl.neuroner import NeuroNER, resume_training, train_model
    from neuroner_tl.parameters.documentation import parameters_markdown
    from neuroner_tl.prediction.ensemble import EnsemblePredictor
    from neuroner_tl.prediction.predictor import Predictor
    from neuroner_tl.prediction.temperature import fit_temperature, save_temperature
    from neuroner_tl.runs.evaluation import evaluate_model
    from neuroner_tl.runs.folder import RunResult
    from neuroner_tl.runs.jobs.cluster_prediction import predict_on_cluster
    from neuroner_tl.runs.jobs.entity_counts import EntityCounts
    from neuroner_tl.runs.jobs.file_prediction import predict_files
    from neuroner_tl.runs.models.model_archive import pack_model, unpack_model
    from neuroner_tl.runs.models.model_description import describe_model
    from neuroner_tl.serving.export import export_model
    from neuroner_tl.serving.service import serve
    from neuroner_tl.silver.annotators.annotate import annotate_texts
    from neuroner_tl.silver.annotators.lexicon import LexiconRules
    from neuroner_tl.silver.build import build_silver
    from neuroner_tl.silver.comparison import compare_silver
    from neuroner_tl.silver.completion import complete_silver
    from neuroner_tl.silver.drafting.new_definition import init_silver
    from neuroner_tl.studies.study import run_study, study_report, study_status, verify_study
    from neuroner_tl.system.packaged_files import copy_packaged
    from neuroner_tl.vectors.looking import describe_vectors, nearest_words
    from neuroner_tl.vectors.selection import convert_vectors, prune_vectors
    from neuroner_tl.vectors.settings import VectorSettings
    from neuroner_tl.vectors.training import train_vectors

__version__ = "0.1.0"

# TensorFlow logs about thirty lines on the machine, three of them as errors, unless
# it is told not to before it is loaded. What a user has set stays.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# The module of each public name.
_MODULES = {
    "BenchmarkSettings": "benchmark.result",
    "Corpus": "corpora.reader",
    "Document": "corpora.document",
    "EnsemblePredictor": "prediction.ensemble",
    "Entity": "corpora.document",
    "EntityCounts": "runs.jobs.entity_counts",
    "ErrorList": "evaluation.error_list",
    "LexiconRules": "silver.annotators.lexicon",
    "NeuroNER": "neuroner",
    "NeuroNERError": "errors",
    "Predictor": "prediction.predictor",
    "RunResult": "runs.folder",
    "Scores": "evaluation.scoring",
    "ThresholdCurve": "evaluation.thresholds",
    "VectorSettings": "vectors.settings",
    "annotate_texts": "silver.annotators.annotate",
    "build_silver": "silver.build",
    "check_corpus": "corpora.check",
    "compare_silver": "silver.comparison",
    "complete_silver": "silver.completion",
    "convert_corpus": "corpora.convert",
    "convert_vectors": "vectors.selection",
    "copy_packaged": "system.packaged_files",
    "corpus_statistics": "corpora.statistics",
    "describe_model": "runs.models.model_description",
    "describe_vectors": "vectors.looking",
    "evaluate_folders": "evaluation.brat_folders",
    "evaluate_model": "runs.evaluation",
    "export_model": "serving.export",
    "fetch_corpus": "corpora.public.download",
    "find_leaks": "corpora.leaks",
    "fit_temperature": "prediction.temperature",
    "init_silver": "silver.drafting.new_definition",
    "measure_prediction": "benchmark.prediction_stages",
    "measure_service": "benchmark.service_load",
    "measure_speed": "benchmark.speed",
    "mention_calibration": "evaluation.calibration",
    "nearest_words": "vectors.looking",
    "pack_model": "runs.models.model_archive",
    "parameters_markdown": "parameters.documentation",
    "predict_files": "runs.jobs.file_prediction",
    "predict_on_cluster": "runs.jobs.cluster_prediction",
    "prune_vectors": "vectors.selection",
    "public_corpora": "corpora.public.download",
    "read_corpus": "corpora.reader",
    "resume_training": "neuroner",
    "run_study": "studies.study",
    "save_temperature": "prediction.temperature",
    "serve": "serving.service",
    "split_corpus": "corpora.split_folder",
    "study_report": "studies.study",
    "study_status": "studies.study",
    "train_model": "neuroner",
    "train_vectors": "vectors.training",
    "unpack_model": "runs.models.model_archive",
    "verify_study": "studies.study",
    "write_errors": "evaluation.error_page",
}

__all__ = [
    "BenchmarkSettings",
    "Corpus",
    "Document",
    "EnsemblePredictor",
    "Entity",
    "EntityCounts",
    "ErrorList",
    "LexiconRules",
    "NeuroNER",
    "NeuroNERError",
    "Predictor",
    "RunResult",
    "Scores",
    "ThresholdCurve",
    "VectorSettings",
    "annotate_texts",
    "build_silver",
    "check_corpus",
    "compare_silver",
    "complete_silver",
    "convert_corpus",
    "convert_vectors",
    "copy_packaged",
    "corpus_statistics",
    "describe_model",
    "describe_vectors",
    "evaluate_folders",
    "evaluate_model",
    "export_model",
    "fetch_corpus",
    "find_leaks",
    "fit_temperature",
    "init_silver",
    "measure_prediction",
    "measure_service",
    "measure_speed",
    "mention_calibration",
    "nearest_words",
    "pack_model",
    "parameters_markdown",
    "predict_files",
    "predict_on_cluster",
    "prune_vectors",
    "public_corpora",
    "read_corpus",
    "resume_training",
    "run_study",
    "save_temperature",
    "serve",
    "split_corpus",
    "study_report",
    "study_status",
    "train_model",
    "train_vectors",
    "unpack_model",
    "verify_study",
    "write_errors",
]


def __getattr__(name: str) -> Any:
    """Load a public name (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "__version__"])
