"""A table of entities for spreadsheets and data frames, one line for each entity."""

from __future__ import annotations

import csv
import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text.sentences import sentence_spans
from neuroner_tl.messages.shown_text import escaped, spreadsheet_cell

COLUMNS = ("document", "start", "end", "text", "type", "confidence", "sentence")


def entity_table(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield a heading and a line for each entity, separated by tabs; columns are `COLUMNS`.

    Offsets are those of the text; white space in texts and sentences is one space, and a cell that
    a spreadsheet would take for a formula begins with an apostrophe.

    Args:
        documents: their entities, in the order of the text.
        report: counts what a line cannot represent: the gaps of discontinuous entities.
    """
    yield _line(COLUMNS)
    for document in documents:
        if not document.entities:
            continue
        sentences = _Sentences(document)
        for entity in sorted(document.entities, key=lambda e: (e.start, e.end)):
            if len(entity.fragments) > 1:
                report.change(
                    "gap of a discontinuous entity that the table cannot represent",
                    f"{document.id}: {entity.text}",
                )
            yield _line(
                (
                    document.id,
                    str(entity.start),
                    str(entity.end),
                    entity.text,
                    entity.type,
                    "" if entity.probability is None else f"{entity.probability:.4f}",
                    sentences.of(entity),
                )
            )


class _Sentences:
    """The sentences of a document, which are found by their places."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        spans = sentence_spans(document)
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def of(self, entity: Entity) -> str:
        """Return the sentence of an entity; all from the first to the last, if it crosses some."""
        first = max(0, bisect_right(self._starts, entity.start) - 1)
        last = min(len(self._ends) - 1, bisect_left(self._ends, entity.end))
        if not self._starts:
            return entity.text
        return self._text[self._starts[first] : self._ends[last]]


def _line(cells: Iterable[str]) -> str:
    file = io.StringIO()
    shown = (spreadsheet_cell(escaped(" ".join(cell.split()))) for cell in cells)
    csv.writer(file, dialect="excel-tab", lineterminator="\n").writerow(shown)
    return file.getvalue()
