"""Training runs in processes of their own, so that they can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HELPERS = Path(__file__).parent
ROOT = HELPERS.parents[1]


def train_process(log, *arguments, module="neuroner_tl"):
    """`neuroner-tl train` with these arguments, single-threaded; what it says goes to a file.

    The module is the one to run: the package or `unoptimised_graphs`.
    """
    path = os.pathsep.join(map(str, (ROOT, HELPERS)))
    with open(log, "ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "train", *map(str, arguments)],
            stdout=file,
            stderr=file,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )
    process.log_path = log
    return process


def options(parameters):
    """Parameters as options of the command line."""
    return [text for name, value in parameters.items() for text in (f"--{name}", str(value))]


def only_run(output):
    """The one run folder in a folder of runs."""
    (folder,) = output.glob("[!.]*")
    return folder


def kill_at(process, output, sentences, delay):
    """SIGKILL a run once it has saved this number of sentences, some seconds later.

    Fails if the run ends before.
    """
    with open(process.log_path) as log:
        while trained_on(output) < sentences:
            assert process.poll() is None, log.read()
            time.sleep(0.02)
        time.sleep(delay)
        process.kill()
        assert process.wait() == -signal.SIGKILL, log.read()


def trained_on(output):
    """How many sentences the newest saved state of a run has seen, -1 if there is none."""
    for path in output.glob("[!.]*/last/manifest.json"):
        return json.loads(path.read_text("utf-8"))["training"]["progress"]["sentences"]
    return -1


def finish(process):
    """Let a run come to its end."""
    assert process.wait(3600) == 0, process.log_path.read_text("utf-8")
