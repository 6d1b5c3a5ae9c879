"""PubTator files: title, abstract and annotations of a document on lines of their own.

The text is the title, a line break and the abstract, with all white space of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.annotations import FoundAnnotation, fitting_entities
from neuroner_tl.corpora.formats.bounded import LONGEST_LINE
from neuroner_tl.corpora.formats.text_files import check_encodable, read_lines
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError

FRAGMENTS = "annotation of several fragments, which PubTator cannot represent"
UNKNOWN = "unknown region, which PubTator cannot represent, lost"
LINE_BREAK = "line break that PubTator cannot represent, replaced"
_TEXT = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_COLUMNS = re.compile(r"[^\t]+\t.*\t.*\t.*", re.DOTALL)
# What `read_lines` treats as the end of a line.
_LINE_END = re.compile(r"[\n\r]")
_NO_CONCEPT = "-"
_MOST_COLUMNS = 7  # The last has the mentions of a composite one.


class _Annotation(NamedTuple):
    document: str
    start: int
    end: int
    text: str
    type: str


def iterate_pubtator(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a PubTator file; relations are counted.

    Raises:
        CorpusError: a line is neither title nor abstract, annotation nor relation.
    """
    for first, lines in _blocks(path, any_bytes=report.bad is not None):
        try:
            document = _read_document(path, first, lines, report)
        except CorpusError as error:
            report.refuse(error)
            continue
        yield document
    if not report.documents:
        raise CorpusError(f"{path}: no documents; expected PubTator")


def pubtator_lines(documents: Iterable[Document], report: ImportReport) -> Iterator[str]:
    """Yield documents as lines of a PubTator file.

    Every line break but the first becomes a space; annotations of several fragments and unknown
    regions are dropped. The report counts all of them.
    """
    for document in documents:
        title, *rest = _LINE_END.split(document.text)
        breaks = _LINE_END.findall(document.text)
        changed = len(breaks) - (breaks[:1] == ["\n"])
        if changed:
            report.count(LINE_BREAK, document.id, changed)
        yield f"{document.id}|t|{title}\n"
        if rest:
            yield f"{document.id}|a|{' '.join(rest)}\n"
        for region in document.unknown:
            report.count(UNKNOWN, f"{document.id}: {region.text}")
        for entity in document.entities:
            if len(entity.fragments) > 1:
                report.drop(FRAGMENTS, f"{document.id}: {entity.text}")
                continue
            place = f"{document.id}\t{entity.start}\t{entity.end}"
            text = " ".join(entity.text.split())
            yield f"{place}\t{text}\t{entity.type}\t{_NO_CONCEPT}\n"
        yield "\n"


def _blocks(path: Path, any_bytes: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield the blocks of non-empty lines, each with the number of its first line."""
    lines: list[str] = []
    number = size = 0
    for number, line in read_lines(path, any_bytes):
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


def _read_document(path: Path, first: int, lines: list[str], report: ImportReport) -> Document:
    where = f"{path}:{first}"
    report.documents += 1
    names: list[str] = []
    texts: dict[str, str] = {}
    annotations: list[_Annotation] = []
    for number, line in enumerate(lines, start=first):
        match = _TEXT.fullmatch(line)
        if match is not None:
            if match[2] in texts:
                raise CorpusError(
                    f"{path}:{number}: found a second line {line[:60]!r} of a document, expected "
                    "an empty line after each document; add it"
                )
            names.append(match[1].strip())
            texts[match[2]] = match[3]
            continue
        columns = line.strip().split("\t")
        if _COLUMNS.fullmatch(line) is None or len(columns) < 4:
            raise CorpusError(
                f"{path}:{number}: found {line[:60]!r}; expected ID|t|title, ID|a|abstract, or "
                "an annotation with columns separated by tabs"
            )
        # Without a concept an annotation has five columns, as some relations have.
        if len(columns) < 6 and not all(map(str.isdecimal, columns[1:3])):
            report.count("relation skipped", where)
            continue
        try:
            annotations.append(_annotation(columns))
        except ValueError as error:
            raise CorpusError(
                f"{path}:{number}: cannot be read ({error}); expected PubTator"
            ) from error
    if not names or len(set(names)) > 1:
        raise CorpusError(
            f"{where}: found {lines[0][:60]!r}; expected a title (ID|t|...) and an abstract "
            "(ID|a|...) and their annotations, with an empty line after each document"
        )
    name = names[0]
    text = texts.get("t", "") + (f"\n{texts['a']}" if "a" in texts else "")
    check_encodable(name + text, where)
    found = []
    for annotation in annotations:
        if annotation.document != name:
            raise CorpusError(
                f"{where}: document {name} has an annotation of {annotation.document}; put an "
                "empty line between documents"
            )
        spans = ((annotation.start, annotation.end),)
        place = f"{where}: {annotation.text}"
        found.append(FoundAnnotation(annotation.type, spans, annotation.text, place))
    return Document(name, text, fitting_entities(text, found, report))


def _annotation(columns: Sequence[str]) -> _Annotation:
    """Return the annotation of a line's five to seven columns; concepts are not read."""
    if not 5 <= len(columns) <= _MOST_COLUMNS:
        raise ValueError(f"{len(columns)} columns")
    document, start, end, text, kind = columns[:5]
    return _Annotation(document, int(start), int(end), text, kind)
