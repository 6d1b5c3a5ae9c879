"""Writing brat documents: each pair of files appears whole, and many are synced together."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats import brat_configuration
from neuroner_tl.corpora.formats.brat import format_annotations
from neuroner_tl.corpora.formats.text_files import BYTE_ORDER_MARK, encode_text
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.atomic_file import sync, sync_files
from neuroner_tl.system.temporary import remove_leftovers, temporary_path
from neuroner_tl.system.write_errors import naming, writing

# This many documents appear together. A process that is killed loses no more than these.
DOCUMENTS_AT_ONCE = 2000


class BratWriter:
    """A writer of documents into a folder, which is created if needed.

    Files are written to a hidden folder and, some thousands at a time and at the end, synced and
    moved to their names, the annotations before the text: whatever happens, a text is never
    without annotations, which would read as a document without entities, or beside old ones.
    What killed processes left in the folder is removed first.

    Args:
        folder: where to write.
        with_text: whether to write ``.txt`` files as well as ``.ann`` files.
        with_probabilities: whether to write the probabilities of entities, as notes.

    Raises:
        CorpusError: the folder cannot be written.

    Example::

        with BratWriter(Path("out/predictions")) as writer:
            for document in documents:
                writer.add(document)
    """

    def __init__(
        self, folder: Path, with_text: bool = True, with_probabilities: bool = True
    ) -> None:
        self._folder = folder
        self._with_text = with_text
        self._with_probabilities = with_probabilities
        self._staged: list[str] = []
        self._configuration: Optional[str] = None
        self._staging = temporary_path(folder / "documents")
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            remove_leftovers(folder)
            self._staging.mkdir()

    def declare(self, types: Iterable[str]) -> None:
        """Let the folder have an ``annotation.conf`` with these types, without which brat opens
        nothing; one that the user made stays as it is.

        Raises:
            CorpusError: the folder cannot be written.
        """
        content = brat_configuration.configuration(self._folder, types)
        if content is not None:
            self._write(brat_configuration.NAME, content)
            self._configuration = brat_configuration.NAME

    def add(self, document: Document) -> None:
        """Write a document; it is in place after `commit`, or at the end of the block.

        Raises:
            CorpusError: the id cannot be a file name, or the folder cannot be written.
        """
        name = document.id
        if not name or name.startswith(".") or any(c in name for c in "/\\\0"):
            raise CorpusError(f"document id {name!r} cannot be a file name; rename the document")
        self._write(
            f"{name}.ann", format_annotations(document.annotations, self._with_probabilities)
        )
        if self._with_text:
            # Readers take a first byte order mark for the file's signature: the text keeps its own.
            has_mark = document.text.startswith(BYTE_ORDER_MARK)
            self._write(f"{name}.txt", BYTE_ORDER_MARK * has_mark + document.text)
        self._staged.append(name)
        if len(self._staged) >= DOCUMENTS_AT_ONCE:
            self.commit()

    def commit(self) -> None:
        """Move the documents written so far into place, safely against a power cut.

        Raises:
            CorpusError: the folder cannot be written.
        """
        with writing(self._folder):
            sync_files(self._staging)
            if self._configuration is not None:
                name, self._configuration = self._configuration, None
                os.replace(self._staging / name, self._folder / name)
            for name in self._staged:
                annotations, text = f"{name}.ann", self._folder / f"{name}.txt"
                if self._with_text:
                    text.unlink(missing_ok=True)
                os.replace(self._staging / annotations, self._folder / annotations)
                if self._with_text:
                    os.replace(self._staging / text.name, text)
            sync(self._folder)
        self._staged.clear()

    def __enter__(self) -> BratWriter:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        # What was written before an interruption is kept: it is whole.
        try:
            self.commit()
        except CorpusError:
            if error is None:
                raise
        finally:
            shutil.rmtree(self._staging, ignore_errors=True)

    def _write(self, name: str, text: str) -> None:
        path = self._folder / name
        data = encode_text(text, str(path))
        with writing(path):
            with naming(path):
                (self._staging / name).write_bytes(data)
