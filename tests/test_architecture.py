"""Imports go one way: from the right of this list to the left."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import neuroner_tl

PACKAGE = Path(__file__).resolve().parents[1] / "neuroner_tl"

# The rooms, leftmost first. Those of one row may import each other; a row imports from itself and
# from those above. A room in a room has a row of its own.
ROWS = [
    ["errors", "messages"],
    ["system"],
    ["model"],
    ["parameters"],
    ["corpora.document", "corpora.document_names", "corpora.import_report"],
    ["corpora.text"],
    ["corpora.formats"],
    ["corpora.synthetic"],
    ["corpora.public"],
    ["corpora"],
    ["dataset.word_vectors"],
    ["dataset"],
    ["vectors"],
    ["training.steps"],
    ["training"],
    ["evaluation"],
    ["prediction"],
    ["runs.folder", "runs.leaks"],
    ["runs.models"],
    ["runs"],
    ["runs.jobs"],
    ["runs.systems"],
    [
        "silver.compared_form",
        "silver.definition",
        "silver.gold",
        "silver.labels",
        "silver.sections",
    ],
    # The blacklist counts what it finds as term lists do.
    ["silver.annotators.lexicon"],
    ["silver.consensus"],
    ["silver.cleaning"],
    ["silver.texts"],
    ["silver.annotators"],
    ["silver.drafting"],
    ["silver"],
    ["serving"],
    ["benchmark"],
    ["studies.definition"],
    ["studies.records"],
    ["studies.running"],
    ["studies.pages"],
    ["studies.results"],
    ["studies.kinds"],
    ["studies"],
    ["neuroner"],
    ["cli"],
    ["__main__", "train", "start"],
]
RANK = {name: rank for rank, row in enumerate(ROWS) for name in row}
# The front door may name anything.
FRONT_DOOR = "__init__"


def room_of(dotted: str):
    """Return the innermost room of a module's dotted name within the package; None without one."""
    parts = dotted.split(".")
    candidates = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((name for name in candidates if name in RANK), None)


def dotted_name(path: Path) -> str:
    """Return a module's name within the package."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts if len(parts) == 1 or parts[-1] != "__init__" else parts[:-1])


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


def backward_arrows(path: Path, text: str):
    own = room_of(dotted_name(path))
    found = []
    for line, name in imported(ast.parse(text), path):
        package, _, rest = name.partition(".")
        # A public name is where the front door finds it.
        rest = neuroner_tl._MODULES.get(rest, rest)
        room = room_of(rest) if package == "neuroner_tl" else None
        if room is not None and RANK[room] > RANK[own]:
            found.append(f"{path.name}:{line}: {own} imports {name}")
    return found


MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_backward_arrow(path):
    if dotted_name(path) == FRONT_DOOR:
        return
    assert room_of(dotted_name(path)), "give the module a place in ROWS"
    assert not backward_arrows(path, path.read_text(encoding="utf-8"))


def test_the_model_imports_nothing_of_the_package():
    found = [
        f"{path.name}:{line}: {name}"
        for path in sorted((PACKAGE / "model").glob("*.py"))
        for line, name in imported(ast.parse(path.read_text(encoding="utf-8")), path)
        if name.startswith("neuroner_tl") and not name.startswith("neuroner_tl.model")
    ]
    assert not found


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("corpora/invented.py", "import neuroner_tl.training.loop"),
        ("corpora/invented.py", "from neuroner_tl import training"),
        ("corpora/invented.py", "from neuroner_tl import NeuroNER"),
        ("corpora/invented.py", "from neuroner_tl.studies.running.runner import run"),
        ("corpora/invented.py", "from ..cli import train"),
        ("corpora/invented.py", "def f():\n    from neuroner_tl.training.loop import fit"),
        ("corpora/text/invented.py", "from neuroner_tl.corpora.formats.brat import read"),
        ("corpora/text/invented.py", "from neuroner_tl.corpora.reader import open_corpus"),
        ("corpora/text/invented.py", "from ..formats import brat"),
        ("studies/running/invented.py", "from neuroner_tl.studies.kinds import recipes"),
        ("studies/results/invented.py", "from neuroner_tl.studies.kinds import recipes"),
        ("training/steps/invented.py", "from neuroner_tl.training.loop import TrainingLoop"),
        ("model/invented.py", "from neuroner_tl.dataset.batches import Batch"),
    ],
)
def test_the_walk_sees_backward_arrows(module, line):
    assert backward_arrows(PACKAGE / module, line)


@pytest.mark.parametrize(
    "line",
    [
        "from neuroner_tl.errors import CorpusError",
        "from .document import Document",
        "from neuroner_tl.corpora.text.tags import convert_tags",
        "import numpy",
        "from neuroner_tl import __version__",
    ],
)
def test_the_walk_lets_forward_arrows_pass(line):
    assert not backward_arrows(PACKAGE / "corpora" / "invented.py", line)


def test_no_import_hides_from_the_walk():
    """Modules are imported by statements; only the front door finds them by name."""
    for path in MODULES:
        text = path.read_text("utf-8")
        hidden = "import_module" in text or "__import__" in text
        assert not hidden or dotted_name(path) == FRONT_DOOR, path


def test_no_module_of_one_operating_system_is_imported():
    """Locks are system/locks.py's, memory is system/memory.py's."""
    alone = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "msvcrt", "winreg"}
    for path in MODULES:
        names = {name for _, name in imported(ast.parse(path.read_text("utf-8")), path)}
        assert not alone & {name.split(".")[0] for name in names}, path


def test_what_is_spelt_alike_is_said_in_one_place():
    for path in MODULES:
        text = path.read_text("utf-8")
        if path.name != "spelling.py":
            assert "the nearest is" not in text and "difflib" not in text, path


def test_ini_files_are_read_in_one_place():
    """`parameters/ini_file.py` is the only one that asks `ini_syntax.py` to read."""
    for path in MODULES:
        names = {name for _, name in imported(ast.parse(path.read_text("utf-8")), path)}
        reads = {"configparser", "neuroner_tl.parameters.ini_syntax.read_ini"} & names
        assert not reads or path.name in ("ini_file.py", "ini_syntax.py"), path


LONGEST_FILE = 400
LONGEST_REPEAT = 9


def test_no_file_is_long():
    lengths = {path: path.read_text("utf-8").count("\n") for path in MODULES}
    assert [path.name for path, length in lengths.items() if length > LONGEST_FILE] == []


def lines_of_code(path: Path):
    """Return (line number, line without indentation) of all but blank lines and imports."""
    text = path.read_text("utf-8")
    imports = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    lines = enumerate((line.strip() for line in text.split("\n")), 1)
    return [(number, line) for number, line in lines if line and number not in imports]


def repeats(modules, length):
    """Return the places where as many lines stand that stand elsewhere, too."""
    seen: dict[tuple[str, ...], str] = {}
    found = []
    for path in modules:
        lines = lines_of_code(path)
        for start in range(len(lines) - length + 1):
            run = tuple(line for _, line in lines[start : start + length])
            place = f"{path.name}:{lines[start][0]}"
            if seen.setdefault(run, place) != place:
                found.append(f"{place} is {seen[run]}")
    return found


def test_no_ten_lines_are_repeated(tmp_path):
    assert repeats(MODULES, LONGEST_REPEAT + 1) == []
    copied = (PACKAGE / "errors.py").read_text("utf-8")
    for name in ("one.py", "other.py"):
        (tmp_path / name).write_text(
            f"import {name[:-3]}\n\nif True:\n    {name[:3]} = 1\n{copied}"
        )
    assert repeats([tmp_path / "one.py", tmp_path / "other.py"], LONGEST_REPEAT + 1)


def test_no_function_is_there_for_tests_alone():
    """A function that the package names but where it is defined is called by tests at most."""
    texts = {path: path.read_text("utf-8") for path in MODULES}
    words = Counter(re.findall(r"\w+", "\n".join(texts.values())))
    alone = [
        f"{path.name}:{node.lineno}: {node.name}"
        for path, text in texts.items()
        for node in ast.parse(text).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
        and words[node.name] == 1
        # Python itself calls these.
        and not node.name.startswith("__")
    ]
    assert alone == []


def test_no_file_is_a_bag_of_utilities():
    assert not [path for path in MODULES if path.name in ("utils.py", "util.py", "helpers.py")]


TESTS = PACKAGE.parent / "tests"
# Tests of tools that are not part of the package.
TOOLS = {"fuzz"}


@pytest.mark.parametrize(
    "path", sorted(TESTS.glob("*/**/test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_tests_mirror_the_package(path):
    """A test is in a room; one that is named after a module is in the room of that module."""
    room = path.parent.relative_to(TESTS)
    if str(room) in TOOLS:
        return
    assert (PACKAGE / room / "__init__.py").is_file(), f"{room} is not a room of the package"
    module = path.name[len("test_") :]
    rooms = {found.parent.relative_to(PACKAGE) for found in MODULES if found.name == module}
    # A command has the name of what it does: test_benchmark.py is about the room, not the command.
    rooms.discard(Path("cli"))
    assert not rooms or room in rooms, f"{module} is in {', '.join(map(str, rooms))}"


ARCHITECTURE = (PACKAGE.parent / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_what_the_page_points_to_is_there():
    """Each answer of "Where is ...?" is a path with the names that are defined in it."""
    section = ARCHITECTURE.split("## Where is ...?")[1].split("\n## ")[0]
    answers = [line.split("|")[2] for line in section.split("\n") if line.startswith("| W")]
    assert len(answers) >= 10
    for answer in answers:
        path = None
        for name in re.findall(r"`([^`]+)`", answer):
            if "/" in name:
                path = PACKAGE / name
                assert path.exists(), f"{answer}: no {name}"
            else:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                assert name in {getattr(node, "name", "") for node in tree.body}, answer


def test_every_room_has_a_row_on_the_page():
    listed = set(re.findall(r"^\| `([a-z_/]+)` \|", ARCHITECTURE, re.MULTILINE))
    rooms = {str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("*/__init__.py")}
    assert listed == rooms


def test_files_that_the_page_names_exist():
    for name in re.findall(r"`([\w/]+\.(?:py|ini|md))`", ARCHITECTURE):
        places = (PACKAGE / name, PACKAGE.parent / name)
        found = any(place.exists() for place in places) or any(PACKAGE.rglob(name))
        assert found, f"docs/architecture.md names {name}"
