"""BioC XML and BioC JSON files.

The text of a document is its passages, each at its offset; what lies between them becomes a line
break and spaces. The infons ``probability`` and ``certain`` are those of `bioc_writer`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.annotations import FoundAnnotation, fitting_entities
from neuroner_tl.corpora.formats.bioc_elements import (
    BioCAnnotation,
    BioCDocument,
    document_of_xml,
    documents_of_json,
)
from neuroner_tl.corpora.formats.text_files import check_encodable, read_bytes
from neuroner_tl.corpora.formats.xml_records import iterate_records
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

# No real document has a larger gap between passages; a broken offset must not fill the memory.
_WIDEST_GAP = 100_000
_BROKEN = (AttributeError, KeyError, TypeError, ValueError, RuntimeError, RecursionError)


def iterate_bioc_xml(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a BioC XML file.

    Raises:
        CorpusError: not well-formed, not BioC, or passages that do not fit together.
    """
    number = 0
    for element in iterate_records(path, "document", "a BioC collection"):
        number += 1
        if element.tag != "document":
            raise CorpusError(
                f"{path}:{element.sourceline}: found a document in an XML namespace, expected BioC "
                "without namespaces; remove them"
            )
        try:
            document = document_of_xml(element)
        except _BROKEN as error:
            report.refuse(_not_bioc(path, error))
            continue
        yield from _collection([document], path, report, number)
    if not number:
        raise _empty(path)


def iterate_bioc_json(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a BioC JSON file.

    Raises:
        CorpusError: not JSON, not BioC, or passages that do not fit together.
    """
    try:
        documents = documents_of_json(json.loads(read_bytes(path).decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte offset {error.start}; convert it") from error
    except _BROKEN as error:
        raise _not_bioc(path, error) from error
    yield from _collection(documents, path, report)
    if not documents:
        raise _empty(path)


def _not_bioc(path: Path, error: Exception) -> CorpusError:
    said = f"no {error}" if isinstance(error, KeyError) else str(error)
    return CorpusError(f"{path}: cannot be read ({said}); expected a BioC collection")


def _empty(path: Path) -> CorpusError:
    return CorpusError(f"{path}: no documents; expected a BioC collection")


def _collection(
    documents: Iterable[BioCDocument], path: Path, report: ImportReport, first: int = 1
) -> Iterator[Document]:
    for number, source in enumerate(documents, start=first):
        where = f"{path}: document {number} ({source.id})"
        try:
            document = _bioc_document(source, where, report)
        except _BROKEN as error:
            if not isinstance(error, CorpusError):
                error = CorpusError(f"{where}: cannot be read ({error}); expected BioC")
            report.refuse(error)
            continue
        yield document


def _bioc_document(source: BioCDocument, where: str, report: ImportReport) -> Document:
    report.documents += 1
    if not isinstance(source.id, (str, int)) or not str(source.id).strip():
        raise CorpusError(f"{where}: a document without id; expected one")
    pieces: list[str] = []
    length = 0
    annotations: list[BioCAnnotation] = list(source.annotations)
    relations = source.relations
    for passage in source.passages:
        annotations += passage.annotations
        relations += passage.relations
        parts = [passage] if passage.text or not passage.sentences else list(passage.sentences)
        for sentence in passage.sentences:
            annotations += sentence.annotations
            relations += sentence.relations
        for part in parts:
            gap = part.offset - length
            if not 0 <= gap <= _WIDEST_GAP:
                raise CorpusError(
                    f"{where}: a passage at offset {part.offset} after a text of {length} "
                    "characters; offsets count characters: correct the offset"
                )
            if gap:
                pieces.append(" " * (gap - 1) + ("\n" if parts == [passage] else " "))
            pieces.append(part.text or "")
            length += gap + len(pieces[-1])
    if relations:
        report.count("relation skipped", where, relations)
    text = "".join(pieces)
    check_encodable(f"{source.id}{text}", where)
    found = []
    for annotation in annotations:
        spans = tuple(sorted((start, start + length) for start, length in annotation.locations))
        says = annotation.text
        kind = annotation.infons.get("type")
        name = "without id" if annotation.id is None else annotation.id
        place = f"{where}: annotation {name} {says}"
        certain = str(annotation.infons.get("certain", "true")).lower() != "false"
        probability = _probability(annotation.infons.get("probability"))
        found.append(FoundAnnotation(kind, spans, says, place, probability, certain))
    return Document(str(source.id).strip(), text, fitting_entities(text, found, report))


def _probability(infon: Any) -> Optional[float]:
    """Return the probability that an infon holds; None if it holds something else."""
    try:
        value = float(infon)
    except (TypeError, ValueError):
        return None
    return value if 0 <= value <= 1 else None
