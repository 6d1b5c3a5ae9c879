"""The annotated documents whose labels a model or a silver corpus knows, as reports record them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neuroner_tl.corpora.document import Document
from neuroner_tl.errors import CorpusError
from neuroner_tl.system.json_text import read_object

# The report of a silver corpus, and its records of the documents whose labels it was told.
REPORT, LEARNED_FROM = "report.json", "learned_from_documents"
TEXTS = "learned_from_texts"


@dataclass(frozen=True)
class Taught:
    """Annotated documents whose labels are known.

    Attributes:
        documents: their ids by the name of their corpus, each once, sorted.
        texts: by corpus and id the digest of the text (`text_digest`), where it is recorded:
            a corpus may have another name elsewhere, its texts are the same.

    Example:
        >>> taught = Taught.of("NCBI", [Document("12", "Asthma persists.")])
        >>> taught.together(Taught({"NCBI": ["7"]})).documents
        {'NCBI': ['12', '7']}
    """

    documents: Mapping[str, list[str]] = field(default_factory=dict)
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, corpus: str, documents: Iterable[Document]) -> Taught:
        """Return these documents of a corpus."""
        texts = {document.id: text_digest(document.text) for document in documents}
        return cls({corpus: sorted(texts)}, {corpus: dict(sorted(texts.items()))})

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Taught:
        """Return what the content of a report says; it may hold anything."""
        documents: dict[str, list[str]] = {}
        texts: dict[str, dict[str, str]] = {}
        given, digests = content.get(LEARNED_FROM), content.get(TEXTS)
        for name, ids in given.items() if isinstance(given, Mapping) else ():
            if isinstance(ids, list):
                documents[name] = sorted(set(map(str, ids)))
                own = digests.get(name) if isinstance(digests, Mapping) else None
                if isinstance(own, Mapping):
                    known = {key: own.get(key) for key in documents[name]}
                    texts[name] = {k: text for k, text in known.items() if isinstance(text, str)}
        return cls(documents, texts)

    def together(self, other: Taught) -> Taught:
        """Return these documents and those of another."""
        names = dict.fromkeys([*self.documents, *other.documents])
        return Taught(
            {
                name: sorted({*self.documents.get(name, ()), *other.documents.get(name, ())})
                for name in names
            },
            {
                name: dict(
                    sorted({**self.texts.get(name, {}), **other.texts.get(name, {})}.items())
                )
                for name in dict.fromkeys([*self.texts, *other.texts])
            },
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entries of a report."""
        return {LEARNED_FROM: dict(self.documents), TEXTS: dict(self.texts)}


def labels_of_silver(folder: Path) -> Taught:
    """Return the gold documents whose labels a silver corpus knows.

    Raises:
        CorpusError: it has learned from gold, and its report does not say from which documents.
    """
    report = read_object(folder / REPORT)
    if LEARNED_FROM not in report and report.get("learned_from"):
        raise CorpusError(
            f"{folder / REPORT}: found no {LEARNED_FROM}, expected the ids of the gold documents "
            "that the corpus was learned from; build it again"
        )
    return Taught.read(report)


def text_digest(text: str) -> str:
    """Return what tells a text from others, in any format: white space does not count."""
    content = "".join(text.split()).encode("utf-8", "surrogatepass")
    return hashlib.sha256(content).hexdigest()[:16]
