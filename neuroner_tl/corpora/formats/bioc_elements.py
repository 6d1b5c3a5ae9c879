"""The parts of a BioC document that hold text and annotations, from XML or JSON.

The DTD of BioC has more: sources, dates, infons of documents and passages, nodes of relations.
Relations are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional


class BioCAnnotation(NamedTuple):
    """A mention.

    >>> BioCAnnotation("T1", "Gout", {"type": "Disease"}, ((0, 4),)).infons["type"]
    'Disease'

    Attributes:
        id: its identifier, None if it has none.
        text: the text that it says it covers.
        infons: its type and whatever else is said of it.
        locations: offset and length of each, in characters of the document.
    """

    id: Any
    text: Optional[str]
    infons: Mapping[str, Any]
    locations: tuple[tuple[int, int], ...]


class BioCPassage(NamedTuple):
    """A passage, or a sentence of one.

    >>> BioCPassage(0, "Gout.", (), (), 0).text
    'Gout.'

    Attributes:
        offset: of its first character in the document.
        text: None or empty where the text is that of the sentences.
        sentences: those of a passage; a sentence has none.
        annotations: those that stand in it, without those of its sentences.
        relations: how many stand in it.
    """

    offset: int
    text: Optional[str]
    sentences: tuple[BioCPassage, ...]
    annotations: tuple[BioCAnnotation, ...]
    relations: int


class BioCDocument(NamedTuple):
    """A document.

    >>> BioCDocument("1", (BioCPassage(0, "Gout.", (), (), 0),), (), 0).passages[0].offset
    0

    Attributes:
        id: its identifier.
        passages: its text.
        annotations: those that stand outside the passages.
        relations: how many stand outside the passages.
    """

    id: Any
    passages: tuple[BioCPassage, ...]
    annotations: tuple[BioCAnnotation, ...]
    relations: int


def document_of_xml(element: Any) -> BioCDocument:
    """Return the document of an element ``document`` of lxml.

    Raises:
        KeyError: an attribute is missing.
        TypeError: an offset is missing.
        ValueError: an offset or length is not a number.
    """
    return BioCDocument(
        element.findtext("id"),
        tuple(map(_passage_of_xml, element.findall("passage"))),
        _annotations_of_xml(element),
        len(element.findall("relation")),
    )


def _passage_of_xml(element: Any) -> BioCPassage:
    return BioCPassage(
        int(element.findtext("offset")),
        element.findtext("text"),
        tuple(map(_passage_of_xml, element.findall("sentence"))),
        _annotations_of_xml(element),
        len(element.findall("relation")),
    )


def _annotations_of_xml(element: Any) -> tuple[BioCAnnotation, ...]:
    return tuple(
        BioCAnnotation(
            found.get("id"),
            found.findtext("text"),
            {infon.attrib["key"]: infon.text for infon in found.findall("infon")},
            tuple(
                (int(place.attrib["offset"]), int(place.attrib["length"]))
                for place in found.findall("location")
            ),
        )
        for found in element.findall("annotation")
    )


def documents_of_json(content: Any) -> list[BioCDocument]:
    """Return the documents of a collection, or of a list of them, as `json` has read it.

    Raises:
        AttributeError: something is not an object that should be one.
        KeyError: a member is missing.
        TypeError: a member has the wrong type.
    """
    if isinstance(content, list):
        return [document for collection in content for document in _of_collection(collection)]
    return _of_collection(content)


def _of_collection(collection: Any) -> list[BioCDocument]:
    # What every collection has: another kind of JSON is recognised by its absence.
    for name in ("source", "date", "key", "infons"):
        collection[name]
    return [
        BioCDocument(
            content["id"],
            tuple(map(_passage_of_json, content["passages"])),
            _annotations_of_json(content.get("annotations", ())),
            len(content["relations"]),
        )
        for content in collection["documents"]
    ]


def _passage_of_json(content: Any) -> BioCPassage:
    return BioCPassage(
        content["offset"],
        content.get("text"),
        tuple(map(_passage_of_json, content.get("sentences", ()))),
        _annotations_of_json(content["annotations"]),
        len(content["relations"]),
    )


def _annotations_of_json(contents: Any) -> tuple[BioCAnnotation, ...]:
    return tuple(
        BioCAnnotation(
            content.get("id"),
            content["text"],
            content["infons"],
            tuple((place["offset"], place["length"]) for place in content["locations"]),
        )
        for content in contents
    )
