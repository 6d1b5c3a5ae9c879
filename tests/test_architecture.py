"""Imports go one way: from the right of this list to the left."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "neuroner_tl"

# Modules and packages of one row may import each other; a row imports from itself and those above.
ROWS = [
    [
        "errors",
        "temporary",
        "atomic_file",
        "file_name",
        "fingerprint",
        "ini_file",
        "json_text",
        "memory",
        "shown_text",
        "spelling",
    ],
    ["parameter_values", "parameters", "parameter_text", "parameter_arguments", "parameter_file"],
    ["corpora"],
    ["dataset"],
    ["vectors"],
    ["model"],
    ["training"],
    ["evaluation"],
    ["prediction"],
    ["runs"],
    ["silver"],
    ["benchmark"],
    ["studies"],
    ["neuroner"],
    ["cli"],
    ["__main__", "train"],
]
RANK = {name: rank for rank, row in enumerate(ROWS) for name in row}

# The modules of the parameters among themselves, leftmost first.
PARAMETER_MODULES = ROWS[1]


def imported(tree: ast.AST, path: Path):
    """Yield (line, dotted name) of everything that a module of the package imports from it."""
    # A relative import starts from the package of the module, one level up per dot after it.
    package = ["neuroner_tl", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{stem}.{alias.name}"


def part_of(path: Path) -> str:
    first = path.relative_to(PACKAGE).parts[0]
    return first[:-3] if first.endswith(".py") else first


def backward_arrows(path: Path, text: str):
    own = part_of(path)
    found = []
    for line, name in imported(ast.parse(text), path):
        parts = name.split(".")
        if parts[0] != "neuroner_tl" or len(parts) < 2 or parts[1] not in RANK:
            continue
        if own == "__init__":
            continue  # the package's front door may name anything
        if RANK[parts[1]] > RANK[own]:
            found.append(f"{path.name}:{line}: {own} imports {name}")
        if (
            own in PARAMETER_MODULES
            and parts[1] in PARAMETER_MODULES[PARAMETER_MODULES.index(own) + 1 :]
        ):
            found.append(f"{path.name}:{line}: {own} imports {name}")
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_backward_arrow(path):
    assert part_of(path) in RANK or part_of(path) == "__init__", "give the module a place in ROWS"
    assert not backward_arrows(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        "import neuroner_tl.training.loop",
        "from neuroner_tl import training",
        "from neuroner_tl.studies.running.runner import run",
        "from ..cli import train",
        "def f():\n    from neuroner_tl.training.loop import fit",
    ],
)
def test_the_walk_sees_backward_arrows(line):
    assert backward_arrows(PACKAGE / "corpora" / "invented.py", line)


@pytest.mark.parametrize(
    "line",
    [
        "from neuroner_tl.errors import CorpusError",
        "from .document import Document",
        "import numpy",
        "from neuroner_tl import __version__",
    ],
)
def test_the_walk_lets_forward_arrows_pass(line):
    assert not backward_arrows(PACKAGE / "corpora" / "invented.py", line)


def test_no_file_is_a_bag_of_utilities():
    assert not [path for path in MODULES if path.name in ("utils.py", "util.py", "helpers.py")]
