"""The content of the corpora and word vectors of a study, as digests.

Thousands of files and gigabytes are read once: what has the size and the times that it had is not
read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.reader import PART_NAMES
from neuroner_tl.dataset.soft_labels import SOFT_LABELS
from neuroner_tl.dataset.word_vectors.concatenated_vectors import vector_files
from neuroner_tl.parameters.schema import Parameters
from neuroner_tl.studies.definition.definition import SYNTHETIC, StudyDefinition
from neuroner_tl.system.fingerprint import content_digest, files_digest
from neuroner_tl.system.paths import expanded_path

# Enough to tell contents apart; records stay short.
_DIGITS = 16
_SUFFIXES = (".txt", ".ann", Path(SOFT_LABELS).suffix)


class Contents:
    """Digests of what runs read, each computed once.

    Args:
        memory: a file that remembers them; None to read everything.

    Example::

        contents = Contents.remembered(Path("output"))
        print(contents.corpus(Path("gold/NCBI_DISO")))
    """

    def __init__(self, memory: Optional[Path] = None) -> None:
        self._memory = memory
        self._known: dict[Path, Optional[str]] = {}

    @classmethod
    def remembered(cls, output_folder: Path) -> Contents:
        """Return contents with a cache in the folder of all runs, if that folder exists."""
        return cls(output_folder / ".contents.json" if output_folder.is_dir() else None)

    def of(
        self, definition: StudyDefinition, corpus: str, parameters: Parameters
    ) -> Mapping[str, Optional[str]]:
        """Return the digests of the ``corpus`` and the ``word_vectors`` of a run, if it has them.

        Returns:
            None for what cannot be read. A synthetic corpus has none: the definition says what
            is in it.
        """
        found: dict[str, Optional[str]] = {}
        text = definition.corpus_text(corpus)
        if not text.startswith(SYNTHETIC):
            found["corpus"] = self.corpus(expanded_path(text))
        vectors = parameters.token_pretrained_embedding_filepath
        if vectors is not None:
            found["word_vectors"] = self._file(vectors)
        return found

    def corpus(self, folder: Path) -> Optional[str]:
        """Return the digest of all files of a corpus; None if the folder does not exist."""
        if folder not in self._known:
            files = [
                path
                for place in (folder, *(folder / part for part in PART_NAMES))
                if place.is_dir()
                for path in place.iterdir()
                if path.suffix in _SUFFIXES and path.name[0] != "." and path.is_file()
            ]
            try:
                digest = files_digest(folder, files, self._memory) if files else None
            except OSError:
                digest = None  # Reading the corpus will report it.
            self._known[folder] = digest and digest[:_DIGITS]
        return self._known[folder]

    def _file(self, path: Path) -> Optional[str]:
        if path not in self._known:
            try:
                digests = [content_digest(one, self._memory) for one in vector_files(path)]
                self._known[path] = ",".join(digest[:_DIGITS] for digest in digests)
            except OSError:
                self._known[path] = None
        return self._known[path]
