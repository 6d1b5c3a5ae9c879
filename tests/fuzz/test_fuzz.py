"""A short campaign, the same each time; CONTRIBUTING.md has the command for a long one."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from fuzzing import execute, fuzz, judge, sweep
from mutators import mutate, variants
from targets import Target, make_targets

from neuroner_tl.errors import CorpusError

NAMES = """annotator bioc-json bioc-xml brat cache conll conll-parts fasttext iexml inception jsonl
jsonl-gz
medline model model-resealed parameters pubtator registry run silver soft-labels standoff
store-gain_by_size
store-layer_ablation store-source_size store-transfer_table study study-noise tar tar-gz terms text
vectors-bin vectors-glove vectors-gz vectors-text""".split()
SLOW_READERS = ("model", "run", "store", "study")


@pytest.fixture(scope="module")
def targets() -> dict[str, Target]:
    return make_targets()


def test_names(targets: dict[str, Target]) -> None:
    assert sorted(targets) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_valid_files_are_read(name: str, targets: dict[str, Target], tmp_path: Path) -> None:
    for path, content in targets[name].files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    targets[name].read(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_files(name: str, targets: dict[str, Target], tmp_path: Path) -> None:
    numbers = range(5 if name.startswith(SLOW_READERS) else 40)
    for _, finding in fuzz(name, targets[name], tmp_path, 0, numbers):
        assert finding is None, f"{finding.what}\n{finding.detail}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cache", "model-resealed", "run", "store-source_size"])
def test_every_member_of_json(name: str, targets: dict[str, Target], tmp_path: Path) -> None:
    for _, finding in sweep(name, targets[name], tmp_path / "files"):
        assert finding is None, f"{finding.what}\n{finding.detail}"


def test_variants() -> None:
    found = set(variants(b'{"a": [1], "b": 2}\nrest'))
    assert {b'{"b": 2}\nrest', b'{"a": [1]}\nrest', b'{"a": [null], "b": 2}\nrest'} <= found


def test_what_is_a_finding(tmp_path: Path) -> None:
    def read(folder: Path) -> None:
        content = (folder / "x").read_bytes()
        if content == b"refused":
            raise CorpusError("one line")
        if content == b"traceback":
            raise KeyError("a bug")

    for content, found in ((b"fine", False), (b"refused", False), (b"traceback", True)):
        (tmp_path / "x").write_bytes(content)
        finding = judge("x", Target({}, {}, read), tmp_path, 0)
        assert (finding is not None) == found


def test_executions_can_be_made_again(targets: dict[str, Target], tmp_path: Path) -> None:
    contents = []
    for place in ("one", "other"):
        execute("iexml", targets["iexml"], tmp_path / place, 3, 7)
        contents.append((tmp_path / place / "x").read_bytes())
    assert contents[0] == contents[1]
    assert mutate(b"a b", "lines", Random(1)) == mutate(b"a b", "lines", Random(1))
