"""The mutation tool: which faults it makes, and that its configuration fits the package."""

import ast
import json
from pathlib import Path

import pytest
from operators import mutants
from run_mutants import draw, interval, read_modules

TESTS = Path(__file__).resolve().parent

MODULES = read_modules(TESTS / "mutation" / "modules.ini")
SOURCE = '''
"""A docstring with the number 1."""
import logging
logger = logging.getLogger("1")
LIMIT: "int | 1" = 3

def count(items: list, first: int = 2) -> "1":
    """Another one, 1."""
    logger.info("%d", 1 + 1)
    total = 0
    for item in items[first:]:
        if not item or item < LIMIT:
            continue
        total += -item
    if total == 7:
        raise ValueError(f"{total + 1}")
    return total

def __repr__():
    return 1 + 1
'''


def test_the_faults_of_a_small_module():
    found = [(m.operator, m.before, m.after) for m in mutants(SOURCE)]
    assert found == [
        ("constant", "3", "4"),
        ("constant", "3", "2"),
        ("default", "2", "3"),
        ("default", "2", "1"),
        ("deleted statement", "total = 0", "pass"),
        ("constant", "0", "1"),
        ("constant", "0", "-1"),
        ("slice", "first:", "first + 1:"),
        ("slice", "first:", "first:-1"),
        (
            "condition",
            "if not item or item < LIMIT: continue",
            "if not (not item or item < LIMIT): continue",
        ),
        ("boolean", "not item or item < LIMIT", "not item and item < LIMIT"),
        ("boolean", "not item", "item"),
        ("comparison", "item < LIMIT", "item <= LIMIT"),
        ("deleted statement", "continue", "pass"),
        ("arithmetic", "total += -item", "total -= -item"),
        ("deleted statement", "total += -item", "pass"),
        ("arithmetic", "-item", "item"),
        ("comparison", "total == 7", "total != 7"),
        ("constant", "7", "8"),
        ("constant", "7", "6"),
        ("deleted statement", "raise ValueError(f'{total + 1}')", "pass"),
        ("return value", "return total", "return None"),
    ]


def test_each_mutant_is_another_program_under_another_name():
    plain = ast.unparse(ast.parse(SOURCE))
    found = list(mutants(SOURCE + SOURCE.replace("count", "other") + "x = 1 + (1 + 1)\n"))
    assert len({mutant.key for mutant in found}) == len(found) > 44
    for mutant in found:
        compile(mutant.source, "mutant", "exec")
        assert mutant.source != plain


def test_the_configuration_names_modules_and_tests_that_exist():
    assert {module.room for module in MODULES} >= {"corpora", "evaluation", "training", "model"}
    for module in MODULES:
        assert module.source and module.tests and module.sample > 0
        assert all((TESTS / name).is_file() for name in module.tests), module


def test_equivalent_mutants_are_mutants_and_have_a_reason():
    entries = json.loads((TESTS / "mutation" / "equivalent.json").read_text("utf-8"))
    named = {entry["module"] for entry in entries}
    keys = {m.path: {x.key for x in mutants(m.source)} for m in MODULES if m.path in named}
    for entry in entries:
        assert entry["key"] in keys[entry["module"]], entry
        assert len(entry["reason"]) > 10
    assert len({(entry["module"], entry["key"]) for entry in entries}) == len(entries)


def test_a_sample_is_drawn_by_its_seed():
    module = next(module for module in MODULES if module.path == "corpora/splits.py")
    sample, number = draw(module, 1)
    assert len(sample) == module.sample < number == len(list(mutants(module.source)))
    keys = [mutant.key for mutant in sample]
    assert keys == [mutant.key for mutant in draw(module, 1)[0]]
    assert keys != [mutant.key for mutant in draw(module, 2)[0]]


@pytest.mark.parametrize(
    ("killed", "number", "low", "high"), [(9, 10, 0.596, 0.982), (0, 0, 0, 1), (20, 20, 0.839, 1)]
)
def test_wilsons_interval(killed, number, low, high):
    assert interval(killed, number) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))
