"""Several workers, killed studies and a Ray cluster: the same results, bit for bit."""

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from harm import harmed
from study_records import comparable

from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.studies.records.folder import StudyFolder
from neuroner_tl.studies.records.store import FINISHED, Store
from neuroner_tl.studies.running.runner import Execution, run_missing

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
GRID = "arms = baseline\nseeds = 0, 1, 2, 3, 4, 5, 6, 7"


def results(folder):
    found = Store(folder / "output" / "tiny" / "runs.jsonl").records()
    assert {record["status"] for record in found.values()} == {FINISHED}
    return {name: comparable(record) for name, record in found.items()}


def predictions(folder):
    """Every predicted file, by run and name."""
    study = folder / "output" / "tiny"
    return {
        (name, path.name): path.read_bytes()
        for name, record in Store(study / "runs.jsonl").records().items()
        for path in (study / record["predictions"]).glob("*.ann")
    }


@pytest.fixture
def elsewhere(write_study, tmp_path):
    """A function that writes the same study into a folder of its own."""

    def write(name, **options):
        folder = tmp_path / name
        folder.mkdir()
        text = write_study(**options).read_text()
        path = folder / "study.ini"
        path.write_text(text.replace(f"{tmp_path}/output", f"{folder}/output"))
        return folder

    return write


def start(folder, workers):
    command = ["study", "run", str(folder / "study.ini"), "--workers", str(workers)]
    return subprocess.Popen(
        [sys.executable, "-m", "neuroner_tl", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def epochs_done(folder):
    runs = folder / "output" / "tiny" / "runs"
    return sum(path.read_text().count("\n") for path in runs.glob("*/epochs.jsonl"))


def claims(folder):
    return StudyFolder(folder / "output" / "tiny").claims.holders()


def test_two_workers_give_the_results_of_one(elsewhere):
    alone, together = elsewhere("alone", study=GRID), elsewhere("together", study=GRID)
    run_missing(read_definition(alone / "study.ini"))
    run_missing(read_definition(together / "study.ini"), Execution(workers=2))
    assert len(results(alone)) == 8
    assert results(together) == results(alone)
    assert predictions(together) == predictions(alone)
    logs = sorted(path.name for path in (together / "output/tiny/logs").iterdir())
    assert logs == ["worker-0.log", "worker-1.log"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_study_killed_three_times_ends_as_without(elsewhere, workers):
    options = {"study": "seeds = 0, 1", "epochs": 4}
    whole, killed = elsewhere("whole", **options), elsewhere("killed", **options)
    run_missing(read_definition(whole / "study.ini"))
    total = epochs_done(whole)
    for share in (0.2, 0.5, 0.8):
        study = start(killed, workers)
        while epochs_done(killed) < share * total and study.poll() is None:
            time.sleep(0.01)
        assert study.poll() is None, study.communicate()[0]
        os.kill(study.pid, signal.SIGKILL)
        study.communicate()
        # Its workers notice that it is gone and end, too.
        deadline = time.monotonic() + 30
        while claims(killed) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not claims(killed)
    study = start(killed, workers)
    printed, _ = study.communicate()
    assert study.returncode == 0, printed
    assert results(killed) == results(whole)
    assert predictions(killed) == predictions(whole)


def test_a_killed_worker_is_replaced_and_its_run_resumed(elsewhere, caplog):
    options = {"study": "arms = baseline\nseeds = 0, 1, 2, 3", "epochs": 6}
    whole, hurt = elsewhere("whole", **options), elsewhere("hurt", **options)
    run_missing(read_definition(whole / "study.ini"))

    def kill_a_worker():
        who = next(iter(claims(hurt).values()))
        assert who["process"] != os.getpid()
        os.kill(who["process"], signal.SIGKILL)

    def is_time():
        return epochs_done(hurt) >= 3

    def found():
        return f"{epochs_done(hurt)} epochs are done"

    with caplog.at_level(logging.WARNING), harmed(kill_a_worker, is_time, found):
        run_missing(read_definition(hurt / "study.ini"), Execution(workers=2))
    assert "killed by signal 9" in caplog.text
    assert results(hurt) == results(whole)


def test_ctrl_c_saves_and_the_study_can_be_resumed(elsewhere):
    options = {"study": "arms = baseline\nseeds = 0, 1", "epochs": 8}
    whole, stopped = elsewhere("whole", **options), elsewhere("stopped", **options)
    run_missing(read_definition(whole / "study.ini"))
    study = start(stopped, 2)
    while epochs_done(stopped) < 3 and study.poll() is None:
        time.sleep(0.02)
    study.send_signal(signal.SIGINT)
    printed, _ = study.communicate()
    assert study.returncode == 130 and "the same command resumes the study" in printed, printed
    assert not claims(stopped)
    study = start(stopped, 2)
    printed, _ = study.communicate()
    assert study.returncode == 0, printed
    assert results(stopped) == results(whole)


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster of four nodes on this machine, three of them with a processor for a worker."""
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install '.[cluster]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    made.for_workers = [made.add_node(num_cpus=1) for _ in range(3)]
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def test_a_cluster_gives_the_same_results_though_a_node_is_killed(elsewhere, cluster, caplog):
    options = {"study": GRID, "epochs": 12}
    alone, spread = elsewhere("alone", **options), elsewhere("spread", **options)
    run_missing(read_definition(alone / "study.ini"))

    def kill_a_node():
        cluster.remove_node(cluster.for_workers[1], allow_graceful=False)

    def is_time():
        return len(claims(spread)) >= 3 and epochs_done(spread) >= 9

    def found():
        return f"{epochs_done(spread)} epochs are done"

    with caplog.at_level(logging.WARNING), harmed(kill_a_node, is_time, found):
        run_missing(
            read_definition(spread / "study.ini"), Execution(workers=0, address=cluster.address)
        )
    # Its run went on elsewhere, and the two workers that were left have done all the others.
    assert "its worker is lost" in caplog.text
    assert len(list((spread / "output/tiny/logs").glob("ray-*.log"))) == 3
    assert results(spread) == results(alone)
    assert predictions(spread) == predictions(alone)


def test_an_address_without_a_cluster_is_one_line(elsewhere):
    pytest.importorskip("ray", reason="Ray is not installed; pip install '.[cluster]'")
    folder = elsewhere("none", study="arms = baseline")
    command = ["study", "run", str(folder / "study.ini"), "--address", "127.0.0.1:1"]
    done = subprocess.run(
        [sys.executable, "-m", "neuroner_tl", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "no Ray cluster at 127.0.0.1:1" in done.stderr.splitlines()[-1]
