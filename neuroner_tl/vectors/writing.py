"""Word vectors written as word2vec or GloVe files, streamed, whole or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.write_errors import writing

Writer = Callable[[str, np.ndarray], None]
# By file ending, without .gz: whether the format is binary, and whether it has a header.
_FORMATS = {".bin": (True, True), ".txt": (False, True), ".vec": (False, True)}
_FORMATS[".glove"] = (False, False)
ENDINGS = (
    ".bin (word2vec binary), .txt or .vec (word2vec text) or .glove (text without a header), each "
    "optionally with .gz"
)


def check_ending(path: Path, model: bool = False) -> None:
    """Refuse a file name with an unknown ending, and a folder.

    Args:
        path: the file to write.
        model: whether it will be a fastText model, which is always ``.bin``.

    Raises:
        ParameterError: unknown ending.
        CorpusError: it is a folder, or its folder is missing.
    """
    if model and path.suffix != ".bin":
        raise ParameterError(
            f"{path}: found the ending {path.suffix!r}, expected .bin for a fastText model; "
            "vectors convert writes other formats"
        )
    if _ending(path) not in _FORMATS:
        raise ParameterError(f"{path}: found the ending {path.suffix!r}, expected {ENDINGS}")
    if path.is_dir():
        raise CorpusError(f"{path}: is a folder; give the name of a file to write")
    if not path.parent.is_dir():
        raise CorpusError(f"{path}: the folder {path.parent} does not exist; create it")


@contextmanager
def vector_writer(path: Path, words: int, dimension: int) -> Iterator[Writer]:
    """Open a word-vector file in the format of its ending; yield a function that adds a word.

    The file appears at the end, whole, or not at all. Equal vectors give an equal file, even
    compressed. Numbers in text are the shortest that read back as the same float32.

    Args:
        path: ``.bin``, ``.txt``, ``.vec`` or ``.glove``, each also with ``.gz``.
        words: how many will be added; a header says so.
        dimension: length of the vectors.

    Raises:
        ParameterError: unknown ending.
        CorpusError: the file cannot be written, or a word is not `writable`.
    """
    check_ending(path)
    binary, header = _FORMATS[_ending(path)]
    with writing(path):
        with replacing(path) as temporary, open(temporary, "wb") as raw:
            packed = gzip.GzipFile("", "wb", 6, raw, mtime=0) if path.suffix == ".gz" else None
            file = cast("IO[bytes]", packed or raw)
            if header:
                file.write(b"%d %d\n" % (words, dimension))

            def add(word: str, vector: np.ndarray) -> None:
                if not writable(word):
                    raise CorpusError(f"the word {word!r} contains white space; remove it")
                file.write(word.encode("utf-8") + b" ")
                if binary:
                    file.write(np.asarray(vector, "<f4").tobytes() + b"\n")
                else:
                    numbers = " ".join(map(str, np.asarray(vector, np.float32)))
                    file.write(numbers.encode("ascii") + b"\n")

            yield add
            if packed is not None:
                packed.close()


def writable(word: str) -> bool:
    """Tell whether these formats, in which white space ends a word, can hold a word."""
    data = word.encode("utf-8", "replace")
    return data.split() == [data]


def write_word_vectors(path: Path, words: Sequence[str], matrix: np.ndarray) -> None:
    """Write words and their vectors, float32 ``[len(words), dimension]``, by `vector_writer`."""
    with vector_writer(path, len(words), matrix.shape[1]) as add:
        for word, vector in zip(words, matrix):
            add(word, vector)


def _ending(path: Path) -> str:
    return path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
