"""The command from its first moment on: it runs, and Ctrl-C ends it in one line."""

import signal
import subprocess
import sys

import pytest

from neuroner_tl import start

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
