"""The README: its commands are found as .ci/run finds them, and its links lead somewhere."""

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
    assert "python3.11 -m venv .venv" in first and "study run experiments/quickstart.ini" in first
    assert '".[test]"' in second and second.strip().endswith("-m pytest")


def test_ci_runs_both_and_all_checks():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "for number in 1 2" in script and "readme_command.py README.md" in script
    assert all(check in script for check in ("ruff check", "ruff format --check", "mypy"))


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
