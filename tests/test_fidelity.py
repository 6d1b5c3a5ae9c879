"""docs/fidelity.md names tests that exist."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parent
TEXT = (TESTS.parent / "docs" / "fidelity.md").read_text(encoding="utf-8")


def test_named_tests_exist():
    named = 0
    for row in TEXT.split("\n"):
        if not row.startswith("|"):
            continue
        path = None
        for file, name in re.findall(r"`((?:\w+/)*test_\w+\.py)?(?:::(\w+))?`", row):
            if not file and not name:
                continue
            path = TESTS / file if file else path
            assert path is not None and path.is_file(), row
            content = path.read_text(encoding="utf-8")
            assert not name or re.search(rf"(def|class) {name}\b", content), f"{path}: {name}"
            named += 1
    assert named >= 25
