"""JSON lines: a document per line, with ``id``, ``text`` and, if it is annotated, ``entities``.

An entity may have a ``probability``; one with ``"certain": false`` is an unknown region.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.annotations import FoundAnnotation, fitting_entities
from neuroner_tl.corpora.formats.text_files import check_encodable, read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.json_text import parse_json

_FORM = 'an object such as {"id": "12345", "text": "..."}'
_ENTITIES = '"entities": [{"type": "DISO", "fragments": [[0, 4]], "text": "Gout"}]'


def iterate_json_lines(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a file (``.jsonl`` or ``.jsonl.gz``).

    Members other than ``id``, ``text`` and ``entities`` are not read; an id may be a whole number.

    Raises:
        CorpusError: a line is not such an object, or there is no line.
    """
    number = 0
    for number, line in read_lines(path, any_bytes=report.bad is not None):
        if not line.strip():
            continue
        try:
            document = _document(line, f"{path}:{number}", report)
        except CorpusError as error:
            report.refuse(error)
            continue
        yield document
    if not report.documents:
        raise CorpusError(f"{path}: no documents in {number} lines; expected {_FORM} a line")


def _document(line: str, where: str, report: ImportReport) -> Document:
    try:
        record = parse_json(line)
    except ValueError as error:
        raise CorpusError(f"{where}: not JSON ({error}); expected {_FORM}") from None
    name = record.get("id") if isinstance(record, dict) else None
    text = record.get("text") if isinstance(record, dict) else None
    if isinstance(name, int) and not isinstance(name, bool) and abs(name) < 10**18:
        name = str(name)
    if not isinstance(name, str) or not isinstance(text, str):
        raise CorpusError(f"{where}: found {line[:60]!r}; expected {_FORM}")
    if not name.strip():
        raise CorpusError(f"{where}: the id is empty; expected {_FORM}")
    check_encodable(name, f"{where}: id")
    check_encodable(text, where)
    report.documents += 1
    return Document(name.strip(), text, _entities(record.get("entities"), text, where, report))


def read_sources(path: Path) -> dict[str, str]:
    """Return the member ``source`` of each document that has one, by id.

    Lines that are no documents are passed over; `iterate_json_lines` refuses them.
    """
    sources: dict[str, str] = {}
    for _, line in read_lines(path):
        try:
            record = parse_json(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("source"), str):
            sources[str(record.get("id")).strip()] = record["source"]
    return sources


def json_lines(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield documents as lines of JSON, which hold everything."""
    for document in documents:
        entities = [_member(entity) for entity in document.annotations]
        record = {"id": document.id, "text": document.text, "entities": entities}
        yield json.dumps(record, ensure_ascii=False) + "\n"


def _member(entity: Entity) -> dict[str, Any]:
    member: dict[str, Any] = {
        "type": entity.type,
        "fragments": entity.fragments,
        "text": entity.text,
    }
    if entity.probability is not None:
        member["probability"] = entity.probability
    if not entity.certain:
        member["certain"] = False
    return member


def _entities(found: Any, text: str, where: str, report: ImportReport) -> tuple[Entity, ...]:
    annotations = []
    for item in found if isinstance(found, list) else [found] * (found is not None):
        annotation = _annotation(item, where)
        if annotation is None:
            raise CorpusError(
                f"{where}: found the entity {json.dumps(item)[:60]!r}, expected such as in "
                f"{_ENTITIES}; correct it, or remove the member"
            )
        annotations.append(annotation)
    return fitting_entities(text, annotations, report)


def _annotation(item: Any, where: str) -> Optional[FoundAnnotation]:
    """Return an entity of a record; None if it is malformed."""
    if not isinstance(item, dict):
        return None
    kind, spans, says = item.get("type"), item.get("fragments"), item.get("text")
    if not isinstance(kind, str) or not isinstance(spans, list):
        return None
    if says is not None and not isinstance(says, str):
        return None
    for span in spans:
        if not isinstance(span, list) or len(span) != 2 or {*map(type, span)} != {int}:
            return None
    probability, certain = item.get("probability"), item.get("certain", True)
    if probability is not None and (
        isinstance(probability, bool)
        or not isinstance(probability, (int, float))
        or not 0 <= probability <= 1
    ):
        return None
    if not isinstance(certain, bool):
        return None
    fragments = tuple(sorted((start, end) for start, end in spans))
    place = f"{where}: {says or kind}"
    return FoundAnnotation(kind, fragments, says, place, probability, certain)
