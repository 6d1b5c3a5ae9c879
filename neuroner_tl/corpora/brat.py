"""brat standoff: ``NAME.txt`` with the text and ``NAME.ann`` with the annotations.

Text-bound annotations (``T`` lines) become entities. Relations, events, attributes,
normalisations, notes and equivalences say nothing about where entities are: they are skipped and
counted. The text is taken as it is on disk: a CRLF counts as two characters, a byte order mark as
none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.text_files import read_text, write_text_atomically
from neuroner_tl.errors import CorpusError

SKIPPED = {
    "R": "relation skipped",
    "E": "event skipped",
    "A": "attribute skipped",
    "M": "attribute skipped",
    "N": "normalisation skipped",
    "#": "note skipped",
    "*": "equivalence skipped",
}
_NEWLINE_TO_SPACE = str.maketrans("\r\n", "  ")
_TYPE = re.compile(r"\S+")
_NUMBER = re.compile(r"[0-9]{1,15}")


def brat_names(folder: Path) -> list[str]:
    """Return the ids of the folder's documents, sorted; hidden files are ignored.

    Raises:
        CorpusError: there is no such folder, or an ``.ann`` file without its ``.txt``.
    """
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; give a folder of brat .txt and .ann files")
    texts: set[str] = set()
    annotations: set[str] = set()
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.suffix == ".txt":
            texts.add(path.stem)
        elif path.suffix == ".ann":
            annotations.add(path.stem)
    orphans = sorted(annotations - texts)
    if orphans:
        raise CorpusError(
            f"{folder / orphans[0]}.ann: there is no {orphans[0]}.txt beside it "
            f"({len(orphans)} such file(s)); add the text or remove the annotations"
        )
    return sorted(texts)


def iterate_brat_folder(folder: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the folder's documents one at a time, sorted by name.

    Raises:
        CorpusError: a file is missing or cannot be used; the message names file and line.
    """
    for name in brat_names(folder):
        yield read_brat_document(folder / f"{name}.txt", report)


def read_brat_document(txt_path: Path, report: ImportReport) -> Document:
    """Read a text and, if there is one, the ``.ann`` file beside it.

    Raises:
        CorpusError: undecodable text, a malformed line, or an annotation that does not fit the
            text.
    """
    text = read_text(txt_path)
    report.documents += 1
    ann_path = txt_path.with_suffix(".ann")
    if not ann_path.is_file():
        report.count("document without annotation file", str(txt_path))
        return Document(txt_path.stem, text)
    return Document(txt_path.stem, text, read_annotations(ann_path, text, report))


def read_annotations(ann_path: Path, text: str, report: ImportReport) -> tuple[Entity, ...]:
    """Read the entities of an ``.ann`` file.

    Args:
        ann_path: the file.
        text: the text that it annotates.
        report: counts what is read and skipped.

    Raises:
        CorpusError: the file cannot be read, a line is malformed or does not fit the text.
    """
    entities: dict[tuple[str, tuple[tuple[int, int], ...]], Entity] = {}
    for number, line in enumerate(_annotation_lines(read_text(ann_path)), start=1):
        if not line.strip():
            continue
        if line[0] != "T":
            reason = SKIPPED.get(line[0])
            if reason is None:
                raise CorpusError(
                    f"{ann_path}:{number}: unknown kind of annotation {line[:40]!r}; expected a "
                    "line that starts with T, R, E, A, M, N, # or *"
                )
            report.count(reason, f"{ann_path}:{number}")
            continue
        where = f"{ann_path}:{number}"
        entity = _read_entity(line, text, where, report)
        report.read()
        key = (entity.type, entity.fragments)
        if key in entities:
            report.drop("duplicate annotation", f"{where}: {line}")
        else:
            entities[key] = entity
    return tuple(sorted(entities.values(), key=lambda e: (e.fragments, e.type)))


def format_annotations(entities: Iterable[Entity]) -> str:
    """Return the entities as the text of an ``.ann`` file, with the ids T1, T2 ..."""
    lines = []
    for number, entity in enumerate(entities, start=1):
        spans = ";".join(f"{start} {end}" for start, end in entity.fragments)
        says = entity.text.translate(_NEWLINE_TO_SPACE)
        lines.append(f"T{number}\t{entity.type} {spans}\t{says}\n")
    return "".join(lines)


def write_brat_document(document: Document, folder: Path) -> None:
    """Write ``ID.txt`` and ``ID.ann``, each whole or not at all.

    Raises:
        CorpusError: the id cannot be a file name, or the folder cannot be written.
    """
    name = document.id
    if not name or name.startswith(".") or any(c in name for c in "/\\\0"):
        raise CorpusError(f"document id {name!r} cannot be a file name; rename the document")
    write_text_atomically(folder / f"{name}.txt", document.text)
    write_text_atomically(folder / f"{name}.ann", format_annotations(document.entities))


def _annotation_lines(content: str) -> list[str]:
    """Split at LF or CRLF; at CR only if the file has no LF, as old Macintosh files."""
    if "\n" not in content:
        return content.split("\r")
    return [line[:-1] if line.endswith("\r") else line for line in content.split("\n")]


def _read_entity(line: str, text: str, where: str, report: ImportReport) -> Entity:
    columns = line.split("\t", 2)
    if len(columns) != 3:
        raise CorpusError(
            f"{where}: found {line!r}; expected three columns separated by tabs: "
            "id, type with offsets, text"
        )
    type_name, _, offsets = columns[1].partition(" ")
    if not _TYPE.fullmatch(type_name) or not offsets:
        raise CorpusError(
            f"{where}: found {columns[1]!r}; expected a type and offsets such as 'DISO 0 12'"
        )
    fragments = tuple(_read_fragment(span, len(text), where) for span in offsets.split(";"))
    covered = " ".join(text[start:end] for start, end in fragments)
    if covered.translate(_NEWLINE_TO_SPACE) != columns[2].translate(_NEWLINE_TO_SPACE):
        if covered.split() != columns[2].split():
            raise CorpusError(
                f"{where}: the offsets {offsets} cover {covered!r}, but the annotation says "
                f"{columns[2]!r}; offsets count characters of the text file, both of a CRLF: "
                "correct the offsets or restore the text that was annotated"
            )
        report.change("annotation text differs from the document in white space", where)
    ordered = tuple(sorted(fragments))
    if any(left[1] > right[0] for left, right in zip(ordered, ordered[1:])):
        raise CorpusError(f"{where}: the fragments {offsets} overlap; correct the offsets")
    if ordered != fragments:
        covered = " ".join(text[start:end] for start, end in ordered)
    return Entity(type_name, ordered, covered)


def _read_fragment(span: str, length: int, where: str) -> tuple[int, int]:
    numbers = span.split()
    if len(numbers) != 2 or not all(_NUMBER.fullmatch(number) for number in numbers):
        raise CorpusError(f"{where}: found offsets {span!r}; expected two numbers: start and end")
    start, end = int(numbers[0]), int(numbers[1])
    if start >= end:
        raise CorpusError(
            f"{where}: start {start} is not before end {end}; correct or remove the annotation"
        )
    if end > length:
        raise CorpusError(
            f"{where}: offsets {start} to {end} are outside the text of {length} characters; "
            "check that .txt and .ann belong together"
        )
    return start, end
