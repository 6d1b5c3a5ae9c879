"""The wheel alone, without the repository: every module, command, parameter file, definition."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TREE = ["neuroner_tl", "parameters", "experiments", "docs", "tests"]
UNNEEDED = {"experiments": ["results"]}
FILES = ["setup.cfg", "pyproject.toml", "README.md", "LICENSE"]
PACKAGED = "neuroner_tl/system/packaged/"
BUILD = "import sys; from setuptools.build_meta import build_wheel as b; b(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of a copy of the repository, in which the build may leave what it likes."""
    copy, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("wheel")
    for name in TREE:
        # Only the names of tests and documents matter: they must stay out.
        ignored = shutil.ignore_patterns(
            "__pycache__", "golden", "fixtures", *UNNEEDED.get(name, ())
        )
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    command = [sys.executable, "-c", BUILD, str(target)]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = target.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the unpacked wheel."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def python(installed, folder, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def test_the_wheel_has_the_package_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = ROOT / "neuroner_tl"
    expected = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    expected.remove(f"{PACKAGED}__init__.py")
    for pattern in ("parameters/*.ini", "experiments/*.ini", "experiments/miniature/*.ini"):
        expected |= {PACKAGED + path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)}
    assert names == expected


CHECK = """
import re, sys
from pathlib import Path
import neuroner_tl
from neuroner_tl.__main__ import COMMANDS, main
from neuroner_tl.parameters.files import load_parameters
from neuroner_tl.parameters.ini_syntax import read_ini
from neuroner_tl.studies.definition.files import read_definition
from neuroner_tl.system.packaged_files import existing_file, packaged_names

assert Path(neuroner_tl.__file__).parents[1] == Path(sys.argv[1])
for name in map(Path, packaged_names()):
    text = existing_file(name).read_text("utf-8")
    variables = dict.fromkeys(re.findall(r"[$]{(\\w+)}", text), "1")
    if name.parts[0] == "parameters":
        load_parameters(name)
    elif name.name.startswith("silver"):
        assert read_ini(name, "a definition")["silver"]
    else:
        read_definition(name, variables)
for command in COMMANDS:
    try:
        main([command, "--help"])
    except SystemExit as error:
        assert error.code == 0
assert main(["--quiet", "study", "status", "experiments/quickstart.ini"]) == 0
assert main(["--quiet", "parameters", "--write", "baseline"]) == 0
"""


def test_everything_works_in_an_empty_folder(installed, tmp_path):
    done = python(installed, tmp_path, "-c", CHECK, str(installed))
    assert done.returncode == 0, done.stderr
    assert "written: parameters" in done.stdout
    written = (tmp_path / "parameters" / "baseline.ini").read_bytes()
    assert written == (ROOT / "parameters" / "baseline.ini").read_bytes()


@pytest.mark.slow
def test_the_quickstart_runs_in_an_empty_folder(installed, tmp_path):
    done = python(installed, tmp_path, "-m", "neuroner_tl", "quickstart", "--output", "here")
    assert done.returncode == 0, done.stderr
    assert "3 of 3 runs are finished" in done.stdout and "+62.26" in done.stdout
    definition = tmp_path / "here" / "quickstart" / "reports" / "quickstart" / "study.ini"
    assert definition.read_bytes() == (ROOT / "experiments" / "quickstart.ini").read_bytes()
