"""BioC XML and BioC JSON, written by the library ``bioc``: each document as one passage.

The infon ``probability`` holds that of an entity; ``certain`` is ``false`` for an unknown region.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bioc import BioCAnnotation, BioCDocument, BioCLocation, BioCPassage, biocjson
from bioc.biocxml.encoder import encode_document
from lxml import etree

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.import_report import ImportReport

NOT_XML = "character that XML cannot represent, replaced by a space"
_SOURCE = "neuroner_tl"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def bioc_xml_text(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield a BioC XML file, a document at a time; the report counts what XML cannot represent."""
    yield (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n"
        f"<collection><source>{_SOURCE}</source><date></date><key></key>\n"
    )
    for document in documents:
        root = encode_document(_bioc_document(_fit_for_xml(document, report)))
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
        content = biocjson.toJSON(_bioc_document(document))
        yield separator + json.dumps(content, ensure_ascii=False)
        separator = ",\n"
    yield "\n]}\n"


def _fit_for_xml(document: Document, report: ImportReport) -> Document:
    """Return a document whose texts XML can hold; offsets stay what they are."""
    changed = len(_NOT_XML.findall(document.text))
    if not changed:
        return document
    report.count(NOT_XML, document.id, changed)
    entities, unknown = (
        tuple(replace(e, text=_NOT_XML.sub(" ", e.text)) for e in some)
        for some in (document.entities, document.unknown)
    )
    text = _NOT_XML.sub(" ", document.text)
    return replace(document, text=text, entities=entities, unknown=unknown)


def _bioc_document(document: Document) -> BioCDocument:
    passage = BioCPassage()
    passage.offset = 0
    passage.text = document.text
    for number, entity in enumerate(document.annotations, 1):
        annotation = BioCAnnotation()
        annotation.id = f"T{number}"
        annotation.infons["type"] = entity.type
        if entity.probability is not None:
            annotation.infons["probability"] = f"{entity.probability:.6g}"
        if not entity.certain:
            annotation.infons["certain"] = "false"
        annotation.text = entity.text
        for start, end in entity.fragments:
            annotation.add_location(BioCLocation(start, end - start))
        passage.add_annotation(annotation)
    made = BioCDocument()
    made.id = document.id
    made.add_passage(passage)
    return made
