"""The predictions of one part of a corpus, on disk, in the format of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Optional

from neuroner_tl.corpora.document import Document, TaggedDocument
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.corpora.formats.conll import conll_lines
from neuroner_tl.corpora.reader import PartReader
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.write_errors import writing


class PredictionFiles:
    """A writer of the predictions of a part: ``NAME/*.ann``.

    A part that is a CoNLL file has no texts on disk, and its users want columns: it gets
    ``.txt`` files beside the ``.ann`` files, and ``NAME.conll`` with the columns token, document,
    start, end, gold tag and predicted tag, as NeuroNER writes them and conlleval reads them.

    Args:
        folder: the folder ``NAME``, which is created.
        part: what is predicted.

    Raises:
        CorpusError: the folder cannot be written.

    Example::

        with PredictionFiles(Path("predictions/test"), part) as files:
            files.add(document)
    """

    def __init__(self, folder: Path, part: PartReader) -> None:
        self.has_columns = part.has_columns
        self._columns_path = folder.with_name(f"{folder.name}.conll")
        self._writer = BratWriter(folder, with_text=part.has_columns, with_probabilities=False)
        self._stack = ExitStack()
        self._columns: Optional[IO[str]] = None

    def __enter__(self) -> PredictionFiles:
        self._stack.enter_context(self._writer)
        if self.has_columns:
            with writing(self._columns_path):
                try:
                    temporary = self._stack.enter_context(replacing(self._columns_path))
                    self._columns = self._stack.enter_context(
                        open(temporary, "w", encoding="utf-8", newline="\n")
                    )
                except OSError:
                    self._stack.close()
                    raise
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        with writing(self._columns_path):
            self._stack.__exit__(kind, error, traceback)

    def add(
        self,
        document: Document,
        tagged: Optional[TaggedDocument] = None,
        predicted: Sequence[Sequence[str]] = (),
    ) -> None:
        """Write a document's predictions.

        Args:
            document: with the predicted entities.
            tagged: for a part with columns, the document's tokens with their gold tags.
            predicted: for a part with columns, the predicted tags of each sentence.
        """
        self._writer.add(document)
        if self._columns is not None and tagged is not None:
            with writing(self._columns_path):
                self._columns.writelines(conll_lines(tagged, predicted))
