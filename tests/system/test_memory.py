import subprocess
import sys

import numpy as np
import pytest

from neuroner_tl.system import memory
from neuroner_tl.system.memory import peak_memory, resident_memory, total_memory


def test_the_peak_stays_and_the_resident_memory_falls():
    before = resident_memory()
    block = np.ones(64 << 17)  # 64 MB
    assert resident_memory() > before + 50
    del block
    assert resident_memory() < before + 50 < peak_memory()
    assert peak_memory() < total_memory()


def test_a_process_does_not_inherit_the_peak_of_its_parent():
    """As the operating system's own account of a process (`getrusage`) does on Linux."""
    block = np.ones(300 << 17)
    program = "from neuroner_tl.system.memory import peak_memory\nprint(peak_memory())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert float(done.stdout) < 200, done.stderr
    del block


@pytest.mark.parametrize("content", [None, "", "VmPeak: 1 kB\n", "VmHWM: many kB\n"])
def test_without_a_recorded_peak_the_maximum_seen_counts(tmp_path, monkeypatch, content):
    if content is not None:
        (tmp_path / "status").write_text(content)
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    monkeypatch.setattr(memory, "_most_seen", 0.0)
    assert peak_memory() == pytest.approx(resident_memory(), rel=0.1)
    monkeypatch.setattr(memory, "_most_seen", 1e6)
    assert peak_memory() == 1e6


@pytest.mark.parametrize(("content", "expected"), [("1048576\n", 1), ("max\n", None)])
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, content, expected):
    (tmp_path / "max").write_text(content)
    whole = total_memory()
    monkeypatch.setattr(memory, "_CONTAINER", tmp_path / "max")
    assert total_memory() == expected if expected else total_memory() >= whole
