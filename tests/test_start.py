"""The command from its first moment on: it runs, and Ctrl-C ends it in one line."""

import os
import signal
import subprocess
import sys

import pytest

from neuroner_tl import start
from neuroner_tl.__main__ import main

LOADING = """
import os, signal, sys
from neuroner_tl import start

class Interrupting:
    def find_spec(self, name, path, target=None):
        if name == "neuroner_tl.__main__":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
start.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_interruption_while_modules_are_loaded_is_one_line():
    done = subprocess.run([sys.executable, "-c", LOADING], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "neuroner-tl: interrupted\n")


def test_the_command_runs_with_the_handler_that_was_there(monkeypatch, capsys):
    former = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(sys, "argv", ["neuroner-tl", "silver", "build", "none.ini"])
    assert start.main() == 2
    assert "none.ini: cannot be read" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is former


COMMAND = [sys.executable, "-m", "neuroner_tl", "parameters"]


def test_a_reader_that_has_seen_enough_is_no_error():
    process = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    with process:
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("options", [["--write", "baseline"], ["--json"]], ids=["short", "long"])
def test_a_result_that_cannot_be_written(options, tmp_path):
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, *options, *(["--to", tmp_path] if "--write" in options else [])],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=buffered,
        )
    assert done.stderr.startswith("neuroner-tl: error: No space left on device; free some space")
    assert (done.stderr.count("\n"), done.returncode) == (1, 2)


def test_no_standard_output_at_all(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["parameters", "--json"]) == 0
