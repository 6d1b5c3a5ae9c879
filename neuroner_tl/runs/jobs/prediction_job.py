"""Long predictions: texts in parts that are kept as they are done, by this process or by workers.

What a part's texts hold is written to ``OUTPUT.parts`` as soon as it is known, whole or not at all.
A job that was killed reads its input again, which is quick, and takes from there what is done. A
part says by a digest which texts it belongs to, so that no other ones can get its entities. The
folder is removed when the output is complete; a job of a single part has none.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, Union

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.sources import Source
from neuroner_tl.errors import NeuroNERError, ParameterError
from neuroner_tl.system.atomic_file import write_atomically, write_json
from neuroner_tl.system.json_text import parse_json
from neuroner_tl.system.locks import lock
from neuroner_tl.system.memory import peak_memory

if TYPE_CHECKING:
    from neuroner_tl.prediction.joint import JointPredictor

logger = logging.getLogger(__name__)

PART_CHARACTERS = 1 << 20
"""Length of the texts of a part, about 700 abstracts."""
PART_DOCUMENTS = 2000
FORMAT = "neuroner_tl prediction parts 1"
# A worker that was killed is gone, and its lock free, in less.
_LOCK_SECONDS = 1.0
_LOCK = "lock"

Origin = tuple[Source, Document]
Found = Union[tuple[Entity, ...], str]
"""What is found in a text; why it cannot be tagged, if it cannot."""


@dataclass(frozen=True)
class TaggedPart:
    """What is found in the texts of a part.

    Attributes:
        found: for each text.
        tokens: number of tokens of the texts.
        memory: peak resident memory of the worker that tagged them, in MB; 0 without workers.

    Example:
        >>> TaggedPart(((), "OverflowError: too long"), 120).tokens
        120
    """

    found: tuple[Found, ...]
    tokens: int
    memory: float = 0.0


def tag_part(joint: JointPredictor, documents: Sequence[Document]) -> TaggedPart:
    """Tag the texts of a part; a text on which tagging fails does not affect the others.

    Raises:
        Exception: tagging fails on all of them, for which no text is to blame.
    """
    try:
        return _tag(joint, documents)
    except NeuroNERError:
        raise
    except Exception as error:
        logger.info("a part is tagged text by text, since tagging it failed: %s", error)
        first = error
    found: list[Found] = []
    tokens = 0
    for document in documents:
        try:
            alone = _tag(joint, [document])
        except Exception as error:
            found.append(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
            continue
        found += alone.found
        tokens += alone.tokens
    if all(isinstance(entities, str) for entities in found):
        raise first
    return TaggedPart(tuple(found), tokens)


def _tag(joint: JointPredictor, documents: Sequence[Document]) -> TaggedPart:
    found: list[Found] = []
    tokens = 0
    for document, size in joint.predict_counted(documents):
        found.append(document.entities)
        tokens += size
    return TaggedPart(tuple(found), tokens)


class PartStore:
    """The folder of the parts that are done.

    While it is used, the folder is locked against other jobs with the same output.

    Args:
        folder: it is made when the first part is kept.
        job: what else than the texts decides what is found: models and options.
        is_locked: whether to lock it; not where something else sees to it that one job uses it.

    Raises:
        ParameterError: the folder holds the parts of another job, or is in use.

    Example::

        store = PartStore(Path("found.jsonl.parts"), {"models": ["0a3f"]})
        part = store.load(0, digest)
    """

    def __init__(self, folder: Path, job: dict[str, Any], is_locked: bool = True) -> None:
        self.folder = folder
        self.kept = 0
        self._job = {"format": FORMAT, **job}
        self._description = folder / "job.json"
        self._held = ExitStack()
        self._needs_lock = is_locked
        if not folder.exists():
            return
        if folder.is_dir() and {path.name for path in folder.iterdir()} <= {_LOCK}:
            return
        try:
            found = parse_json(self._description.read_text("utf-8"))
        except (OSError, ValueError):
            found = {}
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ParameterError(
                f"{folder}: the parts of the prediction are kept there, but it holds other files; "
                "move them, or give another output"
            )
        if found != self._job:
            raise ParameterError(
                f"{folder}: holds parts of a prediction with other models or options; remove the "
                "folder, or give another output"
            )
        self._lock()

    def load(self, number: int, digest: str, texts: Sequence[Document]) -> Optional[TaggedPart]:
        """Return a part that is done; None if it is not, or was of other texts."""
        try:
            content = parse_json(self._file(number).read_text("utf-8"))
            if content["digest"] != digest:
                return None
            found = tuple(
                one if isinstance(one, str) else tuple(_entity(e, text) for e in one)
                for one, text in zip(content["found"], texts)
            )
            return TaggedPart(found, content["tokens"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, number: int, digest: str, part: TaggedPart) -> None:
        """Keep a part.

        Raises:
            OSError: it cannot be written.
            ParameterError: another job has started to keep its parts there.
        """
        if not self.kept:
            self._lock()
            write_json(self._description, self._job)
        found = [
            one if isinstance(one, str) else [(e.type, e.start, e.end, e.probability) for e in one]
            for one in part.found
        ]
        content = {"digest": digest, "tokens": part.tokens, "found": found}
        write_atomically(self._file(number), json.dumps(content).encode("utf-8"))
        self.kept += 1

    def remove(self) -> None:
        """Remove the folder: the output is complete."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let another job use the folder."""
        self._held.close()

    def _lock(self) -> None:
        if not self._needs_lock:
            return
        if not self._held.enter_context(lock(self.folder / _LOCK, wait=_LOCK_SECONDS)):
            raise ParameterError(
                f"{self.folder}: another prediction with this output is running; wait until it "
                "ends, or give another output"
            )
        self._needs_lock = False

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:06d}.json"


def _entity(stored: Sequence[Any], document: Document) -> Entity:
    kind, start, end, probability = stored
    return Entity(kind, ((start, end),), document.text[start:end], probability)


class Pool:
    """Something that tags parts: this process, or workers.

    Args:
        joint: tags in this process; None with workers.
        workers: number of processes.
        make: makes the predictor of a worker; a function of a module.
        arguments: of ``make``.

    Example::

        pool = Pool(joint)
        future = pool.submit(documents)
    """

    def __init__(
        self,
        joint: Optional[JointPredictor],
        workers: int = 1,
        make: Optional[Callable[..., JointPredictor]] = None,
        arguments: Sequence[Any] = (),
    ) -> None:
        self._joint = joint
        self._executor = None
        self.window = 1
        if joint is None:
            self.window = 2 * workers
            # A process that has loaded TensorFlow must not be forked.
            self._executor = ProcessPoolExecutor(
                workers, get_context("spawn"), partial(_start_worker, make, tuple(arguments))
            )

    def submit(self, documents: Sequence[Document]) -> Future[TaggedPart]:
        """Return what will be found in a part's texts; in this process, it is found now."""
        if self._executor is not None:
            with _sigint_blocked():
                return self._executor.submit(_work, list(documents))
        assert self._joint is not None
        future: Future[TaggedPart] = Future()
        future.set_result(tag_part(self._joint, documents))
        return future

    def close(self) -> None:
        """End the workers; parts that are not started are dropped."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)


_worker: dict[str, JointPredictor] = {}


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Let processes that the block starts ignore SIGINT from their first moment on."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(make: Optional[Callable[..., JointPredictor]], arguments: Sequence[Any]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent decides.
    parent = parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)  # A parent that was killed cannot end its workers.

    threading.Thread(target=follow, daemon=True).start()
    assert make is not None
    _worker["joint"] = make(*arguments)


def _work(documents: Sequence[Document]) -> TaggedPart:
    return replace(tag_part(_worker["joint"], documents), memory=peak_memory())


class Finished(NamedTuple):
    """A part that is done.

    Attributes:
        origins: its texts with their files.
        tagged: what is found in them.
        is_new: whether it was tagged now, and not in an earlier attempt.

    Example::

        for part in run_job(origins, pool, store):
            print(len(part.origins), part.tagged.tokens)
    """

    origins: list[Origin]
    tagged: TaggedPart
    is_new: bool


def run_job(
    origins: Iterable[Origin], pool: Pool, store: Optional[PartStore]
) -> Iterator[Finished]:
    """Yield the parts of a job in order: texts with their files, and what is found in them.

    Memory holds a few parts, whatever the length of the input.

    Args:
        origins: texts with their files.
        pool: tags them.
        store: keeps what is done; None keeps nothing.

    Raises:
        NeuroNERError: a worker was lost.
    """
    waiting: deque[tuple[int, str, list[Origin], Future[TaggedPart]]] = deque()
    is_alone = False

    def finished() -> Finished:
        number, digest, texts, future = waiting.popleft()
        part = future.result()
        # A part that stands alone is not kept: nothing would be gained.
        if store is not None and digest and not is_alone:
            store.save(number, digest, part)
        return Finished(texts, part, bool(digest))

    with _workers_named(store):
        for number, (texts, is_last) in enumerate(_parts(origins)):
            is_alone = is_last and number == 0
            documents = [document for _, document in texts]
            digest = _digest(texts)
            done = store.load(number, digest, documents) if store is not None else None
            if done is not None:
                future: Future[TaggedPart] = Future()
                future.set_result(done)
                waiting.append((number, "", texts, future))
            else:
                waiting.append((number, digest, texts, pool.submit(documents)))
            while len(waiting) >= pool.window:
                yield finished()
        while waiting:
            yield finished()


@contextmanager
def _workers_named(store: Optional[PartStore]) -> Iterator[None]:
    try:
        yield
    except BrokenProcessPool as error:
        kept = "" if store is None else f"; what is done is in {store.folder}"
        raise NeuroNERError(
            f"a worker process was lost: killed, or out of memory{kept}; run the command again, "
            "with fewer workers if memory is short"
        ) from error


def _parts(origins: Iterable[Origin]) -> Iterator[tuple[list[Origin], bool]]:
    """Yield texts a limited number of characters at a time, and whether they are the last."""
    part: list[Origin] = []
    characters = 0
    for origin in origins:
        if characters >= PART_CHARACTERS or len(part) >= PART_DOCUMENTS:
            yield part, False
            part, characters = [], 0
        part.append(origin)
        characters += len(origin[1].text)
    if part:
        yield part, True


def _digest(texts: Sequence[Origin]) -> str:
    digest = hashlib.sha256()
    for source, document in texts:
        sentences = "" if document.sentences is None else repr(document.sentences)
        for piece in (source.path.name, document.id, document.text, sentences):
            data = piece.encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()
