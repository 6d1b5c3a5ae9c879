"""Everything that is wrong with a corpus, reported before training."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

from neuroner_tl.corpora.document import Document, Entity
from neuroner_tl.corpora.document_names import DocumentNames
from neuroner_tl.corpora.duplicates import DocumentIndex
from neuroner_tl.corpora.import_report import ImportReport
from neuroner_tl.corpora.look_alikes import described, look_alikes
from neuroner_tl.corpora.reader import BratPart, Corpus, PartReader, lacks_valid, read_corpus
from neuroner_tl.corpora.splits import DEFAULT_PERCENTAGES, hold_out_valid
from neuroner_tl.corpora.text.tagging import tag_document
from neuroner_tl.corpora.text.tokenizers import Tokenizer, get_tokenizer
from neuroner_tl.errors import CorpusError
from neuroner_tl.messages.progress import progress_bar
from neuroner_tl.system.paths import StrPath

SEVERITIES = ("error", "warning", "note")
# Errors and a warning that training reports as well.
NOTHING_TO_LEARN = "no entity in train: there is nothing to learn"
NOTHING_FITS_TAGS = "no entity in train that tags can represent: there is nothing to learn"
NOTHING_TO_CHOOSE_BY = "no entity in valid: the best epoch cannot be chosen"
LOOK_ALIKES = "types that look like typos of each other"
MAX_EXAMPLES = 5
RARE_TYPE = 10
_EDGES = frozenset(" \t\r\n.,;:")


@dataclass
class Finding:
    """One kind of problem.

    Attributes:
        severity: ``error``, training would stop; ``warning``, training would lose or learn
            something wrong; ``note``, worth knowing.
        what: the problem.
        count: how often it occurs.
        examples: the first places.

    Example:
        >>> Finding("warning", "empty document", 2, ["train/12", "train/15"]).count
        2
    """

    severity: str
    what: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class CorpusCheck:
    """The findings on a corpus.

    Attributes:
        folder: the corpus.
        documents: documents by part.
        findings: by kind of problem.

    Example:
        >>> found = CorpusCheck(Path("corpus"))
        >>> found.add("error", "no gold annotations", "train")
        >>> found.errors
        1
    """

    folder: Path
    documents: dict[str, int] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)

    def add(self, severity: str, what: str, example: str = "", n: int = 1) -> None:
        """Count a problem."""
        finding = self.findings.setdefault(what, Finding(severity, what))
        finding.count += n
        if example and len(finding.examples) < MAX_EXAMPLES:
            finding.examples.append(" ".join(example.split()))

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(f.count for f in self.findings.values() if f.severity == "error")

    def to_json(self) -> dict[str, Any]:
        """Return the findings as a JSON object, in the order in which they are counted."""
        return {
            "folder": str(self.folder),
            "documents": self.documents,
            "errors": self.errors,
            "findings": [vars(finding) for finding in self.findings.values()],
        }

    def summary(self) -> str:
        """Return the findings as text, errors first."""
        parts = ", ".join(f"{name} {number}" for name, number in self.documents.items())
        lines = [f"{self.folder}: documents: {parts}"]
        for finding in sorted(
            self.findings.values(), key=lambda f: (SEVERITIES.index(f.severity), -f.count, f.what)
        ):
            lines.append(f"{finding.severity}: {finding.what}: {finding.count}")
            lines += [f"    {example}" for example in finding.examples]
        if not self.findings:
            lines.append("nothing is wrong")
        return "\n".join(lines) + "\n"


def check_corpus(folder: StrPath, tokenizer: Union[str, Tokenizer] = "alnum") -> CorpusCheck:
    """Read every document of a corpus and say what is wrong.

    Args:
        folder: the corpus, in any layout.
        tokenizer: the tokeniser that training will use, or its name.

    Raises:
        CorpusError: there is no corpus, or its layout is not clear.
    """
    folder = Path(folder)
    if isinstance(tokenizer, str):
        tokenizer = get_tokenizer(tokenizer)
    result = CorpusCheck(folder)
    corpus = read_corpus(folder, required=(), hold_out=False)
    _check_parts(corpus, result)
    types: dict[str, Counter[str]] = {}
    fits: dict[str, bool] = {}  # by part, whether any entity fits tags
    where: dict[str, list[str]] = {}  # by type, the first documents
    texts: dict[str, list[Document]] = {}
    for name, part in corpus.parts.items():
        types[name] = Counter()
        texts[name] = []
        if isinstance(part, BratPart):
            _check_names(name, part.ids, result)
        bar = progress_bar(
            _readable(part, result),
            desc=name,
            total=len(part),
            unit=" documents",
            delay=2,
        )
        for document in bar:
            result.documents[name] = result.documents.get(name, 0) + 1
            types[name].update(entity.type for entity in document.entities)
            for kind in {entity.type for entity in document.entities}:
                if len(where.setdefault(kind, [])) < MAX_EXAMPLES:
                    where[kind].append(f"{name}/{document.id}")
            texts[name].append(Document(document.id, document.text))
            tagged = _check_document(document, name, tokenizer, result)
            fits[name] = fits.get(name, False) or tagged
    _check_types(types, fits, result)
    counts = sum(types.values(), Counter())
    for line in described(look_alikes(counts), counts, where):
        result.add("warning", LOOK_ALIKES, line)
    _check_sharing(texts, result)
    return result


def _check_parts(corpus: Corpus, result: CorpusCheck) -> None:
    if corpus.is_flat:
        result.add("note", "no parts: training splits the documents with split_seed")
        return
    if lacks_valid(corpus.parts):
        if hold_out_valid(corpus.parts["train"].ids, (), DEFAULT_PERCENTAGES, seed=0):
            note = "no valid part: training holds documents of train out, with split_seed"
            result.add("note", note)
        else:
            result.add("error", "no valid part, and too few documents in train to hold one out")
        return
    for name in ("train", "valid", "test"):
        if name not in corpus.parts:
            severity = "warning" if name == "test" else "error"
            result.add(severity, f"no {name} part")


def _check_names(part: str, ids: Sequence[str], result: CorpusCheck) -> None:
    """Report documents whose names are not valid, or not distinct, on every system."""
    names = DocumentNames()
    for name in ids:
        try:
            names.check(name)
        except CorpusError as error:
            what = "document whose id is not a valid file name on every system"
            result.add("warning", what, f"{part}/{error}")


def _readable(part: PartReader, result: CorpusCheck) -> Iterator[Document]:
    """Yield the documents that can be read; the others are errors, one each."""
    report = ImportReport()
    readers = [part.take([name]) for name in part.ids] if isinstance(part, BratPart) else [part]
    for reader in readers:
        try:
            yield from reader.documents(report)
        except CorpusError as error:
            result.add("error", "document that cannot be read", str(error))
    for reason, entry in report.by_reason.items():
        severity = "warning" if entry.effect != "noted" else "note"
        result.add(severity, reason, "", entry.count)
        result.findings[reason].examples += entry.examples[:MAX_EXAMPLES]


def _check_document(
    document: Document, part: str, tokenizer: Tokenizer, result: CorpusCheck
) -> bool:
    """Check a document; return whether any of its entities fits tags."""
    place = f"{part}/{document.id}"
    if not document.text.strip():
        result.add("warning", "document without text", place)
    elif not document.annotations:
        result.add("note", "document without entities", place)
    if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in document.text):
        result.add("warning", "control character in a text", place)
    if "\ufffd" in document.text:
        result.add("warning", "replacement character (a lost letter) in a text", place)
    if not unicodedata.is_normalized("NFC", document.text):
        result.add("note", "text that is not in Unicode's composed form (NFC)", place)
    for entity in document.entities:
        _check_entity(entity, document, place, result)
    report = ImportReport()
    report.read(len(document.entities))
    tagged = tag_document(document, tokenizer, report=report)
    for reason, entry in report.by_reason.items():
        severity = "warning" if entry.effect != "noted" else "note"
        result.add(severity, reason, f"{part}/{(entry.examples or [''])[0]}", entry.count)
    return any(tag != "O" for sentence in tagged.sentences for tag in sentence.tags)


def _check_entity(entity: Entity, document: Document, place: str, result: CorpusCheck) -> None:
    says = f"{place}: {entity.type} {entity.start}-{entity.end} {entity.text!r}"
    if entity.text[:1] in _EDGES or entity.text[-1:] in _EDGES - {"."}:
        result.add("warning", "entity starts or ends with white space or punctuation", says)
    if "\n" in entity.text or "\r" in entity.text:
        result.add("note", "entity across a line break", says)
    if len(entity.text) > 200:
        result.add("warning", "entity of more than 200 characters", says)


def _check_types(
    types: dict[str, Counter[str]], fits: dict[str, bool], result: CorpusCheck
) -> None:
    train_types = types.get("train", Counter())
    if "train" in types and not train_types:
        result.add("error", NOTHING_TO_LEARN)
    elif "train" in types and not fits.get("train"):
        result.add("error", NOTHING_FITS_TAGS)
    if "valid" in types and not types["valid"]:
        result.add("warning", NOTHING_TO_CHOOSE_BY)
    for name in ("valid", "test"):
        for kind in sorted(set(types.get(name, ())) - set(train_types)):
            result.add("warning", f"type in {name} that is not in train", kind)
    for kind, number in train_types.items():
        if number < RARE_TYPE:
            result.add("warning", f"type with fewer than {RARE_TYPE} entities in train", kind)


def _check_sharing(texts: dict[str, list[Document]], result: CorpusCheck) -> None:
    """Look for the documents of one part in the next ones, by id and by text."""
    names = [name for name in texts if name != "deploy"]
    for position, name in enumerate(names):
        index = DocumentIndex(texts[name])
        for other in names[position + 1 :]:
            for found in index.find(texts[other]):
                result.add(
                    "warning",
                    f"document of {other} that is in {name} too",
                    f"{other}/{found.source} is {name}/{found.target} ({found.reason})",
                )
