"""docs/fidelity.md names tests that exist, one at least in every row."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
TEXT = (TESTS.parent / "docs" / "fidelity.md").read_text(encoding="utf-8")
LINES = TEXT.split("\n")
NAME = re.compile(r"`((?:\w+/)*test_\w+\.py)?::(\w+)`")


def rows():
    """The rows of the tables, without their heads."""
    for before, row in zip(LINES, LINES[1:]):
        if row.startswith("|") and before.startswith("|") and not row.startswith("|---"):
            yield row


def test_every_row_names_tests_that_exist():
    found = list(rows())
    assert len(found) >= 50
    for row in found:
        *_, cell, end = row.split("|")
        assert not end and row.count("|") == 4, f"three cells: {row}"
        names = NAME.findall(cell)
        assert names, f"no test: {row}"
        assert len(re.findall("`", cell)) == 2 * len(names), f"a test without its name: {row}"
        path = None
        for file, name in names:
            path = TESTS / file if file else path
            assert path is not None and path.is_file(), row
            content = path.read_text(encoding="utf-8")
            assert re.search(rf"(def|class) {name}\b", content), f"{path}: {name}"


def test_lines_of_a_table_stand_together():
    """A blank line would end a table, and its last rows would be shown as text."""
    heads = {
        f"| {names} | test |" for names in ("NeuroNER | here", "the paper | here", "what | how")
    }
    for before, row in zip(LINES, LINES[1:]):
        assert not row.startswith("|") or before.startswith("|") or row in heads, row
