"""The benchmark as a function: with optional corpus, word vectors and parameter file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.benchmark.measure import run_benchmark
from neuroner_tl.benchmark.result import BenchmarkResult, BenchmarkSettings
from neuroner_tl.corpora.synthetic.folders import write_synthetic_corpora
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.temporary import scratch_folder

# The paper's sizes and settings, as in parameters/baseline.ini.
PAPER: dict[str, Any] = {
    "token_embedding_dimension": 200,
    "token_lstm_hidden_state_dimension": 200,
    "character_embedding_dimension": 25,
    "character_lstm_hidden_state_dimension": 25,
    "lstm_peepholes": "full",
    "dropout_rate": 0.5,
    "learning_rate": 0.005,
    "gradient_clipping_value": 5.0,
    "freeze_token_embeddings": True,
}


def measure_speed(
    corpus: Optional[StrPath] = None,
    word_vectors: Optional[StrPath] = None,
    parameters_filepath: Optional[StrPath] = None,
    *,
    threads: Optional[int] = None,
    settings: Optional[BenchmarkSettings] = None,
    place: Callable[[str], str] = "argument {}".format,
) -> BenchmarkResult:
    """Measure the speed of training and prediction on this machine.

    Args:
        corpus: what to measure on; None for a synthetic corpus.
        word_vectors: None for random ones, which are as fast.
        parameters_filepath: a parameter file for sizes, dropout, clipping and the like; its corpus
            and word vectors are not used. None for the paper's sizes.
        threads: threads of TensorFlow; None for those of the file, or one.
        settings: what is measured, and for how long.
        place: how an error calls a parameter, by its name.

    Raises:
        NeuroNERError: a value is out of range, or a file cannot be used.
    """

    def parameters(folder: Optional[StrPath]) -> Parameters:
        overrides: dict[str, Any] = {
            **(PAPER if parameters_filepath is None else {}),
            "train_model": True,
            "use_pretrained_model": False,
            "dataset_text_folder": folder or "",
            "token_pretrained_embedding_filepath": word_vectors or "",
            # The corpus may be temporary.
            "cache_encoding": False,
        }
        if threads is not None:
            overrides["number_of_cpu_threads"] = threads
        path = None if parameters_filepath is None else Path(parameters_filepath)
        return load_parameters(path, overrides, place=place)

    chosen = parameters(corpus)  # Wrong ones are refused before anything is written.
    if chosen.dataset_text_folder is not None:
        return run_benchmark(chosen, settings)
    with scratch_folder("benchmark") as folder:
        gold = write_synthetic_corpora(folder, gold_documents=(150, 20, 100)).gold
        return run_benchmark(parameters(gold), settings)
