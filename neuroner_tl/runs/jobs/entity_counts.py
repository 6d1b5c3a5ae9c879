"""How often each entity is found: counts by type and text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.text_files import write_text_atomically
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.screen import table_lines
from neuroner_tl.messages.shown_text import escaped, spreadsheet_cell

COLUMNS = ("entities", "documents", "type", "text")
LONGEST_SHOWN = 60


class EntityCount(NamedTuple):
    """How often an entity is found.

    Attributes:
        type: its type.
        text: its text, in which white space is one space.
        entities: how many mentions there are.
        documents: how many documents have one.

    Example:
        >>> EntityCount("Disease", "gout", entities=3, documents=2).documents
        2
    """

    type: str
    text: str
    entities: int
    documents: int


class EntityCounts:
    """Counts of entities by type and text, to which documents are added.

    Memory grows with the number of different mentions, not with that of the documents.

    Example:
        >>> from neuroner_tl.corpora.document import Entity
        >>> gout = Entity("Disease", ((0, 4),), "Gout")
        >>> counts = EntityCounts()
        >>> counts.add(Document("1", "Gout.", (gout,)))
        >>> counts.sorted()
        [EntityCount(type='Disease', text='Gout', entities=1, documents=1)]
    """

    def __init__(self) -> None:
        self._entities: Counter[tuple[str, str]] = Counter()
        self._documents: Counter[tuple[str, str]] = Counter()

    def add(self, document: Document) -> None:
        """Count the entities of a document."""
        found = [(entity.type, " ".join(entity.text.split())) for entity in document.entities]
        self._entities.update(found)
        self._documents.update(set(found))

    def sorted(self) -> list[EntityCount]:
        """Return all counts, the most frequent first, then by type and text."""
        keys = sorted(self._entities, key=lambda key: (-self._entities[key], key))
        return [EntityCount(*key, self._entities[key], self._documents[key]) for key in keys]

    def table(self, number: int) -> str:
        """Return a table of the most frequent ones.

        Args:
            number: how many; the others are counted in a last line.
        """
        found = self.sorted()
        rows = [
            (str(one.entities), str(one.documents), one.type, one.text[:LONGEST_SHOWN])
            for one in found[:number]
        ]
        lines = table_lines(COLUMNS, rows, (True, True, False, False))
        if len(found) > number:
            lines.append(f"and {counted(len(found) - number, 'more entity', 'more entities')}")
        return "\n".join(lines)

    def write(self, path: Path) -> None:
        """Write all counts as a table, separated by tabs, whose columns are `COLUMNS`.

        Raises:
            CorpusError: the file cannot be written.
        """
        file = io.StringIO()
        writer = csv.writer(file, dialect="excel-tab", lineterminator="\n")
        writer.writerow(COLUMNS)
        for one in self.sorted():
            cells = (str(one.entities), str(one.documents), one.type, one.text)
            writer.writerow(spreadsheet_cell(escaped(cell)) for cell in cells)
        write_text_atomically(path, file.getvalue())
