"""BioC XML and BioC JSON: each document as one passage.

The infon ``probability`` holds that of an entity; ``certain`` is ``false`` for an unknown region.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from lxml import etree

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport

NOT_XML = "character that XML cannot represent, replaced by a space, in a type by _"
_SOURCE = "neuroner_tl"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bioc_xml_text(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield a BioC XML file, a document at a time; the report counts what XML cannot represent."""
    yield (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
        f"<collection><source>{_SOURCE}</source><date></date><key></key>\n"
    )
    for document in documents:
        root = _document_element(_fit_for_xml(document, report))
        yield etree.tostring(root, encoding="unicode") + "\n"
    yield "</collection>\n"


def bioc_json_text(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield a BioC JSON file, a document at a time; it holds everything."""
    head = {
        "bioctype": "BioCCollection",
        "source": _SOURCE,
        "date": "",
        "key": "",
        "version": "1.0",
        "infons": {},
    }
    yield json.dumps(head)[:-1] + ', "documents": ['
    separator = "\n"
    for document in documents:
        yield separator + json.dumps(_document_object(document), ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def _fit_for_xml(document: Document, report: ImportReport) -> Document:
    """Return a document whose text and types XML can hold; offsets stay what they are."""
    types = (entity.type for entity in document.annotations)
    changed = len(_NOT_XML.findall("".join((document.text, *types))))
    if not changed:
        return document
    report.count(NOT_XML, document.id, changed)
    entities, unknown = (
        tuple(
            replace(e, type=_NOT_XML.sub("_", e.type), text=_NOT_XML.sub(" ", e.text)) for e in some
        )
        for some in (document.entities, document.unknown)
    )
    text = _NOT_XML.sub(" ", document.text)
    return replace(document, text=text, entities=entities, unknown=unknown)


def _document_element(document: Document) -> Any:
    root = etree.Element("document")
    etree.SubElement(root, "id").text = document.id
    passage = etree.SubElement(root, "passage")
    etree.SubElement(passage, "offset").text = "0"
    if document.text:
        etree.SubElement(passage, "text").text = document.text
    for number, entity in enumerate(document.annotations, 1):
        annotation = etree.SubElement(passage, "annotation", id=f"T{number}")
        for key, value in _infons(entity).items():
            etree.SubElement(annotation, "infon", key=key).text = value
        for start, end in entity.fragments:
            etree.SubElement(annotation, "location", offset=str(start), length=str(end - start))
        etree.SubElement(annotation, "text").text = entity.text
    return root


def _document_object(document: Document) -> dict[str, Any]:
    annotations = [
        {
            "id": f"T{number}",
            "infons": _infons(entity),
            "text": entity.text,
            "locations": [{"offset": a, "length": b - a} for a, b in entity.fragments],
        }
        for number, entity in enumerate(document.annotations, 1)
    ]
    passage = {
        "bioctype": "BioCPassage",
        "offset": 0,
        "infons": {},
        "text": document.text,
        "sentences": [],
        "annotations": annotations,
        "relations": [],
    }
    return {
        "bioctype": "BioCDocument",
        "id": document.id,
        "infons": {},
        "passages": [passage],
        "annotations": [],
        "relations": [],
    }


def _infons(entity: Entity) -> dict[str, str]:
    infons = {"type": entity.type}
    if entity.probability is not None:
        infons["probability"] = f"{entity.probability:.6g}"
    if not entity.certain:
        infons["certain"] = "false"
    return infons
