"""Training runs in processes of their own, so that they can be killed."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def train_process(*arguments):
    """`neuroner-tl train` with these arguments, single-threaded, with its log read in lines."""
    return subprocess.Popen(
        [sys.executable, "-m", "neuroner_tl", "train", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )


def options(parameters):
    """Parameters as options of the command line."""
    return [text for name, value in parameters.items() for text in (f"--{name}", str(value))]


def kill_after(process, seconds):
    """SIGKILL a run some seconds after its training began; return whether it was still running."""
    started = threading.Event()
    lines = []

    def read():
        for line in process.stderr:
            lines.append(line)
            if line.startswith(("run folder", "going on with")):
                started.set()
        started.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    assert started.wait(600), "the run did not begin"
    time.sleep(seconds)
    process.kill()
    running = process.wait() == -9
    reader.join(60)
    if not running:
        assert process.returncode == 0, "".join(lines[-20:])
    return running


def finish(process):
    """Let a run come to its end."""
    _, log = process.communicate(timeout=3600)
    assert process.returncode == 0, log
