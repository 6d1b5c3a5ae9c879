"""CoNLL-2003 style files: one token per line, tag last, blank lines between sentences.

Columns are separated by spaces or tabs; the first is the token, the last the tag, those
between are ignored (parts of speech, or NeuroNER's ``token document start end tag``), but for
marks of unknown regions such as ``?B-DISO`` before the tag. A line that
begins with ``-DOCSTART-`` begins a document; what follows on it, apart from the fillers ``-X-``,
``-Y-`` and ``O``, is the document's id. Tags are O and B-, I-, E-, S- (or BILOU's L-, U-) with a
type; what they mean when ill-formed is NeuroNER's rule (see ``tags.tags_to_spans``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Optional

from neuroner_tl.corpora.document import Document, Entity, Sentence, TaggedDocument, Token
from neuroner_tl.corpora.formats.text_files import read_lines
from neuroner_tl.corpora.import_report import UNKNOWN_REGION, ImportReport
from neuroner_tl.corpora.text.tags import tags_to_spans
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.numbers import counted

DOCUMENT_START = "-DOCSTART-"
IMPLICIT_BEGIN = "entity does not begin with B- or S-, read by conlleval's rule"
TAG = re.compile(r"O|[BIESLU]-\S+")
_KNOWN = "-"
_FILLERS = frozenset(["-X-", "-Y-", "O"])
_UNKNOWN = re.compile(r"\?([BI]-\S+)")
_SEPARATOR = re.compile(r"[ \t]+")
_BILOU = {"L": "E", "U": "S"}

MAX_TOKENS = 2_000_000
"""Tokens of one document."""

_Sentence = tuple[list[str], list[str], dict[int, str]]  # tokens, tags, tags of unknown tokens


def iterate_conll(path: Path, report: ImportReport) -> Iterator[Document]:
    """Yield the file's documents one at a time, with their sentences and tokens.

    The text of a document is its tokens joined by one space, its sentences by a line break.

    Raises:
        CorpusError: a line has one column or no valid tag, two documents have one id, or the file
            cannot be read.
    """
    name: Optional[str] = None  # of the current document
    sentences: list[_Sentence] = []
    tokens: list[str] = []
    tags: list[str] = []
    unknown: dict[int, str] = {}
    seen: set[str] = set()
    number_of_documents = number_of_tokens = 0
    for number, line in read_lines(path):
        columns = _SEPARATOR.split(line.strip(" \t"))
        if columns == [""]:
            if tokens:
                sentences.append((tokens, tags, unknown))
                tokens, tags, unknown = [], [], {}
            continue
        if columns[0] == DOCUMENT_START:
            if tokens:
                sentences.append((tokens, tags, unknown))
                tokens, tags, unknown = [], [], {}
            if name is not None or sentences:
                yield _make_document(name or path.stem, sentences, path, report)
            sentences = []
            number_of_tokens = 0
            number_of_documents += 1
            given = " ".join(column for column in columns[1:] if column not in _FILLERS)
            name = given or f"{path.stem}-{number_of_documents}"
            if name in seen:
                raise CorpusError(f"{path}:{number}: a second document {name!r}; rename one")
            seen.add(name)
            continue
        number_of_tokens += 1
        if number_of_tokens > MAX_TOKENS:
            raise CorpusError(
                f"{path}:{number}: found a document of more than {MAX_TOKENS} tokens, expected at "
                f"most that; put a line {DOCUMENT_START} before each document"
            )
        mark = _UNKNOWN.fullmatch(columns[-2]) if len(columns) > 2 else None
        if mark:
            unknown[len(tokens)] = mark.group(1)
        tokens.append(columns[0])
        tags.append(_read_tag(columns, line, path, number))
    if tokens:
        sentences.append((tokens, tags, unknown))
    if name is not None or sentences:
        yield _make_document(name or path.stem, sentences, path, report)


def conll_name(name: str) -> str:
    """Return a document's id as a ``-DOCSTART-`` line can hold it."""
    columns = _SEPARATOR.split(name.strip(" \t"))
    return " ".join(f"_{column}" if column in _FILLERS else column for column in columns)


def conll_lines(
    document: TaggedDocument, predicted: Optional[Sequence[Sequence[str]]] = None
) -> Iterator[str]:
    """Yield a document's lines in NeuroNER's format: token, document, start, end, tag.

    Without predictions, a document with unknown regions has a column of them before the tag.

    Args:
        document: the document, with its gold tags.
        predicted: the predicted tags of its sentences, for a last column.

    Raises:
        CorpusError: the predictions do not fit the document.
    """
    yield f"{DOCUMENT_START} {document.id}\n\n"
    column = _SEPARATOR.sub("_", document.id)
    with_unknown = predicted is None and any(sentence.unknown for sentence in document.sentences)
    if predicted is not None and len(predicted) != len(document.sentences):
        raise CorpusError(
            f"document {document.id!r} has {counted(len(document.sentences), 'sentence')}, "
            f"but there are predictions for {len(predicted)}"
        )
    for index, sentence in enumerate(document.sentences):
        marked: Iterable[str] = sentence.tags
        if with_unknown:
            marks = (f"?{mark}" if mark != "O" else _KNOWN for mark in sentence.unknown)
            marked = [f"{m} {tag}" for m, tag in zip_longest(marks, marked, fillvalue=_KNOWN)]
        rows = list(zip(sentence.tokens, sentence.starts, sentence.ends, marked))
        extra = [""] * len(rows)
        if predicted is not None:
            if len(predicted[index]) != len(rows):
                raise CorpusError(
                    f"document {document.id!r}, sentence {index + 1} "
                    f"has {counted(len(rows), 'token')}, "
                    f"but {counted(len(predicted[index]), 'predicted tag')}"
                )
            extra = [f" {tag}" for tag in predicted[index]]
        for (token, start, end, tag), last in zip(rows, extra):
            yield f"{token} {column} {start} {end} {tag}{last}\n"
        yield "\n"


def _read_tag(columns: list[str], line: str, path: Path, number: int) -> str:
    tag = columns[-1]
    if len(columns) < 2:
        raise CorpusError(
            f"{path}:{number}: found the single column {line.strip()!r}; expected a token and a "
            "tag, separated by a space or a tab"
        )
    if not TAG.fullmatch(tag):
        raise CorpusError(
            f"{path}:{number}: found the tag {tag!r} in the last column; expected O, or B-, I-, "
            "E- or S- followed by an entity type"
        )
    return _BILOU.get(tag[0], tag[0]) + tag[1:]


def _make_document(
    name: str, sentences: list[_Sentence], path: Path, report: ImportReport
) -> Document:
    report.documents += 1
    pieces: list[str] = []
    spans: list[Sentence] = []
    entities: list[Entity] = []
    position = 0
    for tokens, tags, unknown in sentences:
        line = " ".join(tokens)
        start = position
        made = []
        for token in tokens:
            made.append(Token(position, position + len(token)))
            position += len(token) + 1
        spans.append(Sentence(start, position - 1, tuple(made)))
        pieces.append(line)
        for entity_type, first, after in tags_to_spans(tags):
            here = (made[first].start, made[after - 1].end)
            entities.append(Entity(entity_type, (here,), line[here[0] - start : here[1] - start]))
            report.read()
            if tags[first][0] not in "BS":
                report.change(IMPLICIT_BEGIN, f"{path}: {name}: {entities[-1].text}")
        doubtful = [unknown.get(index, "O") for index in range(len(tokens))] if unknown else []
        for entity_type, first, after in tags_to_spans(doubtful):
            here = (made[first].start, made[after - 1].end)
            text = line[here[0] - start : here[1] - start]
            entities.append(Entity(entity_type, (here,), text, certain=False))
            report.count(UNKNOWN_REGION, f"{path}: {name}: {text}")
    return Document(name, "\n".join(pieces), tuple(entities), tuple(spans))
