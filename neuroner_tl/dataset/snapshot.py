"""The content of a corpus and of its word vectors at one moment.

Two equal snapshots mean that nothing changed in between: a cache entry matches its key, and a
run was scored on the corpus that is still there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.reader import Corpus, PartReader
from neuroner_tl.dataset.word_vectors.concatenated_vectors import vector_files
from neuroner_tl.system.fingerprint import content_digest, file_digest
from neuroner_tl.system.paths import relative_path

# Parts of a snapshot that are not parts of a corpus.
LEFT_OUT = "left out"
_ABSENT = bytes(32)


@dataclass(frozen=True)
class Snapshot:
    """The content of a corpus and of a word-vector file.

    Attributes:
        files: by part and name, the sha256 of each file; zeros for one that cannot be read, since
            reading it will report that.
        word_vectors: digest of the word-vector file, or of several with commas; None without one.

    Example::

        before = take_snapshot(corpus)
        work(corpus)
        print(before.difference(take_snapshot(corpus)) or "nothing changed")
    """

    files: dict[tuple[str, str], bytes]
    word_vectors: Optional[str]

    @property
    def digest(self) -> str:
        """One digest of everything, in hexadecimal digits."""
        digest = hashlib.sha256()
        for (part, name), content in self.files.items():
            digest.update(f"{len(part)} {part} {len(name.encode())} {name} ".encode() + content)
        digest.update(str(self.word_vectors).encode("ascii"))
        return digest.hexdigest()

    def difference(self, later: Snapshot) -> Optional[str]:
        """Say what has changed, the first file and how many more; None if nothing has."""
        names = [*self.files, *(name for name in later.files if name not in self.files)]
        changed = [name for name in names if self.files.get(name) != later.files.get(name)]
        if changed:
            others = f" and {len(changed) - 1} more files" if len(changed) > 1 else ""
            return f"{changed[0][1]}{others}"
        if list(self.files) != list(later.files):
            return "the order of its documents"
        return "the word vectors" if self.word_vectors != later.word_vectors else None


def take_snapshot(
    corpus: Corpus, word_vectors: Optional[Path] = None, memory: Optional[Path] = None
) -> Snapshot:
    """Read all files of a corpus, as bytes.

    Args:
        corpus: the corpus, whose train documents that are left out count too.
        word_vectors: word-vector file, or several, see `vector_files`.
        memory: where digests of word-vector files are remembered; see `content_digest`.
    """
    parts = dict(corpus.parts)
    if corpus.left_out is not None:
        parts[LEFT_OUT] = corpus.left_out
    files = {
        (name, relative_path(path, corpus.folder)): _content(path)
        for name, part in parts.items()
        for path in files_of(part)
    }
    vectors = None
    if word_vectors is not None:
        try:
            digests = [content_digest(path, memory) for path in vector_files(Path(word_vectors))]
            vectors = ",".join(digests)
        except OSError:
            vectors = f"unreadable {word_vectors!s}".encode("ascii", "backslashreplace").decode()
    return Snapshot(files, vectors)


def files_of(part: PartReader) -> Iterator[Path]:
    """Yield the files of a part: a CoNLL file itself, or the two files of each document."""
    if part.path.is_dir():
        for name in part.ids:
            yield part.path / f"{name}.txt"
            yield part.path / f"{name}.ann"
    else:
        yield part.path


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file_digest(file)
    except OSError:
        return _ABSENT
