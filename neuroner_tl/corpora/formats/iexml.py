"""IeXML, the format of the CALBC corpora: MEDLINE records with ``<e>`` elements in the text.

An ``<e>`` element annotates what it encloses; elements may be nested. Its attribute
``id`` has one or more alternatives separated by ``|``, each of the form
``source:concept:type:group``, such as ``umls:C0039614:T047:diso``; any field but the group may be
empty. Alternatives of one group are one entity. A fifth field names the words that the alternative
covers, where it is not the whole element::

    <e id=":::diso:1|:::ched:1,2"><w id="1">tetanus</w> <w id="2">antitoxin</w></e>

Records are ``MedlineCitation`` elements; the text is ``ArticleTitle`` and ``AbstractText``, each on
a line of its own. Other elements inside them are transparent; namespaces are ignored.
Source: Rebholz-Schuhmann et al. (2010), and the questions and answers of the CALBC challenge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.bounded import check_covered
from neuroner_tl.corpora.formats.xml_records import documents_of_records, local_name
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

RECORD = "MedlineCitation"
TEXT_ELEMENTS = ("ArticleTitle", "AbstractText")
_FORM = "'source:concept:type:group', such as '::T047:diso', with | between alternatives"
_GROUP = re.compile(r"[^\W\d_]\w*")
_WORDS = re.compile(r"\w+(?:,\w+)*")
_Words = dict[str, tuple[int, int]]


def iterate_iexml(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the records of a file (``.xml`` or ``.xml.gz``) one at a time.

    Raises:
        CorpusError: not XML, no record, or an annotation without a group; the message names the
            line.
    """
    yield from documents_of_records(
        path, RECORD, "IeXML", "MEDLINE records in IeXML", _read_record, report
    )


def _read_record(record: Any, path: Path, report: ImportReport) -> Document:
    report.documents += 1
    where = f"{path}:{record.sourceline}"
    name = next((e.text for e in record.iterchildren() if local_name(e) == "PMID"), None)
    if not name or not name.strip():
        raise CorpusError(f"{where}: a {RECORD} without PMID; expected <PMID>number</PMID>")
    collector = _Collector(path, report)
    for element in record.iter():
        if local_name(element) in TEXT_ELEMENTS and not any(
            local_name(above) in TEXT_ELEMENTS for above in element.iterancestors()
        ):
            if collector.length:
                collector.add("\n")
            collector.collect(element, {})
    text = "".join(collector.pieces)
    entities: dict[tuple[str, tuple[tuple[int, int], ...]], Entity] = {}
    covered = 0
    for place, group, spans in collector.annotations:
        report.read()
        covered += sum(end - start for start, end in spans)
        check_covered(covered, where)
        fragments = _trim(text, spans)
        if fragments != spans:
            report.change("white space at the boundaries of an annotation, removed", place)
        if not fragments:
            report.drop("annotation without text", place)
            continue
        says = " ".join(text[start:end] for start, end in fragments)
        key = (group, fragments)
        if key in entities:
            report.drop("duplicate annotation", f"{place}: {says}")
        else:
            entities[key] = Entity(group, fragments, says)
    ordered = sorted(entities.values(), key=lambda e: (e.fragments, e.type))
    return Document(name.strip(), text, tuple(ordered))


class _Collector:
    """Collects the text of elements, and the annotations with their offsets in it."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        self.path = path
        self.report = report
        self.pieces: list[str] = []
        self.length = 0
        self.annotations: list[tuple[str, str, tuple[tuple[int, int], ...]]] = []

    def add(self, text: Optional[str]) -> None:
        if text:
            self.pieces.append(text)
            self.length += len(text)

    def collect(self, element: Any, words: _Words) -> None:
        """Walk through an element; its ``<w>`` elements are added to ``words``."""
        self.add(element.text)
        for child in element:
            name = local_name(child)
            start, first_piece = self.length, len(self.pieces)
            if name == "e":
                inner: _Words = {}
                self.collect(child, inner)
                self._annotate(child, start, first_piece, inner)
                for key, span in inner.items():
                    words.setdefault(key, span)
            elif name == "w":
                self.collect(child, words)
                words[child.get("id", "")] = (start, self.length)
            else:
                self.collect(child, words)
            self.add(child.tail)

    def _annotate(self, element: Any, start: int, first_piece: int, words: _Words) -> None:
        where = f"{self.path}:{element.sourceline}"
        groups: dict[tuple[str, tuple[tuple[int, int], ...]], None] = {}
        for alternative in (element.get("id") or "").split("|"):
            fields = [field.strip() for field in alternative.split(":")]
            group, names = fields[-1], ""
            if len(fields) > 4 and _WORDS.fullmatch(fields[-1]) and _GROUP.fullmatch(fields[-2]):
                group, names = fields[-2], fields[-1]
            if len(fields) < 4 or not _GROUP.fullmatch(group):
                raise CorpusError(
                    f"{where}: found the annotation id {element.get('id')!r}; expected {_FORM}"
                )
            spans: tuple[tuple[int, int], ...] = ((start, self.length),)
            if names:
                text = "".join(self.pieces[first_piece:])
                spans = _covered(names.split(","), words, text, start, where)
            groups[group.upper(), spans] = None
        if len({group for group, _ in groups}) > 1:
            self.report.count("annotation with alternatives of several groups, all taken", where)
        self.annotations += [(where, group, spans) for group, spans in groups]


def _covered(
    names: list[str], words: _Words, text: str, offset: int, where: str
) -> tuple[tuple[int, int], ...]:
    """Return the fragments that the words cover; neighbours separated only by space are merged.

    Args:
        names: ids of words inside the annotation.
        words: where each is.
        text: what the annotation encloses.
        offset: where that begins.
        where: the place for error messages.
    """
    missing = [name for name in names if name not in words]
    if missing:
        raise CorpusError(
            f"{where}: the annotation names the word {missing[0]!r}, but there is no "
            f'<w id="{missing[0]}"> inside it; correct the id'
        )
    fragments: list[tuple[int, int]] = []
    for start, end in sorted({words[name] for name in names}):
        if fragments and not text[fragments[-1][1] - offset : start - offset].strip():
            first, last = fragments.pop()
            start, end = first, max(last, end)
        fragments.append((start, end))
    return tuple(fragments)


def _trim(text: str, spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    kept = []
    for start, end in spans:
        piece = text[start:end]
        start, end = start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
        if start < end:
            kept.append((start, end))
    return tuple(kept)
