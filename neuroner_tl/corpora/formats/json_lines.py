"""JSON lines of plain documents: one object a line, with ``id`` and ``text``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.text_files import check_encodable, read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.json_text import parse_json

_FORM = 'an object such as {"id": "12345", "text": "..."}'


def iterate_json_lines(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a file (``.jsonl`` or ``.jsonl.gz``), without annotations.

    Members other than ``id`` and ``text`` are not read; an id may be a whole number.

    Raises:
        CorpusError: a line is no such object, or no line is there.
    """
    number = 0
    for number, line in read_lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            record = parse_json(line)
        except ValueError as error:
            raise CorpusError(f"{where}: no JSON ({error}); expected {_FORM}") from None
        name = record.get("id") if isinstance(record, dict) else None
        text = record.get("text") if isinstance(record, dict) else None
        if isinstance(name, int) and not isinstance(name, bool) and abs(name) < 10**18:
            name = str(name)
        if not isinstance(name, str) or not name.strip() or not isinstance(text, str):
            raise CorpusError(f"{where}: found {line[:60]!r}; expected {_FORM}")
        check_encodable(name, f"{where}: id")
        check_encodable(text, where)
        report.documents += 1
        yield Document(name.strip(), text)
    if not report.documents:
        raise CorpusError(f"{path}: no documents in {number} lines; expected {_FORM} a line")
