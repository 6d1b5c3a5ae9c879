"""Runs with every part of the best recipe."""

from pathlib import Path

import pytest
from interrupted_runs import fit, interrupt_after
from same_runs import assert_same_run, assert_same_weights

from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.runs.training import resume_run
from neuroner_tl.training.checkpoint import read_averages

FILE = Path(__file__).resolve().parents[2] / "parameters" / "best_source.ini"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("compiled", "frozen"), [(False, True), (True, False)], ids=["plain-frozen", "compiled"]
)
def test_a_resumed_run_is_the_same_bit_for_bit(
    compiled, frozen, corpora, tiny, tmp_path, monkeypatch
):
    recipe = {
        name: value
        for name, value in load_parameters(FILE).to_dict().items()
        if Parameters.model_fields[name].json_schema_extra["section"] == "training"
    }
    sizes = {name: value for name, value in tiny.items() if name.endswith("_dimension")}
    settings = {
        **recipe,
        **sizes,
        "dataset_text_folder": corpora.gold,
        "tensorboard": False,
        "jit_compile": compiled,
        "batch_tokens": 64,
        # What the source does without.
        "word_dropout_rate": 0.1,
        "character_dropout_rate": 0.1,
        "freeze_token_embeddings": frozen,
        "token_embedding_rate": 0.3,
        "token_linear_dimension": 7,
    }
    whole = fit(settings, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt_after(patch, 20)
        stopped = fit(settings, tmp_path / "stopped")
    assert stopped.status == "interrupted"
    resume_run(stopped.folder.path, {})
    assert_same_run(stopped.folder.path, whole.folder.path)
    assert_same_weights(*(read_averages(run.folder.last) for run in (stopped, whole)))
