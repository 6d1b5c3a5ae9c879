"""Progress of a prediction: documents and tokens per second, and the time left."""

import logging
import time

import pytest

from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.formats.json_lines import iterate_json_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import Source
from neuroner_tl.messages.progress import hidden_bars
from neuroner_tl.runs.jobs import prediction_progress
from neuroner_tl.runs.jobs.prediction_job import TaggedPart
from neuroner_tl.runs.jobs.prediction_progress import PredictionProgress


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def sources(tmp_path):
    found = []
    for name in "ab":
        path = tmp_path / f"{name}.jsonl"
        path.write_bytes(b'{"id": "1", "text": "x"}'.ljust(499_999) + b"\n" + b" " * 500_000)
        found.append(Source(path, "jsonl"))
    return found


@pytest.fixture
def position(monkeypatch):
    """How far the newest file is read."""
    read = [0]
    monkeypatch.setattr(prediction_progress, "position_in", lambda path: read[0])
    return read


def test_a_line_a_minute(sources, clock, position, caplog):
    caplog.set_level(logging.INFO)
    with hidden_bars(), PredictionProgress(sources) as progress:
        for minute in range(1, 4):
            clock[0] += 60
            position[0] = 250_000 * minute
            progress.update(sources[0], 120, TaggedPart((), 12_000), is_new=True)
            progress.update(sources[0], 0, TaggedPart((), 0), is_new=True)
    assert caplog.messages == [
        "120 documents, 2.0 documents/s, 200 tokens/s, 07:00 left",
        "240 documents, 2.0 documents/s, 200 tokens/s, 06:00 left",
        "360 documents, 2.0 documents/s, 200 tokens/s, 05:00 left",
    ]


def test_what_was_kept_is_not_counted_as_speed(sources, clock, position, caplog):
    caplog.set_level(logging.INFO)
    with hidden_bars(), PredictionProgress(sources) as progress:
        position[0] = 1_000_000
        progress.update(sources[0], 5000, TaggedPart((), 10**6), is_new=False)
        clock[0] += 100
        position[0] = 500_000
        progress.update(sources[1], 200, TaggedPart((), 30_000, memory=812.4), is_new=True)
        progress.update(sources[1], 0, TaggedPart((), 0, memory=700.0), is_new=True)
    assert caplog.messages == ["200 documents, 2.0 documents/s, 300 tokens/s, 01:40 left"]
    assert progress.memory().endswith(" MB, 812 MB in a worker")


def test_the_standard_input_has_no_known_end(clock, caplog):
    caplog.set_level(logging.INFO)
    source = Source(STANDARD_INPUT, "jsonl")
    with hidden_bars(), PredictionProgress([source]) as progress:
        clock[0] += 60
        progress.update(source, 60, TaggedPart((), 6000), is_new=True)
    assert caplog.messages == ["60 documents, 1.0 documents/s, 100 tokens/s"]
    assert "worker" not in progress.memory()


@pytest.mark.parametrize("packed", [False, True])
def test_position_of_a_file(tmp_path, packed):
    """In bytes of the file on disk, so that the share of a gzip file that is read is known."""
    import gzip
    import os

    line = b'{"id": "%d", "text": "%s"}\n'
    content = b"".join(line % (n, os.urandom(2000).hex().encode()) for n in range(300))
    path = tmp_path / ("a.jsonl.gz" if packed else "a.jsonl")
    path.write_bytes(gzip.compress(content) if packed else content)
    documents = iterate_json_lines(path, ImportReport())
    for _ in range(150):
        next(documents)
    share = prediction_progress.position_in(path) / path.stat().st_size
    assert 0.3 < share < 0.8
    list(documents)
    assert prediction_progress.position_in(tmp_path / "other") == 0
