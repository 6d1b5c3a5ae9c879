"""The repository as a whole: metadata that install, and nothing of the machine it was made on."""

import ast
import configparser
import fnmatch
import re
import subprocess
from pathlib import Path

import pytest

import neuroner_tl

ROOT = Path(__file__).resolve().parents[1]

# Absolute paths of a developer's machine; written in pieces so that this file has none.
MACHINE_PATH = re.compile(
    r"(?<![\w.~/])/(?:" + "|".join(["work", "tmp", "home", "root", "Users"]) + r")/\w"
)


def repository_files():
    """Return the files that belong to the repository, committed or not yet."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def names(requirements: str) -> set:
    lines = [line for line in requirements.split("\n") if line]
    return {re.split(r"[<>=!~ \[;]", line)[0] for line in lines}


def test_no_machine_paths():
    found = []
    for path in repository_files():
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
            for number, line in enumerate(lines, 1)
            if MACHINE_PATH.search(line)
        ]
    assert not found


def test_metadata():
    metadata = setup_cfg()["metadata"]
    assert metadata["name"] == "neuroner_tl"
    assert metadata["version"] == "attr: neuroner_tl.__version__"
    assert re.fullmatch(r"\d+\.\d+\.\d+", neuroner_tl.__version__)
    assert metadata["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_dependencies():
    options = setup_cfg()["options"]
    assert options["python_requires"] == ">=3.9,<3.14"
    assert names(options["install_requires"]) == {
        "tensorflow",
        "tensorflow-addons",
        "numpy",
        "tensorboard",
        "gensim",
        "scikit-learn",
        "scipy",
        "matplotlib",
        "matplotlib-venn",
        "pydantic",
        "tqdm",
        "lxml",
        "pyahocorasick",
        "filelock",
        "psutil",
    }
    extras = setup_cfg()["options.extras_require"]
    assert set(extras) == {"spacy", "serve", "cluster", "tuning", "test", "docs"}
    assert {"pytest", "hypothesis", "seqeval", "bioc", "ruff", "mypy"} <= names(extras["test"])
    assert names(extras["tuning"]) == {"optuna"} <= names(extras["test"])


def test_extras_are_named_as_they_can_be_installed():
    """The distribution is on no index, so only the repository, as `.`, has them."""
    extras = set(setup_cfg()["options.extras_require"])
    named = []
    for path in repository_files():
        if path.suffix not in (".py", ".md", ".ipynb", ".cfg", ".ini", ""):
            continue
        text = path.read_text("utf-8", errors="ignore")
        for source, extra in re.findall(r"pip install[^\n]{0,12}?([\w.-]+)\\?\[(\w+)\\?\]", text):
            named.append((source.rstrip("\\"), extra, path.name))
    assert len(named) > 5
    assert [name for name in named if name[0] != "." or name[1] not in extras] == []


def test_every_data_file_is_packaged():
    """A file that is no Python but stands in the package must be named in package_data."""
    patterns = setup_cfg()["options.package_data"]["neuroner_tl"].split()
    package = ROOT / "neuroner_tl"
    data = [
        path.relative_to(package).as_posix()
        for path in repository_files()
        if package in path.parents and path.suffix != ".py"
    ]
    assert data
    for name in data:
        assert any(fnmatch.fnmatch(name, pattern) for pattern in patterns), name


def test_every_folder_of_the_package_is_a_package():
    for path in (ROOT / "neuroner_tl").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), path.parent


def test_test_files_have_unique_names():
    # Without __init__.py in tests, pytest imports test files by their bare name.
    stems = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(stems)) == sorted(stems)


def test_helpers_of_tests_are_found_by_pytest_s_setting():
    """`pythonpath` in pyproject.toml has their folders; only scripts look for modules alone."""
    changes = re.compile(r"sys\.path(\.(insert|append|extend)|\[.*\] *=)")
    files = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("conftest.py")]
    files += (ROOT / "tests" / "helpers").glob("*.py")
    assert [path.name for path in files if changes.search(path.read_text("utf-8"))] == []


def test_values_of_parameters_do_not_depend_on_the_time():
    """They name the tests, which two processes must collect under one name."""
    changing = ("time.", "datetime.", "uuid.", "random.", "secrets.", "os.urandom", "tempfile.")
    found = []
    for path in (ROOT / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        values = [part for node in ast.walk(tree) for part in getattr(node, "decorator_list", ())]
        # Tables of parameters stand at the top of the module too.
        values += [
            node.value for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign))
        ]
        for call in (part for value in values if value for part in ast.walk(value)):
            name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            # A gzip file has the time of its making in it.
            timed = name == "gzip.compress" and "mtime" not in [key.arg for key in call.keywords]
            if timed or name.startswith(changing):
                found.append(f"{path.relative_to(ROOT)}:{call.lineno}: {name}")
    assert found == []


def annotations(tree):
    """Yield every annotation of a module."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            every += [node.args.vararg, node.args.kwarg]
            yield from (argument.annotation for argument in every if argument is not None)
            yield node.returns
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation


def test_a_value_that_may_be_none_is_written_in_one_way():
    """`Optional[X]` and `Union[X, Y]`, which pydantic can read in Python 3.9 too."""
    found = []
    for path in [*(ROOT / "neuroner_tl").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]:
        for annotation in filter(None, annotations(ast.parse(path.read_text("utf-8")))):
            if any(isinstance(part, ast.BitOr) for part in ast.walk(annotation)):
                found.append(f"{path.relative_to(ROOT)}:{annotation.lineno}")
    assert found == []
