"""Documents as INCEpTION sends them to an external recommender: UIMA CAS in XMI.

A prediction is an annotation of the requested layer with ``inception_internal_predicted``; its
offsets count UTF-16 code units, as Java does. The rest of the document goes back as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

from neuroner_tl.corpora.document import Entity
from neuroner_tl.errors import CorpusError

XMI = "http://www.omg.org/XMI"
CAS = "http:///uima/cas.ecore"
PREDICTED = "inception_internal_predicted"
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_EXPECTED = "expected a CAS as INCEpTION sends it"


class CasDocument:
    """A document whose annotations can be completed.

    Args:
        xmi: the CAS.
        type_system: the description of its types.

    Attributes:
        text: the document's text.

    Raises:
        CorpusError: they are not what INCEpTION sends.

    Example::

        cas = CasDocument(request["document"]["xmi"], request["typeSystem"])
        cas.add("de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity", "value", entities)
        answer = {"document": cas.to_xmi()}
    """

    def __init__(self, xmi: str, type_system: str) -> None:
        self._root = _parse(xmi, "document/xmi")
        self._types = _parse(type_system, "typeSystem")
        sofas = {_id(sofa): sofa for sofa in self._root.findall(f"{{{CAS}}}Sofa")}
        pairs: list[tuple[Any, Any]] = [
            (view, sofas[view.get("sofa")])
            for view in self._root.findall(f"{{{CAS}}}View")
            if view.get("sofa") in sofas
        ]
        initial = [pair for pair in pairs if pair[1].get("sofaID") == "_InitialView"]
        if len(initial) != 1 or initial[0][1].get("sofaString") is None:
            raise CorpusError(f"document/xmi: found no text in an initial view, {_EXPECTED}")
        self._view, self._sofa = initial[0]
        self.text = str(self._sofa.get("sofaString"))

    def add(self, layer: str, feature: str, entities: Iterable[Entity]) -> None:
        """Add predictions.

        Args:
            layer: full name of a type, such as
                ``de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity``.
            feature: its feature for the entity type; that of the probability is
                ``FEATURE_score``, if the type has it.
            entities: of the text.

        Raises:
            CorpusError: the layer or the feature has no valid name, or the layer is unknown.
        """
        for name in (layer, feature):
            if not _NAME.fullmatch(name) or (name is feature and "." in name):
                raise CorpusError(
                    f"metadata: found {name!r}, expected the name of a layer and of a feature"
                )
        score = f"{feature}_score"
        has_score = score in self._features(layer)
        package, _, name = layer.rpartition(".")
        namespace = package.replace(".", "/") or "uima/noNamespace"
        tag = f"{{http:///{namespace}.ecore}}{name}"
        units = _utf16_offsets(self.text)
        number = max(map(_number, self._root.iter("*")), default=0)
        members = (self._view.get("members") or "").split()
        for entity in entities:
            number += 1
            attributes = {
                f"{{{XMI}}}id": str(number),
                "sofa": _id(self._sofa),
                "begin": str(units[entity.start]),
                "end": str(units[entity.end]),
                feature: entity.type,
                PREDICTED: "true",
            }
            if has_score and entity.probability is not None:
                attributes[score] = f"{entity.probability:.6g}"
            self._view.addprevious(etree.Element(tag, attributes))
            members.append(str(number))
        self._view.set("members", " ".join(members))

    def to_xmi(self) -> str:
        """Return the CAS."""
        text = etree.tostring(self._root, encoding="UTF-8", xml_declaration=True)
        return bytes(text).decode("utf-8")

    def _features(self, layer: str) -> set[str]:
        """Return the features that a type has of its own."""
        for description in self._types.iter("{*}typeDescription"):
            if (description.findtext("{*}name") or "").strip() == layer:
                found = description.iterfind("{*}features/{*}featureDescription/{*}name")
                return {(name.text or "").strip() for name in found}
        raise CorpusError(f"metadata: found the layer {layer!r}, expected one of the typeSystem")


def _parse(text: str, where: str) -> Any:
    """Parse XML from outside; entities that it declares are not resolved."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise CorpusError(f"{where}: not well-formed XML ({error}), {_EXPECTED}") from None
    if root.getroottree().docinfo.doctype:
        raise CorpusError(f"{where}: found a document type declaration, {_EXPECTED}")
    return root


def _id(element: Any) -> str:
    return str(element.get(f"{{{XMI}}}id", ""))


def _number(element: Any) -> int:
    found = _id(element)
    return int(found) if re.fullmatch(r"[0-9]{1,18}", found) else 0


def _utf16_offsets(text: str) -> list[int]:
    """Return the offset of each code point in UTF-16, and that of the end."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + (2 if character > "\uffff" else 1))
    return offsets
