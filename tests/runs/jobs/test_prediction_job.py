"""Long predictions: parts that are kept, workers, and texts that cannot be tagged."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.runs.jobs import prediction_job
from neuroner_tl.runs.jobs.prediction_job import PartStore, Pool, TaggedPart, run_job, tag_part
from tests.helpers.word_tagger import WordTagger, found_in, origins

TEXTS = [f"the gene BRCA{number} and 𝛼 TP53 in case {number}" for number in range(20)]
JOB = {"models": ["0a3f"]}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Three texts a part."""
    monkeypatch.setattr(prediction_job, "PART_DOCUMENTS", 3)


@pytest.fixture
def expected():
    found = found_in(run_job(origins(Path("in"), TEXTS), Pool(WordTagger()), None))
    assert [len(entities) for _, entities in found] == [2] * 20
    return found


def run(folder, texts=TEXTS, tagger=None, job=JOB):
    store = PartStore(folder, job)
    try:
        return found_in(run_job(origins(Path("in"), texts), Pool(tagger or WordTagger()), store))
    finally:
        store.close()


def interrupted_at(folder, number):
    texts = [*TEXTS]
    texts[number] = "interrupt"
    with pytest.raises(KeyboardInterrupt):
        run(folder, texts)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_only_what_is_missing_is_tagged(tmp_path, expected):
    folder = tmp_path / "out.parts"
    interrupted_at(folder, 10)
    assert names(folder) == ["000000.json", "000001.json", "000002.json", "job.json", "lock"]
    tagger = WordTagger()
    assert run(folder, tagger=tagger) == expected
    assert tagger.seen == [f"d{number}" for number in range(9, 20)]
    tagger = WordTagger()
    assert run(folder, tagger=tagger) == expected
    assert not tagger.seen


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"digest": 1}', "half"])
def test_a_damaged_part_is_tagged_again(tmp_path, expected, damage):
    folder = tmp_path / "out.parts"
    run(folder)
    part = folder / "000001.json"
    content = part.read_bytes()
    part.write_bytes(content[: len(content) // 2] if damage == "half" else damage)
    tagger = WordTagger()
    assert run(folder, tagger=tagger) == expected
    assert tagger.seen == ["d3", "d4", "d5"]
    assert part.read_bytes() == content


def test_other_texts_do_not_get_what_is_kept(tmp_path, expected):
    folder = tmp_path / "out.parts"
    run(folder)
    changed = [*TEXTS]
    changed[4] = "only EGFR"
    tagger = WordTagger()
    found = run(folder, changed, tagger)
    assert tagger.seen == ["d3", "d4", "d5"]
    assert found[4][1][0].text == "EGFR"
    assert [*found[:4], *found[5:]] == [*expected[:4], *expected[5:]]


def test_parts_of_another_job_are_refused(tmp_path):
    folder = tmp_path / "out.parts"
    interrupted_at(folder, 10)
    with pytest.raises(ParameterError, match="with other models or options; remove the folder"):
        PartStore(folder, {"models": ["ffff"]})


def test_two_jobs_do_not_share_a_folder(tmp_path):
    """The one that comes later is refused, whether the folder was there before or not."""
    folder = tmp_path / "out.parts"
    late = PartStore(folder, JOB)
    holder = PartStore(folder, JOB)
    holder.save(0, "digest", TaggedPart((), 0))
    for use in (lambda: PartStore(folder, JOB), lambda: late.save(0, "other", TaggedPart((), 0))):
        with pytest.raises(ParameterError, match="another prediction with this output is running"):
            use()
    assert holder.load(0, "digest", []) is not None
    holder.close()
    PartStore(folder, JOB).close()
    # Killed before anything was kept: nothing in the way of the next job.
    for file in folder.iterdir():
        if file.name != "lock":
            file.unlink()
    PartStore(folder, JOB).close()


def test_a_folder_of_other_files_is_refused_and_kept(tmp_path):
    folder = tmp_path / "out.parts"
    folder.mkdir()
    PartStore(folder, JOB).close()
    for name, content in (("mine.txt", "mine"), ("job.json", '{"mine": 1}')):
        (folder / name).write_text(content)
        with pytest.raises(ParameterError, match="it holds other files; move them"):
            PartStore(folder, JOB)
        assert (folder / name).read_text() == content


def test_a_file_in_the_place_of_the_parts_is_refused_and_kept(tmp_path):
    (tmp_path / "out.parts").write_text("mine")
    with pytest.raises(ParameterError, match="it holds other files; move them"):
        PartStore(tmp_path / "out.parts", JOB)
    assert (tmp_path / "out.parts").read_text() == "mine"


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_single_part_is_not_kept(tmp_path, count):
    folder = tmp_path / "out.parts"
    assert len(run(folder, TEXTS[:count])) == count
    assert not folder.exists()


def test_long_texts_make_small_parts(monkeypatch):
    monkeypatch.setattr(prediction_job, "PART_CHARACTERS", 30)
    parts = list(run_job(origins(Path("in"), ["x" * 29, "y", "z"]), Pool(WordTagger()), None))
    assert [len(part.origins) for part in parts] == [2, 1]


def test_a_bad_text_does_not_affect_the_others(tmp_path, expected):
    texts = [*TEXTS]
    texts[7] = "poison"
    found = run(tmp_path / "out.parts", texts)
    assert found[7] == ("d7", "ValueError: cannot be tagged")
    assert [*found[:7], *found[8:]] == [*expected[:7], *expected[8:]]
    assert run(tmp_path / "out.parts", texts) == found  # From what is kept.


def test_an_error_on_all_texts_is_not_theirs():
    documents = [document for _, document in origins(Path("in"), ["poison", "more poison"])]
    with pytest.raises(ValueError, match="cannot"):
        tag_part(WordTagger(), documents)


def test_memory_holds_few_parts():
    read = []

    def stream():
        for origin in origins(Path("in"), TEXTS * 10):
            read.append(origin)
            yield origin

    for done, part in enumerate(run_job(stream(), Pool(WordTagger()), None)):
        assert len(read) <= 3 * (done + 1) + 1
        assert len(part.origins) <= 3


def workers(number, *arguments):
    return Pool(None, number, WordTagger, arguments)


def test_workers_find_the_same(tmp_path, expected):
    pool = workers(2)
    try:
        store = PartStore(tmp_path / "out.parts", JOB)
        assert found_in(run_job(origins(Path("in"), TEXTS), pool, store)) == expected
    finally:
        pool.close()
    single = tmp_path / "single.parts"
    run(single)
    for name in names(single):
        assert (tmp_path / "out.parts" / name).read_bytes() == (single / name).read_bytes()


def test_a_lost_worker_is_said(tmp_path):
    texts = [*TEXTS]
    texts[10] = "deadly"
    pool = workers(1)
    folder = tmp_path / "out.parts"
    try:
        with pytest.raises(NeuroNERError, match="a worker process was lost") as raised:
            found_in(run_job(origins(Path("in"), texts), pool, PartStore(folder, JOB)))
    finally:
        pool.close()
    assert str(folder) in str(raised.value) and "\n" not in str(raised.value)
    assert "000000.json" in names(folder)


SCRIPT = """
import sys
from pathlib import Path
from neuroner_tl.runs.jobs import prediction_job
from neuroner_tl.runs.jobs.prediction_job import PartStore, Pool, run_job
from tests.helpers.word_tagger import WordTagger, found_in, origins
from tests.runs.jobs.test_prediction_job import JOB, TEXTS

if __name__ == "__main__":
    prediction_job.PART_DOCUMENTS = 3
    pool = Pool(None, 2, WordTagger, (0.05,))
    found_in(run_job(origins(Path("in"), TEXTS * 5), pool, PartStore(Path(sys.argv[1]), JOB)))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_killed(tmp_path):
    """SIGKILL in the middle: the workers end by themselves, what is kept is whole and used."""
    script, folder = tmp_path / "job.py", tmp_path / "out.parts"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    end = time.monotonic() + 60
    while not (folder / "000003.json").exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive
    kept = [name for name in names(folder) if name[:6].isdigit()]
    for name in kept:
        assert len(json.loads((folder / name).read_text("utf-8"))["found"]) == 3
    tagger = WordTagger()
    assert run(folder, TEXTS * 5, tagger) == run(tmp_path / "other.parts", TEXTS * 5)
    assert len(tagger.seen) == 100 - 3 * len(kept)
