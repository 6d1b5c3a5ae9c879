"""The README: its commands are found as .ci/run finds them, and its links lead somewhere."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from neuroner_tl.__main__ import COMMANDS, make_parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def command(number):
    script = ROOT / ".ci" / "readme_command.py"
    arguments = [sys.executable, str(script), str(ROOT / "README.md"), str(number)]
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


def test_the_two_set_up_commands():
    first, second = command(1), command(2)
    for text in (first, second):
        assert text.count("\n") == 1, "one line that can be copied"
    assert "python3 -m venv .venv" in first and first.strip().endswith("neuroner-tl quickstart")
    assert '".[test]"' in second and second.strip().endswith("-m pytest")


def test_ci_runs_both_and_all_checks():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "for number in 1 2" in script and "readme_command.py README.md" in script
    assert all(check in script for check in ("ruff check", "ruff format --check", "mypy"))
    assert "for version in 3.13 3.9" in script and ".ci/on_python" in script


def test_ci_finds_the_python_that_runs_this():
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    command = ["bash", str(ROOT / ".ci" / "find_python")]
    folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    found = subprocess.run([*command, version], capture_output=True, text=True, env=environment)
    asked = [found.stdout.strip(), "-c", "import sys; print(sys.version_info[:2])"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert said == f"{sys.version_info[:2]}\n"
    assert subprocess.run([*command, "3.99"], capture_output=True).returncode == 1


def test_the_image_is_slim_and_runs_the_command_without_root():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    lines = [line.split(maxsplit=1) for line in text.split("\n") if line and line[0] != "#"]
    said = {word: rest for word, rest in lines}
    assert all(rest.split()[0].endswith("-slim") for word, rest in lines if word == "FROM")
    assert (
        said["USER"] not in ("root", "0")
        and f"useradd --uid 1000 --create-home {said['USER']}" in text
    )
    assert said["ENTRYPOINT"] == '["neuroner-tl"]' and "neuroner-tl predict" in text
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split("\n")
    sent = [line[1:] for line in ignored if line.startswith("!")]
    assert "*" in ignored and all(list(ROOT.glob(pattern)) for pattern in sent)
    # All that the build reads; test_wheel.py builds from no more.
    assert {"neuroner_tl", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"} <= set(sent)
    assert {"parameters/*.ini", "experiments/*.ini", "experiments/miniature/*.ini"} <= set(sent)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_to_files_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = [t.split("#")[0] for t in re.findall(r"\]\(([^)\s]+)\)", text)]
    missing = [t for t in targets if t and "://" not in t and not (path.parent / t).exists()]
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_blank_line_cuts_a_table(path):
    """Its last rows would be shown as text: a table begins with a head and a line of dashes."""
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, (before, row, after) in enumerate(zip(lines, lines[1:], lines[2:]), 2):
        if row.startswith("|") and not before.startswith("|"):
            assert after.startswith("|---") or after.startswith("| ---"), f"{path.name}:{number}"


def test_every_command_is_in_the_table():
    for name in COMMANDS:
        assert f"| `neuroner-tl {name}" in README


def test_the_commands_shown_are_understood():
    """Every call of `neuroner-tl` in a block is one that the parser accepts."""
    blocks = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").split("\n")]
    shown = [shlex.split(line)[1:] for line in lines if line.startswith("neuroner-tl ")]
    assert len(shown) >= 5
    for arguments in shown:
        make_parser().parse_args(arguments)
