"""What exists on one operating system alone is asked for behind a condition; files say how they are
encoded. The package works without the modules that Windows lacks."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

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


def vague_files(text):
    """Return the lines that open a text file without its encoding, or write without line ends."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        given = {keyword.arg for keyword in node.keywords}
        values = [a.value for a in node.args if isinstance(a, ast.Constant)]
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in ("read_text", "write_text") and isinstance(node.func, ast.Attribute):
            if "encoding" not in given and "utf-8" not in values:
                found.append(node.lineno)
        if isinstance(node.func, ast.Name) and name == "open":
            mode = ast.unparse(node.args[1]) if len(node.args) > 1 else "r"
            if "b" not in mode and "encoding" not in given:
                found.append(node.lineno)
            if "b" not in mode and mode != "r" and "newline" not in given:
                found.append(node.lineno)
    return found


@pytest.mark.parametrize("rule", [posix_calls, vague_files])
def test_the_source_works_on_every_system(rule):
    found = {path: rule(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
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
    ],
)
def test_the_rules_find_what_they_forbid(text):
    assert posix_calls(text) or vague_files(text)


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
