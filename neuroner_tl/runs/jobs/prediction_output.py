"""Where predictions of new text go: the standard output, a file, or a folder."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, Optional

from neuroner_tl.corpora.convert import TARGETS, VIEWS, format_pieces, renamed_for
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.formats import part_files
from neuroner_tl.corpora.formats.brat_writer import BratWriter
from neuroner_tl.corpora.formats.part_files import write_pieces
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.sources import TEXT, Source, check_names
from neuroner_tl.corpora.text.tokenizers import Tokenizer
from neuroner_tl.errors import CorpusError, NeuroNERError, ParameterError
from neuroner_tl.messages.spelling import one_of
from neuroner_tl.runs.folder import check_writable
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.write_errors import writing

STANDARD_OUTPUT = Path("-")
BRAT = "brat"
FORMS = tuple(sorted((*TARGETS, *VIEWS)))
SUFFIXES = {**part_files.SUFFIXES, "conll": ".conll", "html": ".html", "tsv": ".tsv"}
"""How the name of a file of predictions ends, by format."""

Results = Iterable[tuple[Source, Document]]


class Output(NamedTuple):
    """A place for predictions, and their format.

    Attributes:
        path: a file, a folder, or ``-`` for the standard output.
        form: one of `FORMS`.
        is_folder: whether each file of texts gets a file of its own, or, in brat's format, each
            document a pair of files.

    Example:
        >>> Output(Path("found.jsonl.gz"), "jsonl", False).path.suffix
        '.gz'
    """

    path: Path
    form: str
    is_folder: bool


def choose_output(path: Path, form: Optional[str], sources: Sequence[Source]) -> Output:
    """Return where predictions go, after a check that they can.

    Args:
        path: a name with an ending is that of a file, another one that of a folder, unless it
            exists; ``-`` is the standard output.
        form: one of `FORMS`; None to tell it from the ending. Without one it is brat,
            and JSON lines on the standard output.
        sources: the files of texts.

    Raises:
        CorpusError: two files of texts would have one file of predictions.
        ParameterError: unknown format, or predictions cannot be written or would replace texts.
    """
    if form is not None and form not in FORMS:
        raise ParameterError(f"format {form!r} is unknown, expected {one_of(form, FORMS)}")
    ending = Path(path.name[:-3] if path.name.endswith(".gz") else path.name).suffix.lower()
    if form is None:
        by_ending = {suffix: name for name, suffix in SUFFIXES.items()}
        if ending[1:].isalpha() and ending not in by_ending and not path.is_dir():
            raise ParameterError(
                f"{path}: {ending} is the ending of no format, expected one of "
                f"{', '.join(sorted(by_ending))}, or name the format (--format, brat for a folder)"
            )
        form = by_ending.get(ending, "jsonl" if path == STANDARD_OUTPUT else BRAT)
    if path == STANDARD_OUTPUT:
        if form == BRAT:
            raise ParameterError(
                "--output -: brat needs a folder of files; give one, or another --format"
            )
        return Output(path, form, False)
    output = Output(path, form, form == BRAT or path.is_dir() or not ending)
    folders = {source.path.parent.resolve() for source in sources}
    if output.form == BRAT and path.resolve() in folders:
        raise ParameterError(
            f"{path}: is the folder of the texts, whose annotations would be overwritten; "
            "give another output folder"
        )
    if output.is_folder:
        check_names(sources)
    texts = {source.path.resolve() for source in sources}
    for file in files_of(output, sources):
        if file.resolve() in texts:
            raise ParameterError(
                f"{file}: is a file of texts, which would be overwritten; give another output"
            )
    check_writable(path if output.is_folder else path.parent, "--output")
    return output


def check_separate(path: Path, option: str, output: Output, sources: Sequence[Source]) -> None:
    """Check that a file beside the predictions replaces nothing but an older one.

    Args:
        path: the file.
        option: that names it.
        output: where predictions go.
        sources: the files of texts.

    Raises:
        ParameterError: it is a file of texts or of predictions, or a folder or a device.
    """
    problem = None
    if path.resolve() in {source.path.resolve() for source in sources}:
        problem = "is a file of texts, which would be overwritten"
    elif path.resolve() in {file.resolve() for file in files_of(output, sources)}:
        problem = "is the output"
    elif path.exists() and not path.is_file():
        problem = "is not a regular file"
    if problem is not None:
        raise ParameterError(f"{option} {path}: {problem}; give another file")


def write_results(
    results: Results,
    output: Output,
    tokenizer: Tokenizer,
    report: ImportReport,
    probabilities: bool = False,
    refuse: Optional[Callable[[Source, NeuroNERError], None]] = None,
    types: Iterable[str] = (),
) -> None:
    """Write predictions; a file appears whole or not at all.

    Args:
        results: documents with their files of texts, those of one file one after the other.
        output: where and how.
        tokenizer: cuts texts into the tokens of CoNLL files.
        report: counts what the format cannot represent.
        probabilities: whether to write probabilities into brat files.
        refuse: called for a document whose id cannot be that of files; None to raise the error.
        types: all types that entities may have, for brat's ``annotation.conf``.

    Raises:
        CorpusError: they cannot be written.
    """
    if output.form == BRAT:
        with BratWriter(output.path, with_probabilities=probabilities) as writer:
            writer.declare(types)
            _write_brat(results, writer, report, refuse)
        return
    pieces = format_pieces(output.form, tokenizer, report)

    def text_of(some: Results) -> Iterator[str]:
        documents: Iterator[Document] = (document for _, document in some)
        if output.form == "conll":
            documents = renamed_for(documents, output.form, report)
        return pieces(documents)

    if output.path == STANDARD_OUTPUT:
        for piece in text_of(results):
            sys.stdout.buffer.write(piece.encode("utf-8"))
        sys.stdout.buffer.flush()
        return
    if not output.is_folder:
        _write_file(output.path, text_of(results))
        return
    for source, some in itertools.groupby(results, key=itemgetter(0)):
        _write_file(_file_of(output, source), text_of(some))


def _write_brat(
    results: Results,
    writer: BratWriter,
    report: ImportReport,
    refuse: Optional[Callable[[Source, NeuroNERError], None]],
) -> None:
    names = DocumentNames()
    for source, document in results:
        if source.form != TEXT:  # The name of a text is already that of a file.
            (document,) = renamed_for([document], BRAT, report)
            try:
                names.check(document.id, str(source.path))
            except CorpusError as error:
                if refuse is None:
                    raise
                refuse(source, error)
                continue
        writer.add(document)


def _write_file(path: Path, pieces: Iterable[str]) -> None:
    with writing(path):
        with replacing(path) as temporary:
            write_pieces(temporary, pieces, path.suffix == ".gz")


def files_of(output: Output, sources: Sequence[Source]) -> list[Path]:
    """Return the files of predictions, without those of brat, which are named after documents."""
    if not output.is_folder:
        return [] if output.path == STANDARD_OUTPUT else [output.path]
    return [] if output.form == BRAT else [_file_of(output, source) for source in sources]


def _file_of(output: Output, source: Source) -> Path:
    """Return the file of a folder for the predictions of a file; packed as that is."""
    packed = ".gz" if source.path.suffix == ".gz" else ""
    return output.path / f"{source.name}{SUFFIXES[output.form]}{packed}"
