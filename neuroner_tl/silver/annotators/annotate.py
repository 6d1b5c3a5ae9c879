"""A collection of texts through one annotator, one text at a time, into a stand-off file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.convert import read_documents
from neuroner_tl.corpora.formats.part_files import write_pieces
from neuroner_tl.corpora.formats.standoff import format_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.annotators.lexicon import Lexicon, LexiconRules, read_terms
from neuroner_tl.system.atomic_file import replacing
from neuroner_tl.system.memory import peak_memory
from neuroner_tl.system.paths import StrPath
from neuroner_tl.system.write_errors import writing


@dataclass(frozen=True)
class AnnotationSpeed:
    """The time and memory that annotating took.

    Attributes:
        terms: terms of the lexicon.
        documents: texts annotated.
        spans: spans found.
        build_seconds: time until the lexicon was ready.
        seconds: time to read, annotate and write all texts.
        peak_memory: most memory that the process has held so far, in MB.

    Example::

        speed = annotate_texts("abstracts.jsonl", "terms.txt", "spans.tsv.gz")
        print(speed.summary())
    """

    terms: int
    documents: int
    spans: int
    build_seconds: float
    seconds: float
    peak_memory: float

    def summary(self) -> str:
        """Return the figures as a line of text."""
        return (
            f"{counted(self.terms, 'term')}, ready in {self.build_seconds:.1f} s; "
            f"{counted(self.documents, 'document')}, "
            f"{counted(self.spans, 'span')} in {self.seconds:.1f} s: "
            f"{self.documents / self.seconds:.0f} "
            f"documents/s; peak memory {self.peak_memory:.0f} MB"
        )


def annotate_texts(
    texts: StrPath,
    terms: StrPath,
    output: StrPath,
    *,
    texts_format: str = "jsonl",
    rules: Optional[LexiconRules] = None,
) -> AnnotationSpeed:
    """Write the spans that a term list finds, as tab-separated stand-off (``.tsv``, ``.tsv.gz``).

    Args:
        texts: the texts.
        terms: the terms, one per line.
        output: the file, whole or not at all.
        texts_format: format of the texts, one of ``convert.READERS``.
        rules: how terms match; None takes the defaults.

    Raises:
        CorpusError: a file cannot be used or written.
    """
    texts, terms, output = Path(texts), Path(terms), Path(output)
    if output.resolve() in (texts.resolve(), terms.resolve()):
        raise CorpusError(
            f"{output}: is what is read, and would be overwritten; give another file for the "
            "annotations"
        )
    started = time.perf_counter()
    lexicon = Lexicon(read_terms(terms), rules or LexiconRules())
    ready = time.perf_counter()
    report = ImportReport()
    spans = 0

    def rows() -> Iterator[tuple[str, int, int, str]]:
        nonlocal spans
        documents = read_documents(texts, texts_format, report)
        for document in progress_bar(documents, desc="annotating", unit=" documents"):
            for start, end in lexicon.annotate(document.text):
                spans += 1
                yield document.id, start, end, document.text[start:end]

    with writing(output):
        with replacing(output) as temporary:
            write_pieces(temporary, format_standoff(rows()), output.suffix == ".gz")
    return AnnotationSpeed(
        lexicon.number_of_terms,
        report.documents,
        spans,
        ready - started,
        time.perf_counter() - ready,
        peak_memory(),
    )
