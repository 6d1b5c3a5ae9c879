"""`neuroner-tl model`: info, verify, pack, unpack."""

import json
import shutil
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main

GOLDEN = Path(__file__).parents[1] / "golden" / "sealed_model"


@pytest.fixture
def command(capsys):
    def run(*arguments, status=0):
        assert main(["model", *map(str, arguments)]) == status
        return capsys.readouterr()

    return run


def test_from_one_machine_to_another(command, tmp_path):
    archive, copy = tmp_path / "mine.tar.gz", tmp_path / "copy"
    assert f"written to {archive}" in command("pack", GOLDEN, archive).out
    assert f"intact, unpacked into {copy}" in command("unpack", archive, copy).out
    assert f"{copy}: intact, 5 files" in command("verify", copy).out
    printed = command("info", copy).out
    for words in ("entity types", "tokeniser", "network", "trained on", "versions"):
        assert words in printed
    found = json.loads(command("info", copy, "--json").out)
    assert found["folder"] == str(copy) and found["labels"] and found["size"] > 0


def test_a_damaged_model(command, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(GOLDEN, copy)
    (copy / "vocabulary.json").write_text("{}")
    for action in ("verify", "info"):
        error = command(action, copy, status=2).err
        assert f"{copy / 'vocabulary.json'}: 2 bytes, expected" in error
        assert len(error.splitlines()) == 1
    assert "no such folder" in command("verify", tmp_path / "missing", status=2).err
