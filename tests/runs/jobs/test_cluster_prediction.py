"""Prediction in shards, on a Ray cluster: the same files as in one process, whatever is lost."""

import inspect
import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np
import pytest
from harm import harmed

from neuroner_tl.__main__ import main
from neuroner_tl.errors import NeuroNERError
from neuroner_tl.runs.jobs import cluster_prediction
from neuroner_tl.runs.jobs.cluster_prediction import ClusterJob, ShardWorker, predict_on_cluster
from neuroner_tl.runs.jobs.file_prediction import predict_files
from neuroner_tl.runs.jobs.prediction_output import Output

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "sealed_model"
EXPECTED = json.loads((GOLDEN.parent / "expected.json").read_text("utf-8"))


@pytest.fixture
def texts(tmp_path):
    """Files of JSON lines; one has a line that is not."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(3):
        lines = [
            json.dumps({"id": f"{number}-{place}", "text": text["text"][:200]}) + "\n"
            for place, text in enumerate(EXPECTED[number : number + 2])
        ]
        (folder / f"{number}.jsonl").write_text("".join(lines) + ("{\n" if number == 1 else ""))
    return folder


def files_in(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def batch_of(*paths, form="jsonl"):
    files = [json.dumps([[str(path), form]]) for path in paths]
    return {"number": np.arange(len(paths)), "files": np.array(files)}


def worker_of(folder, model=GOLDEN, form="jsonl"):
    loading = ([model], None, 64, 1, False, 0.0)
    where = Output(folder / "found", form, True)
    where.path.mkdir(exist_ok=True)
    return ShardWorker(ClusterJob(loading, where, False, folder / "found.shards", folder))


def test_shards_are_what_one_process_writes(eagerly, texts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = predict_files(GOLDEN, texts, tmp_path / "whole", form="jsonl")
    assert whole.documents == 5 and whole.entities > 0 and whole.bad == 1
    worker = worker_of(tmp_path)
    answer = worker(batch_of(*sorted(texts.iterdir())))
    results = [json.loads(result) for result in answer["result"]]
    assert answer["number"] == [0, 1, 2]
    assert sum(result["documents"] for result in results) == whole.documents
    assert sum(result["entities"] for result in results) == whole.entities
    assert [len(result["bad"]) for result in results] == [0, 1, 0]
    assert files_in(tmp_path / "found") == files_in(tmp_path / "whole")
    # What is done is not done again, unless its texts have changed.
    tagged = []
    tag = cluster_prediction.tag_sources
    monkeypatch.setattr(
        cluster_prediction, "tag_sources", lambda *a: (tagged.append(a[1][0].path.name), tag(*a))[1]
    )
    assert worker(batch_of(*sorted(texts.iterdir())))["result"] == answer["result"]
    assert tagged == []
    (texts / "2.jsonl").write_text('{"id": "new", "text": "Gout."}\n')
    worker(batch_of(*sorted(texts.iterdir())))
    assert tagged == ["2.jsonl"]


@pytest.mark.parametrize("form", ["jsonl", "brat"])
def test_what_was_removed_from_the_output_is_written_again(eagerly, tmp_path, form):
    """A user who starts over removes the output, and does not know of the shards beside it."""
    (tmp_path / "a.txt").write_text("Gout.")
    batch = batch_of(tmp_path / "a.txt", form="text")
    worker = worker_of(tmp_path, form=form)
    worker(batch)
    written = files_in(tmp_path / "found")
    assert any(name.startswith("a.") for name in written)
    shutil.rmtree(tmp_path / "found")
    (tmp_path / "found").mkdir()
    worker(batch)
    assert files_in(tmp_path / "found") == written


def test_a_file_of_which_nothing_can_be_used(eagerly, tmp_path):
    (tmp_path / "bad.jsonl").write_text("{\n[\n")
    (result,) = worker_of(tmp_path)(batch_of(tmp_path / "bad.jsonl"))["result"]
    assert [json.loads(result)[name] for name in ("documents", "entities")] == [0, 0]
    assert len(json.loads(result)["bad"]) == 3
    assert not (tmp_path / "found" / "bad.jsonl").exists()


def test_what_a_machine_does_not_see_ends_the_job(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"id": "new", "text": "Gout."}\n')
    (result,) = worker_of(tmp_path)(batch_of(tmp_path / "other.jsonl"))["result"]
    assert "does not see it" in json.loads(result)["error"]
    (result,) = worker_of(tmp_path, tmp_path)(batch_of(tmp_path / "a.jsonl"))["result"]
    assert "manifest" in json.loads(result)["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "texts", "--output", "found.jsonl"], "found one file, expected a folder"),
        (["--input", "texts", "--output", "found"], "the texts must be .txt files"),
        (["--input", "-", "--output", "found", "--format", "jsonl"], "found the standard input"),
        (["--input", "texts", "--output", "-"], "found one file, expected a folder"),
        (["--input", "texts", "--output", "found", "--workers", "-1"], "at least 0"),
        (["--input", "texts", "--output", "found", "--summary"], "cannot be counted"),
    ],
)
def test_what_a_cluster_cannot_do(texts, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    status = main(["predict", "--model", str(GOLDEN), "--address", "auto", *arguments])
    error = capsys.readouterr().err
    assert status == 2 and message in error and error.count("\n") == 1


def test_ray_data_has_a_parameter_for_each_argument(texts, tmp_path, monkeypatch):
    """What it only hands on to Ray is deprecated, and so is `concurrency`."""
    ray = pytest.importorskip("ray", minversion="2.60", reason="needs a parameter for runtime_env")
    ray_data = pytest.importorskip("ray.data", reason="Ray Data is not installed")
    parameters = set(inspect.signature(ray_data.Dataset.map_batches).parameters)
    rows = MagicMock()
    rows.map_batches.return_value.iter_rows.return_value = []
    monkeypatch.setattr(ray_data, "from_items", lambda *_, **__: rows)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})
    monkeypatch.setattr(cluster_prediction, "connected", lambda address: nullcontext(ray))
    predict_on_cluster(GOLDEN, texts, tmp_path / "found", form="jsonl")
    arguments = rows.map_batches.call_args.kwargs
    assert set(arguments) <= parameters - {"ray_remote_args", "concurrency"}
    assert arguments["compute"] == ray_data.ActorPoolStrategy(size=2)


@pytest.fixture
def cluster(monkeypatch):
    """A Ray cluster of three nodes on this machine, two of them with a processor for a worker."""
    ray = pytest.importorskip("ray", reason="Ray is not installed; pip install '.[cluster]'")
    pytest.importorskip("pyarrow", reason="Ray Data is not installed; pip install '.[cluster]'")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    made.for_workers = [made.add_node(num_cpus=1) for _ in range(2)]
    made.wait_for_nodes()
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.mark.slow
def test_a_node_is_killed_and_the_output_is_that_of_one_process(cluster, tmp_path, caplog):
    folder = tmp_path / "texts"
    folder.mkdir()
    texts = [text["text"] for text in EXPECTED]
    for number in range(12):
        lines = [
            json.dumps({"id": f"{number}-{i}", "text": texts[i % len(texts)] * (1 + i % 3)}) + "\n"
            for i in range(300)
        ]
        (folder / f"{number:02d}.jsonl").write_text("".join(lines))
    whole = predict_files(GOLDEN, folder, tmp_path / "whole", form="jsonl")
    shards = tmp_path / "found.shards"
    killed_at = []

    def done():
        return len(list(shards.glob("*/done.json")))

    def kill_a_node():
        killed_at.append(done())
        cluster.remove_node(cluster.for_workers[1], allow_graceful=False)

    with harmed(kill_a_node, lambda: done() >= 2, lambda: f"{done()} of 12 shards are done"):
        spread = predict_on_cluster(
            GOLDEN, folder, tmp_path / "found", cluster.address, form="jsonl"
        )
    assert killed_at[0] < 12, "the node was killed in the middle"
    assert (spread.documents, spread.entities) == (whole.documents, whole.entities)
    assert files_in(tmp_path / "found") == files_in(tmp_path / "whole")
    assert not shards.exists()
    # What workers report ends the job in one line.
    with pytest.raises(NeuroNERError, match="manifest"):
        predict_on_cluster(tmp_path, folder, tmp_path / "other", cluster.address, form="jsonl")
