"""The long campaign: `python tests/fuzz --executions 20000`, from the repository's root.

Every target runs in a process of its own with a limit of memory; a process that dies is a finding.
With `--atheris TARGET`, and the package atheris installed, that target is fuzzed guided by coverage
instead, until Ctrl-C. Status 1 if there was a finding.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from fuzzing import fuzz, judge, sweep  # noqa: E402
from targets import make_targets  # noqa: E402

MEMORY = 2 << 30  # bytes beyond what a process has when it begins


def main() -> int:
    """Fuzz, and say what was found."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--executions", type=int, default=1000, help="of each target")
    parser.add_argument("--first", type=int, default=0, help="number of the first one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=1e9, help="most for each target")
    parser.add_argument("--targets", nargs="*", help="default: all")
    parser.add_argument("--sweep", action="store_true", help="every member of JSON files, in turn")
    parser.add_argument("--atheris", metavar="TARGET")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.atheris:
        return _guided(arguments.atheris)
    if arguments.child:
        return _run(arguments)
    names = arguments.targets or sorted(make_targets())
    status = 0
    for name in names:
        options = ["--executions", "--first", "--seed", "--seconds"]
        command = [sys.executable, str(HERE), "--child", "--targets", name]
        for option in options:
            command += [option, str(getattr(arguments, option[2:]))]
        command += ["--sweep"] if arguments.sweep else []
        code = subprocess.run(command).returncode
        if code not in (0, 1):
            print(f"{name}: the process died with status {code}", flush=True)
        status |= code != 0
    return status


def _run(arguments: argparse.Namespace) -> int:
    (name,) = arguments.targets
    target = make_targets()[name]
    limit = _size() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    numbers = range(arguments.first, arguments.first + arguments.executions)
    end = time.monotonic() + arguments.seconds
    found: dict[str, int] = {}
    done = 0
    with tempfile.TemporaryDirectory() as place:
        executions = (
            sweep(name, target, Path(place) / "files")
            if arguments.sweep
            else fuzz(name, target, Path(place), arguments.seed, numbers)
        )
        for number, finding in executions:
            done += 1
            if finding is not None:
                found[finding.what] = found.get(finding.what, 0) + 1
                if found[finding.what] == 1:
                    print(f"{name} {number}: {finding.what}\n{finding.detail}", flush=True)
            if time.monotonic() > end:
                break
    kinds = ", ".join(f"{what} ({times})" for what, times in found.items()) or "nothing"
    print(f"{name}: {done} executions, found {kinds}", flush=True)
    return int(bool(found))


def _size() -> int:
    """Bytes of this process's memory, as its limit counts them."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    except OSError:
        return 8 << 30


def _guided(name: str) -> int:
    import atheris

    target = make_targets()[name]
    path = sorted(target.damaged)[0]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for file, content in target.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        seeds = Path(place).parent / f"fuzz-seeds-{name}"
        seeds.mkdir(exist_ok=True)
        (seeds / "valid").write_bytes(target.files[path])

        def one(data: bytes) -> None:
            (folder / path).write_bytes(data)
            finding = judge(name, target, folder, 0)
            if finding is not None:
                raise RuntimeError(finding.detail)

        atheris.instrument_all()
        atheris.Setup([sys.argv[0], str(seeds)], one)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
