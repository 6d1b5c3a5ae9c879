"""Tab-separated stand-off annotations: ``id, start, end, text`` per line, the texts elsewhere.

A heading with these names may come first, and further columns may follow; a column headed ``type``
has the entity's type. Files may be compressed (``.tsv.gz``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

COLUMNS = ("id", "start", "end", "text")
UNKNOWN_DOCUMENT = "annotation of a document that is not there"
REPLACED = "annotation of the texts, replaced by those of the stand-off file"
_OFFSET = re.compile(r"[0-9]{1,15}")
_TO_SPACE = str.maketrans("\t\r\n", "   ")

# start, end, type or None, text, place
_Row = tuple[int, int, Optional[str], str, str]


def read_standoff(path: Path) -> dict[str, list[_Row]]:
    """Return the rows of a file by document: start, end, type (or None), text, place.

    Raises:
        CorpusError: a row is malformed; the message names the line.
    """
    rows: dict[str, list[_Row]] = {}
    type_column: Optional[int] = None
    for number, line in read_lines(path):
        if not line.strip():
            continue
        columns = line.split("\t")
        where = f"{path}:{number}"
        if number == 1 and tuple(columns[:4]) == COLUMNS:
            type_column = columns.index("type") if "type" in columns else None
            continue
        wanted = max(4, 0 if type_column is None else type_column + 1)
        if len(columns) < wanted or not all(_OFFSET.fullmatch(c) for c in columns[1:3]):
            raise CorpusError(
                f"{where}: found {line[:60]!r}; expected the columns {', '.join(COLUMNS)}, "
                "separated by tabs"
            )
        start, end = int(columns[1]), int(columns[2])
        if start >= end:
            raise CorpusError(
                f"{where}: start {start} is not before end {end}; correct or remove the row"
            )
        kind = None if type_column is None else columns[type_column]
        rows.setdefault(columns[0], []).append((start, end, kind, columns[3], where))
    return rows


def iterate_standoff(
    path: Path, texts: Iterable[Document], entity_type: Optional[str], report: ImportReport
) -> Iterator[Document]:
    """Yield each document with the file's annotations, which replace its own.

    Args:
        path: the annotations.
        texts: the documents that they belong to.
        entity_type: type of annotations without one in the file.
        report: that of the texts' reader, which has counted the documents.

    Raises:
        CorpusError: a row does not fit its text, or has no type.
    """
    rows = read_standoff(path)
    for document in texts:
        for entity in document.entities:
            report.drop(REPLACED, f"{document.id}: {entity.text}")
        yield attach(document, rows.pop(document.id, ()), entity_type, report)
    for name, left in rows.items():
        report.read(len(left))
        report.drop(UNKNOWN_DOCUMENT, f"{left[0][4]}: {name}", len(left))


def attach(
    document: Document, rows: Iterable[_Row], entity_type: Optional[str], report: ImportReport
) -> Document:
    """Return the document with the annotations of these rows.

    Raises:
        CorpusError: a row does not fit the text, or has no type.
    """
    found: dict[tuple[int, int, str], Entity] = {}
    for start, end, kind, says, where in rows:
        report.read()
        kind = kind or entity_type
        if not kind or kind.split() != [kind]:
            raise CorpusError(
                f"{where}: found the type {kind!r}; expected one word: add a column headed type, "
                "or give the type of all rows"
            )
        covered = document.text[start:end]
        if not fits(document.text, start, end, says):
            raise CorpusError(
                f"{where}: the offsets {start} to {end} of document {document.id!r} cover "
                f"{covered[:60]!r}, but the row says {says[:60]!r}; offsets count characters of "
                "the text: give the texts that were annotated"
            )
        if (start, end, kind) in found:
            report.drop("duplicate annotation", where)
        else:
            found[start, end, kind] = Entity(kind, ((start, end),), covered)
    return Document(document.id, document.text, tuple(found[key] for key in sorted(found)))


def fits(text: str, start: int, end: int, says: str) -> bool:
    """Tell whether offsets cover what a row says; it has spaces for tabs and line breaks.

    Example:
        >>> fits("breast\\ncancer", 0, 13, "breast cancer")
        True
    """
    covered = text[start:end]
    return end <= len(text) and covered.translate(_TO_SPACE) == says.translate(_TO_SPACE)


def format_standoff(
    rows: Iterable[tuple[str, int, int, str]], extra: Optional[Mapping[str, list[str]]] = None
) -> Iterator[str]:
    """Yield the lines of a stand-off file, heading first.

    Args:
        rows: document id, start, end and text of each annotation.
        extra: further columns by name, a value for each row.

    Raises:
        CorpusError: an id has a tab or a line break, which would end its column or row.
    """
    extra = extra or {}
    yield "\t".join((*COLUMNS, *extra)) + "\n"
    for index, (name, start, end, says) in enumerate(rows):
        if name != name.translate(_TO_SPACE):
            raise CorpusError(
                f"document {name!r}: the id has a tab or a line break, which stand-off cannot "
                "hold; rename the document"
            )
        further = [values[index] for values in extra.values()]
        yield "\t".join((name, str(start), str(end), says.translate(_TO_SPACE), *further)) + "\n"
