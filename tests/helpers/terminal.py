"""Commands in a pseudo terminal, for tests that press Ctrl-C."""

import os
import pty
import select
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Terminal:
    """`neuroner-tl` with some arguments in a terminal of its own, single-threaded."""

    def __init__(self, *arguments):
        self.output = b""
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
            command = [sys.executable, "-m", "neuroner_tl", *map(str, arguments)]
            os.execve(sys.executable, command, environment)

    @property
    def text(self):
        return self.output.decode("utf-8", "replace")

    def press_ctrl_c(self):
        """SIGINT for all processes of the terminal, as the keyboard sends it."""
        os.write(self._terminal, b"\x03")

    def read(self, seconds):
        """Read output for a number of seconds; return whether the command still runs."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self._terminal], [], [], 0.05)
            if ready:
                try:
                    block = os.read(self._terminal, 65536)
                except OSError:  # The other side is closed.
                    return False
                if not block:
                    return False
                self.output += block
        return True

    def wait_for(self, condition, seconds=120):
        """Read until the condition holds; fail with what was said if it does not."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.read(0.02), self.text
            assert time.monotonic() < end, self.text

    def finish(self, seconds=300):
        """Let the command end; return its exit status, minus the signal if one killed it."""
        end = time.monotonic() + seconds
        while self.read(0.2):
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"does not end: {self.text}")
        _, status = os.waitpid(self.pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)
