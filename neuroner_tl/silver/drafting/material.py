"""What a new silver corpus can be made from: each file is read, counted and compared.

Whatever is not what it seems is refused here, in a line, before a definition names it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Optional

from neuroner_tl.corpora.convert import FOLDER_FORMATS, READERS, STANDOFF, read_documents
from neuroner_tl.corpora.detection import (
    detect_format,
    format_of_text,
    part_folders,
)
from neuroner_tl.corpora.document import Document
from neuroner_tl.corpora.formats.standoff import fits, read_standoff
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.errors import CorpusError, ParameterError
from neuroner_tl.messages.numbers import counted
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.silver.annotators.annotators import annotated_places, without_space
from neuroner_tl.silver.annotators.lexicon import Lexicon, read_terms

TRIED = 1000
"""Texts in which the terms of a list are looked for."""
_SHOWN_TERMS = 1000
_SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
_FEWEST_ROWS = 5
_LONGEST_TERM = 100  # characters of the median line of a list of names
_SHOWN_TYPES = 5


@dataclass(frozen=True)
class Texts:
    """The texts that are to be annotated.

    Attributes:
        paths: their files or folders.
        form: their format.
        hashes: of each text without its white space, by document id.
        first: the first of them.
        empty: how many have no letter or other visible character.

    Example::

        texts = examine_texts([Path("abstracts")], None)
        print(len(texts.hashes), texts.form)
    """

    paths: tuple[Path, ...]
    form: str
    hashes: Mapping[str, int]
    first: Sequence[Document]
    empty: int


@dataclass(frozen=True)
class TermList:
    """A list of names.

    Attributes:
        path: its file.
        terms: how many different names it has.
        matches: how often they were found in the first texts.
        matched_texts: in how many of these texts.
        first: the first name.
        quoted: the names in double quotes.

    Example::

        found = examine_terms(Path("enzymes.txt"), texts)
        print(found.terms, found.matches)
    """

    path: Path
    terms: int
    matches: int
    matched_texts: int
    first: str
    quoted: tuple[str, ...]


@dataclass(frozen=True)
class TaggerFile:
    """Annotations of a tagger.

    Attributes:
        path: the file or folder.
        kind: its format.
        documents: how many documents it has.
        covered: how many of the texts are among them.
        mentions: how many annotations of the class are in those.
        types: the types that are of the class.

    Example::

        found = examine_annotations("tagged.pubtator", "ENZYME", ["Enzyme"], texts)
        print(found.kind, found.covered, found.types)
    """

    path: Path
    kind: str
    documents: int
    covered: int
    mentions: int
    types: tuple[str, ...]


def examine_texts(paths: Sequence[Path], form: Optional[str]) -> Texts:
    """Read all texts.

    Args:
        paths: files or folders.
        form: their format; None to detect it.

    Raises:
        CorpusError: one cannot be read, there is no text, or two texts have one id.
        ParameterError: the format is unknown, or the files are in different ones.
    """
    forms = {path: form or detect_format(path) for path in paths}
    for path in paths:
        if forms[path] not in FOLDER_FORMATS and path.is_dir():
            raise CorpusError(
                f"{path}: found a folder, expected a file in the format {forms[path]}; give the "
                "file, or a folder of .txt files without a format"
            )
        parts = part_folders(path)
        if forms[path] == "brat" and parts and not any(path.glob("*.txt")):
            raise CorpusError(
                f"{path}: found the folder{'s' * (len(parts) > 1)} {' and '.join(parts)}, expected "
                f"the texts themselves; give {' '.join(str(path / name) for name in parts)}"
            )
    first_path, first_form = next(iter(forms.items()))
    for path, other in forms.items():
        if other == STANDOFF:
            raise CorpusError(
                f"{path}: found stand-off annotations, which have no texts; give the texts, and "
                "this file as annotations"
            )
        if other != first_form:
            raise ParameterError(
                f"{path}: found the format {other}, expected {first_form} as {first_path}; convert "
                "one of them with `neuroner-tl corpus convert`"
            )
    hashes: dict[str, int] = {}
    first: list[Document] = []
    empty = 0
    for path in paths:
        documents = read_documents(path, first_form, ImportReport())
        for document in progress_bar(documents, desc="reading", unit=" documents", delay=2):
            text = without_space(document.text)
            is_new = document.id not in hashes
            if hashes.setdefault(document.id, hash(text)) != hash(text):
                raise CorpusError(
                    f"{path}: document {document.id!r} occurs twice with different texts; ids must "
                    "be unique: remove or rename one"
                )
            empty += is_new and not text
            if is_new and len(first) < TRIED:
                first.append(document)
    if len(hashes) == empty:
        raise CorpusError(
            f"{first_path}: found {counted(len(hashes), 'document')} and no text; give the texts "
            "to annotate"
        )
    return Texts(tuple(paths), first_form, hashes, first, empty)


def examine_terms(path: Path, texts: Texts) -> TermList:
    """Read a term list, and look for its terms in the first texts.

    Raises:
        CorpusError: it cannot be read, or is no list of one name per line.
    """
    if not path.is_file():
        raise CorpusError(
            f"{path}: found {'a folder' if path.is_dir() else 'no such file'}, expected a term "
            "list: a text file with one term per line"
        )
    terms = list(dict.fromkeys(read_terms(path)))
    _check_terms(path, terms[:_SHOWN_TERMS])
    try:
        lexicon = Lexicon(terms)
    except ParameterError as error:
        raise CorpusError(
            f"{path}: found {counted(len(terms), 'line')} and no name with a letter, expected one "
            "term per line"
        ) from error
    found = [
        len(lexicon.annotate(document.text))
        for document in progress_bar(texts.first, desc=path.name, unit=" documents", delay=2)
    ]
    quoted = tuple(term for term in terms if len(term) > 1 and term[0] == term[-1] == '"')
    matched_texts = sum(1 for number in found if number)
    return TermList(path, len(terms), sum(found), matched_texts, terms[0], quoted)


def examine_annotations(
    given: str, entity_type: str, tagger_types: Sequence[str], texts: Texts
) -> TaggerFile:
    """Read the annotations of a tagger, and compare them with the texts.

    Args:
        given: the path, or ``KIND:PATH`` where the format cannot be told.
        entity_type: the type of the silver corpus.
        tagger_types: names that taggers may have for it.
        texts: the texts.

    Raises:
        CorpusError: it cannot be read, or none of the texts is in it.
        ParameterError: none of its types is of the class.
    """
    kind, colon, place = given.partition(":")
    if colon and kind in (*READERS, STANDOFF) and place:
        path = Path(place)
    else:
        path = Path(given)
        kind = detect_format(path)
    found, covered, types = (_standoff if kind == STANDOFF else _annotated)(path, kind, texts)
    documents = len(found)
    if not covered:
        example = f", such as {found[0]!r}," if found else ""
        ids = ", ".join(repr(name) for name in list(texts.hashes)[:3])
        known = sum(name in texts.hashes for name in found)
        remedy = "give annotations of these texts, with the same ids"
        if known:
            have = counted(known, "has the id of a text", "have the ids of texts")
            remedy = (
                f"{have} and another text: give annotations of the same texts, which may differ in "
                "white space only"
            )
        raise CorpusError(
            f"{path}: none of its {counted(documents, 'document')}{example} is among the texts, "
            f"whose ids are {ids} ...; {remedy}"
        )
    chosen = _types_of(path, entity_type, tagger_types, types)
    mentions = sum(types[name] for name in chosen)
    return TaggerFile(path, kind, documents, covered, mentions, chosen)


def _check_terms(path: Path, terms: Sequence[str]) -> None:
    """Refuse what is no list of one name per line."""
    form = format_of_text("\n".join(terms))
    if form is not None:
        raise CorpusError(
            f"{path}: found a file in the format {form}, expected a term list with one term per "
            "line; give it as texts or annotations"
        )
    for separator, name in _SEPARATORS.items():
        having = sum(separator in term for term in terms)
        # A name may have one of its own, so rows need not have the same number.
        everywhere = len(terms) >= _FEWEST_ROWS and having == len(terms)
        if everywhere or (having > len(terms) / 2 and separator == "\t"):
            example = next(term for term in terms if separator in term)
            raise CorpusError(
                f"{path}: found columns separated by {name} such as {example[:60]!r}, expected one "
                "term per line; keep the column of names, for example with cut"
            )
    if median(map(len, terms)) > _LONGEST_TERM:
        raise CorpusError(
            f"{path}: found lines of {median(map(len, terms)):.0f} characters, expected a term "
            "list with one name per line; give texts as texts"
        )


def _annotated(path: Path, kind: str, texts: Texts) -> tuple[list[str], int, Counter[str]]:
    """Return the documents' ids, how many are of the texts, and their annotations by type."""
    types: Counter[str] = Counter()
    seen = set()
    found = []
    for place in annotated_places(path, kind):
        for document in read_documents(place, kind, ImportReport()):
            found.append(document.id)
            if texts.hashes.get(document.id) == hash(without_space(document.text)):
                seen.add(document.id)
                types.update(entity.type for entity in document.entities)
    return found, len(seen), types


def _standoff(path: Path, kind: str, texts: Texts) -> tuple[list[str], int, Counter[str]]:
    """Do as `_annotated` for stand-off annotations, which have ids, but no texts."""
    rows = read_standoff(path)
    types: Counter[str] = Counter()
    wrong = {
        document.id
        for document in texts.first
        if not any(
            fits(document.text, start, end, says)
            for start, end, _, says, _ in rows.get(document.id, ())
        )
    }
    seen = [name for name in rows if name in texts.hashes and name not in wrong]
    for name in seen:
        types.update(row[2] or "" for row in rows[name])
    return list(rows), len(seen), types


def _types_of(
    path: Path, entity_type: str, tagger_types: Sequence[str], types: Counter[str]
) -> tuple[str, ...]:
    """Return which of the types of a tagger are of the class."""
    if entity_type in types or set(types) == {""}:
        return (entity_type,) if entity_type in types else ("",)
    named = tuple(name for name in dict.fromkeys(tagger_types) if name in types)
    if named:
        return named
    alike = [name for name in types if name.casefold() == entity_type.casefold()]
    if alike or len(types) == 1:
        return tuple(alike) or tuple(types)
    if not types:
        raise ParameterError(f"{path}: found no annotation of any of the texts; leave it out")
    wanted = " or ".join(dict.fromkeys((entity_type, *tagger_types)))
    shown = ", ".join(f"{name} ({number})" for name, number in types.most_common(_SHOWN_TYPES))
    raise ParameterError(
        f"{path}: found the types {shown}, expected {wanted}; say which of them are "
        f"{entity_type} with --tagger-type"
    )
