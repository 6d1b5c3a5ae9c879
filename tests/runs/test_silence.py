"""From Python: no line of TensorFlow's, and a line an epoch of our own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from neuroner_tl import NeuroNER, train_model

settings = {settings!r}
result = train_model(progress={progress}, **settings)
print(result.test.f1, result.folder)
print(NeuroNER.load(result.folder).predict(["Gout.", "Pain."]))
"""


def run(code, **environment):
    without = {name: v for name, v in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    environment = {**without, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [False, True])
def test_training_from_python_shows_epochs_and_nothing_of_tensorflow(
    corpora, tiny, tmp_path, compiled
):
    settings = {
        **tiny,
        "jit_compile": compiled,
        "maximum_number_of_epochs": 2,
        "dataset_text_folder": str(corpora.gold),
        "output_folder": str(tmp_path),
    }
    found = run(CODE.format(settings=settings, progress=True))
    assert found.returncode == 0, found.stderr
    for word in ("tensorflow", "absl", "XLA", "external/", "oneDNN", "Warning"):
        assert word not in found.stderr, found.stderr
    assert "epoch 1: loss" in found.stderr and "epoch 2: loss" in found.stderr
    found = run(CODE.format(settings=settings, progress=False))
    assert found.returncode == 0 and found.stderr == ""


@pytest.mark.slow
def test_other_lines_of_the_first_compilation_are_kept():
    code = (
        "import os\n"
        "from neuroner_tl.system import compiler_notice\n"
        "with compiler_notice._without_notices():\n"
        "    os.write(2, b'mine\\n')\n"
        "compiler_notice.compile_quietly_once()\n"
    )
    assert run(code, TF_CPP_MIN_LOG_LEVEL="3").stderr == "mine\n"
