"""SIGKILL at ten random moments: the run ends bit for bit as one that was left alone."""

import json
import os
import random
import tarfile
from pathlib import Path

import pytest
from run_process import finish, kill_at, only_run, options, train_process
from same_runs import assert_same_run

from neuroner_tl.runs.folder import RunFolder

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("NEURONER_TL_DATA", ROOT.parent / "shared" / "data"))


def check_ten_kills(settings, tmp_path, seed):
    """Kill a run at ten random points of its way and up to half a second later; let it end."""
    draw, log, killed = random.Random(seed), tmp_path / "log", tmp_path / "killed"
    finish(train_process(log, *options({**settings, "output_folder": tmp_path / "whole"})))
    whole = only_run(tmp_path / "whole")
    results = json.loads((whole / "results.json").read_text("utf-8"))
    total = results["epochs"] * results["sentences"]["train"]
    process = train_process(log, *options({**settings, "output_folder": killed}))
    for share in sorted(draw.uniform(0, 0.8) for _ in range(10)):
        kill_at(process, killed, int(share * total), draw.uniform(0, 0.5))
        process = train_process(log, "--resume", only_run(killed))
    finish(process)
    # A process that is killed while it starts leaves no record of a resumption.
    assert 5 <= len(RunFolder(only_run(killed)).resumptions) <= 10
    assert_same_run(only_run(killed), whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("jit_compile", "frozen"),
    [(False, False), (True, False), (True, True)],
    ids=["plain", "compiled", "bursts"],
)
def test_killed_ten_times(jit_compile, frozen, corpora, tiny, tmp_path):
    """Synthetic corpus, Adam, the state saved every tenth batch: many kills hit a saving."""
    settings = {
        **tiny,
        "dataset_text_folder": corpora.silver,
        "maximum_number_of_epochs": 12,
        "patience": 12,
        "checkpoint_every": "10 batches",
        "jit_compile": jit_compile,
        "freeze_token_embeddings": frozen,
    }
    check_ten_kills(settings, tmp_path, seed=1)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True], ids=["plain", "compiled"])
def test_killed_ten_times_on_a_real_corpus(jit_compile, tmp_path):
    """NCBI Disease with a tenth of the training documents and the paper's sizes and settings."""
    archive = DATA / "gsc" / "NCBI_DISO.tar.gz"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there; set NEURONER_TL_DATA to the data folder")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path)
    settings = {
        "parameters_filepath": ROOT / "parameters" / "baseline.ini",
        "dataset_text_folder": tmp_path / "NCBI_DISO",
        "token_pretrained_embedding_filepath": "",
        "freeze_token_embeddings": False,
        "train_size": 6,
        "maximum_number_of_epochs": 4,
        "checkpoint_every": "40 batches",
        "jit_compile": jit_compile,
    }
    check_ten_kills(settings, tmp_path, seed=2)
