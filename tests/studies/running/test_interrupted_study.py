"""Ctrl-C and SIGTERM at random moments of a study: it stops, says so and ends with the same result.

A signal may come while a worker starts, while a run is set up, trained or scored, or between runs.
"""

import os
import random
import re
import signal
import time

import pytest
from study_records import comparable
from terminal import Terminal

from neuroner_tl.studies.records.store import FINISHED, Store

pytestmark = pytest.mark.slow

GRID = "arms = baseline, transfer\nseeds = 0, 1"
# After a signal: the rest of a step, its saving, and the end of the interpreter.
SECONDS = 60


def records(folder):
    return Store(folder / "runs.jsonl").records()


def results(folder):
    return {name: comparable(record) for name, record in records(folder).items()}


def run_study(path, folder, workers, *more):
    return Terminal("study", "run", path, "--output", folder, "--workers", workers, *more)


@pytest.fixture(scope="module")
def study(write_study_into, tmp_path_factory):
    return write_study_into(tmp_path_factory.mktemp("study"), GRID, epochs=8)


@pytest.fixture(scope="module")
def whole(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    terminal = run_study(study, folder, 1)
    assert terminal.finish() == 0, terminal.text
    found = results(folder / "tiny")
    assert len(found) == 5
    return found


def has_begun(folder):
    """Whether the study is beyond the loading of libraries."""
    return (folder / "reports" / "tiny" / "study.ini").exists


def lines_with(pattern, text):
    """The lines in which the pattern is found, for pytest to show."""
    return [line for line in text.splitlines() if re.search(pattern, line)]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_random_moments(workers, number, study, whole, tmp_path):
    draw, folder = random.Random(10 * workers + number), tmp_path / "output" / "tiny"
    interrupted = 0
    for _ in range(6):
        (folder / "reports" / "tiny" / "study.ini").unlink(missing_ok=True)
        terminal = run_study(study, folder.parent, workers)
        terminal.wait_for(has_begun(folder))
        running = terminal.read(draw.uniform(0, 6 if workers == 1 else 12))
        if running and number == signal.SIGINT:
            terminal.press_ctrl_c()
        elif running:
            os.kill(terminal.pid, number)
        status = terminal.finish(SECONDS)
        assert "Traceback" not in terminal.text and "Exception" not in terminal.text
        if status == 0:
            break
        interrupted += 1
        assert status == 130, terminal.text
        assert "the same command resumes the study" in terminal.text
        assert not lines_with(r"\bfailed|\blost\b", terminal.text), terminal.text
    assert interrupted
    terminal = run_study(study, folder.parent, workers)
    assert terminal.finish() == 0, terminal.text
    assert {record["status"] for record in records(folder).values()} == {FINISHED}
    assert results(folder) == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_a_second_ctrl_c_ends_at_once(workers, study, whole, tmp_path):
    folder = tmp_path / "output" / "tiny"
    terminal = run_study(study, folder.parent, workers)
    terminal.wait_for(lambda: list(folder.glob("runs/*/epochs.jsonl")))
    terminal.press_ctrl_c()
    time.sleep(0.01)
    terminal.press_ctrl_c()
    assert terminal.finish(SECONDS) == 130, terminal.text
    assert "resumes the study" in terminal.text and "Traceback" not in terminal.text
    assert "leaked" not in terminal.text
    terminal = run_study(study, folder.parent, workers)
    assert terminal.finish() == 0, terminal.text
    assert results(folder) == whole


def test_ctrl_c_while_workers_start(study, whole, tmp_path):
    """Before they have a session of their own, workers get the terminal's SIGINT too."""
    folder = tmp_path / "output" / "tiny"
    for delay in (0, 0.2, 0.5, 1, 2, 3):
        (folder / "reports" / "tiny" / "study.ini").unlink(missing_ok=True)
        terminal = run_study(study, folder.parent, 2)
        terminal.wait_for(has_begun(folder))
        terminal.read(delay)
        terminal.press_ctrl_c()
        assert terminal.finish(SECONDS) == 130, terminal.text
        assert "Traceback" not in terminal.text and "lost" not in terminal.text
        assert "resumes the study" in terminal.text
    terminal = run_study(study, folder.parent, 2)
    assert terminal.finish() == 0, terminal.text
    assert results(folder) == whole
