"""Word vectors written as word2vec or GloVe files, streamed, whole or not at all."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

import numpy as np

from neuroner_tl.atomic_file import replacing
from neuroner_tl.errors import CorpusError, ParameterError

# What follows the name, without .gz: whether it is binary, and whether it has a header.
_FORMATS = {".bin": (True, True), ".txt": (False, True), ".vec": (False, True)}
_FORMATS[".glove"] = (False, False)
ENDINGS = (
    ".bin (word2vec binary), .txt or .vec (word2vec text) or .glove (text without a header), "
    "each also with .gz"
)


def check_ending(path: Path, model: bool = False) -> None:
    """Refuse a name whose ending says no format, and a folder.

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
            "vectors convert makes other formats of it"
        )
    if _ending(path) not in _FORMATS:
        raise ParameterError(f"{path}: found the ending {path.suffix!r}, expected {ENDINGS}")
    if path.is_dir():
        raise CorpusError(f"{path}: is a folder; give the name of a file to write")
    if not path.parent.is_dir():
        raise CorpusError(f"{path}: there is no folder {path.parent}; create it")


def write_word_vectors(
    path: Path, words: int, dimension: int, vectors: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Write words and their vectors in the format that the ending says.

    Equal vectors give an equal file, also when it is packed. Numbers in text are the shortest
    that read as the same float32.

    Args:
        path: ``.bin``, ``.txt``, ``.vec`` or ``.glove``, each also with ``.gz``.
        words: how many there are; those formats with a header have the number at their beginning.
        dimension: length of the vectors.
        vectors: the words, without white space, and float32 ``[dimension]`` for each.

    Raises:
        ParameterError: unknown ending.
        CorpusError: the file cannot be written, or a word holds white space.
    """
    check_ending(path)
    binary, header = _FORMATS[_ending(path)]
    try:
        with replacing(path) as temporary, open(temporary, "wb") as raw:
            if path.suffix != ".gz":
                _write(raw, binary, header, words, dimension, vectors)
                return
            with gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed:
                _write(cast("IO[bytes]", packed), binary, header, words, dimension, vectors)
    except OSError as error:
        raise unwritable(path, error) from error


def _write(
    file: IO[bytes],
    binary: bool,
    header: bool,
    words: int,
    dimension: int,
    vectors: Iterable[tuple[str, np.ndarray]],
) -> None:
    if header:
        file.write(b"%d %d\n" % (words, dimension))
    for word, vector in vectors:
        if not word or word.split() != [word]:
            raise CorpusError(
                f"the word {word!r} holds white space, which these files cannot hold; remove it"
            )
        file.write(word.encode("utf-8") + b" ")
        if binary:
            file.write(np.asarray(vector, "<f4").tobytes() + b"\n")
        else:
            numbers = " ".join(map(str, np.asarray(vector, np.float32)))
            file.write(numbers.encode("ascii") + b"\n")


def unwritable(path: Path, error: OSError) -> CorpusError:
    """Return the error of a file that cannot be written."""
    return CorpusError(
        f"{path}: cannot be written: {error.strerror or error}; choose a folder that may be "
        "written and has room"
    )


def _ending(path: Path) -> str:
    return path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
