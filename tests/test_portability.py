"""What exists on one operating system alone is asked for behind a condition; files say how they are
encoded. The package works without the modules that Windows lacks."""

import ast
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from neuroner_tl.__main__ import main
from neuroner_tl.cli.outcome import Outcome
from neuroner_tl.system.paths import relative_path

PACKAGE = Path(__file__).resolve().parents[1] / "neuroner_tl"
POSIX = {
    "os": {"fork", "forkpty", "getuid", "geteuid", "getgid", "killpg", "mkfifo", "nice", "setsid"}
    | {"statvfs", "sync", "uname", "wait3", "wait4", "fchmod", "chown", "getloadavg", "setpgid"}
    | {"sched_getaffinity", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK", "sysconf", "getpgid"},
    "signal": {
        "SIGKILL",
        "SIGHUP",
        "SIGQUIT",
        "SIGALRM",
        "SIGUSR1",
        "SIGUSR2",
        "SIGCHLD",
        "SIGPIPE",
    }
    | {"alarm", "setitimer", "pause", "pthread_kill", "pthread_sigmask", "sigwait"},
}

LEAVE = ("os.name != 'posix'", "not hasattr(signal, 'pthread_sigmask')")


def posix_calls(text):
    """Return the lines of what only POSIX has, unless the function asks for the system first."""
    found = []

    def walk(node, guarded):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            guarded = False
            for statement in node.body:
                leaves = isinstance(statement, ast.If) and isinstance(
                    statement.body[-1], ast.Return
                )
                if leaves and ast.unparse(statement.test) in LEAVE:
                    guarded = True
                walk(statement, guarded)
            return
        if isinstance(node, ast.If) and ast.unparse(node.test) == "os.name == 'posix'":
            for child in node.body:
                walk(child, True)
            for child in node.orelse:
                walk(child, guarded)
            return
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and not guarded:
            if node.attr in POSIX.get(node.value.id, ()):
                found.append(node.lineno)
        for child in ast.iter_child_nodes(node):
            walk(child, guarded)

    walk(ast.parse(text), False)
    return found


TEXT_MODE = re.compile(r"[rwax]t?\+?|rt|wt")
RUNNERS = {"run", "Popen", "check_output"}


def vague_files(text):
    """Return the lines that open text without its encoding, or write it without line ends."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        is_method = isinstance(node.func, ast.Attribute)
        mode = "b"
        if name in ("open", "fdopen") and not is_method:
            mode = ast.unparse(node.args[1]).strip("'") if len(node.args) > 1 else "r"
        elif name in ("open", "fdopen"):
            modes = [v for v in values[:2] if isinstance(v, str) and TEXT_MODE.fullmatch(v)]
            # The members of a zip archive are bytes in every mode.
            mode = modes[0] if modes and "force_zip64" not in given else "b"
        elif name in ("NamedTemporaryFile", "TemporaryFile"):
            mode = ast.unparse(node.args[0] if node.args else given.get("mode", ast.Constant("b")))
        elif name in ("TextIOWrapper", "FileHandler"):
            mode = "r"
        if name == "read_text" and is_method:
            if "encoding" not in given and "utf-8" not in values:
                found.append(node.lineno)
        if name == "write_text" and is_method:  # It takes line ends from Python 3.10 on alone.
            found.append(node.lineno)
        if "b" not in mode and "encoding" not in given:
            found.append(node.lineno)
        if "b" not in mode and not mode.startswith("r") and "newline" not in given:
            found.append(node.lineno)
        if name in RUNNERS and {"text", "universal_newlines"} & set(given):
            if "encoding" not in given:
                found.append(node.lineno)
    return found


PATHS = re.compile(r"(.*_)?(folder|path|directory|root|home|parent|output|target)s?")
OPENERS = {"open", "Path", "PurePath", "listdir", "remove", "rename", "replace", "stat", "mkdir"}


def joined_paths(text):
    """Return the lines that join or cut paths as text, where `pathlib` knows the system's way."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.JoinedStr):
            for before, after in zip(node.values, node.values[1:]):
                if not (isinstance(before, ast.FormattedValue) and isinstance(after, ast.Constant)):
                    continue
                value = before.value
                name = getattr(value, "id", getattr(value, "attr", ""))
                if after.value.startswith(("/", "\\")) and PATHS.fullmatch(name):
                    found.append(node.lineno)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [
                side.value for side in (node.left, node.right) if isinstance(side, ast.Constant)
            ]
            if any(isinstance(v, str) and re.match(r"[/\\]|.*/$", v) for v in sides):
                found.append(node.lineno)
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            # Fails if the two are on two drives; `system.paths.relative_path` does not.
            if called in ("os.path.relpath", "os.path.join", "path.relpath", "path.join"):
                found.append(node.lineno)
            if called == "str" and node.args and "relative_to(" in ast.unparse(node.args[0]):
                found.append(node.lineno)
            name = called.rpartition(".")[2]
            if name in ("split", "rpartition", "partition") and "str(" in called:
                found += [node.lineno for a in node.args if ast.unparse(a) in ("'/'", "os.sep")]
            if name in OPENERS and node.args and isinstance(node.args[0], ast.JoinedStr):
                first = ast.unparse(node.args[0])
                if re.search(r"\}/", first) and "/proc/" not in first:
                    found.append(node.lineno)
    return found


@pytest.mark.parametrize("rule", [posix_calls, vague_files, joined_paths])
def test_the_source_works_on_every_system(rule):
    files = sorted(PACKAGE.rglob("*.py"))
    if rule is joined_paths:
        files.remove(PACKAGE / "system" / "paths.py")  # `relative_path` does the one thing.
    found = {path: rule(path.read_text("utf-8")) for path in files}
    assert {str(path): lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "text",
    [
        "os.setsid()",
        "def f():\n    signal.pthread_sigmask(1, ())",
        "if os.name == 'posix':\n    pass\nelse:\n    os.uname()",
        "open(path)",
        "open(path, 'w', encoding='utf-8')",
        "path.read_text()",
        "path.write_text(text, encoding='utf-8')",
        "path.open('w', encoding='utf-8')",
        "gzip.open(path, 'rt')",
        "os.fdopen(number, 'w', encoding='utf-8')",
        "TextIOWrapper(raw)",
        "NamedTemporaryFile('w')",
        "subprocess.run(command, text=True)",
        "open(f'{folder}/{name}', 'rb')",
        "place = f'{run.folder}/model'",
        "place = str(folder) + '/model'",
        "os.path.join(folder, 'model')",
        "key = str(path.relative_to(folder))",
        "name = str(path).split('/')[-1]",
        "Path(f'{where}/model')",
    ],
)
def test_the_rules_find_what_they_forbid(text):
    assert posix_calls(text) or vague_files(text) or joined_paths(text)


@pytest.mark.parametrize(
    "text",
    [
        "open(path, 'wb')",
        "tarfile.open(fileobj=file, mode='w')",
        "archive.open(name, 'w', force_zip64=True)",
        "place = folder / f'{name}.txt'",
        "key = path.relative_to(folder).as_posix()",
        "identifier = f'{part}/{document.id}'",
    ],
)
def test_the_rules_let_pass_what_is_right(text):
    assert not posix_calls(text) + vague_files(text) + joined_paths(text)


def test_the_package_needs_no_module_of_posix(tmp_path):
    code = """
import sys
import psutil  # Its part for Linux needs them.
sys.modules.update(fcntl=None, resource=None)
from pathlib import Path
from neuroner_tl.__main__ import main
from neuroner_tl.system.atomic_file import write_json
from neuroner_tl.system.locks import is_locked, lock
from neuroner_tl.system.memory import peak_memory
folder = Path(sys.argv[1])
write_json(folder / "a.json", {})
with lock(folder / "lock") as held:
    assert held
assert peak_memory() > 0 and main(["--quiet", "parameters"]) == 0
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_paths_are_written_down_with_slashes(monkeypatch):
    assert relative_path(Path("a") / "b", Path("a") / "c") == "../b"

    def on_two_drives(path, start):
        raise ValueError("path is on mount 'D:', start on mount 'C:'")

    monkeypatch.setattr("os.path.relpath", on_two_drives)
    assert relative_path("b", "c") == (Path.cwd() / "b").as_posix()


def test_what_the_output_cannot_encode_is_escaped(monkeypatch):
    """Piped output on Windows has the encoding of the region, which lacks most characters."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr("neuroner_tl.cli.parameters.run", lambda _: Outcome("TNF-\u03b1", {}))
    assert main(["parameters"]) == 0
    sys.stdout.flush()
    assert raw.getvalue().split() == [b"TNF-\\u03b1"]
