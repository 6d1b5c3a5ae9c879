"""Conversion of a corpus to another format, with a report of everything that changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.bioc import iterate_bioc_json, iterate_bioc_xml
from neuroner_tl.corpora.formats.bioc_writer import bioc_json_text, bioc_xml_text
from neuroner_tl.corpora.formats.bounded import STANDARD_INPUT
from neuroner_tl.corpora.formats.brat import iterate_brat_folder
from neuroner_tl.corpora.formats.brat_folders import write_brat_parts
from neuroner_tl.corpora.formats.conll import conll_lines, conll_name, iterate_conll
from neuroner_tl.corpora.formats.entity_page import entity_page
from neuroner_tl.corpora.formats.entity_table import entity_table
from neuroner_tl.corpora.formats.iexml import iterate_iexml
from neuroner_tl.corpora.formats.json_lines import iterate_json_lines, json_lines
from neuroner_tl.corpora.formats.medline import iterate_medline
from neuroner_tl.corpora.formats.part_files import (
    SUFFIXES,
    Pieces,
    find_part_files,
    write_part_files,
)
from neuroner_tl.corpora.formats.plain_text import iterate_text
from neuroner_tl.corpora.formats.pubtator import iterate_pubtator, pubtator_lines
from neuroner_tl.corpora.formats.standoff import iterate_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.reader import PART_NAMES, read_corpus
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.system.file_name import usable_name
from neuroner_tl.system.paths import StrPath

logger = logging.getLogger(__name__)

Reader = Callable[[Path, ImportReport], Iterator[Document]]
READERS: dict[str, Reader] = {
    "bioc-json": iterate_bioc_json,
    "bioc-xml": iterate_bioc_xml,
    "brat": iterate_brat_folder,
    "conll": iterate_conll,
    "iexml": iterate_iexml,
    "jsonl": iterate_json_lines,
    "medline": iterate_medline,
    "pubtator": iterate_pubtator,
    "text": iterate_text,
}
WRITERS: dict[str, Callable[[Iterable[Document], ImportReport], Iterator[str]]] = {
    "bioc-json": bioc_json_text,
    "bioc-xml": bioc_xml_text,
    "jsonl": json_lines,
    "pubtator": pubtator_lines,
}
FOLDER_FORMATS = ("brat", "text")
"""Formats whose documents are files in a folder."""
VIEWS = {"html": entity_page, "tsv": entity_table}
"""Formats to look at, which no reader takes for a corpus."""
TARGETS = tuple(sorted(("brat", "conll", *WRITERS)))
STANDOFF = "standoff"
FORMATS = tuple(sorted((*READERS, STANDOFF)))
OTHER_TYPE = "annotation of a type that was not requested"
RENAMED = "document renamed, its id is not a valid name for files or columns"


def read_documents(path: Path, form: str, report: ImportReport) -> Iterator[Document]:
    """Yield the documents of a file or folder in one of the formats of `READERS`.

    The path ``-`` is the standard input.

    Raises:
        CorpusError: it cannot be used.
        ParameterError: unknown format.
    """
    if form not in READERS:
        raise ParameterError(
            f"format {form!r} is unknown, expected {one_of(form, sorted(READERS))}"
        )
    if path != STANDARD_INPUT and not path.exists():
        raise CorpusError(f"{path}: no such file or folder; give a corpus in the format {form}")
    if form not in FOLDER_FORMATS and path.is_dir():
        raise CorpusError(
            f"{path}: found a folder, expected a file in the format {form}; give a file, or name "
            "another format: brat for a folder of .txt files"
        )
    return READERS[form](path, report)


def convert_corpus(
    source: StrPath,
    form: str,
    target: StrPath,
    *,
    to: str = "brat",
    texts: Optional[StrPath] = None,
    texts_form: str = "jsonl",
    entity_type: Optional[str] = None,
    rename: Optional[Mapping[str, str]] = None,
    only: Sequence[str] = (),
    tokenizer: str = "alnum",
) -> ImportReport:
    """Write a corpus in another format; what is written appears whole or not at all.

    A corpus in parts becomes a folder with a folder (brat) or a file for each part. One without
    parts becomes a folder of brat files, or a file.

    Args:
        source: the corpus, or its annotations when the format is ``standoff``.
        form: one of `FORMATS`.
        target: the folder or file to make.
        to: the format to write, one of `TARGETS`.
        texts: for ``standoff``, where the texts are.
        texts_form: for ``standoff``, their format.
        entity_type: for ``standoff``, the type of rows without one.
        rename: types to write under another name.
        only: types to keep, by their new names; none keeps all.
        tokenizer: cuts texts into the tokens of CoNLL files, unless they came in tokens.

    Returns:
        What was read, changed on the way, and lost since the new format cannot represent it.

    Raises:
        CorpusError: the source cannot be used, or the target already exists.
        ParameterError: unknown format, no texts for stand-off annotations, or a new name of a type
            that is not one word.
    """
    source, target = Path(source), Path(target)
    report = ImportReport()
    for old, new in (rename or {}).items():
        if new.split() != [new]:
            raise ParameterError(f"rename: found {new!r} for the type {old!r}, expected one word")
    if to not in TARGETS:
        raise ParameterError(f"format {to!r} is unknown, expected {one_of(to, TARGETS)}")
    if form == STANDOFF:
        if texts is None:
            raise ParameterError(
                f"{source}: stand-off annotations have no texts of their own; give them with "
                "--texts"
            )
        if not source.is_file():
            raise CorpusError(f"{source}: no such file; give stand-off annotations (.tsv)")
        documents = read_documents(Path(texts), texts_form, report)
        parts = {"": iterate_standoff(source, documents, entity_type, report)}
    else:
        parts = _parts(source, form, report)
    types: set[str] = set()
    changed: dict[str, Iterator[Document]] = {
        name: (
            _change_types(d, rename or {}, only, types, report)
            for d in renamed_for(documents, to, report)
        )
        for name, documents in parts.items()
    }
    if only and changed:
        last = list(changed)[-1]
        changed[last] = _with_types(changed[last], source, only, types)
    bars = {
        name: progress_bar(
            documents, desc=f"converting {name}".rstrip(), unit=" documents", delay=2
        )
        for name, documents in changed.items()
    }
    if to == "brat":
        write_brat_parts(target, bars)
    else:
        pieces = format_pieces(to, get_tokenizer(tokenizer), report)
        write_part_files(target, to, bars, pieces)
    return report


def format_pieces(to: str, tokenizer: Tokenizer, report: ImportReport) -> Pieces:
    """Return what makes the text of a file of a format, one of `TARGETS` or `VIEWS` but brat.

    Args:
        to: the format.
        tokenizer: cuts texts into the tokens of CoNLL files, unless they came in tokens.
        report: counts what the format cannot represent.
    """
    if to != "conll":
        write = VIEWS[to] if to in VIEWS else WRITERS[to]
        return lambda documents: write(documents, report)

    def columns(documents: Iterable[Document]) -> Iterator[str]:
        for document in documents:
            yield from conll_lines(
                tag_document(document, tokenizer, report=report, protect_entities=True)
            )

    return columns


def _parts(source: Path, form: str, report: ImportReport) -> dict[str, Iterator[Document]]:
    """Return the documents by part; of a source without parts, under the empty name.

    Raises:
        CorpusError: there is no document.
    """
    if form in ("brat", "conll") and source.is_dir():
        corpus = read_corpus(source, required=(), hold_out=False)
        kinds = {part.has_columns for part in corpus.parts.values()}
        if kinds != {form == "conll"}:
            found = "CoNLL files" if form == "brat" else "brat files"
            raise CorpusError(f"{source}: holds {found}, expected {form}; give another --from")
        if not corpus.is_flat:
            return {name: part.documents(report) for name, part in corpus.parts.items()}
    elif form in SUFFIXES and source.is_dir():
        files = find_part_files(source, form, PART_NAMES)
        return {name: read_documents(path, form, report) for name, path in files.items()}
    return {"": _some(read_documents(source, form, report), source, form)}


def _some(documents: Iterator[Document], source: Path, form: str) -> Iterator[Document]:
    """Yield documents; refuse a source that has none."""
    empty = True
    for document in documents:
        empty = False
        yield document
    if empty:
        raise CorpusError(f"{source}: no documents; expected a corpus in the format {form}")


def renamed_for(documents: Iterable[Document], to: str, report: ImportReport) -> Iterator[Document]:
    """Yield documents with ids that can be a file name, and stand in a CoNLL file."""
    for document in documents:
        name = usable_name(document.id)
        if to == "conll":
            name = conll_name(name)
        if name != document.id:
            report.count(RENAMED, f"{document.id!r} to {name!r}")
            document = replace(document, id=name)
        yield document


def _change_types(
    document: Document,
    rename: Mapping[str, str],
    only: Sequence[str],
    types: set[str],
    report: ImportReport,
) -> Document:
    """Return a document with types renamed, and those that were not requested left out."""
    kept = []
    for entity in document.annotations:
        if entity.type in rename:
            entity = replace(entity, type=rename[entity.type])
            if entity.certain:
                report.change("type renamed")
        types.add(entity.type)
        if not only or entity.type in only:
            kept.append(entity)
        elif entity.certain:
            report.drop(OTHER_TYPE, f"{document.id}: {entity.type} {entity.text}")
    return replace(document, entities=tuple(kept), unknown=())


def _with_types(
    documents: Iterator[Document], source: Path, only: Sequence[str], types: set[str]
) -> Iterator[Document]:
    """Yield the last documents; refuse or warn if types that were requested did not occur.

    Raises:
        CorpusError: there are annotations, none of them of a type that was requested.
    """
    yield from documents
    missing = [name for name in dict.fromkeys(only) if name not in types]
    if not types or not missing:
        return
    if len(missing) < len(set(only)):
        logger.warning("%s: no annotation has the type %s", source, " or ".join(missing))
        return
    raise CorpusError(
        f"{source}: found no annotation of the type {' or '.join(missing)}, expected "
        f"{one_of(missing[0], sorted(types))}; nothing would be left of the annotations"
    )
