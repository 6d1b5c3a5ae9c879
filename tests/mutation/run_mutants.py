"""Mutation testing: which small faults in a module do its tests notice?

    python tests/mutation/run_mutants.py                    # the sample of every module
    python tests/mutation/run_mutants.py --modules tags crf # of these modules only
    python tests/mutation/run_mutants.py --again            # the survivors once more
    python tests/mutation/run_mutants.py --report           # the shares found so far

``modules.ini`` says which tests belong to which module and how many mutants are drawn;
``equivalent.json`` names the mutants that no test can notice, each with its reason.

Importing TensorFlow takes longer than most tests. So one process imports the libraries, but
nothing of this package, and forks a child for every mutant; the child imports the package with the
faulty module in its place and runs the module's tests until the first failure. The faulty source
is a real file, because TensorFlow's autograph reads the source of what it traces. Processes that
tests start themselves see the module as it is.
"""

from __future__ import annotations

import argparse
import configparser
import contextlib
import dataclasses
import hashlib
import importlib.machinery
import importlib.util
import json
import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from operators import Mutant, mutants  # noqa: E402

LIBRARIES = (
    *("pytest", "hypothesis", "numpy", "scipy.stats", "sklearn.metrics", "seqeval.metrics"),
    *("pydantic", "tqdm", "tensorflow", "tensorflow_addons", "matplotlib.pyplot"),
)
KILLED = ("killed", "timeout", "memory")


@dataclass(frozen=True)
class Module:
    """A module to be mutated.

    Attributes:
        room: group of modules whose share is told.
        path: below the package.
        tests: test files below ``tests``, the quick ones first.
        sample: mutants drawn at most.
        options: further arguments of pytest.
    """

    room: str
    path: str
    tests: tuple[str, ...]
    sample: int
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The module's dotted name."""
        return "neuroner_tl." + self.path[:-3].replace("/", ".")

    @property
    def source(self) -> str:
        """The source as it is."""
        return (ROOT / "neuroner_tl" / self.path).read_text(encoding="utf-8")


def read_modules(path: Path) -> list[Module]:
    """Read the configuration: a section for each room, an option for each module."""
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read(path, encoding="utf-8")
    found = []
    for room in parser.sections():
        section = dict(parser[room])
        sample = int(section.pop("sample"))
        for name, value in section.items():
            words = value.split()
            tests = tuple(word for word in words if not word.startswith("-"))
            options = tuple(word for word in words if word.startswith("-"))
            found.append(Module(room, name, tests, sample, options))
    return found


def draw(module: Module, seed: int) -> tuple[list[Mutant], int]:
    """Return the module's sample, in the order of the source, and how many mutants it has."""
    everything = list(mutants(module.source))
    if len(everything) <= module.sample:
        return everything, len(everything)
    chooser = random.Random(f"{seed}:{module.path}")
    chosen = sorted(chooser.sample(range(len(everything)), module.sample))
    return [everything[index] for index in chosen], len(everything)


class _Faulty(importlib.machinery.SourceFileLoader):
    """Loads the module as named, from another file."""

    def __init__(self, name: str, path: str, faulty: Path) -> None:
        super().__init__(name, path)
        self.faulty = faulty

    def get_code(self, fullname: str) -> Any:
        return compile(self.faulty.read_text(encoding="utf-8"), str(self.faulty), "exec")


class _Finder:
    """Puts the faulty module in the place of the one on disk."""

    def __init__(self, name: str, path: Path, faulty: Path) -> None:
        self.name, self.path, self.faulty = name, str(path), faulty

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != self.name:
            return None
        loader = _Faulty(name, self.path, self.faulty)
        return importlib.util.spec_from_file_location(name, self.path, loader=loader)


class _FirstFailure:
    """Remembers the test that failed."""

    test = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.test:
            self.test = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.test:
            self.test = f"import: {report.nodeid}"


def _child(module: Module, faulty: Optional[Path], folder: Path, log: Path) -> None:
    """Run the module's tests in this process, and leave it."""
    code = 70
    try:
        os.setsid()
        with open(log, "w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(ROOT)
        os.environ["PYTHONPATH"] = str(ROOT)
        if faulty is not None:
            path = ROOT / "neuroner_tl" / module.path
            sys.meta_path.insert(0, _Finder(module.name, path, faulty))
        import hypothesis
        import pytest

        # Without shrinking, and with fewer examples: that a test fails is enough.
        hypothesis.settings.register_profile(
            "mutants",
            database=None,
            deadline=None,
            derandomize=True,
            max_examples=40,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )
        hypothesis.settings.load_profile("mutants")
        first = _FirstFailure()
        arguments = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist"]
        arguments += ["-o", "addopts=", "-m", "not slow", "--basetemp", str(folder / "basetemp")]
        arguments += [*module.options, *(f"tests/{name}" for name in module.tests)]
        code = int(pytest.main(arguments, plugins=[first]))
        (folder / "first").write_text(first.test, encoding="utf-8")
    finally:
        os._exit(code)


def _resident_mb(process: int) -> float:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def run_tests(
    module: Module, source: Optional[str], timeout: float, memory_mb: float
) -> tuple[str, str, float]:
    """Run the module's tests against a source, in a child.

    Returns:
        ``killed``, ``survived``, ``timeout``, ``memory`` or ``broken`` (no test was run), the first
        test that failed, and the seconds it took.
    """
    folder = Path(tempfile.mkdtemp(prefix="mutant_"))
    started = time.perf_counter()
    try:
        faulty = None
        if source is not None:
            faulty = folder / Path(module.path).name
            faulty.write_text(source, encoding="utf-8")
        process = os.fork()
        if process == 0:
            _child(module, faulty, folder, folder / "log")
        outcome = ""
        while not outcome:
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                code = os.waitstatus_to_exitcode(status)
                outcome = {0: "survived", 1: "killed", 2: "killed"}.get(code, "broken")
                if code < 0:
                    outcome = "killed"
            elif time.perf_counter() - started > timeout:
                outcome = "timeout"
            elif _resident_mb(process) > memory_mb:
                outcome = "memory"
            else:
                time.sleep(0.02)
        # What the tests started in turn is in the child's session.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process, signal.SIGKILL)
        if outcome in ("timeout", "memory"):
            os.waitpid(process, 0)
        first = folder / "first"
        test = first.read_text(encoding="utf-8") if first.is_file() else ""
        if outcome == "broken" or (source is None and outcome != "survived"):
            print((folder / "log").read_text(errors="replace")[-3000:], file=sys.stderr)
        return outcome, test, time.perf_counter() - started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_results(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the newest record of each mutant by module and key."""
    found = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            found[record["module"], record["key"]] = record
    return found


def read_equivalent() -> dict[tuple[str, str], str]:
    """Return the reason for each mutant that no test can notice, by module and key."""
    path = HERE / "equivalent.json"
    entries = json.loads(path.read_text(encoding="utf-8"))
    return {(e["module"], e["key"]): e["reason"] for e in entries}


def run_module(module: Module, arguments: argparse.Namespace) -> None:
    """Run the sample of a module and append what comes out."""
    known = read_results(arguments.output)
    equivalent = read_equivalent()
    sample, _ = draw(module, arguments.seed)
    digest = hashlib.sha256(module.source.encode()).hexdigest()[:16]
    todo = []
    for mutant in sample:
        name = (module.path, mutant.key)
        before = known.get(name)
        again = arguments.again and before is not None and before["outcome"] == "survived"
        if name not in equivalent and (before is None or again):
            todo.append(mutant)
    if not todo:
        return
    outcome, test, seconds = run_tests(module, None, 600, arguments.memory)
    print(f"{module.path}: {len(todo)} mutants; the tests take {seconds:.1f} s", flush=True)
    if outcome != "survived":
        print(f"{module.path}: fails as it is ({test}); mend this first", file=sys.stderr)
        return
    for mutant in todo:
        outcome, test, taken = run_tests(module, mutant.source, 10 + 4 * seconds, arguments.memory)
        record = {
            "module": module.path,
            "key": mutant.key,
            "line": mutant.line,
            "outcome": outcome,
            "test": test,
            "seconds": round(taken, 2),
            "source": digest,
        }
        with open(arguments.output, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        if outcome == "survived":
            print(f"  survived, line {mutant.line}: {mutant.key}", flush=True)


def interval(killed: float, number: float) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; ``number`` may be an effective one."""
    if not number:
        return 0.0, 1.0
    z, share = 1.96, killed / number
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
    half /= 1 + z * z / number
    return middle - half, middle + half


def report(modules: list[Module], arguments: argparse.Namespace) -> Iterator[str]:
    """Yield a line for each module and each room."""
    known, equivalent = read_results(arguments.output), read_equivalent()
    rooms: dict[str, list[tuple[int, int, int]]] = {}
    yield "| module | mutants | drawn | equivalent | killed | share (95 % interval) |"
    yield "|---|---|---|---|---|---|"
    for module in modules:
        sample, total = draw(module, arguments.seed)
        names = [(module.path, mutant.key) for mutant in sample]
        left_out = sum(name in equivalent for name in names)
        outcomes = [
            known[name]["outcome"] for name in names if name in known and name not in equivalent
        ]
        killed = sum(outcome in KILLED for outcome in outcomes)
        if not outcomes:
            continue
        rooms.setdefault(module.room, []).append((total, len(outcomes), killed))
        low, high = interval(killed, len(outcomes))
        yield (
            f"| {module.path} | {total} | {len(outcomes) + left_out} | {left_out} | {killed} | "
            f"{killed / len(outcomes):.0%} ({low:.0%} to {high:.0%}) |"
        )
    for room, rows in rooms.items():
        everything = sum(total for total, _, _ in rows)
        # Modules count by their size, not by the size of their sample.
        share = sum(total * killed / drawn for total, drawn, killed in rows) / everything
        number = everything**2 / sum(total**2 / drawn for total, drawn, _ in rows)
        low, high = interval(share * number, number)
        yield (
            f"| **{room}** | {everything} | {sum(n for _, n, _ in rows)} |  | "
            f"{sum(k for _, _, k in rows)} | {share:.0%} ({low:.0%} to {high:.0%}) |"
        )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--modules", nargs="*", help="words in the paths of modules; default: all")
    parser.add_argument("--seed", type=int, default=1, help="decides the sample (default: 1)")
    parser.add_argument("--sample", type=int, help="mutants of each module at most")
    parser.add_argument("--again", action="store_true", help="run survivors again")
    parser.add_argument("--report", action="store_true", help="only print the shares")
    parser.add_argument("--memory", type=float, default=4000, help="megabytes a child may take")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "mutants.jsonl", help="file of results"
    )
    arguments = parser.parse_args()
    modules = [
        dataclasses.replace(module, sample=arguments.sample or module.sample)
        for module in read_modules(HERE / "modules.ini")
        if not arguments.modules or any(word in module.path for word in arguments.modules)
    ]
    if not arguments.report:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
        for name in LIBRARIES:
            importlib.import_module(name)
        for module in modules:
            run_module(module, arguments)
    print("\n".join(report(modules, arguments)))


if __name__ == "__main__":
    main()
