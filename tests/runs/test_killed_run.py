"""SIGKILL at ten random moments: the run ends bit for bit as one that was left alone."""

import os
import random
import tarfile
from pathlib import Path

import pytest
from run_process import finish, kill_after, options, train_process
from test_resume import assert_same_run

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("NEURONER_TL_DATA", ROOT.parent / "shared" / "data"))


def only_run(output):
    (folder,) = output.glob("[!.]*")
    return folder


def check_ten_kills(settings, tmp_path, longest, seed):
    """Kill a run ten times, each time within ``longest`` seconds of training, and let it end."""
    moments = random.Random(seed)
    killed = tmp_path / "killed"
    finish(train_process(*options({**settings, "output_folder": tmp_path / "whole"})))
    process = train_process(*options({**settings, "output_folder": killed}))
    for number in range(10):
        running = kill_after(process, moments.uniform(0, longest))
        assert running, f"the run had ended before kill {number + 1}: give it more epochs"
        process = train_process("--resume", only_run(killed))
    finish(process)
    assert_same_run(only_run(killed), only_run(tmp_path / "whole"))


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True], ids=["plain", "compiled"])
def test_killed_ten_times(jit_compile, corpora, tiny, tmp_path):
    """Synthetic corpus, Adam, the state saved every fifth batch: most kills hit a saving."""
    settings = {
        **tiny,
        "dataset_text_folder": corpora.silver,
        "maximum_number_of_epochs": 40,
        "patience": 40,
        "checkpoint_every": "5 batches",
        "jit_compile": jit_compile,
    }
    check_ten_kills(settings, tmp_path, 12 if jit_compile else 4, seed=1)


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
    check_ten_kills(settings, tmp_path, 40, seed=2)
