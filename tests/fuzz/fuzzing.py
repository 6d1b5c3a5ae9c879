"""Runs readers on damaged files: anything but a result or a `NeuroNERError` is a finding.

The executions of a target are numbered, and each is decided by seed, target and number alone: a
finding can be repeated by its number.
"""

from __future__ import annotations

import logging
import shutil
import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Optional

from mutators import mutate, variants
from targets import Target

from neuroner_tl.errors import NeuroNERError

LONGEST = 20.0  # seconds of CPU time for one execution
LONGEST_MESSAGE = 2000  # characters


class Hang(BaseException):
    """An execution used up its time."""


@dataclass(frozen=True)
class Finding:
    """What a reader did that it must not do.

    Args:
        target: name of the target.
        number: which execution.
        what: kind and place of the failure.
        detail: the traceback.
    """

    target: str
    number: int
    what: str
    detail: str


def fuzz(
    name: str, target: Target, folder: Path, seed: int, numbers: range
) -> Iterator[tuple[int, Optional[Finding]]]:
    """Yield for each execution its number and the finding, if there is one.

    Args:
        name: the target's name.
        target: what is read.
        folder: an empty folder; the files of the execution under way stay in it.
        seed: of the whole campaign.
        numbers: which executions to make.
    """
    logging.disable(logging.CRITICAL)
    try:
        for number in numbers:
            yield number, execute(name, target, folder / "files", seed, number)
    finally:
        logging.disable(logging.NOTSET)


def execute(name: str, target: Target, folder: Path, seed: int, number: int) -> Optional[Finding]:
    """Make one execution."""
    draw = Random(f"{seed} {name} {number}")
    shutil.rmtree(folder, ignore_errors=True)
    files = dict(target.files)
    for _ in range(draw.choice([1, 1, 1, 2])):
        path = draw.choice(sorted(target.damaged))
        files[path] = mutate(files[path], target.damaged[path], draw)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    if target.finish is not None and draw.random() < 0.8:
        target.finish(folder)
    return judge(name, target, folder, number)


def sweep(name: str, target: Target, folder: Path) -> Iterator[tuple[int, Optional[Finding]]]:
    """Yield as `fuzz` does, for each member of each JSON file missing and with each odd value."""
    logging.disable(logging.CRITICAL)
    number = 0
    try:
        for path, kind in target.damaged.items():
            if not kind.startswith("json"):
                continue
            for content in variants(target.files[path]):
                shutil.rmtree(folder, ignore_errors=True)
                for other, whole in target.files.items():
                    (folder / other).parent.mkdir(parents=True, exist_ok=True)
                    (folder / other).write_bytes(content if other == path else whole)
                if target.finish is not None:
                    target.finish(folder)
                yield number, judge(name, target, folder, number)
                number += 1
    finally:
        logging.disable(logging.NOTSET)


def judge(name: str, target: Target, folder: Path, number: int) -> Optional[Finding]:
    """Read the folder's files, and return what went wrong, if anything did."""
    try:
        with _within(LONGEST):
            target.read(folder)
    except NeuroNERError as error:
        if len(str(error)) > LONGEST_MESSAGE:
            return Finding(name, number, f"message of {len(str(error))} characters", str(error))
        return None
    except (Exception, Hang) as error:
        return Finding(name, number, _what(error), traceback.format_exc(limit=-12))
    return None


def _what(error: BaseException) -> str:
    places = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "neuroner_tl/" in frame.filename
    ]
    return f"{type(error).__name__} at {places[-1] if places else 'unknown'}"


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Hang(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
