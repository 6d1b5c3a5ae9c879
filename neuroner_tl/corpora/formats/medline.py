"""MEDLINE and PubMed XML, as the National Library of Medicine distributes it.

A document is a ``MedlineCitation``; its id is the PMID, with ``.2`` and so on for later versions of
one record. The text is the title and the sections of the abstract, each on a line of its own and,
where it has a label, after it (``METHODS: ...``). Within a line, white space is one space; markup
such as ``<sup>`` is left out and its content kept. Abstracts in other languages and deleted records
are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.xml_records import documents_of_records
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

RECORD = "MedlineCitation"
_FORM = "MEDLINE or PubMed XML"
_NO_TEXT = "record without title and abstract"


def iterate_medline(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the records of a file (``.xml`` or ``.xml.gz``) one at a time.

    Raises:
        CorpusError: not well-formed, no record, or a record without PMID; the message names the
            line.
    """
    yield from documents_of_records(path, RECORD, _FORM, _FORM, _read_record, report)


def _read_record(record: Any, path: Path, report: ImportReport) -> Document:
    report.documents += 1
    where = f"{path}:{record.sourceline}"
    identifier = record.find("{*}PMID")
    name = "" if identifier is None else _text(identifier)
    if not name:
        raise CorpusError(f"{where}: a {RECORD} without PMID; expected <PMID>number</PMID>")
    version = identifier.get("Version", "1").strip()
    if version not in ("", "1"):
        name = f"{name}.{version}"
    lines = [_text(title) for title in record.iterfind("{*}Article/{*}ArticleTitle")]
    for section in record.iterfind("{*}Article/{*}Abstract/{*}AbstractText"):
        label, said = " ".join(section.get("Label", "").split()), _text(section)
        lines.append(f"{label}: {said}" if label and said else said)
    text = "\n".join(filter(None, lines))
    if not text:
        report.count(_NO_TEXT, where)
    return Document(name, text)


def _text(element: Any) -> str:
    """Return the content of an element without markup, on one line."""
    return " ".join(element.xpath("string()").split())
