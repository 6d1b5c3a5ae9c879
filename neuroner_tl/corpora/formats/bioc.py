"""BioC XML, BioC JSON and PubTator files, read by the library ``bioc``.

The text of a document is its passages, each at its offset; what lies between them becomes a line
break and spaces. PubTator's text is the title, a line break and the abstract.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

from bioc import biocjson, biocxml, pubtator
from lxml import etree

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.bounded import LONGEST_LINE, check_covered
from neuroner_tl.corpora.formats.text_files import check_encodable, read_bytes, read_lines
from neuroner_tl.corpora.formats.xml_records import iterate_records
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

MISMATCH = "annotation text differs from the document"
OUTSIDE = "annotation outside the text"
WITHOUT_TYPE = "annotation without a type"
# A gap between passages that no real document has; a broken offset must not fill the memory.
_WIDEST_GAP = 100_000
_PUBTATOR_LINE = re.compile(r"[^|\t]+\|[ta]\||[^\t]+\t.*\t.*\t.*")
_BROKEN = (AttributeError, KeyError, TypeError, ValueError, RuntimeError, RecursionError)


def iterate_bioc_xml(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a BioC XML file.

    Raises:
        CorpusError: not well-formed, not BioC, or passages that do not fit together.
    """
    number = 0
    for element in iterate_records(path, "document", "a BioC collection"):
        number += 1
        # The library reads whole collections; one of a single document needs little memory.
        content = etree.tostring(element, encoding="unicode", with_tail=False)
        try:
            documents = biocxml.loads(f"<collection>{content}</collection>").documents
        except _BROKEN as error:
            raise _not_bioc(path, error) from error
        if not documents:
            raise CorpusError(
                f"{path}:{element.sourceline}: found a document in an XML namespace, expected BioC "
                "without namespaces; remove them"
            )
        yield from _collection(documents, path, report, number)
    if not number:
        raise _empty(path)


def iterate_bioc_json(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a BioC JSON file.

    Raises:
        CorpusError: no JSON, not BioC, or passages that do not fit together.
    """
    try:
        collection = biocjson.loads(read_bytes(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path}: not UTF-8 at byte offset {error.start}; convert it") from error
    except _BROKEN as error:
        raise _not_bioc(path, error) from error
    yield from _collection(collection.documents, path, report)
    if not collection.documents:
        raise _empty(path)


def iterate_pubtator(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a PubTator file; relations are counted.

    Raises:
        CorpusError: a line is neither title nor abstract, annotation nor relation.
    """
    for first, lines in _blocks(path):
        where = f"{path}:{first}"
        for number, line in enumerate(lines, start=first):
            if not _PUBTATOR_LINE.match(line):
                raise CorpusError(
                    f"{path}:{number}: found {line[:60]!r}; expected ID|t|title, ID|a|abstract, or "
                    "an annotation with columns separated by tabs"
                )
        try:
            # The library says on the standard output what it cannot read.
            with contextlib.redirect_stdout(io.StringIO()) as said:
                documents = list(pubtator.iterparse_s(iter(lines)))
        except _BROKEN as error:
            raise CorpusError(f"{where}: cannot be read ({error}); expected PubTator") from error
        if said.getvalue() or len(documents) != 1:
            raise CorpusError(
                f"{where}: found {lines[0][:60]!r}; expected a title (ID|t|...) and an abstract "
                "(ID|a|...) and their annotations, with an empty line after each document"
            )
        yield _pubtator_document(documents[0], where, report)
    if not report.documents:
        raise CorpusError(f"{path}: no documents; expected PubTator")


def _blocks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the stretches of lines that are not empty, each with the number of its first line."""
    lines: list[str] = []
    number = size = 0
    for number, line in read_lines(path):
        if line.strip():
            lines.append(line)
            size = size + len(line) if len(lines) > 1 else len(line)
            if size > LONGEST_LINE:
                raise CorpusError(
                    f"{path}:{number}: found a document of more than {LONGEST_LINE} characters, "
                    "expected an empty line after each document; add it, or split the document"
                )
        elif lines:
            yield number - len(lines), lines
            lines = []
    if lines:
        yield number + 1 - len(lines), lines


def _pubtator_document(source: Any, where: str, report: ImportReport) -> Document:
    report.documents += 1
    if source.relations:
        report.count("relation skipped", where, len(source.relations))
    text = "\n".join(part for part in (source.title or "", source.abstract) if part is not None)
    found = []
    for annotation in source.annotations:
        if annotation.pmid != source.pmid:
            raise CorpusError(
                f"{where}: document {source.pmid} has an annotation of {annotation.pmid}; put an "
                "empty line between documents"
            )
        place = f"{where}: {annotation.text}"
        spans = ((annotation.start, annotation.end),)
        found.append((annotation.type, spans, annotation.text, place))
    return Document(source.pmid, text, _entities(text, found, report))


def _not_bioc(path: Path, error: Exception) -> CorpusError:
    said = f"no {error}" if isinstance(error, KeyError) else str(error)
    return CorpusError(f"{path}: cannot be read ({said}); expected a BioC collection")


def _empty(path: Path) -> CorpusError:
    return CorpusError(f"{path}: no documents; expected a BioC collection")


def _collection(
    documents: Iterable[Any], path: Path, report: ImportReport, first: int = 1
) -> Iterator[Document]:
    for number, source in enumerate(documents, start=first):
        where = f"{path}: document {number} ({source.id})"
        try:
            document = _bioc_document(source, where, report)
        except _BROKEN as error:
            if isinstance(error, CorpusError):
                raise
            raise CorpusError(f"{where}: cannot be read ({error}); expected BioC") from error
        yield document


def _bioc_document(source: Any, where: str, report: ImportReport) -> Document:
    report.documents += 1
    if not isinstance(source.id, (str, int)) or not str(source.id).strip():
        raise CorpusError(f"{where}: a document without id; expected one")
    pieces: list[str] = []
    length = 0
    annotations: list[Any] = list(source.annotations)
    relations = len(source.relations)
    for passage in source.passages:
        annotations += passage.annotations
        relations += len(passage.relations)
        parts = [passage] if passage.text or not passage.sentences else passage.sentences
        for sentence in passage.sentences:
            annotations += sentence.annotations
            relations += len(sentence.relations)
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
    check_encodable(text, where)
    found = []
    for annotation in annotations:
        spans = tuple(
            sorted((place.offset, place.offset + place.length) for place in annotation.locations)
        )
        says = annotation.text
        kind = annotation.infons.get("type")
        found.append((kind, spans, says, f"{where}: annotation {annotation.id} {says}"))
    return Document(str(source.id).strip(), text, _entities(text, found, report))


def _entities(
    text: str,
    found: Iterable[tuple[Optional[str], tuple[tuple[int, int], ...], Optional[str], str]],
    report: ImportReport,
) -> tuple[Entity, ...]:
    """Return the annotations that fit the text; the others are counted as dropped."""
    entities: dict[tuple[tuple[tuple[int, int], ...], str], Entity] = {}
    characters = 0
    for kind, spans, says, place in found:
        report.read()
        if not kind or len(str(kind).split()) != 1:
            report.drop(WITHOUT_TYPE, place)
            continue
        kind = str(kind).strip()
        if not spans or any(not 0 <= start < end <= len(text) for start, end in spans):
            report.drop(OUTSIDE, place)
            continue
        if any(left[1] > right[0] for left, right in zip(spans, spans[1:])):
            report.drop("annotation whose fragments overlap", place)
            continue
        characters += sum(end - start for start, end in spans)
        check_covered(characters, place)
        covered = " ".join(text[start:end] for start, end in spans)
        if says is not None and covered.split() != says.split():
            report.drop(MISMATCH, f"{place}: the text has {covered!r}")
        elif (spans, kind) in entities:
            report.drop("duplicate annotation", place)
        else:
            entities[spans, kind] = Entity(kind, spans, covered)
    return tuple(entities[key] for key in sorted(entities))
