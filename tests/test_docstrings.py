"""Docstrings: public classes have an example, and functions say in the imperative what they do."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "neuroner_tl"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What the summary of a function begins with; a word that is missing here is a verb in its base
# form, or else the docstring is to be changed.
VERBS = frozenset(
    """
    Abbreviate Add Annotate Answer Apply Ask Average Bring Build Check Choose Claim Clip Close
    Collect Combine Compare Compute Convert Copy Corrupt Count Create Cut Decide Decode Describe
    Do Download Draw Drop Encode End Escape Estimate Evaluate Execute Exit Expand Explain Find
    Forget Format Give Go Handle Hide Hold Join Keep Lay Let Limit Load Lock Log Look Make Mark
    Measure Merge Move Name Normalise Note Open Pack Parse Pick Predict Print Project Put Raise
    Read Receive Record Refuse Release Remember Remove Replace Report Restore Resume Return Roll
    Round Run Save Say Scale Score Search Select Serve Set Share Show Split Start Stop Store Tag
    Take Tell Test Train Translate Try Turn Unpack Update Validate Wait Walk Warn Write Yield
    """.split()
)


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def is_public(node: ast.AST) -> bool:
    return not getattr(node, "name", "_").startswith("_")


def decorators(node) -> set[str]:
    """Return the last names of a definition's decorators, such as ``dataclass``."""
    found = set()
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.add(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def public_classes(tree: ast.Module):
    return [node for node in tree.body if isinstance(node, ast.ClassDef) and is_public(node)]


def functions(tree: ast.Module):
    """Yield functions and methods, private ones too; a property may name its value."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not decorators(node) & {"property", "cached_property", "setter"}:
                yield node


def is_record(node: ast.ClassDef) -> bool:
    bases = {getattr(base, "id", getattr(base, "attr", "")) for base in node.bases}
    return "dataclass" in decorators(node) or "NamedTuple" in bases


def faults(path: Path, text: str) -> list[str]:
    """Return what is wrong with the docstrings of a module."""
    tree = ast.parse(text)
    found = []
    for node in public_classes(tree):
        doc = ast.get_docstring(node) or ""
        place = f"{name_of(path)}:{node.lineno}: {node.name}"
        if not re.search(r"^\s*>>> |^\s*Examples?::$", doc, re.MULTILINE):
            found.append(f"{place}: show an example, >>> or Example::")
        if is_record(node) and re.search(r"^\s*Args:$", doc, re.MULTILINE):
            found.append(f"{place}: fields stand under Attributes:")
    for node in functions(tree):
        first = (ast.get_docstring(node) or "").split(maxsplit=1)
        if first and first[0].rstrip(".,:;") not in VERBS:
            found.append(f"{name_of(path)}:{node.lineno}: {node.name}: begins with {first[0]}")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_docstrings_are_in_their_form(path):
    assert not faults(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        'class A:\n    """Holds things."""',
        'def f():\n    """The result."""',
        'def f():\n    """Returns the result."""',
        'class A:\n    """A thing.\n\n    Example::\n\n        A()\n    """\n'
        '    def f(self):\n        """Batches of one epoch."""',
        '@dataclass(frozen=True)\nclass A:\n    """A thing.\n\n    >>> A(1)\n\n    Args:\n'
        '        x: a number.\n    """\n    x: int',
    ],
)
def test_other_docstrings_are_found(text):
    assert faults(PACKAGE / "invented.py", text)


DOCTESTS = """
import doctest, importlib, sys
failed = 0
for name in sys.argv[1:]:
    failed += doctest.testmod(importlib.import_module(name)).failed
assert "tensorflow" not in sys.modules, "examples that need TensorFlow are literal blocks"
sys.exit(failed > 0)
"""


def test_examples_give_what_they_say():
    names = [
        ".".join(["neuroner_tl", *path.relative_to(PACKAGE).with_suffix("").parts])
        for path in MODULES
        if ">>> " in path.read_text(encoding="utf-8")
    ]
    done = subprocess.run(
        [sys.executable, "-c", DOCTESTS, *names], capture_output=True, text=True, timeout=120
    )
    assert not done.returncode, done.stdout + done.stderr
