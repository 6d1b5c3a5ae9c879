"""brat standoff: ``NAME.txt`` with the text and ``NAME.ann`` with the annotations.

Text-bound annotations (``T`` lines) become entities, those with the attribute ``Unknown`` unknown
regions (``A1 Unknown T3``), and a note such as ``probability 0.87`` gives the probability of one.
Relations, events, other attributes and notes, normalisations and equivalences say nothing about
where entities are: they are skipped and counted. The text is taken as it is on disk: a CRLF counts
as two characters, a byte order mark as none. Offsets that count line ends differently are
converted; see ``line_offsets.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.formats.text_files import read_text
from neuroner_tl.corpora.import_report import UNKNOWN_REGION, ImportReport
from neuroner_tl.corpora.text.line_offsets import (
    AS_THEY_ARE,
    CONVERTED,
    CRLF_AS_ONE,
    LF_AS_TWO,
    LineEnds,
    Offsets,
    offsets_of,
    texts_of,
)
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted

SKIPPED = {
    "R": "relation skipped",
    "E": "event skipped",
    "A": "attribute skipped",
    "M": "attribute skipped",
    "N": "normalisation skipped",
    "#": "note skipped",
    "*": "equivalence skipped",
}
# Of an annotation by its id: that it is an unknown region, and its probability.
_UNKNOWN = re.compile(r"[AM][^\t ]*\tUnknown (T[^\t ]+)\s*")
_PROBABILITY = re.compile(r"#[^\t ]*\tAnnotatorNotes (T[^\t ]+)\tprobability ([0-9.e-]+)\s*")
_NEWLINE_TO_SPACE = str.maketrans("\r\n", "  ")
_TYPE = re.compile(r"\S+")
_NUMBER = re.compile(r"[0-9]{1,15}")


def brat_names(folder: Path) -> list[str]:
    """Return the ids of the folder's documents, sorted; hidden files are ignored.

    Raises:
        CorpusError: the folder does not exist, or an ``.ann`` file has no ``.txt``.
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
            f"({counted(len(orphans), 'such file')}); add the text or remove the annotations"
        )
    return sorted(texts)


def iterate_brat_folder(folder: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the folder's documents one at a time, sorted by name.

    Raises:
        CorpusError: a file is missing or cannot be used; the message names file and line.
    """
    names = brat_names(folder)
    ends = line_ends(lambda: texts_of([(folder, names)]))
    yield from iterate_brat_documents(folder, names, report, ends)


def iterate_brat_documents(
    folder: Path, names: Iterable[str], report: ImportReport, ends: LineEnds
) -> Iterator[Document]:
    """Yield some of a folder's documents, under their corpus's convention for line ends.

    Raises:
        CorpusError: a file is missing or cannot be used; the message names file and line.
    """
    for name in names:
        yield read_brat_document(folder / f"{name}.txt", report, ends)


def line_ends(documents: Callable[[], Iterable[Path]]) -> LineEnds:
    """Return the convention of a corpus, which is determined when it is needed.

    Args:
        documents: returns the text files of all documents.
    """
    return LineEnds(documents, _fits)


def read_brat_document(
    txt_path: Path, report: ImportReport, ends: Optional[LineEnds] = None
) -> Document:
    """Read a text and, if there is one, the ``.ann`` file beside it.

    Args:
        txt_path: the text file.
        report: counts what is read, changed and skipped.
        ends: how the offsets of the corpus count line ends; None takes them as they are.

    Raises:
        CorpusError: undecodable text, a malformed line, or an annotation that does not fit the
            text.
    """
    text = read_text(txt_path)
    ann_path = txt_path.with_suffix(".ann")
    if not ann_path.is_file():
        report.documents += 1
        report.count("document without annotation file", str(txt_path))
        return Document(txt_path.stem, text)
    return Document(txt_path.stem, text, annotations_of_document(ann_path, text, report, ends))


def annotations_of_document(
    ann_path: Path, text: str, report: ImportReport, ends: Optional[LineEnds] = None
) -> tuple[Entity, ...]:
    """Read the entities of a document, under the convention of its corpus for line ends.

    Args:
        ann_path: the ``.ann`` file.
        text: the document's text.
        report: counts the document, and what is read and skipped; nothing of one that fails.
        ends: how the offsets of the corpus count line ends; None takes them as they are.

    Raises:
        CorpusError: as `read_annotations`.
    """
    convention = AS_THEY_ARE if ends is None else ends.convention
    # Counts of a document that fails must not remain.
    own = ImportReport(documents=1)
    try:
        entities = read_annotations(ann_path, text, own, convention)
    except CorpusError as error:
        if ends is None or convention != AS_THEY_ARE:
            raise
        own = ImportReport(documents=1)
        entities = read_annotations(ann_path, text, own, ends.explain(error))
    report.merge(own)
    return entities


def _fits(txt_path: Path, convention: str) -> bool:
    ann_path = txt_path.with_suffix(".ann")
    try:
        if ann_path.is_file():
            read_annotations(ann_path, read_text(txt_path), ImportReport(), convention)
    except CorpusError:
        return False
    return True


def read_annotations(
    ann_path: Path, text: str, report: ImportReport, convention: str = AS_THEY_ARE
) -> tuple[Entity, ...]:
    """Read the entities of an ``.ann`` file.

    Args:
        ann_path: the file.
        text: the text that it annotates.
        report: counts what is read and skipped.
        convention: how its offsets count line ends; see `line_offsets`.

    Raises:
        CorpusError: the file cannot be read, a line is malformed or does not fit the text.
    """
    offsets = offsets_of(text, convention)
    found: list[tuple[str, str, Entity]] = []  # id, place and line
    unknown: dict[str, str] = {}  # by id, the place that says so
    probabilities: dict[str, float] = {}
    for number, line in enumerate(_annotation_lines(read_text(ann_path)), start=1):
        if not line.strip():
            continue
        if line[0] != "T":
            if _read_remark(line, f"{ann_path}:{number}", unknown, probabilities):
                continue
            reason = SKIPPED.get(line[0])
            if reason is None:
                raise CorpusError(
                    f"{ann_path}:{number}: unknown kind of annotation {line[:40]!r}; expected a "
                    "line that starts with T, R, E, A, M, N, # or *"
                )
            report.count(reason, f"{ann_path}:{number}")
            continue
        where = f"{ann_path}:{number}"
        entity = _read_entity(line, text, where, report, offsets)
        found.append((line.partition("\t")[0], f"{where}: {line}", entity))
    names = {name for name, _, _ in found}
    for name, where in unknown.items():
        if name not in names:
            raise CorpusError(
                f"{where}: found the attribute Unknown of {name}, expected that of a T line of the "
                f"file; remove the line, or restore {name}"
            )
    entities: dict[tuple[str, tuple[tuple[int, int], ...]], Entity] = {}
    # Mentions first: what one file calls a mention and an unknown region is a mention.
    for name, where, entity in sorted(found, key=lambda item: item[0] in unknown):
        key = (entity.type, entity.fragments)
        if name in unknown:
            report.count(UNKNOWN_REGION, where)
        else:
            report.read()
            if key in entities:
                report.drop("duplicate annotation", where)
        if name in unknown or name in probabilities:
            probability = probabilities.get(name)
            entity = replace(entity, certain=name not in unknown, probability=probability)
        entities.setdefault(key, entity)
    return tuple(sorted(entities.values(), key=lambda e: (e.fragments, e.type)))


def _read_remark(
    line: str, where: str, unknown: dict[str, str], probabilities: dict[str, float]
) -> bool:
    """Take in what a line says of an annotation by its id; tell whether it does."""
    match = _UNKNOWN.fullmatch(line)
    if match:
        unknown[match.group(1)] = where
        return True
    match = _PROBABILITY.fullmatch(line)
    try:
        value = float(match.group(2)) if match else -1.0
    except ValueError:
        return False
    if match is None or not 0 <= value <= 1:
        return False
    probabilities[match.group(1)] = value
    return True


def format_annotations(entities: Iterable[Entity], with_probabilities: bool = True) -> str:
    """Return the entities as the text of an ``.ann`` file, with the ids T1, T2 ...

    An unknown region is followed by an attribute, an entity with a probability by a note, unless
    these are left out.
    """
    lines = []
    regions = notes = 0
    for number, entity in enumerate(entities, start=1):
        spans = ";".join(f"{start} {end}" for start, end in entity.fragments)
        says = entity.text.translate(_NEWLINE_TO_SPACE)
        lines.append(f"T{number}\t{entity.type} {spans}\t{says}\n")
        if not entity.certain:
            regions += 1
            lines.append(f"A{regions}\tUnknown T{number}\n")
        if with_probabilities and entity.probability is not None:
            notes += 1
            lines.append(
                f"#{notes}\tAnnotatorNotes T{number}\tprobability {entity.probability:.6g}\n"
            )
    return "".join(lines)


def _annotation_lines(content: str) -> list[str]:
    """Split at LF or CRLF; at CR only if the file has no LF, like old Macintosh files."""
    if "\n" not in content:
        return content.split("\r")
    return [line[:-1] if line.endswith("\r") else line for line in content.split("\n")]


def _read_entity(
    line: str, text: str, where: str, report: ImportReport, convert: Optional[Offsets]
) -> Entity:
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
    annotated = tuple(_read_fragment(span, where) for span in offsets.split(";"))
    fragments = annotated
    if convert is not None:
        fragments = tuple((convert(start), convert(end)) for start, end in annotated)
    for start, end in fragments:
        if end > len(text):
            raise CorpusError(
                f"{where}: offsets {start} to {end} are outside the text of {len(text)} "
                "characters; check that .txt and .ann belong together"
            )
    covered = " ".join(text[start:end] for start, end in fragments)
    if covered.translate(_NEWLINE_TO_SPACE) != columns[2].translate(_NEWLINE_TO_SPACE):
        if covered.split() != columns[2].split():
            raise CorpusError(
                f"{where}: the offsets {offsets} cover {covered!r}, but the annotation says "
                f"{columns[2]!r}; offsets count the characters of the text file: correct them, or "
                "restore the text that was annotated"
            )
        report.change("annotation text differs from the document in white space", where)
    if fragments != annotated:
        report.change(CONVERTED[CRLF_AS_ONE if fragments > annotated else LF_AS_TWO], where)
    ordered = tuple(sorted(fragments))
    if any(left[1] > right[0] for left, right in zip(ordered, ordered[1:])):
        raise CorpusError(f"{where}: the fragments {offsets} overlap; correct the offsets")
    if ordered != fragments:
        covered = " ".join(text[start:end] for start, end in ordered)
    return Entity(type_name, ordered, covered)


def _read_fragment(span: str, where: str) -> tuple[int, int]:
    numbers = span.split()
    if len(numbers) != 2 or not all(_NUMBER.fullmatch(number) for number in numbers):
        raise CorpusError(f"{where}: found offsets {span!r}; expected two numbers: start and end")
    start, end = int(numbers[0]), int(numbers[1])
    if start >= end:
        raise CorpusError(
            f"{where}: start {start} is not before end {end}; correct or remove the annotation"
        )
    return start, end
