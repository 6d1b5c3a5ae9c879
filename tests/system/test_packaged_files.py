"""Parameter files and definitions are found where the package is, and the user's own come first."""

import logging
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.errors import ParameterError
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.system.packaged_files import copy_packaged, existing_file, packaged_names

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_packaged_file_is_found_in_any_folder(caplog):
    with caplog.at_level(logging.INFO, "neuroner_tl"):
        assert load_parameters("parameters/source.ini").experiment_name == "source"
        load_parameters("parameters/source.ini")
    told = [record.getMessage() for record in caplog.records]
    assert told == ["parameters/source.ini: read from the package, since there is none here"]
    definition = read_definition(Path("experiments/quickstart.ini"))
    assert definition.path == Path("experiments/quickstart.ini")


def test_a_file_of_the_user_comes_first():
    Path("parameters").mkdir()
    Path("parameters/source.ini").write_text("[training]\nseed = 77\n")
    assert load_parameters("parameters/source.ini").seed == 77


@pytest.mark.parametrize(
    "name",
    ["source.ini", "parameters/invented.ini", "parameters/../setup.cfg", "setup.cfg", "."]
    + [
        "experiments/../parameters/source.ini",
        "experiments/results",
        "docs/python.md",
        "parameters",
    ],
)
def test_nothing_else_is_found(name):
    assert existing_file(Path(name)) == Path(name)


def test_a_dangling_link_is_not_replaced():
    Path("parameters").mkdir()
    Path("parameters/source.ini").symlink_to("nowhere")
    assert existing_file(Path("parameters/source.ini")) == Path("parameters/source.ini")


def test_the_names_are_those_of_the_repository():
    patterns = ("parameters/*.ini", "experiments/*.ini", "experiments/miniature/*.ini")
    there = {path.relative_to(ROOT).as_posix() for p in patterns for path in ROOT.glob(p)}
    assert set(packaged_names()) == there and len(there) > 20


def test_files_are_written_where_they_are_wanted(capsys):
    assert main(["parameters", "--write", "baseline", "experiments/quickstart"]) == 0
    assert main(["parameters", "--write", "baseline.ini", "--to", "my/settings"]) == 0
    said = capsys.readouterr().out.split("\n")
    written = ["parameters/baseline.ini", "experiments/quickstart.ini", "my/settings/baseline.ini"]
    assert said[:3] == [f"written: {Path(name)}" for name in written]
    for name in written:
        original = ROOT / name.replace("my/settings", "parameters")
        assert Path(name).read_bytes() == original.read_bytes()


def test_a_file_is_not_overwritten():
    copy_packaged("baseline")
    with pytest.raises(ParameterError, match="^parameters.baseline.ini: exists, expected a new"):
        copy_packaged("baseline")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(ParameterError, match="found 'basline', expected one of .* is baseline$"):
        copy_packaged("basline")


def test_a_folder_that_cannot_be_made():
    Path("file").write_text("")
    with pytest.raises(ParameterError, match="baseline.ini: cannot be written"):
        copy_packaged("baseline", "file")
